"""The differences between a source and the books, as `daybook breaks` lists them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from quality.lake_tables import held_tables
from warehouse.connection import AsOf, connect
from warehouse.errors import DaybookError, UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class Break:
    """One difference between a platform or a liquidity provider and the books.

    Attributes:
        place: whose figure differs: server and login, or provider and account, or server, book
            and instrument.
        kind: what differs: balance, credit, floating; lp_opening, lp_balance, lp_commission,
            lp_fills or lp_deals at a provider.
        break_type: the rule that explains it, or ``unknown``.
        amount: books minus the other side, in ``unit``: a currency, or units of an instrument.
        status: open, closed, explained or resolved.
        age_days: days from the first day to the last day built.
    """

    break_key: str
    tenant_id: str
    server_id: str
    login: int | None
    account_key: str | None
    counterparty_id: str | None
    place: str
    business_date: dt.date
    last_date: dt.date | None
    kind: str
    break_type: str
    amount: Decimal
    unit: str
    reason: str | None
    status: str
    age_days: int | None
    assigned_to: str | None
    explained_by: str | None
    explained_reason: str | None
    resolved_by: str | None
    resolved_reason: str | None


_ANSWERS = (
    "assigned_to", "explained_by", "explained_reason", "resolved_by", "resolved_reason",
)  # fmt: skip
_ACCOUNTS = """
SELECT break_key, tenant_id, server_id, login, account_key, NULL AS counterparty_id,
    server_id || ' ' || login AS place, business_date, last_date, kind, break_type, amount,
    account_currency AS unit, reason, status, age_days, {answers}
FROM lake.finance.fct_breaks
"""
_COUNTERPARTIES = """
SELECT break_key, tenant_id, server_id, NULL AS login, NULL AS account_key,
    nullif(counterparty_id, '') AS counterparty_id,
    concat_ws(' ', nullif(counterparty_id, ''), nullif(server_id, ''), nullif(book, ''),
        nullif(instrument, ''), nullif(external_account_id, '')) AS place,
    business_date, business_date AS last_date, kind, break_type, amount, unit, reason, status,
    age_days, {answers}
FROM lake.finance.fct_counterparty_breaks
"""


def list_breaks(settings: Settings, as_of: AsOf = None) -> list[Break]:
    """Every break, of platforms and providers, by server, first day and login.

    Args:
        settings: the installation.
        as_of: a snapshot id or a date; None reads the head.

    Raises:
        DaybookError: the books were never built.
    """
    with connect("read", as_of=as_of, settings=settings) as con:
        held = held_tables(con)
        if "finance.fct_breaks" not in held:
            raise DaybookError(
                "The books were not built yet, so nothing was compared.",
                where=str(settings.warehouse_path),
                todo="run `daybook build`",
            )
        parts = [_answered(con, "fct_breaks", _ACCOUNTS)]
        if "finance.fct_counterparty_breaks" in held:
            parts.append(_answered(con, "fct_counterparty_breaks", _COUNTERPARTIES))
        rows = con.execute(
            f"""
            SELECT *
            FROM ({" UNION ALL ".join(parts)})
            ORDER BY tenant_id, server_id, business_date, login NULLS LAST, kind, break_type,
                break_key
            """
        ).fetchall()
    return [Break(*row) for row in rows]


def _answered(con: duckdb.DuckDBPyConnection, table: str, query: str) -> str:
    """The query of a table; a snapshot from before people could answer says nothing of them."""
    held = {name for name, *_ in con.execute(f"DESCRIBE lake.finance.{table}").fetchall()}
    return query.format(
        answers=", ".join(
            name if name in held else f"CAST(NULL AS VARCHAR) AS {name}" for name in _ANSWERS
        )
    )


def find_break(settings: Settings, break_key: str) -> Break:
    """The break of that key.

    Raises:
        UsageError: there is none.
        DaybookError: the books were never built.
    """
    for item in list_breaks(settings):
        if item.break_key == break_key:
            return item
    raise UsageError(f"There is no break {break_key}.", todo="`daybook breaks` lists their keys")


def settleable(item: Break) -> None:
    """Refuse to settle what nobody has explained: the difference would only be hidden.

    Raises:
        UsageError: no rule and no person says why the figures differ.
    """
    if item.break_type == "unknown" and item.explained_by is None:
        raise UsageError(
            "Nothing explains this break yet, so it cannot be settled.",
            where=f"break {item.break_key}",
            todo="`daybook breaks explain` it, build, then resolve it",
        )
