"""Which rows of the books a page looks at, as query parameters."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import polars as pl

from dashboards.reading import Lake, Value
from warehouse.live import IS_AHEAD


@dataclass(frozen=True)
class Choice:
    """What the reader filters by; an empty tuple filters nothing."""

    first: dt.date
    last: dt.date
    legal_entities: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def narrowed(self, **one: str | dt.date) -> Choice:
        """The choice behind one row of a table: ``day``, ``book``, ``symbol``, ``client``,
        ``account``."""
        changes: dict[str, object] = {}
        for name, value in one.items():
            if isinstance(value, dt.date):
                changes |= {"first": value, "last": value}
            else:
                changes[f"{name}s"] = (value,)
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scope:
    """A choice, and which days of it are read from which snapshot.

    Closed days come from the published snapshot; open days, where they are wanted, from the head.
    """

    tenant: str
    choice: Choice
    published_snapshot: int | None
    head_snapshot: int | None
    """None: open days are left out."""
    published_days: tuple[tuple[str, dt.date], ...] = field(repr=False)
    """(server, business date) of every day published by ``published_snapshot``."""

    def narrowed(self, **one: str | dt.date) -> Scope:
        """The same scope behind one row; see :meth:`Choice.narrowed`."""
        return replace(self, choice=self.choice.narrowed(**one))

    def rows(self, lake: Lake, query: str) -> pl.DataFrame:
        """Rows of a query that starts with ``CHOSEN``, of closed days and then of open ones.

        Open days are read live: a deal shows as soon as it is loaded.
        """
        parts = []
        if self.published_snapshot is not None:
            parts.append(lake.rows(self.published_snapshot, query, self._parameters(closed=True)))
        if self.head_snapshot is not None:
            parts.append(live_rows(lake, self.head_snapshot, query, self._parameters(closed=False)))
        return pl.concat(parts) if parts else pl.DataFrame()

    def _parameters(self, *, closed: bool) -> dict[str, Value]:
        choice = self.choice
        days = [day for day in self.published_days if choice.first <= day[1] <= choice.last]
        return {
            "tenant": self.tenant,
            "first": choice.first,
            "last": choice.last,
            "legal_entities": list(choice.legal_entities),
            "servers": list(choice.servers),
            "books": list(choice.books),
            "symbols": list(choice.symbols),
            "clients": list(choice.clients),
            "accounts": list(choice.accounts),
            "day_servers": [server for server, _ in days],
            "day_dates": [date for _, date in days],
            "closed": closed,
        }


def live_rows(lake: Lake, head: int, query: str, parameters: dict[str, Value]) -> pl.DataFrame:
    """Rows of a query as the next build will write them; until one was, over the built tables."""
    is_ahead = lake.rows(head, IS_AHEAD)["is_ahead"][0]
    return lake.rows(head, query, parameters, live=is_ahead)


# The rows of the P&L that are looked at; every query over a scope starts with it.
CHOSEN = """
WITH published_days AS (
    SELECT
        unnest($day_servers::VARCHAR[]) AS server_id, unnest($day_dates::DATE[]) AS business_date
),
chosen AS (
    SELECT p.*
    FROM lake.finance.fct_daily_pnl AS p
    WHERE
        p.tenant_id = $tenant
        AND p.business_date BETWEEN $first AND $last
        AND (len($legal_entities) = 0 OR list_contains($legal_entities::VARCHAR[], p.legal_entity))
        AND (len($servers) = 0 OR list_contains($servers::VARCHAR[], p.server_id))
        AND (len($books) = 0 OR list_contains($books::VARCHAR[], p.book))
        AND (len($symbols) = 0 OR list_contains($symbols::VARCHAR[], p.symbol))
        AND (len($clients) = 0 OR list_contains($clients::VARCHAR[], p.client_key))
        AND (len($accounts) = 0 OR list_contains($accounts::VARCHAR[], p.account_key))
        AND (
            (p.server_id, p.business_date) IN (SELECT server_id, business_date FROM published_days)
        ) = $closed
)
"""

# The same choice over the long mart of P&L lines: what has no symbol or client is left out where
# one is chosen.
CHOSEN_LINES = CHOSEN.replace("lake.finance.fct_daily_pnl", "lake.finance.fct_broker_pnl")
