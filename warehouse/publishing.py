"""What readers of closed days may see: which snapshot stands for which published day."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.code_version import code_version
from warehouse.errors import SnapshotError
from warehouse.settings import Settings, load_settings
from warehouse.writer import transaction


@dataclass(frozen=True)
class PublishedDay:
    """One business day of one server, in one version."""

    tenant_id: str
    server_id: str
    business_date: dt.date
    version: int
    snapshot_id: int
    published_at: dt.datetime


def current_snapshot(con: duckdb.DuckDBPyConnection) -> int:
    """The id of the lake's newest snapshot, as this connection sees it."""
    row = con.execute("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')").fetchone()
    assert row is not None
    return int(row[0])


def publish(
    con: duckdb.DuckDBPyConnection,
    days: list[tuple[str, str, dt.date]],
    *,
    snapshot_id: int,
    build_id: int,
    checks: dict[str, object],
    published_by: str,
    settings: Settings | None = None,
    restated: pl.DataFrame | None = None,
) -> int:
    """Make days readable as of ``snapshot_id``; a day published before gets its next version.

    What moved is written in the same transaction: nobody sees a day again without the reasons.

    Args:
        con: a connection of mode ``write``.
        days: (tenant, server, business date), whose gates have passed.
        snapshot_id: the snapshot that holds their figures.
        build_id: the build that made them.
        checks: what was checked, kept with each row.
        published_by: the person or job that closes.
        settings: the installation; None loads it.
        restated: figures of these days that moved since they were published: the columns of
            meta.restatements but the first three; None or no rows where none did.

    Returns:
        The publish id all rows share.
    """
    settings = settings or load_settings()
    with transaction(con, f"publish {len(days)} days at snapshot {snapshot_id}", settings):
        row = con.execute(
            "SELECT coalesce(max(publish_id), 0) + 1 FROM lake.meta.published"
        ).fetchone()
        assert row is not None
        publish_id = int(row[0])
        con.execute(
            """
            INSERT INTO lake.meta.published
            SELECT
                $publish_id, d.tenant_id, d.server_id, d.business_date,
                coalesce(held.version, 0) + 1, $snapshot_id, $build_id, $published_at,
                $published_by, $code_version, $checks
            FROM (
                SELECT
                    unnest($tenants::VARCHAR[]) AS tenant_id,
                    unnest($servers::VARCHAR[]) AS server_id,
                    unnest($dates::DATE[]) AS business_date
            ) AS d
            LEFT JOIN (
                SELECT tenant_id, server_id, business_date, max(version) AS version
                FROM lake.meta.published
                GROUP BY ALL
            ) AS held
                ON held.tenant_id = d.tenant_id
                AND held.server_id = d.server_id
                AND held.business_date = d.business_date
            """,
            {
                "publish_id": publish_id,
                "snapshot_id": snapshot_id,
                "build_id": build_id,
                "published_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
                "published_by": published_by,
                "code_version": code_version(),
                "checks": json.dumps(checks, sort_keys=True, default=str),
                "tenants": [day[0] for day in days],
                "servers": [day[1] for day in days],
                "dates": [day[2] for day in days],
            },
        )
        if restated is not None and not restated.is_empty():
            _write_restatements(con, publish_id, restated)
    return publish_id


def _write_restatements(
    con: duckdb.DuckDBPyConnection, publish_id: int, restated: pl.DataFrame
) -> None:
    con.register("daybook_restated", restated)
    try:
        con.execute(
            """
            INSERT INTO lake.meta.restatements BY NAME
            SELECT p.publish_id, p.version, p.published_at AS restated_at, r.*
            FROM daybook_restated AS r
            JOIN lake.meta.published AS p
                ON p.publish_id = $1
                AND p.tenant_id = r.tenant_id
                AND p.server_id = r.server_id
                AND p.business_date = r.business_date
            ORDER BY r.business_date, r.tenant_id, r.server_id, r.mart_name, r.row_key
            """,
            [publish_id],
        )
    finally:
        con.unregister("daybook_restated")


def published_days(
    con: duckdb.DuckDBPyConnection,
    *,
    tenant_id: str | None = None,
    server_id: str | None = None,
) -> list[PublishedDay]:
    """The newest version of every published day, oldest first."""
    rows = con.execute(
        """
        SELECT p.tenant_id, p.server_id, p.business_date, p.version, p.snapshot_id, p.published_at
        FROM lake.meta.published AS p
        JOIN (
            SELECT tenant_id, server_id, business_date, max(version) AS version
            FROM lake.meta.published
            GROUP BY ALL
        ) AS newest
            ON newest.tenant_id = p.tenant_id
            AND newest.server_id = p.server_id
            AND newest.business_date = p.business_date
            AND newest.version = p.version
        WHERE
            ($1::VARCHAR IS NULL OR p.tenant_id = $1)
            AND ($2::VARCHAR IS NULL OR p.server_id = $2)
        ORDER BY p.tenant_id, p.server_id, p.business_date
        """,
        [tenant_id, server_id],
    ).fetchall()
    return [PublishedDay(*row) for row in rows]


def latest_published_snapshot(settings: Settings) -> int | None:
    """The snapshot published last, or None while nothing is."""
    from warehouse.connection import connect

    with connect("read", settings=settings) as con:
        row = con.execute(
            """
            SELECT snapshot_id FROM lake.meta.published
            ORDER BY publish_id DESC, snapshot_id DESC LIMIT 1
            """
        ).fetchone()
    return int(row[0]) if row else None


def resolve_snapshot(as_of: int | str | dt.date, settings: Settings) -> int:
    """The snapshot that ``as_of`` names.

    Args:
        as_of: a snapshot id, ``latest``, or a date: the last snapshot published by the end of
            that UTC day.
        settings: the installation.

    Raises:
        SnapshotError: no snapshot answers to it.
    """
    from warehouse.connection import connect

    text = str(as_of).strip()
    with connect("read", settings=settings) as con:
        if text.isdigit():
            found = con.execute(
                "SELECT snapshot_id FROM ducklake_snapshots('lake') WHERE snapshot_id = ?",
                [int(text)],
            ).fetchone()
            if found is None:
                raise SnapshotError(
                    f"There is no snapshot {text}.",
                    todo="`daybook published` lists the published ones",
                )
            return int(text)
        if text == "latest":
            found = con.execute(
                "SELECT snapshot_id FROM lake.meta.published ORDER BY publish_id DESC LIMIT 1"
            ).fetchone()
            if found is None:
                raise SnapshotError("Nothing is published yet.", todo="run `daybook close`")
            return int(found[0])
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            raise SnapshotError(
                f"{text!r} is neither a snapshot id nor a date.",
                todo="give a number, or a date as YYYY-MM-DD",
            ) from None
        found = con.execute(
            """
            SELECT snapshot_id FROM lake.meta.published
            WHERE published_at < $1::DATE + INTERVAL 1 DAY
            ORDER BY publish_id DESC LIMIT 1
            """,
            [day],
        ).fetchone()
    if found is None:
        raise SnapshotError(
            f"Nothing was published by the end of {day} (UTC).",
            todo="`daybook published` lists what was published when",
        )
    return int(found[0])
