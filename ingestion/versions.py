"""Which rows of a batch the lake does not hold yet, and which it holds that are gone.

Everything is one comparison in DuckDB: the batch against the current rows of the same keys, on
all contract columns with IS NOT DISTINCT FROM. The current rows are limited to the batch's range
of keys first, so that DuckLake skips the files that cannot hold them.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from ingestion.answers import one_row
from ingestion.batch import Batch
from ingestion.checks import ROW, SOURCE_TABLE, CheckedBatch
from ingestion.contracts import TableContract
from ingestion.raw_tables import Target
from warehouse.sql_text import quoted

BATCH_VIEW = "daybook_batch"
KEYS_VIEW = "daybook_keys"

# A smaller batch is an increment: it overlaps with what is held.
_LARGE_ROWS = 10_000

NEW, CHANGED, HELD, CONFLICT = "new", "changed", "held", "conflict"


@dataclass(frozen=True)
class Plan:
    """Temp tables, or queries, that say what to write for one target.

    ``verdicts`` holds (_n, held_row_id, verdict) for each batch row; ``gone`` holds _row_id;
    ``superseded_count`` is how many held versions, tombstones included, the load replaces.
    """

    target: Target
    verdicts: str
    gone: str
    counts: dict[str, int]
    gone_count: int
    superseded_count: int
    is_all_new: bool = False

    @property
    def written_rows(self) -> str:
        """What joins the batch, aliased ``b``, to keep the rows that are written."""
        if self.is_all_new:
            return ""
        return (
            f"SEMI JOIN (SELECT {ROW} FROM {self.verdicts} "
            f"WHERE verdict IN ('{NEW}', '{CHANGED}')) AS p ON p.{ROW} = b.{ROW}"
        )

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.counts.get(NEW) or self.counts.get(CHANGED) or self.gone_count)


def current_rows(target: Target) -> str:
    """The newest version of each row, tombstones included, as the body of a FROM clause."""
    return (
        f"(SELECT * FROM {target.name} AS r ANTI JOIN lake.raw.superseded AS s "
        "ON s.superseded_row_id = r._row_id WHERE r._tenant_id = $tenant "
        "AND r._source = $source {range})"
    )


def plan(
    con: duckdb.DuckDBPyConnection, batch: Batch, checked: CheckedBatch, target: Target
) -> Plan:
    """Compare the registered batch with what ``target`` holds; writes temp tables only."""
    contract = batch.contract
    is_large = checked.good.height >= _LARGE_ROWS
    if is_large and batch.complete is None and _holds_none(con, batch, checked, target):
        return all_new(con, target)
    verdicts = f"temp.daybook_verdicts_{target.schema}"
    gone = f"temp.daybook_gone_{target.schema}"
    parameters: dict[str, object] = {"tenant": batch.tenant, "source": batch.source}
    bounds, limits = _key_range(contract, checked.good)
    held = current_rows(target).format(range=bounds)
    same = " AND ".join(
        f"b.{quoted(c.target)} IS NOT DISTINCT FROM h.{quoted(c.target)}"
        for c in target.columns
        if c.target not in contract.key
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {verdicts.removeprefix('temp.')} AS "
        f"SELECT b.{ROW}, h._row_id AS held_row_id, CASE "
        "WHEN h._row_id IS NULL OR h._is_deleted THEN 'new' "
        f"WHEN {same or 'true'} THEN 'held' "
        f"{_other_table(contract, target)}"
        "ELSE 'changed' END AS verdict "
        f"FROM {BATCH_VIEW} AS b LEFT JOIN {held} AS h ON {same_key(contract, 'b')}",
        {**parameters, **limits},
    )
    verdict_counts = con.execute(
        f"SELECT verdict, count(*), count(held_row_id) FROM {verdicts} GROUP BY verdict"
    ).fetchall()
    counts = {verdict: count for verdict, count, _ in verdict_counts}
    replaced = sum(held for verdict, _, held in verdict_counts if verdict in (NEW, CHANGED))
    gone_count = _plan_deletions(con, batch, target, gone, parameters)
    return Plan(target, verdicts, gone, counts, gone_count, replaced + gone_count)


def all_new(con: duckdb.DuckDBPyConnection, target: Target) -> Plan:
    """The plan for a table that was never loaded from this source: nothing to compare with."""
    verdicts = f"(SELECT {ROW}, NULL::BIGINT AS held_row_id, '{NEW}' AS verdict FROM {BATCH_VIEW})"
    count = int(one_row(con, f"SELECT count(*) FROM {BATCH_VIEW}")[0])
    gone = "(SELECT NULL::BIGINT AS _row_id WHERE false)"
    return Plan(target, verdicts, gone, {NEW: count}, 0, 0, is_all_new=True)


def _holds_none(
    con: duckdb.DuckDBPyConnection, batch: Batch, checked: CheckedBatch, target: Target
) -> bool:
    """Whether no row was ever held in the batch's range of keys, as in all of a first load.

    Answered from the files' statistics where the range lies beyond what they hold.
    """
    bounds, limits = _key_range(batch.contract, checked.good)
    if not limits:
        return False
    found = con.execute(
        f"SELECT 1 FROM {target.name} AS r WHERE r._tenant_id = $tenant AND r._source = $source "
        f"{bounds} LIMIT 1",
        {"tenant": batch.tenant, "source": batch.source, **limits},
    ).fetchone()
    return found is None


def same_key(contract: TableContract, alias: str) -> str:
    """The join condition between ``alias`` and the held rows ``h``; a key part may be NULL."""
    return " AND ".join(
        f"{alias}.{quoted(name)} "
        f"{'IS NOT DISTINCT FROM' if contract.column(name).nullable else '='} h.{quoted(name)}"
        for name in contract.key
    )


def _other_table(contract: TableContract, target: Target) -> str:
    # A yearly table and the single one may both hold a row: the later Timestamp is the row, an
    # older copy in the other table is no news, and a tie with other content is a contradiction.
    names = {column.target for column in target.columns}
    if not contract.yearly or contract.marker not in names:
        return ""
    marker = quoted(contract.marker)
    elsewhere = f"b.{SOURCE_TABLE} IS DISTINCT FROM h.{SOURCE_TABLE}"
    return (
        f"WHEN {elsewhere} AND b.{marker} < h.{marker} THEN 'held' "
        f"WHEN {elsewhere} AND b.{marker} IS NOT DISTINCT FROM h.{marker} THEN 'conflict' "
    )


def _key_range(contract: TableContract, good: pl.DataFrame) -> tuple[str, dict[str, object]]:
    clauses: list[str] = []
    limits: dict[str, object] = {}
    for position, name in enumerate(contract.key):
        if contract.column(name).nullable:
            continue
        low, high = good[name].min(), good[name].max()
        if low is None:
            return "AND false", {}
        clauses.append(f"AND r.{quoted(name)} BETWEEN $low{position} AND $high{position}")
        limits[f"low{position}"], limits[f"high{position}"] = low, high
    return " ".join(clauses), limits


def _plan_deletions(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    target: Target,
    gone: str,
    parameters: dict[str, object],
) -> int:
    complete = batch.complete
    if complete is None:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {gone.removeprefix('temp.')} (_row_id BIGINT)")
        return 0
    limits = dict(parameters)
    clause = "AND NOT r._is_deleted"
    if not complete.everything and batch.contract.block is not None:
        column = quoted(batch.contract.block[0])
        clause += f" AND r.{column} BETWEEN $low AND $high"
        limits.update(low=complete.low, high=complete.high)
    if complete.among is not None:
        column, values = complete.among
        clause += f" AND list_contains($among, r.{quoted(column)})"
        limits["among"] = list(values)
    if complete.physical_tables is not None:
        clause += " AND list_contains($tables, r._source_table)"
        limits["tables"] = list(complete.physical_tables)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {gone.removeprefix('temp.')} AS SELECT h._row_id "
        f"FROM {current_rows(target).format(range=clause)} AS h "
        f"ANTI JOIN {KEYS_VIEW} AS k ON {same_key(batch.contract, 'k')}",
        limits,
    )
    return int(one_row(con, f"SELECT count(*) FROM {gone}")[0])
