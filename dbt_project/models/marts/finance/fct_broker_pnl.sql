{{ config(materialized="view") }}

with

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            country,
            account_currency,
            main_currency,
            money_divisor,
            is_excluded,
            known_from
        from {{ ref("can_accounts") }}
    ),

    fx as (select business_date, currency, rate from {{ ref("can_fx_to_reporting") }}),

    client_side as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            account_key,
            symbol,
            instrument,
            client_key,
            country,
            account_currency,
            client_closed_pnl_amount,
            client_floating_change_amount,
            client_closed_pnl_reporting,
            client_floating_change_reporting,
            client_commission_amount,
            client_swap_amount,
            dealing_pnl_reporting,
            commission_income_reporting,
            swap_income_reporting
        from {{ ref("fct_daily_pnl") }}
    ),

    fills as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            account_key,
            deal_symbol,
            instrument,
            client_key,
            country,
            lp_id,
            profit_currency,
            mark_up_amount,
            mark_up_reporting,
            commission_amount,
            commission_currency,
            commission_reporting
        from {{ ref("fct_lp_fills") }}
    ),

    -- what was paid to providers: by fill where their fills state it, else by
    -- statement
    charging_lps as (
        select distinct tenant_id, lp_id
        from {{ ref("int_liquidity__flows_summed") }}
        where charged_fill_count > 0
    ),

    -- the hedged books between the clients' result and the providers', by instrument
    hedged as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            instrument,
            - (
                client_closed_pnl_reporting + client_floating_change_reporting
            ) as house_reporting,
            cast(0 as decimal(38, 8)) as residual_amount,
            cast(0 as decimal(38, 8)) as residual_reporting,
            cast(null as varchar) as profit_currency
        from client_side
        where book in ('A', 'C')
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            instrument,
            - mark_up_reporting,
            0,
            0,
            null
        from fills
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            instrument,
            case when lp_id = '' then 0 else lp_result_reporting end,
            hedge_residual_amount,
            hedge_residual_reporting,
            profit_currency
        from {{ ref("fct_lp_reconciliation") }}
        where is_marked
    ),

    hedging_begins as (
        select tenant_id, min(business_date) as first_date
        from {{ ref("int_liquidity__flows_summed") }}
        where fill_count > 0
        group by tenant_id
    ),

    hedged_days as (
        select
            hedged.tenant_id,
            hedged.server_id,
            hedged.legal_entity,
            hedged.book,
            hedged.desk,
            hedged.business_date,
            hedged.instrument,
            max(hedged.profit_currency) as profit_currency,
            sum(hedged.residual_amount) as residual_amount,
            case
                when sum(hedged.residual_amount) = 0
                then 0
                when count(hedged.residual_reporting) = count(*)
                then sum(hedged.residual_reporting)
            end as residual_reporting,
            case
                when count(hedged.house_reporting) = count(*)
                then sum(hedged.house_reporting)
            end as house_reporting
        from hedged
        inner join
            hedging_begins
            on hedging_begins.tenant_id = hedged.tenant_id
            and hedging_begins.first_date <= hedged.business_date
        group by 1, 2, 3, 4, 5, 6, 7
    ),

    -- what deals move beside trading result, swap and commission
    charged as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            case when is_trade then symbol else '' end as symbol,
            'fee_income' as line,
            - fee_amount as amount
        from {{ ref("can_deals") }}
        where fee_amount <> 0
        union all
        select
            deals.tenant_id,
            deals.server_id,
            deals.login,
            deals.business_date,
            '',
            case
                deals.component
                when 'charge'
                then 'charge_income'
                when 'agent'
                then 'agent_commission'
                when 'bonus'
                then 'bonus_cost'
                when 'so_compensation'
                then 'write_off'
                else 'adjustments'
            end,
            - {{ operation_amount("deals") }}
        from {{ ref("can_deals") }} as deals
        where
            not deals.is_trade
            and deals.component in (
                'charge',
                'agent',
                'bonus',
                'so_compensation',
                'correction',
                'interest',
                'dividend',
                'tax',
                'unknown'
            )
    ),

    operations as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            symbol,
            line,
            cast(sum(amount) as decimal(38, 8)) as amount
        from charged
        group by tenant_id, server_id, login, business_date, symbol, line
    ),

    instruments as (
        select tenant_id, server_id, symbol, instrument
        from {{ ref("can_instruments") }}
    ),

    clients_lines as (
        {%- for line, amount, reporting in [
            (
                "dealing_realised",
                "case when book = 'B' then - client_closed_pnl_amount else 0 end",
                "case when book = 'B' then - client_closed_pnl_reporting else 0 end",
            ),
            (
                "dealing_floating",
                "case when book = 'B' then - client_floating_change_amount else 0 end",
                "case when book = 'B' then dealing_pnl_reporting + client_closed_pnl_reporting else 0 end",
            ),
            (
                "commission_income",
                "- client_commission_amount",
                "commission_income_reporting",
            ),
            ("swap_income", "- client_swap_amount", "swap_income_reporting"),
        ] %}
            select
                tenant_id,
                server_id,
                legal_entity,
                book,
                desk,
                business_date,
                '{{ line }}' as line,
                account_key,
                symbol,
                instrument,
                client_key,
                country,
                {{ amount }} as amount,
                account_currency as amount_currency,
                {{ reporting }} as amount_reporting
            from client_side {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    lines as (
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            line,
            account_key,
            symbol,
            instrument,
            client_key,
            country,
            cast(null as varchar) as partner_key,
            cast(null as varchar) as lp_id,
            cast(null as varchar) as psp_account_id,
            amount,
            amount_currency,
            amount_reporting
        from clients_lines
        -- a floating result can keep its amount and change by its rate alone
        where amount <> 0 or amount_reporting <> 0 or amount_reporting is null
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            'mark_up',
            account_key,
            deal_symbol,
            instrument,
            client_key,
            country,
            null,
            lp_id,
            null,
            sum(mark_up_amount),
            profit_currency,
            case
                when count(mark_up_reporting) = count(*) then sum(mark_up_reporting)
            end
        from fills
        where account_key is not null
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            'lp_commission',
            account_key,
            coalesce(deal_symbol, ''),
            instrument,
            client_key,
            country,
            null,
            lp_id,
            null,
            sum(commission_amount),
            commission_currency,
            case
                when count(commission_reporting) = count(*)
                then sum(commission_reporting)
            end
        from fills
        where commission_amount <> 0
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17
        union all
        select
            statements.tenant_id,
            statements.server_id,
            statements.legal_entity,
            'A',
            'unmapped',
            statements.business_date,
            case
                when statements.line_type in ('commission', 'fee', 'rebate', 'tax')
                then 'lp_commission'
                when statements.line_type in ('swap', 'interest', 'dividend')
                then 'lp_swap'
                else 'lp_adjustment'
            end,
            null,
            '',
            statements.instrument,
            null,
            null,
            null,
            statements.lp_id,
            null,
            statements.amount,
            statements.currency,
            {{ to_reporting("statements.amount", "fx", "1") }}
        from {{ ref("can_lp_statement_lines") }} as statements
        left join
            charging_lps
            on charging_lps.tenant_id = statements.tenant_id
            and charging_lps.lp_id = statements.lp_id
        left join
            fx
            on fx.business_date = statements.business_date
            and fx.currency = statements.currency
        where
            statements.line_type not in ('trade_pnl', 'deposit', 'withdrawal')
            and not (
                statements.line_type = 'commission' and charging_lps.lp_id is not null
            )
            and statements.amount <> 0
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            'hedge_residual',
            null,
            '',
            instrument,
            null,
            null,
            null,
            null,
            null,
            residual_amount,
            profit_currency,
            residual_reporting
        from hedged_days
        where residual_amount <> 0
        union all
        select
            tenant_id,
            server_id,
            legal_entity,
            book,
            desk,
            business_date,
            'valuation',
            null,
            '',
            instrument,
            null,
            null,
            null,
            null,
            null,
            house_reporting - residual_reporting,
            '{{ var("reporting_currency") }}',
            house_reporting - residual_reporting
        from hedged_days
        where
            house_reporting <> residual_reporting
            or house_reporting - residual_reporting is null
        union all
        select
            operations.tenant_id,
            operations.server_id,
            books.legal_entity,
            books.book,
            books.desk,
            operations.business_date,
            operations.line,
            accounts.account_key,
            operations.symbol,
            case
                when operations.symbol = ''
                then ''
                else
                    coalesce(
                        instruments.instrument,
                        {{ instrument_name("operations.symbol") }}
                    )
            end,
            accounts.client_key,
            accounts.country,
            null,
            null,
            null,
            operations.amount,
            accounts.account_currency,
            {{ to_reporting("operations.amount", "fx", "accounts.money_divisor") }}
        from operations
        left join
            accounts
            on accounts.tenant_id = operations.tenant_id
            and accounts.server_id = operations.server_id
            and accounts.login = operations.login
            {{ join_books("operations") }}
        left join
            instruments
            on instruments.tenant_id = operations.tenant_id
            and instruments.server_id = operations.server_id
            and instruments.symbol = operations.symbol
        left join
            fx
            on fx.business_date = operations.business_date
            and fx.currency = accounts.main_currency
        where
            operations.amount <> 0
            and not accounts.is_excluded
            and accounts.known_from <> 'deals'
        union all
        select
            ledger.tenant_id,
            ledger.server_id,
            coalesce(books.legal_entity, 'unmapped'),
            coalesce(books.book, 'unmapped'),
            coalesce(books.desk, 'unmapped'),
            ledger.business_date,
            'ib_cost',
            ledger.account_key,
            coalesce(ledger.symbol, ''),
            coalesce(
                instruments.instrument, {{ instrument_name("ledger.symbol") }}, ''
            ),
            ledger.client_key,
            accounts.country,
            ledger.partner_key,
            null,
            null,
            - ledger.amount,
            ledger.amount_currency,
            - ledger.amount_reporting
        from {{ ref("fct_commission_ledger") }} as ledger
        left join accounts on accounts.account_key = ledger.account_key
        left join
            {{ ref("can_account_books") }} as books
            on books.account_key = ledger.account_key
            and {{ effective("books", "ledger.business_date") }}
        left join
            instruments
            on instruments.tenant_id = ledger.tenant_id
            and instruments.server_id = ledger.server_id
            and instruments.symbol = ledger.symbol
        where ledger.amount <> 0
        union all
        select
            costs.tenant_id,
            coalesce(accounts.server_id, costs.server_id),
            coalesce(books.legal_entity, costs.legal_entity, 'unmapped'),
            coalesce(books.book, 'unmapped'),
            coalesce(books.desk, 'unmapped'),
            costs.business_date,
            costs.line,
            accounts.account_key,
            '',
            '',
            accounts.client_key,
            accounts.country,
            null,
            null,
            costs.psp_account_id,
            costs.amount,
            costs.currency,
            {{ to_reporting("costs.amount", "fx", "1") }}
        from {{ ref("int_payments__costs_stated") }} as costs
        left join accounts on accounts.account_key = costs.account_key
        left join
            {{ ref("can_account_books") }} as books
            on books.account_key = costs.account_key
            and {{ effective("books", "costs.business_date") }}
        left join
            fx
            on fx.business_date = costs.business_date
            and fx.currency = costs.currency
    ),

    paths as (
        select client_key, partner_key, valid_from, valid_to
        from {{ ref("int_partners__tree_paths") }}
        where level = 0
    )

-- a sum that lacks one of its rates is not known
select
    lines.tenant_id,
    lines.server_id,
    lines.legal_entity,
    lines.book,
    lines.desk,
    lines.business_date,
    lines.line,
    lines.account_key,
    lines.symbol,
    lines.instrument,
    lines.client_key,
    lines.country,
    coalesce(lines.partner_key, paths.partner_key) as partner_key,
    lines.lp_id,
    lines.psp_account_id,
    cast(sum(lines.amount) as decimal(38, 8)) as amount,
    lines.amount_currency,
    cast(
        case
            when count(lines.amount_reporting) = count(*)
            then sum(lines.amount_reporting)
        end as decimal(38, 8)
    ) as amount_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency
from lines
left join
    paths
    on paths.client_key = lines.client_key
    and {{ effective("paths", "lines.business_date") }}
group by
    lines.tenant_id,
    lines.server_id,
    lines.legal_entity,
    lines.book,
    lines.desk,
    lines.business_date,
    lines.line,
    lines.account_key,
    lines.symbol,
    lines.instrument,
    lines.client_key,
    lines.country,
    coalesce(lines.partner_key, paths.partner_key),
    lines.lp_id,
    lines.psp_account_id,
    lines.amount_currency
