with

    positions as (
        select * from {{ current_rows("ctrader_open_positions") }} as rows_now
    ),

    accounts as (
        select tenant_id, server_id, account_id, login, currency
        from {{ ref("stg_ctrader__traders") }}
    ),

    symbols as (
        select tenant_id, server_id, symbol_id, symbol, lot_units
        from {{ ref("stg_ctrader__symbols") }}
    ),

    measured as (
        select positions.*, {{ units_of_cents("positions.volume") }} as volume_units
        from positions
    )

select
    measured._tenant_id as tenant_id,
    measured._source as server_id,
    measured.position_id,
    measured.ctid_trader_account_id as account_id,
    accounts.login,
    measured.symbol_id,
    symbols.symbol,
    case measured.trade_side when 1 then 'buy' when 2 then 'sell' end as side,
    case
        measured.position_status
        when 1
        then 'open'
        when 2
        then 'closed'
        when 3
        then 'created'
        when 4
        then 'error'
    end as status,
    {{ epoch_ms_to_timestamp("measured.open_timestamp") }} as opened_at_utc,
    {{ epoch_ms_to_timestamp("measured.utc_last_update_timestamp") }} as changed_at_utc,
    measured.volume_units,
    {{ ratio("measured.volume_units", "symbols.lot_units") }} as volume_lots,
    cast(measured.price as decimal(24, 8)) as open_price,
    accounts.currency,
    {{ scaled_amount("measured.swap", "measured.money_digits") }}
    as floating_swap_amount,
    {{ scaled_amount("measured.commission", "measured.money_digits") }}
    as floating_commission_amount,
    {{ scaled_amount("measured.mirroring_commission", "measured.money_digits") }}
    as mirroring_commission_amount,
    {{ scaled_amount("measured.used_margin", "measured.money_digits") }}
    as used_margin_amount,
    cast(measured.margin_rate as decimal(24, 12)) as margin_rate,
    cast(measured.stop_loss as decimal(24, 8)) as stop_loss_price,
    cast(measured.take_profit as decimal(24, 8)) as take_profit_price,
    measured._row_id as raw_row_id,
    measured._load_id as load_id
from measured
left join
    accounts
    on accounts.tenant_id = measured._tenant_id
    and accounts.server_id = measured._source
    and accounts.account_id = measured.ctid_trader_account_id
left join
    symbols
    on symbols.tenant_id = measured._tenant_id
    and symbols.server_id = measured._source
    and symbols.symbol_id = measured.symbol_id
