"""One load: check, compare, write. All of it in one DuckLake transaction, or none of it.

Rows, the versions they replace, the cursor, the control totals, the touched days and the load's
provenance are committed together: a process killed at any instant leaves all or nothing, and the
next load reads again from the last committed cursor.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from ingestion import bookkeeping, live, touched
from ingestion.batch import Batch, LoadResult
from ingestion.checks import EXTRA, ROW, SOURCE_ROW, SOURCE_TABLE, CheckedBatch, check_batch, reject
from ingestion.raw_tables import targets
from ingestion.source_state import SourceState, TableState, read_state
from ingestion.versions import (
    BATCH_VIEW,
    CHANGED,
    CONFLICT,
    HELD,
    KEYS_VIEW,
    NEW,
    Plan,
    all_new,
    plan,
)
from warehouse.settings import Settings
from warehouse.sql_text import quoted
from warehouse.writer import transaction

_TOMBSTONES = 1 << 30

FaultMarker = Callable[[str], None]


def load_batch(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    settings: Settings,
    fault: FaultMarker | None = None,
    state: SourceState | None = None,
) -> LoadResult:
    """Load one batch exactly once; a batch that holds nothing new writes nothing.

    Args:
        con: a connection of mode ``write``; the batch's tables exist.
        state: what is known of the source, kept up to date here; None reads it.
        fault: called with the name of each step, so that a test can stop the process there.

    Returns:
        What was new, changed, held, deleted, quarantined; ``load_id`` None when nothing was.
    """
    started = _now()
    step = fault or _no_fault
    if state is None:
        state = read_state(con, batch.tenant, batch.source)
    before = state.table(batch.contract.table)
    checked = check_batch(batch.contract, batch.frame)
    rows = _dated(batch, checked.good)
    table = rows.to_arrow()
    sha256 = batch.content_sha256 or content_hash(table)
    spotless = not checked.rejected.height and batch.contract.table not in state.quarantined
    if _is_all_there_is(batch) and spotless and sha256 == before.content_sha256:
        return LoadResult(
            batch.source, batch.contract.table, read=batch.frame.height, held=rows.height
        )
    con.register(BATCH_VIEW, table)
    con.register(KEYS_VIEW, checked.keys.to_arrow())
    con.register(bookkeeping.REJECTED_VIEW, checked.rejected.to_arrow())
    try:
        step("checked")
        plans = _plans(con, batch, checked, before.last_load)
        rejected = _add_conflicts(con, batch, checked, plans[0])
        fresh = bookkeeping.new_quarantine(con, batch) if rejected else 0
        moves = any(state.cursors.get(m.physical_table) != (m.value, m.key) for m in batch.cursors)
        if not (any(p.writes for p in plans) or fresh or moves):
            return _result(batch, plans, None, 0)
        with transaction(
            con,
            f"load {batch.contract.table} of {batch.source}",
            settings,
            source=batch.source,
            table=batch.contract.table,
        ):
            load_id, last_load = bookkeeping.next_load_id(con, batch, state)
            if last_load != before.last_load:
                # Another process loaded this table in between: compare again, under the lock.
                plans = _plans(con, batch, checked, last_load)
                fresh = bookkeeping.new_quarantine(con, batch)
            step("began")
            for item in plans:
                _write(con, batch, item, load_id, last_load, started)
            if EXTRA in rows.columns:
                bookkeeping.write_extra_values(con, batch, plans[0], load_id)
            step("rows")
            bookkeeping.write_quarantine(con, batch, load_id, started, fresh)
            if batch.contract.table in state.quarantined:
                bookkeeping.release_quarantine(con, batch, load_id)
            if plans[0].writes:
                touched.record(con, batch, plans[0], load_id)
                bookkeeping.write_control_totals(con, batch, plans[0], load_id)
            bookkeeping.move_cursors(con, batch, state, load_id, started)
            result = _result(batch, plans, load_id, fresh)
            bookkeeping.write_provenance(con, batch, result, started, sha256)
            step("written")
        step("committed")
        _remember(state, batch, load_id, sha256, rejected)
        return result
    finally:
        for view in (BATCH_VIEW, KEYS_VIEW, bookkeeping.REJECTED_VIEW):
            con.unregister(view)


def _is_all_there_is(batch: Batch) -> bool:
    return batch.complete is not None and batch.complete.everything


def _remember(state: SourceState, batch: Batch, load_id: int, sha256: str, rejected: int) -> None:
    """Keep the state of the pass as the lake now has it."""
    state.tables[batch.contract.table] = TableState(load_id, sha256)
    state.newest_load = load_id
    for move in batch.cursors:
        state.cursors[move.physical_table] = (move.value, move.key)
    if rejected:
        state.quarantined.add(batch.contract.table)


def content_hash(rows: pa.Table) -> str:
    """sha256 of checked rows in Arrow's stream format: types, values and order."""
    sink = _DigestSink()
    table = rows.drop_columns([name for name in (ROW, EXTRA) if name in rows.column_names])
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema) as writer:
        writer.write_table(table)
    return sink.digest.hexdigest()


class _DigestSink(io.RawIOBase):
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        self.digest.update(view)
        return view.nbytes


