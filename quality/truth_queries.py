"""What is compared with what: each truth file and the query over the books that must equal it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# Amounts in account currency are what the platform books: they agree in every digit stored.
EXACT = Decimal(0)
# Amounts converted at a crossed rate are stored unrounded with 8 decimals; two exact ways to the
# same figure may differ in the last of them. A cent is ten thousand times this.
UNROUNDED = Decimal("0.000001")


@dataclass(frozen=True)
class Comparison:
    """One truth file against the books.

    Attributes:
        id: of the check.
        what: the rule as a sentence.
        file: name of the truth file.
        needs: lake tables the books side reads.
        key: columns that identify a figure; texts that must agree belong here too.
        amounts: columns compared as DECIMAL(38,8).
        truth: query over ``{file}`` giving key and amounts.
        books: query over the lake giving key and amounts.
        precision: a difference up to this is none.
    """

    id: str
    what: str
    file: str
    needs: tuple[str, ...]
    key: tuple[str, ...]
    amounts: tuple[str, ...]
    truth: str
    books: str
    precision: Decimal = EXACT


ACCOUNT_DAYS = Comparison(
    id="truth_account_days",
    what="Every component and balance of every account and day equals the simulator's truth",
    file="account_days.parquet",
    needs=("finance.fct_account_days",),
    key=("server_id", "login", "business_date"),
    amounts=(
        "opening_balance",
        "closing_balance",
        "closing_credit",
        "floating_pnl",
        "floating_swap",
        "equity",
        "deposits",
        "withdrawals",
        "internal_transfers",
        "closed_pnl",
        "swap",
        "commission",
        "fees",
        "agent_commission",
        "interest",
        "dividends",
        "taxes",
        "charges",
        "corrections",
        "bonus",
        "stop_out_compensation",
    ),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            server_id,
            login,
            business_date,
            opening_balance_amount AS opening_balance,
            closing_balance_amount AS closing_balance,
            closing_credit_amount AS closing_credit,
            floating_pnl_amount AS floating_pnl,
            floating_swap_amount AS floating_swap,
            equity_amount AS equity,
            deposits_amount AS deposits,
            withdrawals_amount AS withdrawals,
            internal_transfers_amount AS internal_transfers,
            closed_pnl_amount AS closed_pnl,
            swap_amount AS swap,
            commission_amount + commission_round_amount AS commission,
            fees_amount AS fees,
            agent_commission_amount AS agent_commission,
            interest_amount AS interest,
            dividends_amount AS dividends,
            taxes_amount AS taxes,
            charges_amount AS charges,
            corrections_amount AS corrections,
            bonus_amount AS bonus,
            stop_out_compensation_amount AS stop_out_compensation
        FROM (
            SELECT
                *,
                coalesce(
                    lag(balance_break_amount) OVER (
                        PARTITION BY tenant_id, server_id, login ORDER BY business_date
                    ),
                    0
                ) <> coalesce(balance_break_amount, 0) AS is_break_moving
            FROM lake.finance.fct_account_days
            WHERE server_id IN (SELECT server_id FROM {file})
        ) AS days
        -- A day on which nothing happened but a break began or ended has a row in the books only.
        WHERE
            NOT is_break_moving
            OR balance_break_amount <> 0
            OR opening_balance_amount <> closing_balance_amount
            OR credit_change_amount <> 0
            OR floating_pnl_amount <> 0
            OR floating_swap_amount <> 0
    """,
)

DAILY_PNL_CLIENTS = Comparison(
    id="truth_daily_pnl_clients",
    what="Each client's P&L, swap, commission and fees by day and symbol equal the truth",
    file="daily_pnl.parquet",
    needs=("finance.fct_daily_pnl",),
    key=("server_id", "login", "symbol", "business_date", "book"),
    amounts=("closed_pnl", "floating_change", "swap_accrual", "commission", "fee"),
    truth="SELECT * REPLACE (coalesce(symbol, '') AS symbol) FROM {file}",
    books="""
        SELECT
            server_id,
            login,
            symbol,
            business_date,
            book,
            client_closed_pnl_amount AS closed_pnl,
            client_floating_change_amount AS floating_change,
            client_swap_amount AS swap_accrual,
            client_commission_amount AS commission,
            client_fee_amount AS fee
        FROM lake.finance.fct_daily_pnl
        WHERE server_id IN (SELECT server_id FROM {file})
    """,
)

