"""Which loads stand behind rows that differ: those between two builds that touched their account,
their day, or the rate they are converted with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from quality.comparison.changes import Compared


@dataclass(frozen=True)
class Load:
    """One load."""

    load_id: int
    source: str
    kind: str | None
    table_name: str
    finished_at: dt.datetime | None
    rows_new: int
    rows_changed: int
    rows_deleted: int


def watermark_at(con: duckdb.DuckDBPyConnection, snapshot: int) -> int:
    """The newest load that the figures of a snapshot were made from; 0 before the first build."""
    row = con.execute(
        f"""
        SELECT coalesce(max(watermark_to), 0)
        FROM lake.meta.builds AT (VERSION => {snapshot})
        WHERE status = 'done'
        """
    ).fetchone()
    assert row is not None
    return int(row[0])


def lay_loads(
    con: duckdb.DuckDBPyConnection,
    compared: Compared,
    watermarks: tuple[int, int],
    snapshot: int,
    held: Collection[str],
) -> None:
    """Add the loads of each differing row to the temporary table ``loads_of_rows``.

    Args:
        con: a connection to the lake's head.
        compared: the rows.
        watermarks: of the two snapshots.
        snapshot: the later one, whose rates the rows are converted with.
        held: the tables of that snapshot.
    """
    low, high = min(watermarks), max(watermarks)
    by_account = "login" in compared.columns or "account_key" in compared.columns
    touched = (
        "lake.meta.touched_accounts AS t ON t.login = c.login AND t.business_date <= "
        "c.business_date"
        if by_account
        else "lake.meta.touched_days AS t ON t.business_date = c.business_date"
    )
    con.execute(
        f"""
        INSERT INTO loads_of_rows
        SELECT DISTINCT $1, c.row_no, t.load_id
        FROM {compared.changed} AS c
        JOIN {touched}
            AND t.tenant_id = c.tenant_id AND t.server_id = c.server_id
        WHERE t.load_id > $2 AND t.load_id <= $3
        """,
        [compared.table, low, high],
    )
    is_converted = any(name.endswith("_reporting") for name in compared.columns)
    if is_converted and "canonical.can_fx_rates" in held:
        con.execute(
            f"""
            INSERT INTO loads_of_rows
            SELECT DISTINCT $1, c.row_no, r.load_id
            FROM {compared.changed} AS c
            JOIN (
                SELECT business_date, load_id
                FROM lake.canonical.can_fx_rates AT (VERSION => {snapshot})
            ) AS r ON r.business_date = c.business_date
            WHERE r.load_id > $2 AND r.load_id <= $3
            """,
            [compared.table, low, high],
        )


def load_details(con: duckdb.DuckDBPyConnection, load_ids: Sequence[int]) -> list[Load]:
    """What is known of loads, oldest first."""
    rows = con.execute(
        """
        SELECT load_id, source, kind, table_name, finished_at, rows_new, rows_changed, rows_deleted
        FROM lake.meta.loads
        WHERE list_contains($1::BIGINT[], load_id)
        ORDER BY load_id
        """,
        [list(load_ids)],
    ).fetchall()
    return [Load(*row) for row in rows]
