{{ config(materialized="view") }}

with
    agreements as (
        select
            tenant_id,
            tenant_id || '/' || partner_id as partner_key,
            level,
            model,
            agreement_id,
            rate,
            currency,
            symbol_pattern,
            account_group_pattern,
            valid_from,
            coalesce(valid_to, date '9999-12-31') as valid_to
        from {{ ref("stg_crm__partner_agreements") }}
    ),

    bounds as (
        select tenant_id, partner_key, level, model, valid_from as bound_date
        from agreements
        union
        select tenant_id, partner_key, level, model, valid_to as bound_date
        from agreements
    ),

    segments as (
        select
            tenant_id,
            partner_key,
            level,
            model,
            bound_date as valid_from,
            lead(bound_date) over (
                partition by tenant_id, partner_key, level, model order by bound_date
            ) as valid_to
        from bounds
    )

select
    segments.tenant_id,
    segments.partner_key,
    segments.level,
    segments.model,
    segments.valid_from,
    segments.valid_to,
    agreements.agreement_id,
    agreements.rate,
    agreements.currency,
    agreements.symbol_pattern,
    agreements.account_group_pattern,
    length(agreements.symbol_pattern) as symbol_pattern_length,
    length(agreements.account_group_pattern) as account_group_pattern_length
from segments
inner join
    agreements
    on agreements.tenant_id = segments.tenant_id
    and agreements.partner_key = segments.partner_key
    and agreements.level = segments.level
    and agreements.model = segments.model
    and agreements.valid_from <= segments.valid_from
    and agreements.valid_to >= segments.valid_to