DAILY_PNL_BROKER = Comparison(
    id="truth_daily_pnl_broker",
    what="Each line of the broker's P&L in reporting currency equals the simulator's truth",
    file="daily_pnl.parquet",
    needs=("finance.fct_daily_pnl",),
    key=("server_id", "login", "symbol", "business_date"),
    amounts=("dealing_pnl", "commission_income", "swap_income", "fee_income", "total"),
    truth="SELECT * REPLACE (coalesce(symbol, '') AS symbol) FROM {file}",
    books="""
        SELECT
            server_id,
            login,
            symbol,
            business_date,
            dealing_pnl_reporting AS dealing_pnl,
            commission_income_reporting AS commission_income,
            swap_income_reporting AS swap_income,
            fee_income_reporting AS fee_income,
            total_reporting AS total
        FROM lake.finance.fct_daily_pnl
        WHERE server_id IN (SELECT server_id FROM {file})
    """,
    precision=UNROUNDED,
)

JOURNAL_PNL = Comparison(
    id="truth_journal_pnl",
    what="The journal's income by account, symbol and day equals the simulator's truth of the P&L",
    file="daily_pnl.parquet",
    needs=("finance.fct_journal_postings",),
    key=("server_id", "login", "symbol", "business_date"),
    amounts=("dealing_pnl", "commission_income", "swap_income", "fee_income"),
    # A day on which nothing moved has a row in the truth and no posting.
    truth="""
        SELECT * REPLACE (coalesce(symbol, '') AS symbol) FROM {file}
        WHERE dealing_pnl <> 0 OR commission_income <> 0 OR swap_income <> 0 OR fee_income <> 0
    """,
    # Credits are income.
    books="""
        SELECT
            server_id,
            split_part(account_key, '/', 3)::BIGINT AS login,
            symbol,
            business_date,
            -sum(amount) FILTER (ledger_account IN ('dealing_realised', 'dealing_unrealised'))
                AS dealing_pnl,
            -sum(amount) FILTER (ledger_account = 'commission_income') AS commission_income,
            -sum(amount) FILTER (ledger_account = 'swap_income') AS swap_income,
            -sum(amount) FILTER (ledger_account IN ('fee_income', 'charge_income')) AS fee_income
        FROM lake.finance.fct_journal_postings
        WHERE ledger_account IN (
            'dealing_realised', 'dealing_unrealised', 'commission_income', 'swap_income',
            'fee_income', 'charge_income'
        ) AND server_id IN (SELECT server_id FROM {file})
        GROUP BY ALL
        HAVING dealing_pnl <> 0 OR commission_income <> 0 OR swap_income <> 0 OR fee_income <> 0
    """,
    precision=UNROUNDED,
)

COMMISSION_LEDGER = Comparison(
    id="truth_commission_ledger",
    what="What is booked per deal, partner, level and model equals the simulator's truth",
    file="commission_ledger.parquet",
    needs=("partners.fct_commission_ledger",),
    key=("server_id", "deal", "partner_id", "level", "model", "currency"),
    amounts=("amount",),
    truth="SELECT * FROM {file}",
    # Lines that pay nothing carry their reason and no amount; adjustments add up with accruals.
    books="""
        SELECT
            server_id,
            deal_id AS deal,
            partner_id,
            level,
            model,
            amount_currency AS currency,
            sum(amount) AS amount
        FROM lake.partners.fct_commission_ledger
        GROUP BY ALL
        HAVING sum(amount) <> 0
    """,
    precision=UNROUNDED,
)

