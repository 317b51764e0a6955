{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(ref('int_partners__days_touched')) }}",
    )
}}
-- depends_on: {{ ref("int_partners__days_touched") }}
{%- set kept -%}
    lines.tenant_id,
    lines.server_id,
    lines.business_date,
    lines.deal_key,
    lines.executed_at_utc,
    lines.partner_key,
    lines.level,
    lines.agreement_id,
    lines.model,
    lines.amount_currency,
    coalesce(lines.tier, 0) as tier,
    lines.accrued_amount
{%- endset -%}
{%- set columns -%}
    tenant_id,
    server_id,
    business_date,
    deal_key,
    executed_at_utc,
    partner_key,
    level,
    agreement_id,
    model,
    amount_currency,
    tier,
    accrued_amount,
    trade_cap_amount,
    period_cap_amount,
    rounding,
    is_carved
{%- endset -%}
{%- set touched -%}
    {%- if is_incremental() -%}
        inner join
            {{ ref("int_partners__days_touched") }} as days
            on days.tenant_id = lines.tenant_id
            and days.server_id = lines.server_id
            and days.business_date = lines.business_date
    {%- endif -%}
{%- endset %}
-- What a line pays beside its quantity times its rate: what an override carves out of
-- the direct partner's line, what a cap takes, what rounding per trade adds or takes.
-- Only lines of agreements that state any of it, and the lines they carve from.
with
    agreements as (
        select
            tenant_id,
            agreement_id,
            override_convention,
            trade_cap_amount,
            period_cap_amount,
            rounding
        from {{ ref("stg_crm__partner_agreements") }}
        where
            override_convention = 'carved_out'
            or trade_cap_amount is not null
            or period_cap_amount is not null
            or rounding = 'trade'
    ),

    stated as (
        select
            {{ kept }},
            agreements.trade_cap_amount,
            agreements.period_cap_amount,
            agreements.rounding,
            agreements.override_convention = 'carved_out' as is_carved
        from {{ ref("int_partners__lines_priced") }} as lines
        inner join
            agreements
            on agreements.tenant_id = lines.tenant_id
            and agreements.agreement_id = lines.agreement_id
            {{ touched }}
        where lines.reason is null
    ),

    carving as (
        select distinct tenant_id, server_id, business_date, deal_key, model
        from stated
        where is_carved
    ),

    -- Direct partners whose agreement states nothing of its own, but whose line is
    -- carved from.
    carved_from as (
        select
            {{ kept }},
            cast(null as decimal(24, 8)) as trade_cap_amount,
            cast(null as decimal(24, 8)) as period_cap_amount,
            'period' as rounding,
            false as is_carved
        from {{ ref("int_partners__lines_priced") }} as lines
        inner join
            carving
            on carving.tenant_id = lines.tenant_id
            and carving.server_id = lines.server_id
            and carving.business_date = lines.business_date
            and carving.deal_key = lines.deal_key
            and carving.model = lines.model
        left join
            agreements
            on agreements.tenant_id = lines.tenant_id
            and agreements.agreement_id = lines.agreement_id
        where
            lines.reason is null and lines.level = 0 and agreements.agreement_id is null
    ),

    paying as (
        select {{ columns }}
        from stated
        union all
        select {{ columns }}
        from carved_from
    ),

    chosen as (
        select
            paying.tenant_id,
            paying.server_id,
            paying.business_date,
            paying.deal_key,
            paying.executed_at_utc,
            paying.partner_key,
            paying.level,
            paying.agreement_id,
            paying.model,
            paying.amount_currency,
            paying.tier,
            paying.accrued_amount,
            paying.period_cap_amount,
            paying.rounding,
            paying.is_carved,
            paying.level = 0 and carving.deal_key is not null as is_carved_from,
            -- A trade is capped once, whatever tiers it lies in.
            case
                when paying.trade_cap_amount is null
                then paying.accrued_amount
                else
                    {{
                        up_to(
                            "paying.accrued_amount",
                            "paying.trade_cap_amount",
                            "sum(paying.accrued_amount) over (partition by paying.deal_key, paying.partner_key, paying.level, paying.agreement_id order by paying.tier rows between unbounded preceding and current row)",
                        )
                    }}
            end as capped_accrual
        from paying
        left join
            carving
            on carving.deal_key = paying.deal_key
            and carving.business_date = paying.business_date
            and carving.model = paying.model
    ),

    -- The direct partner's amount of the trade is shared out from the first override
    -- up; what is left of it is his.
    shares as (
        select
            chosen.deal_key,
            chosen.model,
            chosen.amount_currency,
            sum(
                case when chosen.is_carved_from then chosen.capped_accrual else 0 end
            ) as whole_amount
        from chosen
        inner join
            carving
            on carving.deal_key = chosen.deal_key
            and carving.model = chosen.model
        group by chosen.deal_key, chosen.model, chosen.amount_currency
    ),

    carved as (
        select
            chosen.tenant_id,
            chosen.server_id,
            chosen.business_date,
            chosen.deal_key,
            chosen.executed_at_utc,
            chosen.partner_key,
            chosen.level,
            chosen.agreement_id,
            chosen.model,
            chosen.amount_currency,
            chosen.tier,
            chosen.accrued_amount,
            chosen.capped_accrual,
            chosen.period_cap_amount,
            chosen.rounding,
            chosen.is_carved,
            chosen.is_carved_from,
            shares.whole_amount,
            case
                when not chosen.is_carved
                then chosen.capped_accrual
                when shares.whole_amount * chosen.capped_accrual <= 0
                then cast(0 as decimal(24, 8))
                else
                    sign(shares.whole_amount)
                    *
                    {{
                        up_to(
                            "abs(chosen.capped_accrual)",
                            "abs(shares.whole_amount)",
                            "sum(case when chosen.is_carved and shares.whole_amount * chosen.capped_accrual > 0 then abs(chosen.capped_accrual) else 0 end) over (partition by chosen.deal_key, chosen.model, chosen.amount_currency order by chosen.level, chosen.partner_key, chosen.tier rows between unbounded preceding and current row)",
                        )
                    }}
            end as carved_accrual
        from chosen
        left join
            shares
            on shares.deal_key = chosen.deal_key
            and shares.model = chosen.model
            and shares.amount_currency = chosen.amount_currency
    ),

    shared as (
        select
            carved.tenant_id,
            carved.server_id,
            carved.business_date,
            carved.deal_key,
            carved.executed_at_utc,
            carved.partner_key,
            carved.level,
            carved.agreement_id,
            carved.amount_currency,
            carved.tier,
            carved.accrued_amount,
            carved.capped_accrual,
            carved.period_cap_amount,
            carved.rounding,
            carved.is_carved,
            case
                when carved.is_carved_from
                then
                    -- where the trade lies in several tiers, its first parts are his
                    sign(carved.whole_amount)
                    *
                    {{
                        up_to(
                            "carved.capped_accrual * sign(carved.whole_amount)",
                            "abs(carved.whole_amount - sum(case when carved.is_carved then carved.carved_accrual else 0 end) over (partition by carved.deal_key, carved.model, carved.amount_currency))",
                            "sum(case when carved.is_carved_from then carved.capped_accrual * sign(carved.whole_amount) else 0 end) over (partition by carved.deal_key, carved.model, carved.amount_currency order by carved.level, carved.partner_key, carved.tier rows between unbounded preceding and current row)",
                        )
                    }}
                else carved.carved_accrual
            end as shared_amount
        from carved
    ),

    capped as (
        select
            shared.tenant_id,
            shared.server_id,
            shared.business_date,
            shared.deal_key,
            shared.partner_key,
            shared.level,
            shared.agreement_id,
            shared.amount_currency,
            shared.tier,
            shared.rounding,
            shared.is_carved,
            shared.accrued_amount,
            shared.shared_amount - shared.capped_accrual as carved_amount,
            shared.capped_accrual - shared.accrued_amount as trade_cap_taken,
            shared.shared_amount,
            case
                when shared.period_cap_amount is null
                then shared.shared_amount
                else
                    {{
                        up_to(
                            "shared.shared_amount",
                            "shared.period_cap_amount",
                            "sum(shared.shared_amount) over (partition by shared.tenant_id, shared.agreement_id, date_trunc('month', shared.business_date) order by shared.business_date, shared.executed_at_utc, shared.deal_key, shared.tier rows between unbounded preceding and current row)",
                        )
                    }}
            end as unrounded_amount
        from shared
    ),

    currencies as (select currency, minor_units from {{ ref("ref_currencies") }})

