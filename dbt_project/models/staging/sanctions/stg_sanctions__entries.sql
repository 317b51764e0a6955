with

    entries as (select * from {{ current_rows("sanctions_entries") }} as rows_now),

    versions as (
        select _tenant_id, _source, list_id, max(list_date) as list_date
        from {{ current_rows("sanctions_list_versions") }} as rows_now
        group by _tenant_id, _source, list_id
    )

select
    entries._tenant_id as tenant_id,
    entries._source as screening_source_id,
    entries.list_id,
    entries.entry_id,
    entries.subject_type,
    entries.reference,
    entries.programme,
    entries.listed_date,
    entries.updated_date,
    entries.title,
    entries.gender,
    entries.nationality,
    entries.remarks,
    versions.list_date as list_version_date
from entries
left join
    versions
    on versions._tenant_id = entries._tenant_id
    and versions._source = entries._source
    and versions.list_id = entries.list_id
