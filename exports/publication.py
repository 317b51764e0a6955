"""Which published snapshot a period's figures are read at, and whether the period is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from exports.errors import UnclosedPeriodError
from warehouse.connection import LAKE, AsOf, attach_statement
from warehouse.errors import SnapshotError
from warehouse.settings import Settings

_DAYS_TOLD = 10


@dataclass(frozen=True)
class Publication:
    """What was published of a period, and the snapshot that holds all of it.

    The snapshot is the one of the newest publication of any day up to the end of the period, for a
    correction of an earlier day moves the balances after it. Publications of later days do not
    move it, so the same period gives the same figures on any later day.
    """

    snapshot_id: int
    published_at: dt.datetime
    version: int
    """1, and one more for every time a day up to the end of the period was published again."""
    first_day: dt.date
    last_day: dt.date
    """First and last published day within the period."""


def month_of(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month given as YYYY-MM.

    Raises:
        SnapshotError: the text names no month.
    """
    try:
        first = dt.date.fromisoformat(f"{period}-01")
    except ValueError:
        raise SnapshotError(
            f"{period!r} is not a month.", todo="give the period as YYYY-MM, e.g. 2026-10"
        ) from None
    following = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return first, following - dt.timedelta(days=1)


def _limits(as_of: AsOf) -> tuple[int | None, dt.date | None]:
    """`as_of` as a highest snapshot id or a last UTC day."""
    if as_of is None or isinstance(as_of, dt.date):
        return None, as_of
    text = str(as_of).strip()
    if text.isdigit():
        return int(text), None
    try:
        return None, dt.date.fromisoformat(text)
    except ValueError:
        raise SnapshotError(
            f"{text!r} is neither a snapshot id nor a date.",
            todo="give a number, or a date as YYYY-MM-DD",
        ) from None


