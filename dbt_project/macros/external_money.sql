{#-
    What a bank line may refer to, with the kind of entry that such a line makes and the load that
    told of it: payouts of providers, and transfers in the statements of liquidity providers. What
    was told once counts, also where a newer version of the row no longer says it.
-#}
{% macro bank_counterparts() -%}
    (
        {%- for table, reference, entry_kind, condition in [
            (
                "psp_transactions",
                "event_id",
                "bank_payout",
                "told.event_type = 'payout'",
            ),
            (
                "psp_transactions",
                "payout_id",
                "bank_payout",
                "told.payout_id <> ''",
            ),
            ("stripe_payouts", "id", "bank_payout", "told.id <> ''"),
            (
                "lp_statement_lines",
                "reference",
                "bank_lp_transfer",
                "told.line_type in ('deposit', 'withdrawal') and told.reference <> ''",
            ),
        ] %}
            select
                told._tenant_id as tenant_id,
                told.{{ reference }} as reference,
                '{{ entry_kind }}' as entry_kind,
                told._load_id as load_id
            from {{ source("raw", table) }} as told
            where
                {{ condition }} and told._load_id <= {{ load_watermark() }}
                {{ "union all" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{#- Lines of payment providers, banks and liquidity providers, in all versions, with their day. -#}
{% macro external_lines() -%}
    (
        {%- for table, day in [
            (
                "psp_transactions",
                "cast("
                ~ server_time_to_utc(
                    "versions.event_at", "versions.event_zone", "0"
                )
                ~ " as date)",
            ),
            (
                "bank_entries",
                "coalesce(versions.booking_date, versions.value_date)",
            ),
            ("lp_statement_lines", "versions.booked_on"),
        ] %}
            select
                versions._tenant_id as tenant_id,
                versions._source as server_id,
                {{ day }} as business_date,
                versions._is_new as is_new
            from
                {{ all_versions(table) }} as versions {{ "union all" if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{#-
    The days on which accounts at banks and liquidity providers open, where that changed: the first
    day that is told of now, and the one that was first before. What a provider booked up to its
    first balance is part of that opening.
-#}
{% macro moved_openings() -%}
    (
        select
            accounts.tenant_id,
            accounts.server_id,
            case
                turns.turn when 1 then accounts.new_date else accounts.old_date
            end as business_date
        from
            (
                {%- for table, account, day in [
                    (
                        "bank_statements",
                        "account_id",
                        "coalesce(versions.opening_date, versions.from_date,"
                        ~ " versions.closing_date, versions.to_date)",
                    ),
                    ("lp_balances", "account", "versions.balance_date"),
                ] %}
                    select
                        versions._tenant_id as tenant_id,
                        versions._source as server_id,
                        versions.{{ account }} as account_id,
                        upper(versions.currency) as currency,
                        min(case when versions._is_new then {{ day }} end) as new_date,
                        min(
                            case
                                when versions._load_id <= {{ var("watermark_from") }}
                                then {{ day }}
                            end
                        ) as old_date
                    from {{ all_versions(table) }} as versions
                    group by 1, 2, 3, 4 {{ "union all" if not loop.last }}
                {%- endfor %}
                union all
                select
                    lines._tenant_id,
                    lines._source,
                    lines.account,
                    upper(lines.currency),
                    min(balances.first_date),
                    min(balances.first_date)
                from {{ source("raw", "lp_statement_lines") }} as lines
                inner join
                    (
                        select
                            _tenant_id,
                            _source,
                            account,
                            upper(currency) as currency,
                            min(balance_date) as first_date
                        from {{ source("raw", "lp_balances") }}
                        group by 1, 2, 3, 4
                    ) as balances
                    on balances._tenant_id = lines._tenant_id
                    and balances._source = lines._source
                    and balances.account = lines.account
                    and balances.currency = upper(lines.currency)
                    and balances.first_date >= lines.booked_on
                where {{ is_new_load("lines._load_id") }}
                group by 1, 2, 3, 4
            ) as accounts
        cross join
            (
                select 1 as turn
                union all
                select 2
            ) as turns
        where
            accounts.new_date is not null
            and (accounts.old_date is null or accounts.new_date <= accounts.old_date)
    )
{%- endmacro %}


{#- The one legal entity of each tenant as the mapping said it at a watermark; NULL where it had several. -#}
{% macro entities_at(watermark) -%}
    (
        select
            held._tenant_id as tenant_id,
            case
                when count(distinct held.legal_entity) = 1 then max(held.legal_entity)
            end as legal_entity,
            case
                when
                    count(
                        distinct case
                            when held.book in ('A', 'C') then held.legal_entity
                        end
                    )
                    = 1
                then max(case when held.book in ('A', 'C') then held.legal_entity end)
            end as hedged_entity
        from {{ current_rows("broker_groups", watermark=watermark) }} as held
        where not coalesce(held.is_excluded, false)
        group by held._tenant_id
    )
{%- endmacro %}


{#-
    The days at payment providers, banks and liquidity providers whose entries the new loads
    changed: by their own lines, by a day's rate, by an opening, by a payout or transfer that a
    bank's line turns out to be, or by whose the money is.
-#}
{% macro touched_external_days() -%}
    (
        select tenant_id, server_id, business_date
        from {{ external_lines() }} as lines
        where is_new and business_date is not null
        union
        select tenant_id, server_id, business_date
        from {{ moved_openings() }} as openings
        where business_date is not null
        union
        select tenant_id, server_id, business_date
        from {{ ref("int_ledger__bank_lines_placed") }} as placed
        where {{ is_new_load("placed.counterpart_load_id") }}
        union
        select lines.tenant_id, lines.server_id, rates.business_date
        from {{ ref("can_fx_rates") }} as rates
        cross join
            (
                select distinct tenant_id, server_id
                from {{ external_lines() }} as every_line
            ) as lines
        where {{ is_new_load("rates.load_id") }}
        union
        select lines.tenant_id, lines.server_id, lines.business_date
        from {{ external_lines() }} as lines
        inner join
            {{ entities_at(var("watermark_to")) }} as entities
            on entities.tenant_id = lines.tenant_id
        left join
            {{ entities_at(var("watermark_from")) }} as before
            on before.tenant_id = lines.tenant_id
        where
            lines.business_date is not null
            and (
                entities.legal_entity is distinct from before.legal_entity
                or entities.hedged_entity is distinct from before.hedged_entity
            )
    )
{%- endmacro %}
