with transactions as (select * from {{ current_rows("psp_transactions") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as psp_source_id,
    psp_account as psp_account_id,
    provider,
    event_id,
    parent_id,
    merchant_reference,
    client_reference,
    event_type,
    source_event_type,
    status,
    source_status,
    gross_currency,
    gross_amount,
    fx_rate,
    coalesce(net_currency, gross_currency) as net_currency,
    -- Where the provider states no net, it is gross less fee and reserve in their one
    -- currency.
    case
        when net_amount is not null
        then net_amount
        when
            coalesce(net_currency, gross_currency) = gross_currency
            and coalesce(fee_currency, gross_currency) = gross_currency
        then
            cast(
                gross_amount
                - coalesce(fee_amount, 0)
                - coalesce(reserve_amount, 0) as decimal(24, 8)
            )
    end as net_amount,
    net_amount is not null as is_net_stated,
    coalesce(fee_currency, gross_currency) as fee_currency,
    fee_amount,
    reserve_amount,
    coalesce(
        gross_amount_exact, net_amount_exact, fee_amount_exact, reserve_amount_exact
    )
    is not null as is_rounded,
    gross_amount_exact,
    net_amount_exact,
    fee_amount_exact,
    reserve_amount_exact,
    event_at as event_at_local,
    event_zone,
    {{ server_time_to_utc("event_at", "event_zone", "0") }} as event_at_utc,
    value_date,
    batch_id,
    payout_id,
    method,
    _source_table as source_file,
    _source_row as source_row
from transactions
