with

    events as (select * from {{ current_rows("onfido_events") }} as rows_now),

    -- A report names its check, and only the check its applicant and the client's tag.
    checks as (
        select
            _tenant_id,
            _source,
            check_id,
            max(applicant_id) as applicant_id,
            max(tagged_reference) as tagged_reference
        from events
        where record_kind = 'check'
        group by 1, 2, 3
    )

select
    events._tenant_id as tenant_id,
    events._source as kyc_source_id,
    events.event_key,
    events.record_kind,
    coalesce(events.action, events.resource_type) as event_type,
    coalesce(events.applicant_id, checks.applicant_id) as applicant_id,
    coalesce(
        events.customer_user_id, events.tagged_reference, checks.tagged_reference
    ) as client_reference,
    events.status,
    case
        when events.result is not null
        then events.result
        -- The outcome of a workflow run is its status.
        when
            events.resource_type = 'workflow_run'
            and events.status in ('approved', 'declined', 'review')
        then events.status
    end as answer,
    events.sub_result as reject_type,
    coalesce(events.reasons, events.considered_breakdowns) as reject_labels,
    coalesce(
        events.completed_at, events.updated_at, events.started_at, events.received_at
    ) as event_at_utc,
    coalesce(events.completed_at, events.updated_at, events.started_at)
    is not null as is_event_time_stated,
    coalesce(events.report_name, events.workflow_id) as level_name,
    cast(null as integer) as attempt,
    events.resource_type,
    events.object_id,
    events.check_id,
    events.workflow_run_id,
    events.is_sandbox,
    events.created_at as created_at_utc,
    events.received_at as received_at_utc,
    events.is_receipt_stated,
    events._source_table as source_file,
    events._source_row as source_row
from events
left join
    checks
    on checks._tenant_id = events._tenant_id
    and checks._source = events._source
    and checks.check_id = coalesce(
        events.check_id,
        case when events.resource_type = 'check' then events.object_id end
    )