def covering_publication(
    con: duckdb.DuckDBPyConnection,
    *,
    tenant: str,
    servers: Sequence[str],
    period_from: dt.date,
    period_to: dt.date,
    as_of: AsOf = None,
) -> Publication:
    """The publication that covers every business day of a period.

    A day is due when the platform reported an account on it (where the platform exports no daily
    reports: when an account has figures on it), and so is every weekday after the server's last
    published day. Days before a server's first figures are not.

    Args:
        con: a connection to the lake's head.
        tenant: whose servers.
        servers: the servers the figures come from.
        period_from: first business day.
        period_to: last business day.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.

    Raises:
        UnclosedPeriodError: with the days that are missing.
        SnapshotError: `as_of` is neither a snapshot id nor a date.
    """
    snapshot, day = _limits(as_of)
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE days_published AS
        SELECT
            server_id, business_date, publish_id, version, snapshot_id, published_at
        FROM lake.meta.published
        WHERE tenant_id = $tenant
            AND list_contains($servers, server_id)
            AND ($snapshot IS NULL OR snapshot_id <= $snapshot)
            AND ($day IS NULL OR published_at < $day::DATE + INTERVAL 1 DAY)
        """,
        {
            "tenant": tenant,
            "servers": list(servers),
            "snapshot": snapshot,
            "day": day,
        },
    )
    missing = _missing_days(con, tenant, servers, period_from, period_to)
    row = con.execute(
        """
        SELECT
            max(snapshot_id), max(published_at),
            -- one version more for each later close that published days of the period again
            1 + count(DISTINCT publish_id) FILTER (WHERE version > 1),
            min(business_date) FILTER (WHERE business_date >= $1),
            max(business_date) FILTER (WHERE business_date >= $1)
        FROM days_published
        WHERE business_date <= $2
        """,
        [period_from, period_to],
    ).fetchone()
    if missing or row is None or row[4] is None:
        raise UnclosedPeriodError(
            f"The period {period_from} to {period_to} is not closed: "
            + (_told(missing) if missing else "none of its days is published."),
            where=f"tenant {tenant}, {', '.join(servers) or 'no server'}",
            todo=f"run `daybook close --through {period_to}`, or ask for an earlier period",
        )
    return Publication(
        snapshot_id=int(row[0]),
        published_at=row[1],
        version=int(row[2]),
        first_day=row[3],
        last_day=row[4],
    )


def latest_publication(
    con: duckdb.DuckDBPyConnection, covering: Publication, *, through: dt.date
) -> Publication:
    """The newest publication of any day up to one after the period, of what the covering one saw.

    Args:
        con: the connection that `covering_publication` was asked with.
        covering: of the period itself.
        through: last business day that counts.
    """
    row = con.execute(
        """
        SELECT max(snapshot_id), max(published_at) FROM days_published WHERE business_date <= $1
        """,
        [through],
    ).fetchone()
    assert row is not None
    return replace(covering, snapshot_id=int(row[0]), published_at=row[1])


def read_at(
    con: duckdb.DuckDBPyConnection, settings: Settings, publication: Publication | None
) -> None:
    """Turn a connection to a publication's snapshot, all tables as of then; None: to the head.

    Opening another connection would load the extensions again, which takes longer than a
    statement's queries.

    Raises:
        SnapshotError: the snapshot is no longer kept.
    """
    snapshot = publication.snapshot_id if publication else None
    con.execute("USE memory")
    con.execute(f"DETACH {LAKE}")
    try:
        con.execute(attach_statement(settings, read_only=True, snapshot=snapshot))
    except duckdb.Error as error:
        raise SnapshotError(
            f"Snapshot {snapshot} cannot be read any more: {error}.",
            todo="restore the lake from a backup that still holds it",
        ) from error
    con.execute(f"USE {LAKE}")


def _missing_days(
    con: duckdb.DuckDBPyConnection,
    tenant: str,
    servers: Sequence[str],
    period_from: dt.date,
    period_to: dt.date,
) -> list[tuple[str, dt.date]]:
    rows = con.execute(
        """
        WITH asked AS (SELECT unnest($servers::VARCHAR[]) AS server_id),
        last_published AS (
            SELECT asked.server_id, max(days_published.business_date) AS last_day
            FROM asked
            LEFT JOIN days_published ON days_published.server_id = asked.server_id
            GROUP BY asked.server_id
        ),
        days AS (
            SELECT
                server_id, business_date,
                bool_or(platform_balance_amount IS NOT NULL) AS is_reported
            FROM lake.finance.fct_account_days
            WHERE tenant_id = $tenant AND business_date BETWEEN $first AND $last
                AND list_contains($servers, server_id)
            GROUP BY server_id, business_date
        ),
        reporting AS (
            SELECT server_id FROM days WHERE is_reported GROUP BY server_id HAVING count(*) > 1
        ),
        due AS (
            SELECT days.server_id, days.business_date
            FROM days
            LEFT JOIN reporting ON reporting.server_id = days.server_id
            WHERE days.is_reported OR reporting.server_id IS NULL
            UNION
            SELECT last_published.server_id, CAST(days.day AS DATE)
            FROM last_published
            CROSS JOIN generate_series($first::TIMESTAMP, $last::TIMESTAMP, INTERVAL 1 DAY)
                AS days(day)
            WHERE isodow(days.day) <= 5
                AND days.day > coalesce(last_published.last_day, $first::DATE - INTERVAL 1 DAY)
        )
        SELECT due.server_id, due.business_date
        FROM due
        LEFT JOIN days_published
            ON days_published.server_id = due.server_id
            AND days_published.business_date = due.business_date
        WHERE days_published.business_date IS NULL
        ORDER BY due.server_id, due.business_date
        """,
        {
            "tenant": tenant,
            "servers": list(servers),
            "first": period_from,
            "last": period_to,
        },
    ).fetchall()
    return [(server, day) for server, day in rows]


def _told(missing: list[tuple[str, dt.date]]) -> str:
    listed = ", ".join(f"{day} on {server}" for server, day in missing[:_DAYS_TOLD])
    more = len(missing) - _DAYS_TOLD
    return f"{listed}{f' and {more} more days' if more > 0 else ''} not published."
