with traders as (select * from {{ current_rows("ctrader_ws_traders") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    login,
    group_name,
    deposit_currency as currency,
    money_digits as currency_digits,
    lower(account_type) as position_mode,
    lower(access_rights) as access_rights,
    {{ scaled_amount("balance", "money_digits") }} as balance_amount,
    {{ scaled_amount("bonus", "money_digits") }} as bonus_amount,
    {{ scaled_amount("non_withdrawable_bonus", "money_digits") }}
    as non_withdrawable_bonus_amount,
    {{ scaled_amount("equity", "money_digits") }} as equity_amount,
    {{ scaled_amount("cash_equity", "money_digits") }} as cash_equity_amount,
    {{ scaled_amount("used_margin", "money_digits") }} as used_margin_amount,
    {{ scaled_amount("free_margin", "money_digits") }} as free_margin_amount,
    cast(
        leverage_in_cents * cast(0.01 as decimal(8, 8)) as decimal(24, 8)
    ) as leverage_ratio,
    swap_free as is_swap_free,
    introducing_broker as is_introducing_broker,
    introducing_broker_commission_rate,
    introducing_broker_1,
    introducing_broker_2,
    broker_name,
    {{ epoch_ms_to_timestamp("registration_timestamp") }} as registered_at_utc,
    {{ epoch_ms_to_timestamp("last_update_timestamp") }} as changed_at_utc,
    _row_id as raw_row_id,
    _load_id as load_id
from traders
