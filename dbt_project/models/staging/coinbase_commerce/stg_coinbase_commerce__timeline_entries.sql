with

    entries as (
        select * from {{ current_rows("coinbase_commerce_timeline") }} as rows_now
    ),

    charges as (select * from {{ ref("stg_coinbase_commerce__charges") }})

select
    charges.tenant_id,
    charges.psp_account_id,
    charges.charge_code,
    entries.position as entry_number,
    entries.status,
    entries.context,
    entries.status_at as status_at_utc
from entries
inner join
    charges
    on charges.tenant_id = entries._tenant_id
    and charges.psp_account_id = entries._source
    and charges.event_id = entries.event_id
