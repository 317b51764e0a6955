"""Liquidity providers against the truth: fills that stand, statement lines, balances."""

from __future__ import annotations

from quality.truth_queries import UNROUNDED, Comparison

LP_FILLS = Comparison(
    id="truth_lp_fills",
    what="Fills, units, notional and commission of each provider and day equal the truth",
    file="lp_fills.parquet",
    needs=("staging.stg_lp__fills",),
    key=("tenant_id", "lp_id", "symbol", "executed_date", "currency"),
    amounts=("fills", "signed_units", "notional", "commission"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            lp_id,
            symbol,
            executed_date,
            commission_currency AS currency,
            count(*) AS fills,
            sum(signed_units) AS signed_units,
            sum(volume_notional) AS notional,
            sum(commission_amount) AS commission
        FROM lake.staging.stg_lp__fills
        WHERE is_standing
        GROUP BY ALL
    """,
)

LP_STATEMENT_LINES = Comparison(
    id="truth_lp_statement_lines",
    what="Lines of each provider's statements by day, type and instrument equal the truth",
    file="lp_statement_lines.parquet",
    needs=("staging.stg_lp__statement_lines",),
    key=(
        "tenant_id", "lp_id", "lp_account_id", "booked_date", "line_type", "symbol", "currency",
    ),
    amounts=("lines", "amount"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            lp_id,
            lp_account_id,
            booked_date,
            line_type,
            symbol,
            currency,
            count(*) AS lines,
            sum(amount) AS amount
        FROM lake.staging.stg_lp__statement_lines
        GROUP BY ALL
    """,
)  # fmt: skip

LP_BALANCES = Comparison(
    id="truth_lp_balances",
    what="Balances at each provider at the start and end of each day equal the truth",
    file="lp_balances.parquet",
    needs=("staging.stg_lp__balances",),
    key=("tenant_id", "lp_id", "lp_account_id", "balance_date", "currency"),
    amounts=("opening_balance", "closing_balance"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            lp_id,
            lp_account_id,
            balance_date,
            currency,
            opening_balance_amount AS opening_balance,
            closing_balance_amount AS closing_balance
        FROM lake.staging.stg_lp__balances
    """,
)

HEDGED_PNL = Comparison(
    id="truth_hedged_pnl",
    what="Mark-up, LP commission and hedge residual by day and instrument equal the truth",
    file="hedged_pnl.parquet",
    needs=("finance.fct_broker_pnl",),
    key=("tenant_id", "server_id", "business_date", "line", "lp_id", "instrument"),
    amounts=("amount",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            server_id,
            business_date,
            line,
            coalesce(lp_id, '') AS lp_id,
            instrument,
            sum(amount_reporting) AS amount
        FROM lake.finance.fct_broker_pnl
        WHERE
            line IN ('mark_up', 'lp_commission', 'hedge_residual')
            AND (tenant_id, server_id) IN (SELECT DISTINCT tenant_id, server_id FROM {file})
        GROUP BY ALL
        HAVING sum(amount_reporting) <> 0
    """,
    precision=UNROUNDED,
)

LIQUIDITY_COMPARISONS = (LP_FILLS, LP_STATEMENT_LINES, LP_BALANCES, HEDGED_PNL)
