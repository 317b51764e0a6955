{{ config(materialized="view") }}

select
    tenant_id,
    server_id,
    business_date,
    version,
    restated_at,
    mart_name,
    row_key,
    account_key,
    client_key,
    column_name,
    currency,
    row_change,
    old_value,
    new_value,
    difference,
    old_text,
    new_text,
    causes,
    cause_details,
    load_ids,
    statements,
    filings,
    old_snapshot_id,
    new_snapshot_id,
    publish_id
from {{ source("meta", "restatements") }}
