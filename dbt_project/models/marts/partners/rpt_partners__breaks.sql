{{ config(materialized="view") }}

with
    tree as (
        select tenant_id, child_kind, child_id, parent_partner_id, valid_from, valid_to
        from {{ ref("stg_crm__partner_tree") }}
    ),

    blocked as (
        select tenant_id, client_key, partner_id, valid_from, valid_to, blocked_reason
        from {{ ref("int_partners__tree_paths") }}
        where blocked_reason is not null
    ),

    disputed as (
        select distinct tenant_id, client_key, valid_from, valid_to
        from blocked
        where blocked_reason like 'claimed by %'
    ),

    claimed_twice as (
        select
            disputed.tenant_id,
            'claimed_twice' as break_type,
            tree.child_id as subject,
            string_agg(
                tree.parent_partner_id
                || ' from '
                || cast(tree.valid_from as varchar)
                || coalesce(' to ' || cast(tree.valid_to as varchar), ''),
                '; '
                order by tree.valid_from, tree.parent_partner_id
            ) as claims,
            min(disputed.valid_from) as valid_from,
            max(disputed.valid_to) as valid_to
        from
            (
                select
                    tenant_id,
                    client_key,
                    min(valid_from) as valid_from,
                    max(valid_to) as valid_to
                from disputed
                group by tenant_id, client_key
            ) as disputed
        inner join
            tree
            on tree.tenant_id = disputed.tenant_id
            and tree.child_kind = 'client'
            and tree.tenant_id || '/' || tree.child_id = disputed.client_key
            and coalesce(tree.valid_to, date '9999-12-31') > disputed.valid_from
            and tree.valid_from < disputed.valid_to
        group by disputed.tenant_id, tree.child_id
    ),

    self_referrals as (
        select
            tenant_id,
            'self_referral' as break_type,
            partner_id as subject,
            'partner ' || partner_id || ' is the client ' || client_key as claims,
            min(valid_from) as valid_from,
            max(valid_to) as valid_to
        from blocked
        where blocked_reason like 'self-referral%'
        group by tenant_id, partner_id, client_key
    ),

    investments as (
        select tenant_id, strategy_id, account_key, valid_from, valid_to
        from {{ ref("stg_crm__copy_investments") }}
    ),

    strategies as (
        select distinct tenant_id, strategy_id
        from {{ ref("stg_crm__copy_strategies") }}
    ),

    accounts as (select account_key from {{ ref("can_accounts") }}),

    clawing as (
        select distinct tenant_id
        from {{ ref("stg_crm__partner_agreements") }}
        where clawback_on_chargeback
    ),

    chargebacks as (
        select
            costs.tenant_id,
            costs.psp_account_id || '/' || costs.case_id as chargeback_id,
            min(costs.business_date) as business_date,
            max(costs.request_id) as request_id,
            max(costs.payment_id) as payment_id,
            max(costs.payment_intent_id) as payment_intent_id
        from {{ ref("int_payments__costs_stated") }} as costs
        inner join clawing on clawing.tenant_id = costs.tenant_id
        where costs.line = 'chargebacks'
        group by costs.tenant_id, costs.psp_account_id, costs.case_id
    ),

    deposits as (
        select movements.tenant_id, 'request ' || movements.request_id as reference
        from {{ ref("can_cash_movements") }} as movements
        inner join clawing on clawing.tenant_id = movements.tenant_id
        where movements.kind = 'deposit'
        union
        select movements.tenant_id, 'payment ' || movements.psp_reference
        from {{ ref("can_cash_movements") }} as movements
        inner join clawing on clawing.tenant_id = movements.tenant_id
        where movements.kind = 'deposit' and movements.psp_reference <> ''
    ),

    named as (
        select tenant_id, chargeback_id, 'request ' || request_id as reference
        from chargebacks
        union all
        select tenant_id, chargeback_id, 'payment ' || payment_id
        from chargebacks
        union all
        select tenant_id, chargeback_id, 'payment ' || payment_intent_id
        from chargebacks
    ),

    found as (
        select distinct named.tenant_id, named.chargeback_id
        from named
        inner join
            deposits
            on deposits.tenant_id = named.tenant_id
            and deposits.reference = named.reference
    ),

    without_deposit as (
        select
            chargebacks.tenant_id,
            'unknown_deposit' as break_type,
            chargebacks.chargeback_id as subject,
            'charged back on '
            || cast(chargebacks.business_date as varchar)
            || ': no deposit on a trading account has '
            || coalesce('request ' || chargebacks.request_id || ' or ', '')
            || 'payment '
            || coalesce(
                chargebacks.payment_id
                || coalesce(' (' || chargebacks.payment_intent_id || ')', ''),
                'unknown'
            ) as claims,
            chargebacks.business_date as valid_from,
            date '9999-12-31' as valid_to
        from chargebacks
        left join
            found
            on found.tenant_id = chargebacks.tenant_id
            and found.chargeback_id = chargebacks.chargeback_id
        where found.chargeback_id is null
    ),

    unfounded as (
        select
            investments.tenant_id,
            case
                when strategies.strategy_id is null
                then 'unknown_strategy'
                else 'unknown_account'
            end as break_type,
            investments.strategy_id as subject,
            'account '
            || investments.account_key
            || ' follows strategy '
            || investments.strategy_id
            || ': '
            || case
                when strategies.strategy_id is null
                then 'no terms of it are known'
                else 'the books know no such account'
            end as claims,
            investments.valid_from,
            coalesce(investments.valid_to, date '9999-12-31') as valid_to
        from investments
        left join
            strategies
            on strategies.tenant_id = investments.tenant_id
            and strategies.strategy_id = investments.strategy_id
        left join accounts on accounts.account_key = investments.account_key
        where strategies.strategy_id is null or accounts.account_key is null
    )

select tenant_id, break_type, subject, claims, valid_from, valid_to
from claimed_twice
union all
select tenant_id, break_type, subject, claims, valid_from, valid_to
from self_referrals
union all
select tenant_id, break_type, subject, claims, valid_from, valid_to
from unfounded
union all
select tenant_id, break_type, subject, claims, valid_from, valid_to
from without_deposit
