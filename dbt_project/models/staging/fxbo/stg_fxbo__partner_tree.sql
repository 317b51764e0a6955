{%- set watermark = load_watermark() %}
with
    loads as (select * from {{ source("meta", "loads") }}),

    superseded as (
        select *
        from {{ source("raw", "superseded") }} as newer(row_id, superseded_by_load)
        where newer.superseded_by_load <= {{ watermark }}
    ),

    versions as (
        select *, 'ib_tree' as tree
        from {{ source("raw", "fxbo_ib_tree") }}
        where not _is_deleted and _load_id <= {{ watermark }}
        union all
        select *, 'ib_tree_with_self' as tree
        from {{ source("raw", "fxbo_ib_tree_with_self") }}
        where not _is_deleted and _load_id <= {{ watermark }}
    ),

    dated as (
        select
            versions._tenant_id as tenant_id,
            versions._source as source,
            versions.tree,
            versions.ib_id,
            versions.referral_id,
            versions.level,
            versions._loaded_at as known_from_utc,
            loads.started_at as known_to_utc
        from versions
        left join superseded on superseded.row_id = versions._row_id
        left join loads on loads.load_id = superseded.superseded_by_load
    ),

    -- One's own row: whoever has it was an introducing broker at that time.
    selves as (
        select * from dated where tree = 'ib_tree_with_self' and ib_id = referral_id
    ),

    with_tree as (select distinct tenant_id, source from dated where tree = 'ib_tree'),

    edges as (
        select *
        from dated
        where tree = 'ib_tree' and level = 1
        union all
        select dated.*
        from dated
        left join
            selves
            on selves.tenant_id = dated.tenant_id
            and selves.source = dated.source
            and selves.referral_id = dated.referral_id
            and selves.known_from_utc <= dated.known_from_utc
            and (
                selves.known_to_utc is null
                or selves.known_to_utc > dated.known_from_utc
            )
        left join
            with_tree
            on with_tree.tenant_id = dated.tenant_id
            and with_tree.source = dated.source
        where
            dated.tree = 'ib_tree_with_self'
            and dated.ib_id <> dated.referral_id
            and with_tree.tenant_id is null
            and dated.level = case when selves.ib_id is null then 0 else 1 end
    ),

    users as (select * from {{ current_rows("fxbo_users") }} as rows_now)

select
    edges.tenant_id,
    case when users.is_ib then 'partner' else 'client' end as child_kind,
    edges.referral_id::varchar as child_id,
    edges.ib_id::varchar as parent_partner_id,
    edges.known_from_utc::date as valid_from,
    edges.known_to_utc::date as valid_to,
    edges.known_from_utc,
    edges.known_to_utc
from edges
left join
    users
    on users._tenant_id = edges.tenant_id
    and users._source = edges.source
    and users.id = edges.referral_id
