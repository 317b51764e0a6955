{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_days(journal_days()) }}",
    )
}}

{%- set measures = deal_measures() -%}

with

    {% if is_incremental() %}
        days as (
            select tenant_id, server_id, business_date
            from {{ journal_days() }} as changed
        ),
    {% endif %}

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            main_currency,
            money_divisor,
            is_excluded,
            known_from
        from {{ ref("can_accounts") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    dealt as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.business_date,
            deals.login,
            case when deals.is_trade then deals.symbol else '' end as symbol,
            deals.component,
            sum(deals.closed_pnl_amount) as closed_pnl,
            sum(deals.swap_amount) as swap,
            sum(deals.commission_amount) as commission,
            sum(deals.fee_amount) as fee,
            sum({{ operation_amount("deals") }}) as operation,
            sum(deals.credit_effect_amount) as credit
        from {{ ref("can_deals") }} as deals
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = deals.tenant_id
                and days.server_id = deals.server_id
                and days.business_date = deals.business_date
        {% endif %}
        group by 1, 2, 3, 4, 5, 6
    ),

    closes as (
        select
            closes.tenant_id,
            closes.server_id,
            closes.business_date,
            closes.previous_close_date,
            closes.has_positions
        from {{ ref("int_server_closes") }} as closes
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = closes.tenant_id
                and days.server_id = closes.server_id
                and days.business_date = closes.business_date
        {% endif %}
    ),

    steps as (
        select tenant_id, server_id, business_date, close_date, has_positions, weight
        from {{ floating_steps("closes") }} as stepped
    ),

    held as (
        select
            tenant_id,
            server_id,
            business_date,
            close_date,
            login,
            symbol,
            floating_pnl,
            floating_swap
        from {{ floating_results("steps") }} as marked
    ),

    -- realised amounts count at the rate of their day, a floating result at that of
    -- its own close
    movements as (
        select
            tenant_id,
            server_id,
            business_date,
            business_date as rate_date,
            login,
            symbol,
            entry_kind,
            sum(amount) as amount
        from
            (
                select
                    dealt.tenant_id,
                    dealt.server_id,
                    dealt.business_date,
                    dealt.login,
                    dealt.symbol,
                    {{ deal_entry_kind("measures.measure", "dealt.component") }}
                    as entry_kind,
                    case
                        measures.measure
                        {%- for measure in measures %}
                            when '{{ measure }}' then dealt.{{ measure }}
                        {%- endfor %}
                    end as amount
                from dealt
                cross join
                    (
                        {%- for measure in measures %}
                            select
                                '{{ measure }}' as measure
                                {{ "union all" if not loop.last }}
                        {%- endfor %}
                    ) as measures
            ) as measured
        where amount <> 0
        group by 1, 2, 3, 4, 5, 6, 7
        {%- for measure in ["floating_pnl", "floating_swap"] %}
            union all
            select
                tenant_id,
                server_id,
                business_date,
                close_date,
                login,
                symbol,
                '{{ measure }}',
                {{ measure }}
            from held
            where {{ measure }} <> 0
        {%- endfor %}
    ),

    converted as (
        select
            movements.tenant_id,
            movements.server_id,
            movements.business_date,
            movements.login,
            movements.symbol,
            movements.entry_kind,
            {{ to_main_currency("movements.amount", "accounts.money_divisor") }}
            as amount,
            {{ to_reporting("movements.amount", "fx", "accounts.money_divisor") }}
            as amount_reporting
        from movements
        left join
            accounts
            on accounts.tenant_id = movements.tenant_id
            and accounts.server_id = movements.server_id
            and accounts.login = movements.login
        left join
            fx
            on fx.business_date = movements.rate_date
            and fx.currency = accounts.main_currency
        where not coalesce(accounts.is_excluded, false)
    ),

    -- a sum that lacks one of its rates is not known
    account_sums as (
        select
            tenant_id,
            server_id,
            business_date,
            login,
            symbol,
            entry_kind,
            sum(amount) as amount,
            case
                when count(amount_reporting) = count(*) then sum(amount_reporting)
            end as amount_reporting
        from converted
        group by 1, 2, 3, 4, 5, 6
    ),

    account_entries as (
        select
            sums.tenant_id,
            sums.server_id,
            sums.business_date,
            sums.entry_kind,
            coalesce(accounts.account_key, {{ account_key("sums") }}) as account_key,
            accounts.client_key,
            cast(null as varchar) as partner_key,
            coalesce(books.legal_entity, 'unmapped') as legal_entity,
            case
                when books.book in ('A', 'B') then books.book else 'unmapped'
            end as book,
            sums.symbol,
            coalesce(accounts.main_currency, 'XXX') as currency,
            sums.amount,
            sums.amount_reporting,
            -- whose the money is nobody knows: its other side waits in suspense
            coalesce(accounts.known_from, 'deals') = 'deals' as is_orphan,
            case
                when sums.entry_kind not in ('floating_pnl', 'floating_swap')
                then 'canonical.can_deals'
                when sums.symbol = ''
                then 'finance.fct_account_days'
                else 'finance.fct_open_positions'
            end as source_table,
            '' as source_id
        from account_sums as sums
        left join
            accounts
            on accounts.tenant_id = sums.tenant_id
            and accounts.server_id = sums.server_id
            and accounts.login = sums.login
            {{ join_books("sums") }}
    ),

    partner_sums as (
        select
            lines.tenant_id,
            lines.server_id,
            lines.business_date,
            lines.account_key,
            lines.partner_key,
            coalesce(lines.symbol, '') as symbol,
            lines.amount_currency as currency,
            sum(lines.amount) as amount
        from {{ ref("fct_commission_ledger") }} as lines
        {% if is_incremental() %}
            inner join
                days
                on days.tenant_id = lines.tenant_id
                and days.server_id = lines.server_id
                and days.business_date = lines.business_date
        {% endif %}
        where lines.amount_currency is not null
        group by 1, 2, 3, 4, 5, 6, 7
    ),

    partner_entries as (
        select
            sums.tenant_id,
            sums.server_id,
            sums.business_date,
            'partner_commission' as entry_kind,
            sums.account_key,
            accounts.client_key,
            sums.partner_key,
            coalesce(books.legal_entity, 'unmapped') as legal_entity,
            case
                when books.book in ('A', 'B') then books.book else 'unmapped'
            end as book,
            sums.symbol,
            sums.currency,
            sums.amount,
            {{ to_reporting("sums.amount", "fx", "1") }} as amount_reporting,
            false as is_orphan,
            'partners.fct_commission_ledger' as source_table,
            '' as source_id
        from partner_sums as sums
        left join accounts on accounts.account_key = sums.account_key
        left join
            {{ ref("can_account_books") }} as books
            on books.account_key = sums.account_key
            and {{ effective("books", "sums.business_date") }}
        left join
            fx on fx.business_date = sums.business_date and fx.currency = sums.currency
    ),

    {%- set external = [
        ("int_ledger__payments_split", "staging.stg_psp__transactions"),
        ("int_ledger__bank_lines_placed", "staging.stg_bank__entries"),
        ("int_ledger__lp_lines_placed", "staging.stg_lp__statement_lines"),
    ] %}
    -- what payment providers, banks and liquidity providers state
    stated as (
        {%- for model, source_table in external %}
            select
                parts.tenant_id,
                parts.server_id,
                parts.business_date,
                parts.account_key,
                parts.source_id,
                parts.entry_kind,
                parts.currency,
                parts.amount,
                '{{ source_table }}' as source_table
            from {{ ref(model) }} as parts
            {% if is_incremental() %}
                inner join
                    days
                    on days.tenant_id = parts.tenant_id
                    and days.server_id = parts.server_id
                    and days.business_date = parts.business_date
                {% endif %} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    stated_entries as (
        select
            stated.tenant_id,
            stated.server_id,
            stated.business_date,
            stated.entry_kind,
            stated.account_key,
            cast(null as varchar) as client_key,
            cast(null as varchar) as partner_key,
            -- no source says whose account it is: that of the one legal entity, or of
            -- the one that hedges
            case
                when stated.source_table = 'staging.stg_lp__statement_lines'
                then coalesce(hedging.legal_entity, 'unmapped')
                else coalesce(entities.legal_entity, 'unmapped')
            end as legal_entity,
            'unmapped' as book,
            '' as symbol,
            stated.currency,
            stated.amount,
            {{ to_reporting("stated.amount", "fx", "1") }} as amount_reporting,
            false as is_orphan,
            stated.source_table,
            stated.source_id
        from stated
        left join
            {{ single_entities() }} as entities on entities.tenant_id = stated.tenant_id
        left join
            {{ single_entities(hedged=true) }} as hedging
            on hedging.tenant_id = stated.tenant_id
        left join
            fx
            on fx.business_date = stated.business_date
            and fx.currency = stated.currency
    ),

    {% set columns = [
        "tenant_id",
        "server_id",
        "business_date",
        "entry_kind",
        "account_key",
        "client_key",
        "partner_key",
        "legal_entity",
        "book",
        "symbol",
        "currency",
        "amount",
        "amount_reporting",
        "is_orphan",
        "source_table",
        "source_id",
    ] %}
    entries as (
        {% for part in ["account_entries", "partner_entries", "stated_entries"] %}
            select {{ columns | join(", ") }}
            from {{ part }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- One row for each book: an outer join on "any or this one" would compare all rows
    -- with all.
    kinds as (
        select
            kinds.entry_kind,
            books.book,
            kinds.credited_account,
            kinds.debited_account,
            debited.account_type in ('income', 'expense') as is_converted
        from {{ ref("ref_journal_entry_kinds") }} as kinds
        inner join
            (
                select 'A' as book
                union all
                select 'B'
                union all
                select 'unmapped'
            ) as books
            on kinds.book in ('any', books.book)
        left join
            {{ ref("ref_ledger_accounts") }} as debited
            on debited.ledger_account = kinds.debited_account
    )

select
    entries.tenant_id,
    entries.server_id,
    entries.business_date,
    entries.entry_kind,
    entries.account_key,
    entries.client_key,
    entries.partner_key,
    entries.legal_entity,
    entries.book,
    entries.symbol,
    kinds.credited_account,
    case
        when entries.is_orphan then 'suspense' else kinds.debited_account
    end as debited_account,
    kinds.is_converted and not entries.is_orphan as is_converted,
    entries.currency,
    cast(entries.amount as decimal(38, 8)) as amount,
    cast(entries.amount_reporting as decimal(38, 8)) as amount_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency,
    entries.source_table,
    entries.source_id
from entries
left join kinds on kinds.entry_kind = entries.entry_kind and kinds.book = entries.book
where
    entries.amount <> 0 or coalesce(entries.amount_reporting <> 0, entries.amount <> 0)
order by entries.business_date, entries.server_id, entries.account_key, entries.symbol
