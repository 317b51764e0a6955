{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        full_refresh=false,
        on_schema_change="fail",
        pre_hook=[
            "{{ widen_ledger('tier', 'integer') }}",
            "{{ widen_ledger('carved_amount', 'decimal(24, 8)') }}",
            "{{ widen_ledger('capped_amount', 'decimal(24, 8)') }}",
            "{{ widen_ledger('rounding_amount', 'decimal(24, 8)') }}",
        ],
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
-- Append only: what was booked is never changed. A run books, line by line, the
-- difference between the target and what is booked, on the days it looks at: all days
-- at first and on request (--full-refresh), else those that changed.
{% set all_days = flags.FULL_REFRESH or not is_incremental() %}

with
    {% if not all_days %}
        days as (
            select tenant_id, server_id, business_date
            from {{ ref("int_partners__days_touched") }}
        ),
    {% endif %}
    both_sides as (
        select
            lines.tenant_id,
            lines.server_id,
            lines.business_date,
            lines.deal_key,
            lines.deal_id,
            lines.account_key,
            lines.client_key,
            lines.partner_key,
            lines.partner_id,
            lines.level,
            lines.agreement_id,
            lines.model,
            lines.amount_currency,
            lines.symbol,
            lines.executed_at_utc,
            lines.partner_path,
            lines.tier,
            lines.base_quantity,
            lines.rate,
            lines.carved_amount,
            lines.capped_amount,
            lines.rounding_amount,
            lines.reason,
            lines.amount as target_amount,
            1 as target_count,
            cast(0 as decimal(24, 8)) as booked_amount,
            0 as booked_count
        from {{ ref("int_partners__commissions_targeted") }} as lines
        {% if not all_days %}
            inner join
                days
                on days.tenant_id = lines.tenant_id
                and days.server_id = lines.server_id
                and days.business_date = lines.business_date
        {% endif %}
        {% if is_incremental() %}
            union all
            select
                lines.tenant_id,
                lines.server_id,
                lines.business_date,
                lines.deal_key,
                lines.deal_id,
                lines.account_key,
                lines.client_key,
                lines.partner_key,
                lines.partner_id,
                lines.level,
                lines.agreement_id,
                lines.model,
                lines.amount_currency,
                max(lines.symbol) as symbol,
                max(lines.executed_at_utc) as executed_at_utc,
                max(lines.partner_path) as partner_path,
                lines.tier,
                cast(0 as decimal(24, 8)) as base_quantity,
                max(lines.rate) as rate,
                cast(0 as decimal(24, 8)) as carved_amount,
                cast(0 as decimal(24, 8)) as capped_amount,
                cast(0 as decimal(24, 8)) as rounding_amount,
                cast(null as varchar) as reason,
                cast(0 as decimal(24, 8)) as target_amount,
                0 as target_count,
                cast(sum(lines.amount) as decimal(24, 8)) as booked_amount,
                cast(count(*) as integer) as booked_count
            from {{ this }} as lines
            {% if not all_days %}
                inner join
                    days
                    on days.tenant_id = lines.tenant_id
                    and days.server_id = lines.server_id
                    and days.business_date = lines.business_date
            {% endif %}
            group by
                lines.tenant_id,
                lines.server_id,
                lines.business_date,
                lines.deal_key,
                lines.deal_id,
                lines.account_key,
                lines.client_key,
                lines.partner_key,
                lines.partner_id,
                lines.level,
                lines.agreement_id,
                lines.model,
                lines.tier,
                lines.amount_currency
        {% endif %}
    ),

    due as (
        select
            tenant_id,
            server_id,
            business_date,
            deal_key,
            deal_id,
            account_key,
            client_key,
            partner_key,
            partner_id,
            level,
            agreement_id,
            model,
            tier,
            amount_currency,
        {% if is_incremental() %}
                -- The target's facts, where it still has the line; else what was
                -- booked.
                coalesce(
                    max(case when target_count = 1 then symbol end), max(symbol)
                ) as symbol,
                coalesce(
                    max(case when target_count = 1 then executed_at_utc end),
                    max(executed_at_utc)
                ) as executed_at_utc,
                coalesce(
                    max(case when target_count = 1 then partner_path end),
                    max(partner_path)
                ) as partner_path,
                -- revenue shares and steps down a ladder have a base below zero
                coalesce(
                    max(case when target_count = 1 then base_quantity end), 0
                ) as base_quantity,
                sum(carved_amount) as carved_amount,
                sum(capped_amount) as capped_amount,
                sum(rounding_amount) as rounding_amount,
                coalesce(
                    max(case when target_count = 1 then rate end), max(rate)
                ) as rate,
                max(reason) as reason,
                sum(target_amount) as target_amount,
                sum(target_count) as target_count,
                sum(booked_amount) as booked_amount,
                sum(booked_count) as booked_count
            from both_sides
            group by
                tenant_id,
                server_id,
                business_date,
                deal_key,
                deal_id,
                account_key,
                client_key,
                partner_key,
                partner_id,
                level,
                agreement_id,
                model,
                tier,
                amount_currency
            having sum(booked_count) = 0 or sum(target_amount) <> sum(booked_amount)
        {% else %}
                symbol,
                executed_at_utc,
                partner_path,
                base_quantity,
                rate,
                carved_amount,
                capped_amount,
                rounding_amount,
                reason,
                target_amount,
                target_count,
                booked_amount,
                booked_count
            from both_sides
        {% endif %}
    )

select
    due.deal_key
    || '|'
    || due.business_date
    || '|'
    || due.client_key
    || '|'
    || due.partner_id
    || '|'
    || due.level
    || '|'
    || coalesce(due.agreement_id, '')
    || '|'
    || coalesce(due.model, '')
    || '|'
    || coalesce(due.amount_currency, '')
    || coalesce('|tier ' || due.tier, '')
    || '|'
    || cast(due.booked_count as integer) as ledger_line_key,
    cast({{ var("build_id") }} as bigint) as build_id,
    due.tenant_id,
    case
        when due.booked_count = 0
        then 'accrual'
        when due.reason like 'clawed back: %'
        then 'clawback'
        else 'adjustment'
    end as entry_type,
    due.server_id,
    due.deal_key,
    due.deal_id,
    due.account_key,
    due.client_key,
    due.business_date,
    due.symbol,
    due.executed_at_utc,
    due.partner_key,
    due.partner_id,
    due.level,
    due.partner_path,
    due.agreement_id,
    due.model,
    due.base_quantity,
    due.rate,
    cast(due.target_amount - due.booked_amount as decimal(24, 8)) as amount,
    due.amount_currency,
    {{ to_reporting("(due.target_amount - due.booked_amount)", "fx", "1") }}
    as amount_reporting,
    case when due.booked_count = 0 then due.reason end as reason,
    case
        when due.booked_count = 0
        then null
        when due.target_count = 0
        then 'the deal or the rule no longer applies'
        when due.reason like 'clawed back: %'
        then due.reason
        else
            'the deal or the rule changed: '
            || due.target_amount
            || ' due, '
            || due.booked_amount
            || ' booked'
    end as adjustment_reason,
    cast(
        '{{ var("built_at", run_started_at.strftime("%Y-%m-%d %H:%M:%S")) }}'
        as timestamp
    ) as booked_at,
    due.tier,
    cast(due.carved_amount as decimal(24, 8)) as carved_amount,
    cast(due.capped_amount as decimal(24, 8)) as capped_amount,
    cast(due.rounding_amount as decimal(24, 8)) as rounding_amount
from due
left join
    {{ ref("can_fx_to_reporting") }} as fx
    on fx.business_date = due.business_date
    and fx.currency = due.amount_currency
