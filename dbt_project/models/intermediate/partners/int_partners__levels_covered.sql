with
    agreements as (
        select partner_key, level, valid_from, valid_to
        from {{ ref("int_partners__agreements_segmented") }}
        where model not in ('cpa', 'copy_fee_share')
    ),

    bounds as (
        select partner_key, level, valid_from as bound_date
        from agreements
        union
        select partner_key, level, valid_to as bound_date
        from agreements
    ),

    segments as (
        select
            partner_key,
            level,
            bound_date as valid_from,
            lead(bound_date) over (
                partition by partner_key, level order by bound_date
            ) as valid_to
        from bounds
    )

select distinct
    segments.partner_key, segments.level, segments.valid_from, segments.valid_to
from segments
inner join
    agreements
    on agreements.partner_key = segments.partner_key
    and agreements.level = segments.level
    and agreements.valid_from <= segments.valid_from
    and agreements.valid_to >= segments.valid_to
