with

    documents as (select * from {{ current_rows("sumsub_documents") }} as rows_now),

    events as (select * from {{ ref("stg_sumsub__events") }}),

    -- An applicant object lists the documents as they are when it is read; the newest
    -- one holds.
    ranked as (
        select
            *,
            row_number() over (
                partition by tenant_id, kyc_source_id, applicant_id
                order by event_at_utc desc, received_at_utc desc, event_key asc
            ) as newest
        from events
        where record_kind = 'applicant'
    )

select
    ranked.tenant_id,
    ranked.kyc_source_id,
    ranked.event_key,
    documents.position as document_number_in_event,
    ranked.applicant_id,
    ranked.client_reference,
    documents.document_type,
    documents.document_subtype,
    documents.issuing_country,
    documents.issued_date,
    documents.expiry_date,
    ranked.event_at_utc as stated_at_utc,
    ranked.newest = 1 as is_latest
from documents
inner join
    ranked
    on ranked.tenant_id = documents._tenant_id
    and ranked.kyc_source_id = documents._source
    and ranked.event_key = documents.event_key
