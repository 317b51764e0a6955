-- What takes a client's trades of a day back. Of the CRM's decisions the first made
-- counts, whatever the agreement says; of chargebacks, by which only some agreements
-- go,
-- the first: it reaches back furthest. A trade has one reason.
with
    periods as (
        select
            client_key,
            valid_from,
            valid_to,
            clawback_id,
            cause,
            cast(null as varchar) as chargeback_id,
            cast(null as date) as charged_back_on
        from {{ ref("stg_crm__partner_clawbacks") }}
        union all
        select
            client_key,
            valid_from,
            valid_to,
            null,
            null,
            chargeback_id,
            {{ days_after("valid_to", -1) }}
        from {{ ref("int_partners__chargebacks_dated") }}
        where is_standing
    ),

    bounds as (
        select client_key, valid_from as bound_date
        from periods
        union
        select client_key, valid_to as bound_date
        from periods
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
    min(periods.clawback_id) as clawback_id,
    min_by(periods.cause, periods.clawback_id) as cause,
    min(periods.charged_back_on) as charged_back_on,
    min_by(
        periods.chargeback_id,
        cast(periods.charged_back_on as varchar) || ' ' || periods.chargeback_id
    ) as chargeback_id
from segments
inner join
    periods
    on periods.client_key = segments.client_key
    and periods.valid_from <= segments.valid_from
    and periods.valid_to >= segments.valid_to
group by segments.client_key, segments.valid_from, segments.valid_to
