"""Metrics read from the lake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb
import polars as pl

from warehouse.connection import AsOf, connect
from warehouse.errors import DaybookError, UsageError
from warehouse.metrics.registry import definition
from warehouse.metrics.statements import metric_statement
from warehouse.settings import Settings

_RANGE = """
SELECT min(business_date), max(business_date)
FROM lake.finance.fct_account_days
WHERE tenant_id = $tenant
"""
_TODO = "run `daybook build`, then `daybook close`"


def metric(
    name: str,
    *,
    settings: Settings,
    by: Sequence[str] = (),
    first: dt.date,
    last: dt.date,
    as_of: AsOf = None,
    tenant: str | None = None,
) -> pl.DataFrame:
    """A metric over the business days from ``first`` to ``last``, both included.

    Args:
        name: a metric of the registry.
        settings: the installation.
        by: dimensions that the metric allows, and at most one of day, week and month.
        first: first business day; a cumulative metric begins with the books.
        last: last business day.
        as_of: snapshot id or date to read as of; None reads the head.
        tenant: whose figure; None is the installation's own tenant. No other's rows are read.

    Returns:
        A column for each of ``by`` and ``value``, DECIMAL(38,8) and NULL where a rate is missing or
        the denominator is 0; ratios with ``numerator`` and ``denominator``, cohorts with
        ``cohort_month``, ``months_since``, ``cohort_clients`` and ``active_clients``.

    Raises:
        UsageError: no such metric, a dimension it does not allow, or a range that ends before it
            begins.
        DaybookError: the books are not built.
    """
    with connect("read", as_of=as_of, settings=settings) as con:
        return read_metric(
            con, name, by=by, first=first, last=last, tenant=tenant or settings.tenant
        )


def read_metric(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    by: Sequence[str] = (),
    first: dt.date,
    last: dt.date,
    tenant: str,
) -> pl.DataFrame:
    """As :func:`metric`, on a connection that is open already."""
    found = definition(name)
    statement = metric_statement(found, found.checked_dimensions(tuple(by)))
    if last < first:
        raise UsageError(f"{first} to {last} ends before it begins.", todo="exchange the two days")
    values = {"tenant": tenant, "first": first, "last": last}
    used = {key: value for key, value in values.items() if f"${key}" in statement}
    try:
        return con.execute(statement, used).pl()
    except duckdb.CatalogException as error:
        raise DaybookError("The metrics are not built yet.", todo=_TODO) from error


def book_range(
    settings: Settings, *, as_of: AsOf = None, tenant: str | None = None
) -> tuple[dt.date, dt.date]:
    """The first and the last business day of a tenant's books.

    Raises:
        DaybookError: the books hold no day of that tenant.
    """
    whose = tenant or settings.tenant
    with connect("read", as_of=as_of, settings=settings) as con:
        try:
            row = con.execute(_RANGE, {"tenant": whose}).fetchall()[0]
        except duckdb.CatalogException as error:
            raise DaybookError("The books are not built yet.", todo=_TODO) from error
    if row[0] is None:
        raise DaybookError(f"The books hold no day of tenant {whose}.", todo=_TODO)
    return row[0], row[1]
