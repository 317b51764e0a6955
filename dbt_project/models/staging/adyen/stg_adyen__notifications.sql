with

    notifications as (
        select
            *,
            row_number() over (
                partition by _tenant_id, _source, psp_reference, event_code, success
                order by event_at desc
            ) as newest_first,
            count(*) over (
                partition by _tenant_id, _source, psp_reference, event_code, success
            ) as states
        from {{ current_rows("adyen_notifications") }} as rows_now
    ),

    currencies as (select * from {{ psp_currencies("adyen") }} as of_adyen)

select
    notifications._tenant_id as tenant_id,
    notifications._source as psp_account_id,
    notifications.psp_reference as psp_reference_id,
    notifications.event_code,
    case
        notifications.success when 'true' then true when 'false' then false
    end as is_success,
    notifications.original_reference as original_reference_id,
    notifications.merchant_account_code as merchant_account_id,
    notifications.merchant_reference as merchant_reference_id,
    notifications.payment_method,
    upper(notifications.currency) as currency,
    {{ from_minor_units("notifications.value", "currencies.minor_units") }} as amount,
    notifications.event_at as event_at_utc,
    notifications.states as state_count,
    notifications.reason,
    notifications.chargeback_reason_code,
    notifications.chargeback_scheme_code,
    notifications.dispute_status,
    notifications.live = 'true' as is_live
from notifications
left join currencies on currencies.currency = upper(notifications.currency)
where notifications.newest_first = 1
