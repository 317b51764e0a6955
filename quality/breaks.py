"""The differences between a source and the books, as `daybook breaks` lists them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from quality.lake_tables import held_tables
from warehouse.connection import AsOf, connect
from warehouse.errors import DaybookError
from warehouse.settings import Settings


@dataclass(frozen=True)
class Break:
    """One difference between the platform and the books, from its first to its last day.

    Attributes:
        kind: what differs: balance, credit or floating.
        break_type: the rule that explains it, or ``unknown``.
        amount: books minus platform, in account currency.
        status: open, closed or explained.
        age_days: days from the first day to the last day built.
    """

    break_key: str
    tenant_id: str
    server_id: str
    login: int
    account_key: str
    business_date: dt.date
    last_date: dt.date | None
    kind: str
    break_type: str
    amount: Decimal
    account_currency: str | None
    reason: str | None
    status: str
    age_days: int | None
    explained_by: str | None
    explained_reason: str | None


def list_breaks(settings: Settings, as_of: AsOf = None) -> list[Break]:
    """Every break, by server, first day and login.

    Args:
        settings: the installation.
        as_of: a snapshot id or a date; None reads the head.

    Raises:
        DaybookError: the books were never built.
    """
    with connect("read", as_of=as_of, settings=settings) as con:
        if "finance.fct_breaks" not in held_tables(con):
            raise DaybookError(
                "The books were not built yet, so nothing was compared.",
                where=str(settings.warehouse_path),
                todo="run `daybook build`",
            )
        rows = con.execute(
            """
            SELECT
                break_key, tenant_id, server_id, login, account_key, business_date, last_date,
                kind, break_type, amount, account_currency, reason, status, age_days,
                explained_by, explained_reason
            FROM lake.finance.fct_breaks
            ORDER BY tenant_id, server_id, business_date, login, kind, break_type, break_key
            """
        ).fetchall()
    return [Break(*row) for row in rows]
