"""Daily P&L: totals and breakdowns, the state of the days, the last loads, the open breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from dashboards.queries.scope import CHOSEN, Scope, live_rows
from dashboards.reading import Lake
from warehouse.live import LAST_BUILT
from warehouse.metrics import definition, total_expression

Level = Literal["total", "day", "book", "symbol", "client", "account"]

# What the page calls a metric of the registry.
FIGURES = {
    "dealing": "dealing_pnl",
    "commission": "commission_income",
    "swap": "swap_income",
    "fees": "fee_income",
    "total": "trading_revenue",
    "lots": "traded_lots",
    "deals": "deals",
}
COMPONENTS = ("dealing", "commission", "swap", "fees", "total")

# What GROUPING_ID says of each grouping set below.
_LEVELS: dict[Level, int] = {
    "total": 31,
    "day": 15,
    "book": 23,
    "symbol": 27,
    "client": 29,
    "account": 28,
}
_KEYS: dict[Level, list[str]] = {
    "total": [],
    "day": ["business_date"],
    "book": ["book"],
    "symbol": ["symbol"],
    "client": ["client_key"],
    "account": ["client_key", "account_key"],
}

_BREAKDOWN = (
    CHOSEN
    + """
SELECT
    grouping_id(business_date, book, symbol, client_key, account_key) AS level,
    business_date,
    book,
    symbol,
    client_key,
    account_key,
    {figures},
    count(*) - count(total_reporting) AS unconverted
FROM chosen
GROUP BY GROUPING SETS (
    (), (business_date), (book), (symbol), (client_key), (client_key, account_key)
)
"""
)

_FILTER_VALUES = """
SELECT DISTINCT legal_entity, server_id, book, symbol, client_key
FROM lake.finance.fct_daily_pnl
WHERE tenant_id = $tenant
"""

_PUBLISHED_DAYS = """
SELECT server_id, business_date, version, snapshot_id, published_at
FROM lake.meta.published
WHERE tenant_id = $tenant AND snapshot_id <= $snapshot
QUALIFY
    row_number() OVER (PARTITION BY server_id, business_date ORDER BY version DESC) = 1
ORDER BY business_date DESC, server_id
"""

# A day is closed when the platform has reported its end, or a later day has begun. One that was
# loaded since the last build is in no table yet.
_DAYS = f"""
SELECT
    server_id,
    business_date,
    bool_or(is_reported)
    OR business_date < max(max(business_date)) OVER (PARTITION BY server_id) AS is_over
FROM (
    SELECT server_id, business_date, platform_balance_amount IS NOT NULL AS is_reported
    FROM lake.finance.fct_account_days
    WHERE tenant_id = $tenant
    UNION ALL
    SELECT server_id, business_date, false
    FROM lake.meta.touched_days
    WHERE
        tenant_id = $tenant
        AND business_date IS NOT NULL
        AND load_id > {LAST_BUILT}
) AS days
GROUP BY server_id, business_date
"""

_LAST_LOADS = """
SELECT
    source,
    max(finished_at) AS finished_at,
    arg_max(rows_new, load_id) AS rows_new,
    arg_max(table_name, load_id) AS table_name
FROM lake.meta.loads
WHERE tenant_id = $tenant
GROUP BY source
ORDER BY source
"""

_OPEN_BREAKS = """
SELECT break_type, count(*) AS breaks, max(age_days) AS oldest_days
FROM lake.finance.fct_breaks
WHERE tenant_id = $tenant AND status = 'open'
GROUP BY break_type
ORDER BY break_type
"""


@dataclass(frozen=True)
class Breakdown:
    """The P&L of a scope: one frame a level, with deals, lots, the four components, and
    ``unconverted``, the P&L lines whose day has no exchange rate: sums over them are not known."""

    levels: dict[Level, pl.DataFrame]

    def __getitem__(self, level: Level) -> pl.DataFrame:
        return self.levels[level]

    @property
    def is_empty(self) -> bool:
        """Whether no row is in the scope."""
        return self.levels["account"].is_empty()


def breakdown(lake: Lake, scope: Scope) -> Breakdown:
    """Sums in reporting currency, unrounded, by day, book, symbol, client and account.

    Each is a metric of the registry; one that lacks a rate is NULL.
    """
    figures = (f"{total_expression(definition(name))} AS {key}" for key, name in FIGURES.items())
    held = scope.rows(lake, _BREAKDOWN.replace("{figures}", ", ".join(figures)))
    levels: dict[Level, pl.DataFrame] = {}
    for level, code in _LEVELS.items():
        keys = _KEYS[level]
        if held.is_empty():
            levels[level] = pl.DataFrame()
            continue
        part = held.filter(pl.col("level") == code).with_columns(pl.col("deals").cast(pl.Int64))
        # The same book or symbol comes once from the closed and once from the open days.
        summed = [_whole(name) for name in FIGURES] + [pl.col("unconverted").sum()]
        part = part.group_by(keys).agg(summed) if keys else part.select(summed)
        levels[level] = part.sort(keys) if keys else part
    return Breakdown(levels)


def _whole(name: str) -> pl.Expr:
    """The sum of a column's parts; unknown where a part is."""
    return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name)


def filter_values(lake: Lake, snapshot: int, tenant: str, *, now: bool) -> pl.DataFrame:
    """Every combination of entity, server, book, symbol and client that has P&L.

    ``now`` counts what was loaded since the last build.
    """
    read = live_rows if now else Lake.rows
    return read(lake, snapshot, _FILTER_VALUES, {"tenant": tenant})


def published_days(lake: Lake, head: int, tenant: str, snapshot: int) -> pl.DataFrame:
    """Each day's newest version of those published at ``snapshot`` or before."""
    return lake.rows(head, _PUBLISHED_DAYS, {"tenant": tenant, "snapshot": snapshot})


def day_states(lake: Lake, head: int, tenant: str, published: pl.DataFrame) -> pl.DataFrame:
    """Every day of the books: ``state`` is open, closed or published, newest day first."""
    days = lake.rows(head, _DAYS, {"tenant": tenant})
    state = (
        pl.when(pl.col("version").is_not_null())
        .then(pl.lit("published"))
        .when("is_over")
        .then(pl.lit("closed"))
        .otherwise(pl.lit("open"))
    )
    return (
        days.join(published, on=["server_id", "business_date"], how="left")
        .with_columns(state.alias("state"))
        .sort(["business_date", "server_id"], descending=[True, False])
    )


def last_loads(lake: Lake, head: int, tenant: str) -> pl.DataFrame:
    """Per source, when its last load ended (UTC)."""
    return lake.rows(head, _LAST_LOADS, {"tenant": tenant})


def open_breaks(lake: Lake, snapshot: int, tenant: str) -> pl.DataFrame:
    """Breaks nobody has explained yet, counted by type."""
    return lake.rows(snapshot, _OPEN_BREAKS, {"tenant": tenant})
