with

    positions as (
        select * from {{ current_rows("ctrader_ws_open_positions") }} as rows_now
    ),

    accounts as (
        select tenant_id, server_id, login, currency
        from {{ ref("stg_ctrader_ws__traders") }}
    )

select
    positions._tenant_id as tenant_id,
    positions._source as server_id,
    positions.position_id,
    positions.login,
    positions.symbol,
    lower(positions.direction) as side,
    case positions.book_type when 'BOOK_A' then 'A' when 'BOOK_B' then 'B' end as book,
    positions.open_timestamp as opened_at_utc,
    positions.volume as volume_units,
    positions.entry_price as open_price,
    accounts.currency,
    positions.swap as floating_swap_amount,
    positions.commission as floating_commission_amount,
    positions.used_margin as used_margin_amount,
    positions.stake as stake_amount,
    coalesce(positions.spread_betting, false) as is_spread_betting,
    positions._row_id as raw_row_id,
    positions._load_id as load_id
from positions
left join
    accounts
    on accounts.tenant_id = positions._tenant_id
    and accounts.server_id = positions._source
    and accounts.login = positions.login
