"""What stands behind a figure of the P&L: deals and open positions that add up to it again."""

from __future__ import annotations

import polars as pl

from dashboards.queries.scope import CHOSEN, Scope
from dashboards.reading import Lake

# What is read of the deals behind one figure at most; sums are over all of them.
MOST_DEALS = 50_000

# The house's side of a deal: the client's result with the sign turned, at the rate of its day.
# As in finance.fct_daily_pnl: what is no trade belongs to no symbol; charges count as fees.
_DEALS = (
    CHOSEN
    + """
, accounts AS (
    SELECT
        account_key, main_currency, CASE money_divisor WHEN 100 THEN 0.01 ELSE 1.00 END AS factor
    FROM lake.canonical.can_accounts
    WHERE tenant_id = $tenant
),
candidates AS (
    SELECT
        *,
        CASE WHEN is_trade THEN symbol ELSE '' END AS line_symbol,
        commission_amount + CASE
            WHEN component IN ('commission', 'commission_round')
            THEN
                balance_effect_amount
                - closed_pnl_amount - swap_amount - commission_amount - fee_amount
            ELSE 0
        END AS charged_commission_amount,
        fee_amount + CASE
            WHEN component = 'charge'
            THEN
                balance_effect_amount
                - closed_pnl_amount - swap_amount - commission_amount - fee_amount
            ELSE 0
        END AS charged_fee_amount
    FROM lake.canonical.can_deals
    WHERE
        tenant_id = $tenant
        AND business_date BETWEEN $first AND $last
        AND (
            is_trade
            OR component IN ('commission', 'commission_round', 'charge')
            OR swap_amount <> 0
            OR commission_amount <> 0
            OR fee_amount <> 0
        )
),
deals AS (
    SELECT
        d.executed_at_utc,
        d.business_date,
        d.deal_id,
        d.account_key,
        d.position_id,
        d.symbol,
        d.side,
        d.entry,
        d.component,
        d.volume_lots,
        d.price,
        d.closed_pnl_amount,
        d.swap_amount,
        d.charged_commission_amount AS commission_amount,
        d.charged_fee_amount AS fee_amount,
        d.account_currency,
        c.book,
        (
            CASE c.book WHEN 'B' THEN -d.closed_pnl_amount ELSE 0 END * r.rate * a.factor
        )::DECIMAL(38, 8) AS dealing,
        (-d.charged_commission_amount * r.rate * a.factor)::DECIMAL(38, 8) AS commission,
        (-d.swap_amount * r.rate * a.factor)::DECIMAL(38, 8) AS swap,
        (-d.charged_fee_amount * r.rate * a.factor)::DECIMAL(38, 8) AS fees
    FROM chosen AS c
    JOIN candidates AS d
        ON d.server_id = c.server_id
        AND d.account_key = c.account_key
        AND d.business_date = c.business_date
        AND d.line_symbol = c.symbol
    JOIN accounts AS a ON a.account_key = d.account_key
    JOIN lake.canonical.can_fx_to_reporting AS r
        ON r.business_date = d.business_date AND r.currency = a.main_currency
)
"""
)

_DEAL_ROWS = (
    _DEALS
    + f"""
SELECT * FROM deals
ORDER BY executed_at_utc DESC, deal_id DESC
LIMIT {MOST_DEALS}
"""
)

_DEAL_SUMS = (
    _DEALS
    + """
SELECT
    count(*) AS rows_held,
    coalesce(sum(dealing), 0)::DECIMAL(38, 8) AS dealing,
    coalesce(sum(commission), 0)::DECIMAL(38, 8) AS commission,
    coalesce(sum(swap), 0)::DECIMAL(38, 8) AS swap,
    coalesce(sum(fees), 0)::DECIMAL(38, 8) AS fees
FROM deals
"""
)