COPY_FEES = Comparison(
    id="truth_copy_fees",
    what="Each copy fee due and charged, and the high-water mark, equal the simulator's truth",
    file="copy_fees.parquet",
    needs=("partners.fct_copy_fees",),
    key=("server_id", "strategy_id", "login", "month_from", "month_to", "fee_kind", "is_final"),
    amounts=("days", "due", "charged", "result", "mark_before", "mark_after"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            server_id,
            strategy_id,
            cast(split_part(account_key, '/', 3) AS BIGINT) AS login,
            month_from,
            month_to,
            fee_kind,
            is_final,
            days,
            due_amount AS due,
            charged_amount AS charged,
            result_amount AS result,
            mark_before_amount AS mark_before,
            mark_after_amount AS mark_after
        FROM lake.partners.fct_copy_fees
    """,
)

ALERTS = Comparison(
    id="truth_alerts",
    what="The clients alerted by each scenario are exactly those the simulator planted",
    file="alerts.parquet",
    needs=("compliance.fct_alerts",),
    key=("tenant_id", "scenario", "client_id"),
    amounts=(),
    truth="SELECT DISTINCT tenant_id, scenario, client_id FROM {file}",
    books="""
        SELECT DISTINCT
            tenant_id,
            scenario_id AS scenario,
            substring(client_key, position('/' IN client_key) + 1) AS client_id
        FROM lake.compliance.fct_alerts
    """,
)

BREAKS = Comparison(
    id="truth_breaks",
    what="The breaks are exactly those the simulator planted: day, kind, type and amount",
    file="breaks.parquet",
    needs=("finance.fct_breaks",),
    key=("server_id", "login", "business_date", "kind", "break_type"),
    amounts=("amount",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT server_id, login, business_date, kind, break_type, amount
        FROM lake.finance.fct_breaks
    """,
)

STATEMENTS = Comparison(
    id="truth_statements",
    what="Each month's opening, movements, closing and equity equal the simulator's truth",
    file="statements.parquet",
    needs=("finance.fct_account_days",),
    key=("server_id", "login", "period"),
    amounts=(
        "opening_balance",
        "closing_balance",
        "closed_pnl",
        "swap",
        "commission",
        "deposits",
        "withdrawals",
        "closing_equity",
    ),
    truth="SELECT * FROM {file}",
    # A month opens where the last day before it closed, and closes with its last day; an account
    # without a row in the month stands where it stood.
    books="""
        WITH asked AS (
            SELECT DISTINCT
                server_id,
                login,
                period,
                strptime(period || '-01', '%Y-%m-%d')::DATE AS first_date
            FROM {file}
        ),
        months AS (
            SELECT
                a.server_id,
                a.login,
                a.period,
                d.business_date,
                d.business_date >= a.first_date AS is_within,
                d.closing_balance_amount,
                d.equity_amount,
                d.closed_pnl_amount,
                d.swap_amount,
                d.commission_amount + d.commission_round_amount AS commission_amount,
                d.deposits_amount,
                d.withdrawals_amount
            FROM asked AS a
            INNER JOIN lake.finance.fct_account_days AS d
                ON d.server_id = a.server_id
                AND d.login = a.login
                AND d.business_date < a.first_date + INTERVAL 1 MONTH
        )
        SELECT
            server_id,
            login,
            period,
            arg_max(closing_balance_amount, business_date) FILTER (NOT is_within)
                AS opening_balance,
            arg_max(closing_balance_amount, business_date) AS closing_balance,
            sum(closed_pnl_amount) FILTER (is_within) AS closed_pnl,
            sum(swap_amount) FILTER (is_within) AS swap,
            sum(commission_amount) FILTER (is_within) AS commission,
            sum(deposits_amount) FILTER (is_within) AS deposits,
            sum(withdrawals_amount) FILTER (is_within) AS withdrawals,
            arg_max(equity_amount, business_date) AS closing_equity
        FROM months
        GROUP BY ALL
    """,
)

BOOK_COMPARISONS = (
    ACCOUNT_DAYS,
    DAILY_PNL_CLIENTS,
    DAILY_PNL_BROKER,
    JOURNAL_PNL,
    COMMISSION_LEDGER,
    COPY_FEES,
    ALERTS,
    BREAKS,
    STATEMENTS,
)
