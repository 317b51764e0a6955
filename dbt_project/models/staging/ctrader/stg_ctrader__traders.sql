with

    traders as (select * from {{ current_rows("ctrader_traders") }} as rows_now),

    assets as (select * from {{ current_rows("ctrader_assets") }} as rows_now)

select
    traders._tenant_id as tenant_id,
    traders._source as server_id,
    traders.ctid_trader_account_id as account_id,
    traders.trader_login as login,
    assets.name as currency,
    traders.money_digits as currency_digits,
    case
        traders.account_type
        when 0
        then 'hedged'
        when 1
        then 'netted'
        when 2
        then 'spread_betting'
    end as position_mode,
    case
        traders.access_rights
        when 0
        then 'full_access'
        when 1
        then 'close_only'
        when 2
        then 'no_trading'
        when 3
        then 'no_login'
    end as access_rights,
    {{ scaled_amount("traders.balance", "traders.money_digits") }} as balance_amount,
    traders.balance_version,
    {{ scaled_amount("traders.manager_bonus", "traders.money_digits") }}
    as manager_bonus_amount,
    {{ scaled_amount("traders.ib_bonus", "traders.money_digits") }} as ib_bonus_amount,
    {{ scaled_amount("traders.non_withdrawable_bonus", "traders.money_digits") }}
    as non_withdrawable_bonus_amount,
    cast(
        traders.leverage_in_cents * cast(0.01 as decimal(8, 8)) as decimal(24, 8)
    ) as leverage_ratio,
    traders.swap_free as is_swap_free,
    traders.is_limited_risk,
    traders.broker_name,
    {{ epoch_ms_to_timestamp("traders.registration_timestamp") }} as registered_at_utc,
    traders._row_id as raw_row_id,
    traders._load_id as load_id
from traders
left join
    assets
    on assets._tenant_id = traders._tenant_id
    and assets._source = traders._source
    and assets.asset_id = traders.deposit_asset_id