select
    capped.tenant_id,
    capped.server_id,
    capped.business_date,
    capped.deal_key,
    capped.partner_key,
    capped.level,
    capped.agreement_id,
    capped.tier,
    cast(capped.carved_amount as decimal(24, 8)) as carved_amount,
    cast(
        capped.trade_cap_taken
        + capped.unrounded_amount
        - capped.shared_amount as decimal(24, 8)
    ) as capped_amount,
    cast(
        case
            when capped.rounding = 'trade'
            then
                {{
                    rounded_decimal(
                        "capped.unrounded_amount",
                        "coalesce(currencies.minor_units, 2)",
                        24,
                    )
                }} - capped.unrounded_amount
            else 0
        end as decimal(24, 8)
    ) as rounding_amount,
    case
        when capped.is_carved and capped.shared_amount = 0
        then 'nothing of the direct partner''s amount is left to carve out'
        when capped.shared_amount <> 0 and capped.unrounded_amount = 0
        then 'the cap of the month is reached'
        when capped.shared_amount = 0
        then 'all of it goes to the partners above'
        when
            capped.rounding = 'trade'
            and abs(capped.unrounded_amount) * 2
            < {{ minor_unit("coalesce(currencies.minor_units, 2)") }}
        then 'rounds to nothing'
    end as reason
from capped
left join currencies on currencies.currency = capped.amount_currency