# Floating at a chosen close, at its rate, less floating at the close before it, at that one's.
_POSITION_ROWS = (
    CHOSEN
    + """
, closes AS (
    SELECT server_id, business_date, previous_close_date AS previous_date
    FROM lake.intermediate.int_server_closes
    WHERE tenant_id = $tenant
),
chosen_closes AS (
    SELECT c.account_key, c.symbol, c.book, c.business_date, k.previous_date
    FROM chosen AS c
    JOIN closes AS k ON k.server_id = c.server_id AND k.business_date = c.business_date
),
marks AS (
    SELECT c.book AS house_book, 1 AS turn, o.*
    FROM chosen_closes AS c
    JOIN lake.finance.fct_open_positions AS o
        ON o.account_key = c.account_key
        AND o.symbol = c.symbol
        AND o.business_date = c.business_date
    UNION ALL
    SELECT c.book AS house_book, -1 AS turn, o.*
    FROM chosen_closes AS c
    JOIN lake.finance.fct_open_positions AS o
        ON o.account_key = c.account_key
        AND o.symbol = c.symbol
        AND o.business_date = c.previous_date
)
SELECT
    account_key,
    position_id,
    any_value(symbol) AS symbol,
    any_value(side) AS side,
    arg_max(volume_lots, business_date) AS volume_lots,
    min(opened_at_server) AS opened_at_server,
    any_value(open_price) AS open_price,
    max(business_date) AS last_marked_date,
    arg_max(close_price, business_date) AS close_price,
    sum(turn * floating_pnl_amount)::DECIMAL(38, 8) AS floating_change_amount,
    sum(turn * floating_swap_amount)::DECIMAL(38, 8) AS swap_change_amount,
    any_value(account_currency) AS account_currency,
    sum(
        CASE house_book WHEN 'B' THEN -turn * floating_pnl_reporting ELSE 0 END
    )::DECIMAL(38, 8) AS dealing,
    sum(-turn * floating_swap_reporting)::DECIMAL(38, 8) AS swap
FROM marks
GROUP BY account_key, position_id
ORDER BY account_key, position_id
"""
)

PROOF_COMPONENTS = {
    "dealing": "Dealing P&L",
    "commission": "Commission",
    "swap": "Swap",
    "fees": "Fees",
}


def deals(lake: Lake, scope: Scope) -> pl.DataFrame:
    """Deals of the scope, newest first, at most ``MOST_DEALS``: amounts in account currency, and
    the house's side of each (``dealing``, ``commission``, ``swap``, ``fees``) in reporting
    currency."""
    return scope.rows(lake, _DEAL_ROWS)


def positions(lake: Lake, scope: Scope) -> pl.DataFrame:
    """Positions open at a close of the scope or at the close before, with the change of their
    floating P&L and accrued swap over it, and the house's side of that change."""
    return scope.rows(lake, _POSITION_ROWS)


def proof(
    lake: Lake, scope: Scope, positions_held: pl.DataFrame, figures: pl.DataFrame
) -> pl.DataFrame:
    """How the figure is made, one row a component, in reporting currency, unrounded.

    Args:
        lake: the lake.
        scope: what was selected.
        positions_held: from :func:`positions`, of the same scope.
        figures: one row with ``dealing``, ``commission``, ``swap``, ``fees`` as the P&L table has
            them.

    Returns:
        component, from_deals, from_positions, adds_up_to, figure, difference.
    """
    sums = scope.rows(lake, _DEAL_SUMS)
    lines = []
    for name, label in PROOF_COMPONENTS.items():
        from_deals = sums[name].sum()
        held = name in positions_held.columns and not positions_held.is_empty()
        from_positions = positions_held[name].sum() if held else from_deals * 0
        # One row; NULL where a rate is missing, and then nothing can add up to it.
        figure = figures[name][0]
        lines.append((label, from_deals, from_positions, figure))
    money = pl.Decimal(38, 8)
    table = pl.DataFrame(
        lines,
        schema={
            "component": pl.String,
            "from_deals": money,
            "from_positions": money,
            "figure": money,
        },
        orient="row",
    )
    total = table.select(
        pl.lit("Total").alias("component"),
        *(pl.col(name).sum() for name in ("from_deals", "from_positions", "figure")),
    )
    table = pl.concat([table, total])
    adds_up_to = (pl.col("from_deals") + pl.col("from_positions")).cast(money)
    return table.select(
        "component",
        "from_deals",
        "from_positions",
        adds_up_to.alias("adds_up_to"),
        "figure",
        (adds_up_to - pl.col("figure")).cast(money).alias("difference"),
    )
