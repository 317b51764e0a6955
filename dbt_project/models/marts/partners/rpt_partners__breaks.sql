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
