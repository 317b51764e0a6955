{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_identities_from(first_ledger_day()) }}",
    )
}}

{%- set day = "tenant_id, server_id, business_date" -%}
{%- set first_day = first_ledger_day() -%}
{%- set client_accounts = ["client_liability", "client_credit", "client_floating"] -%}
{%- set lines = ["dealing", "commission", "swap", "fee"] -%}
{%- set sentences = {
    "journal_entries_balance": "The postings of every journal entry come to zero in each currency",
    "journal_amounts_have_a_rate": "Every journal entry in a known currency has a rate to the reporting currency",
    "trial_balance_is_zero": "Debits equal credits by legal entity, currency and day",
    "ledger_days_are_the_postings": "The daily balances of the ledger are the sums of its postings, by account and day",
    "client_liability_is_balance": "What the ledger owes more on an account is what its balance grew by, by account and day",
    "client_credit_is_credit": "The client credit in the ledger grew by what the credit of the account did, by account and day",
    "client_floating_is_floating": "The client floating result in the ledger grew by what that of the account did, by account and day",
    "journal_dealing_is_pnl": "The dealing accounts of the journal are the dealing line of the P&L, by account, symbol and day",
    "journal_commission_is_pnl": "The commission income of the journal is the commission line of the P&L, by account, symbol and day",
    "journal_swap_is_pnl": "The swap income of the journal is the swap line of the P&L, by account, symbol and day",
    "journal_fee_is_pnl": "Fee and charge income of the journal is the fee line of the P&L, by account, symbol and day",
    "bank_balance_is_statement": "What the ledger has at a bank is the closing balance of its statement, less what statements leave out",
    "lp_margin_is_statement": "What the ledger has at a liquidity provider is the closing balance of its statement, less what statements leave out",
    "ib_payable_is_commission_ledger": "What the ledger owes a partner is what the commission ledger booked, by partner and day",
} -%}

