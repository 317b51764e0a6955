with

    events as (select * from {{ current_rows("stripe_events") }} as rows_now),

    currencies as (select * from {{ psp_currencies("stripe") }} as of_stripe)

select
    events._tenant_id as tenant_id,
    events._source as psp_account_id,
    events.id as event_id,
    events.type,
    {{ epoch_to_timestamp("events.created") }} as created_at_utc,
    events.object_type,
    events.object_id,
    events.object_status,
    upper(events.object_currency) as currency,
    {{ from_minor_units("events.object_amount", "currencies.minor_units") }} as amount,
    events.account_id,
    events.livemode as is_live
from events
left join currencies on currencies.currency = upper(events.object_currency)
