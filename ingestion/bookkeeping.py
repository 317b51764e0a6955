"""What a load leaves behind besides its rows: quarantine, cursors, control totals, provenance."""

from __future__ import annotations

import datetime as dt
import json

import duckdb

from ingestion.answers import one_row
from ingestion.batch import Batch, LoadResult
from ingestion.measures import measures
from ingestion.source_state import NEWEST_LOAD, SourceState
from ingestion.versions import BATCH_VIEW, Plan
from warehouse.code_version import code_version

REJECTED_VIEW = "daybook_rejected"

_SAME_REJECT = (
    "q.tenant_id = ? AND q.source = ? AND q.table_name = ? "
    "AND q.row_key IS NOT DISTINCT FROM r.row_key "
    "AND q.column_name IS NOT DISTINCT FROM r.column_name "
    "AND q.reason = r.reason AND q.row_json = r.row_json"
)


def next_load_id(
    con: duckdb.DuckDBPyConnection, batch: Batch, state: SourceState
) -> tuple[int, int]:
    """The next load's id, and the newest one of the batch's table and source (0 before the first).

    Asked inside the load's transaction, under the writer lock. Only loads that ``state`` does not
    know of are looked through.
    """
    newest = int(one_row(con, NEWEST_LOAD)[0])
    last_load = state.table(batch.contract.table).last_load
    if newest > state.newest_load:
        (since,) = one_row(
            con,
            "SELECT coalesce(max(load_id), 0) FROM lake.meta.loads "
            "WHERE load_id > ? AND tenant_id = ? AND source = ? AND table_name = ?",
            [state.newest_load, *_place(batch)],
        )
        last_load = max(last_load, int(since))
    return newest + 1, last_load


def new_quarantine(con: duckdb.DuckDBPyConnection, batch: Batch) -> int:
    """How many rejected rows are not in quarantine yet: an overlap reads a bad row again."""
    row = one_row(
        con,
        f"SELECT count(*) FROM {REJECTED_VIEW} AS r WHERE NOT EXISTS "
        f"(SELECT 1 FROM lake.raw.quarantine AS q WHERE {_SAME_REJECT})",
        _place(batch),
    )
    return int(row[0])


def write_quarantine(
    con: duckdb.DuckDBPyConnection, batch: Batch, load_id: int, at: dt.datetime, fresh: int
) -> None:
    """Add the ``fresh`` newly rejected rows."""
    if not fresh:
        return
    place = _place(batch)
    con.execute(
        "INSERT INTO lake.raw.quarantine SELECT ?, ?, ?, ?, row_number, row_key, column_name, "
        f"reason, row_json, ? FROM {REJECTED_VIEW} AS r WHERE NOT EXISTS "
        f"(SELECT 1 FROM lake.raw.quarantine AS q WHERE {_SAME_REJECT})",
        [load_id, *place, at, *place],
    )


def release_quarantine(con: duckdb.DuckDBPyConnection, batch: Batch, load_id: int) -> None:
    """Take out what earlier loads put in and this one found repaired, or gone from the source."""
    place = _place(batch)
    if batch.complete is not None and batch.complete.everything:
        con.execute(
            "DELETE FROM lake.raw.quarantine AS q WHERE q.tenant_id = ? AND q.source = ? "
            "AND q.table_name = ? AND q.load_id < ? AND NOT EXISTS "
            f"(SELECT 1 FROM {REJECTED_VIEW} AS r WHERE q.row_key IS NOT DISTINCT FROM r.row_key "
            "AND q.reason = r.reason)",
            [*place, load_id],
        )
        return
    key = " || '/' || ".join(f'b."{name}"::VARCHAR' for name in batch.contract.key)
    if key:
        con.execute(
            "DELETE FROM lake.raw.quarantine AS q WHERE q.tenant_id = ? AND q.source = ? "
            "AND q.table_name = ? AND q.load_id < ? AND q.column_name IS NOT NULL "
            f"AND q.row_key IN (SELECT {key} FROM {BATCH_VIEW} AS b)",
            [*place, load_id],
        )


def move_cursors(
    con: duckdb.DuckDBPyConnection, batch: Batch, state: SourceState, load_id: int, at: dt.datetime
) -> None:
    """Store where the next read starts."""
    for move in batch.cursors:
        if move.physical_table in state.cursors:
            con.execute(
                "DELETE FROM lake.meta.cursors "
                "WHERE tenant_id = ? AND source = ? AND physical_table = ?",
                [batch.tenant, batch.source, move.physical_table],
            )
        con.execute(
            "INSERT INTO lake.meta.cursors VALUES (?, ?, ?, ?, ?, ?, ?)",
            [batch.tenant, batch.source, move.physical_table, move.value, move.key, load_id, at],
        )


def write_control_totals(
    con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int
) -> None:
    """Totals of the rows this load read as new, against the rows it wrote, from the lake."""
    wanted = measures(batch.contract)
    sums = ", ".join(
        f"coalesce({m.in_warehouse}, 0)::DECIMAL(38, 8) AS v{n}" for n, m in enumerate(wanted)
    )
    lines = " UNION ALL ".join(
        f"SELECT '{m.name}' AS measure, a.v{n} AS ours, b.v{n} AS held FROM a, b"
        for n, m in enumerate(wanted)
    )
    con.execute(
        f"INSERT INTO lake.meta.control_totals WITH a AS (SELECT {sums} FROM {BATCH_VIEW} AS b "
        f"{plan.written_rows}), b AS (SELECT {sums} FROM {plan.target.name} "
        "WHERE _load_id = $load AND NOT _is_deleted) "
        "SELECT $load, $tenant, $source, $table, measure, ours, held, ours - held, "
        f"now()::TIMESTAMP, NULL FROM ({lines}) ORDER BY measure",
        {
            "load": load_id,
            "tenant": batch.tenant,
            "source": batch.source,
            "table": batch.contract.table,
        },
    )


def write_extra_values(
    con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int
) -> None:
    """Keep what the written rows had beyond the contract, beside the version it came with."""
    con.execute(
        f"INSERT INTO lake.pii.extra_values SELECT {load_id}, ?, ?, ?, "
        f"{plan.target.first_row_id(load_id)} + b._n, b._extra FROM {BATCH_VIEW} AS b "
        f"{plan.written_rows} WHERE b._extra IS NOT NULL ORDER BY b._n",
        _place(batch),
    )


def write_provenance(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    result: LoadResult,
    started: dt.datetime,
    content_sha256: str,
) -> None:
    """The row of meta.loads."""
    to = ", ".join(f"{m.physical_table}={m.value}" for m in batch.cursors) or None
    con.execute(
        f"INSERT INTO lake.meta.loads VALUES ({', '.join('?' * 18)})",
        [
            result.load_id,
            batch.tenant,
            batch.source,
            batch.kind,
            batch.contract.table,
            started,
            dt.datetime.now(dt.UTC).replace(tzinfo=None),
            result.read,
            result.new,
            result.changed,
            result.held,
            result.deleted,
            result.quarantined,
            content_sha256,
            batch.cursor_from,
            to,
            json.dumps(batch.detail, sort_keys=True, default=str),
            code_version(),
        ],
    )


def _place(batch: Batch) -> list[str]:
    return [batch.tenant, batch.source, batch.contract.table]
