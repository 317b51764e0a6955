{#-
    Every trade of a referred client with each partner above it and the agreement that applies, as a
    subquery: the base the rate is applied to, in the currency of the amount, or the reason it does
    not count. Read three times (tiers, splits, prices): what a reader does not name costs nothing.
    `only`: a relation of the agreements and days wanted, left out before anything is worked out.
-#}
{% macro commission_lines(incremental_days, only=none) -%}
    (
        select
            measured.tenant_id,
            measured.server_id,
            measured.business_date,
            measured.deal_key,
            measured.deal_id,
            measured.account_key,
            measured.client_key,
            measured.group_name,
            measured.symbol,
            measured.executed_at_utc,
            paths.partner_key,
            paths.partner_id,
            paths.level,
            paths.partner_path,
            terms.agreement_id,
            terms.model,
            terms.rate,
            terms.hybrid_ratio,
            terms.tier_basis,
            terms.tier_mode,
            coalesce(terms.currency, measured.main_currency) as amount_currency,
            case
                when terms.lot_ratio = 1
                then measured.closed_lots
                else cast(measured.closed_lots * terms.lot_ratio as decimal(24, 8))
            end as counted_lots,
            {{ commission_base("terms", "measured") }} as base_quantity,
            case
                when measured.deal_reason is not null
                then measured.deal_reason
                when paths.blocked_reason is not null
                then
                    paths.blocked_reason
                    {{ when_clawed_back("terms", "measured.business_date") }}
                when terms.minimum_seconds > measured.held_seconds
                then
                    'held '
                    || measured.held_seconds
                    || ' seconds, '
                    || terms.minimum_seconds
                    || ' are needed'
                when
                    terms.nets_hedges
                    and measured.is_smaller_side
                    and measured.closed_lots > 0
                then 'hedged: the smaller side of the symbol and day'
                when
                    terms.excludes_bonus
                    and measured.bonus_ratio = 1
                    and measured.closed_lots > 0
                then 'carried by a bonus alone'
            end as line_reason
        from {{ ref("int_partners__deals_measured") }} as measured
        {% if incremental_days %}
            inner join
                {{ ref("int_partners__days_touched") }} as days
                on days.tenant_id = measured.tenant_id
                and days.server_id = measured.server_id
                and days.business_date = measured.business_date
        {% endif %}
        inner join
            {{ ref("int_partners__tree_paths") }} as paths
            on paths.client_key = measured.client_key
            and paths.valid_from <= measured.business_date
            and paths.valid_to > measured.business_date
        left join
            (
                select tenant_id, name, class_name
                from {{ ref("int_partners__names_classed") }}
                where kind = 'symbol'
            ) as symbols
            on symbols.tenant_id = measured.tenant_id
            and symbols.name = measured.symbol
        left join
            (
                select tenant_id, name, class_name
                from {{ ref("int_partners__names_classed") }}
                where kind = 'account_group'
            ) as account_groups
            on account_groups.tenant_id = measured.tenant_id
            and account_groups.name = measured.group_name
        left join
            {{ ref("int_partners__terms_matched") }} as terms
            -- One key of both sides: as conditions of their own, the classes would be
            -- joined before the partners, all terms of all partners to each trade. A
            -- condition on one side alone would make it a loop of all with all.
            on terms.terms_key = case
                when measured.deal_reason is null
                then
                    {{
                        terms_key(
                            "paths", "symbols.class_name", "account_groups.class_name"
                        )
                    }}
            end
            and terms.valid_from <= measured.business_date
            and terms.valid_to > measured.business_date
        {% if only %}
            inner join
                {{ only }} as wanted
                on wanted.tenant_id = measured.tenant_id
                and wanted.agreement_id = terms.agreement_id
                and wanted.business_date = measured.business_date
        {% endif %}
        left join
            {{ ref("int_partners__clawbacks_dated") }} as clawbacks
            on clawbacks.client_key = measured.client_key
            and clawbacks.valid_from <= measured.business_date
            and clawbacks.valid_to > measured.business_date
        left join
            {{ ref("can_fx_to_reporting") }} as fx_main
            on fx_main.business_date = measured.business_date
            and fx_main.currency = measured.main_currency
        left join
            {{ ref("can_fx_to_reporting") }} as fx_paid
            on fx_paid.business_date = measured.business_date
            and fx_paid.currency = terms.currency
    )
{%- endmacro %}


{#-
    Branches of a CASE: why a line pays nothing where a decision of the CRM, or a provider's
    chargeback and the agreement, take it back. `terms` and `clawbacks`
    (int_partners__clawbacks_dated on the day) are joined.
-#}
{% macro when_clawed_back(terms, day) -%}
    when clawbacks.clawback_id is not null
    then 'clawed back: ' || clawbacks.cause || ' (' || clawbacks.clawback_id || ')'
    when
        {{ terms }}.clawback_on_chargeback
        and clawbacks.chargeback_id is not null
        and (
            {{ terms }}.clawback_days is null
            or {{ days_between(day, "clawbacks.charged_back_on") }}
            <= {{ terms }}.clawback_days
        )
    then 'clawed back: chargeback (' || clawbacks.chargeback_id || ')'
{%- endmacro %}


{#- Run before an incremental insert: rows of a touched day go, of whichever server. -#}
{% macro delete_touched_dates(days) -%}
    {% if is_incremental() %}
        delete from {{ this }}
        where
            (tenant_id, business_date)
            in (select (tenant_id, business_date) from {{ days }} as touched)
    {% endif %}
{%- endmacro %}


{#- What a trade finds its terms by: partner and level, class of the symbol and of the group. -#}
{% macro terms_key(partner, symbol_class, group_class) -%}
    {{ partner }}.partner_key
    || '|'
    || {{ partner }}.level
    || '|'
    || {{ symbol_class }}
    || '|'
    || {{ group_class }}
{%- endmacro %}
