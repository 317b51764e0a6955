with

    lines as (
        select
            *,
            coalesce(gross_credit, 0) - coalesce(gross_debit, 0) as gross_moved,
            coalesce(net_credit, 0) - coalesce(net_debit, 0) as net_moved,
            coalesce(commission, 0)
            + coalesce(markup, 0)
            + coalesce(scheme_fees, 0)
            + coalesce(interchange, 0) as fees_inside,
            type
            in ('Fee', 'MiscCosts', 'PaymentCost', 'InvoiceDeduction') as is_fee_line
        from {{ current_rows("adyen_settlement_lines") }} as rows_now
    )

select
    _tenant_id as tenant_id,
    _source as psp_account_id,
    merchant_account as merchant_account_id,
    batch_number,
    line_key,
    type,
    psp_reference as psp_reference_id,
    merchant_reference as merchant_reference_id,
    modification_reference as modification_reference_id,
    modification_merchant_reference as modification_merchant_reference_id,
    payment_method,
    payment_method_variant,
    {{ server_time_to_utc("creation_date", "creation_zone", "0") }} as created_at_utc,
    creation_date as created_at_local,
    time_zone as created_time_zone,
    {{ server_time_to_utc("booking_date", "booking_zone", "0") }} as booked_at_utc,
    upper(gross_currency) as gross_currency,
    case
        when gross_currency is not null then cast(gross_moved as decimal(24, 8))
    end as gross_amount,
    exchange_rate,
    upper(net_currency) as currency,
    -- a line of fees alone takes all it moves as a fee
    cast(
        case when is_fee_line then 0 else net_moved + fees_inside end as decimal(24, 8)
    ) as settled_gross_amount,
    cast(
        case when is_fee_line then - net_moved else fees_inside end as decimal(24, 8)
    ) as fee_amount,
    cast(net_moved as decimal(24, 8)) as net_amount,
    cast(coalesce(commission, 0) as decimal(24, 8)) as commission_amount,
    cast(coalesce(markup, 0) as decimal(24, 8)) as markup_amount,
    cast(coalesce(scheme_fees, 0) as decimal(24, 8)) as scheme_fee_amount,
    cast(coalesce(interchange, 0) as decimal(24, 8)) as interchange_amount
from lines