def _no_fault(step: str) -> None:
    return None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _dated(batch: Batch, good: pl.DataFrame) -> pl.DataFrame:
    """Rows in business-date order, with the date: growing tables are kept in that order."""
    rule = batch.contract.business_date
    if rule is None:
        return good.sort(list(batch.contract.key)) if batch.contract.key else good
    name, form = rule
    moment = pl.col(name)
    if form == "epoch":
        moment = pl.from_epoch(moment, time_unit="s")
    elif form == "epoch_ms":
        zone, minutes = batch.clock
        instant = pl.from_epoch(moment, time_unit="ms").dt.replace_time_zone("UTC")
        local = instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        moment = local + pl.duration(minutes=minutes)
    day = (moment + pl.duration(minutes=batch.day_shift_minutes)).dt.date()
    dated = good.with_columns(day.alias("_business_date"))
    keys = batch.contract.key
    if len(keys) == 1 and dated["_business_date"].is_sorted() and dated[keys[0]].is_sorted():
        # As a source hands them over whose keys are counted up.
        return dated
    return dated.sort("_business_date", *keys)


def _plans(
    con: duckdb.DuckDBPyConnection, batch: Batch, checked: CheckedBatch, last_load: int
) -> list[Plan]:
    if not last_load:
        return [all_new(con, target) for target in targets(batch.contract)]
    if batch.contract.versioning == "live":
        return [live.plan(con, batch, targets(batch.contract)[0])]
    return [plan(con, batch, checked, target) for target in targets(batch.contract)]


def _add_conflicts(
    con: duckdb.DuckDBPyConnection, batch: Batch, checked: CheckedBatch, first: Plan
) -> int:
    """Reject rows that another physical table contradicts; returns all rejected rows."""
    if not first.counts.get(CONFLICT):
        return checked.rejected.height
    rows = con.execute(
        f"SELECT {ROW} FROM {first.verdicts} WHERE verdict = '{CONFLICT}'"
    ).fetchall()
    conflicting = checked.good.filter(pl.col(ROW).is_in([row for (row,) in rows]))
    reason = pl.concat_str(
        pl.lit(
            "duplicate: another table of the source holds this key with the same Timestamp and "
            "other content; the version loaded first was kept, this one is of "
        ),
        pl.col(SOURCE_TABLE),
    )
    rejected = pl.concat([checked.rejected, reject(batch.contract, conflicting, None, reason)])
    con.register(bookkeeping.REJECTED_VIEW, rejected.to_arrow())
    return rejected.height


def _write(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    item: Plan,
    load_id: int,
    last_load: int,
    at: dt.datetime,
) -> None:
    if not item.writes:
        return
    if batch.contract.versioning == "live" and last_load:
        live.clear(con, batch, item.target)
    _insert_rows(con, batch, item, load_id, at)
    if batch.contract.versioning == "live":
        return
    if item.gone_count:
        _insert_tombstones(con, item, load_id, at, batch.frame.height)
    if not item.superseded_count:
        return
    con.execute(
        f"INSERT INTO lake.raw.superseded SELECT held_row_id, {load_id} FROM {item.verdicts} "
        f"WHERE held_row_id IS NOT NULL AND verdict IN ('{NEW}', '{CHANGED}') "
        f"UNION ALL SELECT _row_id, {load_id} FROM {item.gone} ORDER BY 1"
    )


def _insert_rows(
    con: duckdb.DuckDBPyConnection, batch: Batch, item: Plan, load_id: int, at: dt.datetime
) -> None:
    target = item.target
    day = ", _business_date" if target.dated else ""
    keys = [*(["_business_date"] if target.dated else []), *map(quoted, batch.contract.key)]
    # The batch is in this order already; only a join may lose it.
    order = "" if item.is_all_new else f"ORDER BY {', '.join(keys) or ROW}"
    con.execute(
        f"INSERT INTO {target.name} ({target.column_list}, _tenant_id, _source, _row_id, "
        f"_load_id, _loaded_at, _is_deleted, {SOURCE_TABLE}, {SOURCE_ROW}{day}) "
        f"SELECT {target.column_list}, $tenant, $source, {target.first_row_id(load_id)} + b.{ROW}, "
        f"{load_id}, $at, false, {SOURCE_TABLE}, {SOURCE_ROW}{day} FROM {BATCH_VIEW} AS b "
        f"{item.written_rows} {order}",
        {"tenant": batch.tenant, "source": batch.source, "at": at},
    )


def _insert_tombstones(
    con: duckdb.DuckDBPyConnection, item: Plan, load_id: int, at: dt.datetime, rows: int
) -> None:
    target = item.target
    day = ", _business_date" if target.dated else ""
    first = f"{target.first_row_id(load_id)} + {_TOMBSTONES}"
    con.execute(
        f"INSERT INTO {target.name} ({target.column_list}, _tenant_id, _source, _row_id, "
        f"_load_id, _loaded_at, _is_deleted, {SOURCE_TABLE}, {SOURCE_ROW}{day}) "
        f"SELECT {target.column_list}, _tenant_id, _source, "
        f"{first} + row_number() OVER (ORDER BY r._row_id), {load_id}, ?, true, "
        f"{SOURCE_TABLE}, {SOURCE_ROW}{day} FROM {target.name} AS r "
        f"SEMI JOIN {item.gone} AS g ON g._row_id = r._row_id ORDER BY r._row_id",
        [at],
    )


def _result(batch: Batch, plans: list[Plan], load_id: int | None, quarantined: int) -> LoadResult:
    def most(verdict: str) -> int:
        return max(p.counts.get(verdict, 0) for p in plans)

    return LoadResult(
        source=batch.source,
        table=batch.contract.table,
        load_id=load_id,
        read=batch.frame.height,
        new=plans[0].counts.get(NEW, 0),
        changed=most(CHANGED),
        held=plans[0].counts.get(HELD, 0),
        deleted=plans[0].gone_count,
        quarantined=quarantined,
        finished_at=_now() if load_id is not None else None,
    )
