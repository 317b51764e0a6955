-- Payment providers' chargebacks of clients whose partners agreed that those claw back,
-- each with the days that the charged-back deposit funded.
with
    partners as (
        select distinct tenant_id, tenant_id || '/' || partner_id as partner_key
        from {{ ref("stg_crm__partner_agreements") }}
        where clawback_on_chargeback
    ),

    clients as (
        select distinct paths.client_key
        from {{ ref("int_partners__tree_paths") }} as paths
        inner join partners on partners.partner_key = paths.partner_key
    ),

    tenants as (select distinct tenant_id from partners),

    lines as (
        select
            costs.tenant_id,
            costs.psp_account_id || '/' || costs.case_id as chargeback_id,
            costs.business_date,
            costs.amount,
            costs.request_id,
            costs.payment_id,
            costs.payment_intent_id,
            row_number() over (
                partition by costs.tenant_id, costs.psp_account_id, costs.case_id
                order by costs.happened_at_utc desc, costs.amount desc
            ) as newest_first
        from {{ ref("int_payments__costs_stated") }} as costs
        inner join tenants on tenants.tenant_id = costs.tenant_id
        where costs.line = 'chargebacks'
    ),

    -- the last word counts: what was won back no longer stands, lost again it does
    cases as (
        select
            tenant_id,
            chargeback_id,
            max(case when newest_first = 1 then amount end) < 0 as is_standing,
            max(case when amount < 0 then business_date end) as charged_back_on,
            max(request_id) as request_id,
            max(payment_id) as payment_id,
            max(payment_intent_id) as payment_intent_id
        from lines
        group by tenant_id, chargeback_id
        having max(case when amount < 0 then business_date end) is not null
    ),

    named as (
        select
            tenant_id,
            chargeback_id,
            1 as preference,
            'request' as reference_kind,
            request_id as reference
        from cases
        union all
        select tenant_id, chargeback_id, 2, 'psp', payment_id
        from cases
        union all
        select tenant_id, chargeback_id, 3, 'psp', payment_intent_id
        from cases
    ),

    deposits as (
        select
            movements.tenant_id,
            movements.client_key,
            movements.business_date,
            movements.request_id,
            movements.psp_reference
        from {{ ref("can_cash_movements") }} as movements
        inner join tenants on tenants.tenant_id = movements.tenant_id
        where movements.kind = 'deposit'
    ),

    deposit_references as (
        select
            tenant_id,
            'request' as reference_kind,
            request_id as reference,
            client_key,
            business_date
        from deposits
        union all
        select tenant_id, 'psp', psp_reference, client_key, business_date
        from deposits
        where psp_reference <> ''
    ),

    matched as (
        select
            named.tenant_id,
            named.chargeback_id,
            deposit_references.client_key,
            deposit_references.business_date,
            row_number() over (
                partition by named.tenant_id, named.chargeback_id
                order by
                    named.preference,
                    deposit_references.business_date,
                    deposit_references.client_key
            ) as place
        from named
        inner join
            deposit_references
            on deposit_references.tenant_id = named.tenant_id
            and deposit_references.reference_kind = named.reference_kind
            and deposit_references.reference = named.reference
    ),

    dated as (
        select
            cases.tenant_id,
            cases.chargeback_id,
            matched.client_key,
            matched.business_date as valid_from,
            {{ days_after("cases.charged_back_on", 1) }} as valid_to,
            cases.is_standing
        from cases
        inner join
            matched
            on matched.tenant_id = cases.tenant_id
            and matched.chargeback_id = cases.chargeback_id
        inner join clients on clients.client_key = matched.client_key
        where matched.place = 1
    )

{% if was_built(this, "changed_build_id") %}
        ,

        held as (
            select
                tenant_id,
                chargeback_id,
                client_key,
                valid_from,
                valid_to,
                is_standing,
                changed_from,
                changed_build_id
            from {{ this }}
        ),

        -- one that no source tells of any more stays, and stands no longer
        compared as (
            select
                coalesce(dated.tenant_id, held.tenant_id) as tenant_id,
                coalesce(dated.chargeback_id, held.chargeback_id) as chargeback_id,
                coalesce(dated.client_key, held.client_key) as client_key,
                coalesce(dated.valid_from, held.valid_from) as valid_from,
                coalesce(dated.valid_to, held.valid_to) as valid_to,
                coalesce(dated.is_standing, false) as is_standing,
                held.valid_from as held_from,
                held.changed_from,
                held.changed_build_id,
                coalesce(dated.is_standing, false) <> coalesce(held.is_standing, false)
                or (
                    dated.is_standing
                    and (
                        dated.valid_from <> held.valid_from
                        or dated.valid_to <> held.valid_to
                    )
                ) as is_changed
            from dated
            full outer join
                held
                on held.tenant_id = dated.tenant_id
                and held.chargeback_id = dated.chargeback_id
                and held.client_key = dated.client_key
        )

    select
        tenant_id,
        chargeback_id,
        client_key,
        valid_from,
        valid_to,
        is_standing,
        -- what a build changed that did not finish counts until one has
        case
            when not is_changed
            then changed_from
            when changed_build_id > {{ last_done_build() }}
            then least(changed_from, valid_from, coalesce(held_from, valid_from))
            else least(valid_from, coalesce(held_from, valid_from))
        end as changed_from,
        case
            when is_changed
            then cast({{ var("build_id") }} as bigint)
            else changed_build_id
        end as changed_build_id
    from compared
{% else %}
    select
        tenant_id,
        chargeback_id,
        client_key,
        valid_from,
        valid_to,
        is_standing,
        valid_from as changed_from,
        cast({{ var("build_id") }} as bigint) as changed_build_id
    from dated
{% endif %}
