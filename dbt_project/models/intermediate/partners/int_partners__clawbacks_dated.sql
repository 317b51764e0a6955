-- Of decisions on one client whose days overlap, the first made counts: a trade has one
-- reason.
with
    clawbacks as (
        select tenant_id, clawback_id, client_key, cause, valid_from, valid_to
        from {{ ref("stg_crm__partner_clawbacks") }}
    ),

    bounds as (
        select client_key, valid_from as bound_date
        from clawbacks
        union
        select client_key, valid_to as bound_date
        from clawbacks
    ),

    segments as (
        select
            client_key,
            bound_date as valid_from,
            lead(bound_date) over (
                partition by client_key order by bound_date
            ) as valid_to
        from bounds
    )

select
    segments.client_key,
    segments.valid_from,
    segments.valid_to,
    min(clawbacks.clawback_id) as clawback_id,
    min_by(clawbacks.cause, clawbacks.clawback_id) as cause
from segments
inner join
    clawbacks
    on clawbacks.client_key = segments.client_key
    and clawbacks.valid_from <= segments.valid_from
    and clawbacks.valid_to >= segments.valid_to
group by segments.client_key, segments.valid_from, segments.valid_to