with

    entries as (
        select
            {{ day }},
            entry_kind,
            account_key,
            partner_key,
            legal_entity,
            book,
            symbol,
            credited_account,
            debited_account,
            is_converted,
            currency,
            currency as entry_currency,
            amount,
            amount_reporting,
            reporting_currency,
            source_id
        from {{ ref("fct_journal_entries") }}
        where business_date >= {{ first_day }}
    ),

    postings as (
        {{
            journal_postings(
                "entries",
                [
                    "tenant_id",
                    "server_id",
                    "business_date",
                    "entry_kind",
                    "account_key",
                    "partner_key",
                    "legal_entity",
                    "book",
                    "symbol",
                    "source_id",
                    "entry_currency",
                ],
            )
        }}
    ),

    ledger_days as (
        select
            {{ day }},
            legal_entity,
            book,
            ledger_account,
            currency,
            position_currency,
            debit_amount,
            credit_amount
        from {{ ref("fct_ledger_days") }}
        where business_date >= {{ first_day }}
    ),

    balanced as (
        select {{ day }}, sum(amount) as amount
        from postings
        group by
            {{ day }},
            entry_kind,
            account_key,
            partner_key,
            symbol,
            source_id,
            entry_currency,
            currency
    ),

    closes as (
        select tenant_id, server_id, business_date, previous_close_date
        from {{ ref("int_server_closes") }}
        where business_date >= {{ first_day }}
    ),

    accounts as (
        select account_key, tenant_id, server_id, login, money_divisor, is_excluded
        from {{ ref("can_accounts") }}
    ),

    moved as (
        select
            {{ day }},
            account_key,
            {%- for account in client_accounts %}
                sum(
                    case when credited_account = '{{ account }}' then amount else 0 end
                ) as {{ account }}{{ "," if not loop.last }}
            {%- endfor %}
        from entries
        where
            credited_account in (
                {% for account in client_accounts %}
                    '{{ account }}'{{ "," if not loop.last }}
                {% endfor %}
            )
        group by {{ day }}, account_key
    ),

    -- what floats at a close, less what floated at the one before: an account that had
    -- nothing open then has no row there
    floated as (
        select
            {{ day }},
            login,
            floating_pnl_amount + floating_swap_amount as floating_amount
        from {{ ref("fct_account_days") }}
        where business_date >= {{ first_close_before(first_day) }}
    ),

    held as (
        select
            days.tenant_id,
            days.server_id,
            days.business_date,
            days.account_key,
            {{
                to_main_currency(
                    "(days.closing_balance_amount - days.opening_balance_amount)",
                    "accounts.money_divisor",
                )
            }} as client_liability,
            {{
                to_main_currency(
                    "days.credit_change_amount", "accounts.money_divisor"
                )
            }} as client_credit,
            case
                when closes.server_id is not null
                then
                    {{
                        to_main_currency(
                            "(days.floating_pnl_amount + days.floating_swap_amount"
                            ~ " - coalesce(floated.floating_amount, 0))",
                            "accounts.money_divisor",
                        )
                    }}
                else 0
            end as client_floating
        from {{ ref("fct_account_days") }} as days
        left join
            accounts
            on accounts.tenant_id = days.tenant_id
            and accounts.server_id = days.server_id
            and accounts.login = days.login
        left join
            closes
            on closes.tenant_id = days.tenant_id
            and closes.server_id = days.server_id
            and closes.business_date = days.business_date
        left join
            floated
            on floated.tenant_id = days.tenant_id
            and floated.server_id = days.server_id
            and floated.login = days.login
            and floated.business_date = closes.previous_close_date
        where
            days.business_date >= {{ first_day }}
            and not coalesce(accounts.is_excluded, false)
    ),

    -- both begin with nothing, so that equal changes are equal balances
    compared as (
        select
            coalesce(held.tenant_id, moved.tenant_id) as tenant_id,
            coalesce(held.server_id, moved.server_id) as server_id,
            coalesce(held.business_date, moved.business_date) as business_date,
            {%- for account in client_accounts %}
                coalesce(moved.{{ account }}, 0) as ledger_{{ account }},
                coalesce(held.{{ account }}, 0) as books_{{ account }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from held
        full outer join
            moved
            on moved.account_key = held.account_key
            and moved.business_date = held.business_date
    ),

    -- a figure that lacks a rate is NULL on both sides, which another identity counts
    journal_pnl as (
        select
            {{ day }},
            account_key,
            symbol,
            {%- for line, accounts in [
                ("dealing", "'dealing_realised', 'dealing_unrealised'"),
                ("commission", "'commission_income'"),
                ("swap", "'swap_income'"),
                ("fee", "'fee_income', 'charge_income'"),
            ] %}
                case
                    when
                        count(*) filter (
                            where
                                debited_account in ({{ accounts }})
                                and amount_reporting is null
                        )
                        = 0
                    then
                        sum(
                            case
                                when debited_account in ({{ accounts }})
                                then - amount_reporting
                                else 0
                            end
                        )
                end as {{ line }}{{ "," if not loop.last }}
            {%- endfor %}
        from entries
        where
            debited_account in (
                'dealing_realised',
                'dealing_unrealised',
                'commission_income',
                'swap_income',
                'fee_income',
                'charge_income'
            )
        group by {{ day }}, account_key, symbol
    ),

    pnl as (
        select
            {{ day }},
            account_key,
            symbol,
            dealing_pnl_reporting as dealing,
            commission_income_reporting as commission,
            swap_income_reporting as swap,
            fee_income_reporting as fee
        from {{ ref("fct_daily_pnl") }}
        where business_date >= {{ first_day }}
    ),

    tied as (
        select
            coalesce(pnl.tenant_id, journal_pnl.tenant_id) as tenant_id,
            coalesce(pnl.server_id, journal_pnl.server_id) as server_id,
            coalesce(pnl.business_date, journal_pnl.business_date) as business_date,
            {%- for line in lines %}
                case
                    when journal_pnl.account_key is null
                    then 0
                    else journal_pnl.{{ line }}
                end as journal_{{ line }},
                case
                    when pnl.account_key is null then 0 else pnl.{{ line }}
                end as pnl_{{ line }}{{ "," if not loop.last }}
            {%- endfor %}
        from pnl
        full outer join
            journal_pnl
            on journal_pnl.account_key = pnl.account_key
            and journal_pnl.symbol = pnl.symbol
            and journal_pnl.business_date = pnl.business_date
    ),

    partners as (
        select {{ day }}, sum(ledger) as ledger, sum(booked) as booked
        from
            (
                select
                    {{ day }},
                    partner_key,
                    currency,
                    amount as ledger,
                    cast(0 as decimal(38, 8)) as booked
                from entries
                where credited_account = 'ib_payable'
                union all
                select
                    {{ day }},
                    partner_key,
                    amount_currency,
                    0,
                    cast(amount as decimal(38, 8))
                from {{ ref("fct_commission_ledger") }}
                where business_date >= {{ first_day }} and amount <> 0
            ) as both_sides
        group by {{ day }}, partner_key, currency
    ),

    sides as (
        select
            {{ day }},
            legal_entity,
            book,
            ledger_account,
            currency,
            position_currency,
            sum(posted) as posted,
            sum(held) as held
        from
            (
                select
                    {{ day }},
                    legal_entity,
                    book,
                    ledger_account,
                    currency,
                    position_currency,
                    amount as posted,
                    cast(0 as decimal(38, 8)) as held
                from postings
                where amount is not null
                union all
                select
                    {{ day }},
                    legal_entity,
                    book,
                    ledger_account,
                    currency,
                    position_currency,
                    0,
                    debit_amount - credit_amount
                from ledger_days
            ) as both_sides
        group by
            {{ day }}, legal_entity, book, ledger_account, currency, position_currency
    ),

    checked as (
        select
            'journal_entries_balance' as identity_id,
            {{ day }},
            amount as left_amount,
            cast(0 as decimal(38, 8)) as right_amount
        from balanced
        where amount is not null
        union all
        select
            'journal_amounts_have_a_rate',
            {{ day }},
            case when amount_reporting is null then 0 else 1 end,
            1
        from entries
        where currency <> 'XXX'
        union all
        select 'trial_balance_is_zero', {{ day }}, sum(debit_amount), sum(credit_amount)
        from ledger_days
        group by {{ day }}, legal_entity, currency
        union all
        select 'ledger_days_are_the_postings', {{ day }}, held, posted
        from sides
        {%- for identity, account in [
                ("client_liability_is_balance", "client_liability"),
                ("client_credit_is_credit", "client_credit"),
                ("client_floating_is_floating", "client_floating"),
            ] %}
            union all
            select
                '{{ identity }}', {{ day }}, ledger_{{ account }}, books_{{ account }}
            from compared
        {%- endfor %}
        {%- for line in lines %}
            union all
            select
                'journal_{{ line }}_is_pnl',
                {{ day }},
                journal_{{ line }},
                pnl_{{ line }}
            from tied
            -- amounts_have_a_rate counts what lacks its rate
            where journal_{{ line }} is not null and pnl_{{ line }} is not null
        {%- endfor %}
        union all
        select 'ib_payable_is_commission_ledger', {{ day }}, ledger, booked
        from partners
        {%- for identity, account in [
                ("bank_balance_is_statement", "bank_client_money"),
                ("lp_margin_is_statement", "lp_margin"),
            ] %}
            union all
            select
                '{{ identity }}',
                {{ day }},
                ledger_amount + unposted_amount,
                closing_amount
            from {{ ref("rpt_ledger__statement_balances") }}
            where ledger_account = '{{ account }}' and business_date >= {{ first_day }}
        {%- endfor %}
    ),

    identities as (
        {% for identity, sentence in sentences.items() %}
            select
                '{{ identity }}' as identity_id,
                '{{ sentence }}' as what
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    counted as (
        select
            identity_id,
            {{ day }},
            count(*) as population,
            count(*) filter (
                where coalesce(left_amount <> right_amount, true)
            ) as broken,
            max(
                case
                    when left_amount <> right_amount
                    then abs(left_amount - right_amount)
                end
            ) as worst,
            sum(left_amount) as sum_left,
            sum(right_amount) as sum_right
        from checked
        group by identity_id, {{ day }}
    )

-- an identity that nothing could be checked on is listed too, with a population of zero
select
    identities.identity_id,
    identities.what,
    coalesce(counted.tenant_id, '') as tenant_id,
    coalesce(counted.server_id, '') as server_id,
    counted.business_date,
    cast(coalesce(counted.population, 0) as bigint) as population,
    cast(coalesce(counted.broken, 0) as bigint) as broken,
    cast(counted.worst as decimal(38, 8)) as worst,
    cast(counted.sum_left as decimal(38, 8)) as sum_left,
    cast(counted.sum_right as decimal(38, 8)) as sum_right
from identities
left join counted on counted.identity_id = identities.identity_id
{%- if is_incremental() %}
    where
        counted.identity_id is not null
        or identities.identity_id not in (
            select held.identity_id from {{ this }} as held where held.population > 0
        )
{%- endif %}
