{#- The amounts of a deal that become entries, each of its own kind. -#}
{% macro deal_measures() -%}
    {{ return(["closed_pnl", "swap", "commission", "fee", "operation", "credit"]) }}
{%- endmacro %}


{#- The kind of entry that a measure of a deal makes; an operation is what its component says. -#}
{% macro deal_entry_kind(measure, component) -%}
    case
        when {{ measure }} <> 'operation'
        then {{ measure }}
        when
            {{ component }} in (
                'deposit',
                'withdrawal',
                'internal_transfer',
                'charge',
                'correction',
                'bonus',
                'commission',
                'interest',
                'dividend',
                'tax'
            )
        then {{ component }}
        when {{ component }} = 'commission_round'
        then 'commission'
        when {{ component }} = 'agent'
        then 'agent_commission'
        when {{ component }} = 'so_compensation'
        then 'negative_balance'
        else 'unknown_operation'
    end
{%- endmacro %}


{#- An amount in account currency as the account's main currency: cents as a hundredth. -#}
{% macro to_main_currency(amount, divisor, width=38) -%}
    case
        {{ divisor }}
        when 100
        then {{ product([amount, "cast(0.01 as decimal(3, 2))"], width) }}
        else cast({{ amount }} as decimal({{ width }}, 8))
    end
{%- endmacro %}


{#-
    The days whose entries change: those of the P&L, those on which a build since the last finished
    one booked partners' commission, and the touched days at payment providers, banks and liquidity
    providers.
-#}
{% macro journal_days() -%}
    (
        select tenant_id, server_id, business_date
        from {{ ref("int_builds__days_changed") }}
        where is_in_journal
    )
{%- endmacro %}


{#- The key of an entry: what makes it one, as text. -#}
{% macro journal_entry_key(row) -%}
    {{ row }}.tenant_id
    || '/'
    || {{ row }}.server_id
    || '|'
    || cast({{ row }}.business_date as varchar)
    || '|'
    || {{ row }}.entry_kind
    || '|'
    || coalesce({{ row }}.account_key, '')
    || '|'
    || coalesce({{ row }}.partner_key, '')
    || '|'
    || {{ row }}.symbol
    || '|'
    || {{ row }}.currency
    || '|'
    || {{ row }}.source_id
{%- endmacro %}


{#-
    The postings of entries: the select list and joins that turn each row of `entries` into two
    postings, or four where an account kept in the reporting currency (income or expense) meets
    another currency. The third and fourth exchange one for the other through the FX position.
    Every column of `keep` comes along.
-#}
{% macro journal_postings(entries, keep) -%}
    select
        {%- for column in keep %} entries.{{ column }}, {%- endfor %}
        numbers.posting_number,
        case
            numbers.posting_number
            when 1
            then entries.credited_account
            when 2
            then entries.debited_account
            when 3
            then 'fx_position'
            else 'fx_position_value'
        end as ledger_account,
        case
            when
                numbers.posting_number = 4
                or (numbers.posting_number = 2 and entries.is_converted)
            then entries.reporting_currency
            else entries.currency
        end as currency,
        case
            when numbers.posting_number > 2 then entries.currency else ''
        end as position_currency,
        case
            when numbers.posting_number = 1
            then - entries.amount
            when numbers.posting_number = 4
            then - entries.amount_reporting
            when numbers.posting_number = 2 and entries.is_converted
            then entries.amount_reporting
            else entries.amount
        end as amount,
        case
            when numbers.posting_number in (1, 4)
            then - entries.amount_reporting
            else entries.amount_reporting
        end as amount_reporting,
        entries.reporting_currency
    from {{ entries }} as entries
    inner join
        (
            select cast(1 as integer) as posting_number
            union all
            select 2
            union all
            select 3
            union all
            select 4
        ) as numbers
        on numbers.posting_number <= 2
        or (entries.is_converted and entries.currency <> entries.reporting_currency)
{%- endmacro %}


{#-
    The first day whose ledger identities a build may have changed, as a literal: days of changed
    entries, and the first day of each account whose balance is rolled forward again.
-#}
{% macro first_ledger_day() -%}
    {%- set query -%}
        select cast(min(changed.first_date) as varchar)
        from (
            select business_date as first_date from {{ journal_days() }} as days
            union all
            select first_date from {{ touched_accounts() }} as accounts
        ) as changed
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}


{#-
    The first close whose floating results are compared with those of a day on or after `first_day`,
    as a literal: files that only hold older days are not opened.
-#}
{% macro first_close_before(first_day) -%}
    {%- set query -%}
        select cast(min(previous_close_date) as varchar)
        from {{ ref("int_server_closes") }}
        where business_date >= {{ first_day }}
    {%- endset -%}
    {{ return(day_literal(query)) }}
{%- endmacro %}


{#- The last day of the year that a day belongs to, where the year ends with a month of that number. -#}
{% macro fiscal_year_end(day, month) -%}
    last_day(
        make_date(
            cast(
                extract(year from {{ day }}) + case
                    when extract(month from {{ day }}) > {{ month }} then 1 else 0
                end as integer
            ),
            cast({{ month }} as integer),
            1
        )
    )
{%- endmacro %}
