"""A look at a source: what a first load would read, type and refuse, without loading it.

It is a real pass of the source's own connector, over an empty lake in a temporary folder that is
thrown away: whatever a connector writes beside its rows (servers, archived files, cursors) goes
there too. Only ``load`` is another one: it checks each batch as the loader does and keeps a few
rows. So it works for every kind of source, and no connector knows of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from ingestion.batch import Batch, LoadResult
from ingestion.checks import ROW, SOURCE_ROW, SOURCE_TABLE, check_batch
from ingestion.connectors.context import PassContext
from ingestion.connectors.registry import connector_of
from ingestion.connectors.row_limit import limited_rows
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from ingestion.raw_tables import ensure_tables
from warehouse.connection import connect
from warehouse.errors import DaybookError
from warehouse.settings import Settings, SourceSettings

MASK = "•••"


@dataclass
class LookedAt:
    """What a look found of one table.

    Attributes:
        contract: as the source's names make it.
        read, good_count, refused_count: rows looked at.
        good: the first rows, typed, with ``_source_table``.
        refused: the first rows that would be quarantined: row_number, row_key, column_name,
            reason, row_json.
        delivered: our names of the columns the source has.
        cursors: physical table -> the column it is read by; empty where the contract's marker is.
    """

    contract: TableContract
    read: int = 0
    good_count: int = 0
    refused_count: int = 0
    good: pl.DataFrame = field(default_factory=pl.DataFrame)
    refused: pl.DataFrame = field(default_factory=pl.DataFrame)
    delivered: set[str] = field(default_factory=set)
    cursors: dict[str, str] = field(default_factory=dict)

    @property
    def absent(self) -> list[str]:
        """The source's names of contract columns it does not have; they would be empty."""
        return [c.source for c in self.contract.columns if c.target not in self.delivered]

    def masked(self) -> pl.DataFrame:
        """The good rows under our names, personal data hidden."""
        hidden = [column.target for column in self.contract.columns if column.pii]
        return self.good.drop(ROW, SOURCE_ROW, strict=False).with_columns(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name)
            for name in hidden
            if name in self.good.columns
        )


@dataclass
class Look:
    """What a look found: tables in the order they were read, what is wrong, what stopped it."""

    tables: dict[str, LookedAt] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    error: DaybookError | None = None


@dataclass
class LookingContext(PassContext):
    """A pass whose batches are checked and kept, a few rows each, instead of written."""

    rows: int = 10
    only: str | None = None
    tables: dict[str, LookedAt] = field(default_factory=dict)

    def load(self, batch: Batch) -> LoadResult:
        """Check a batch and keep its first rows."""
        name = batch.contract.table
        checked = check_batch(batch.contract, batch.frame)
        held = self.tables.setdefault(name, LookedAt(batch.contract))
        held.read += batch.frame.height
        held.good_count += checked.good.height
        held.refused_count += checked.rejected.height
        held.good = _first(held.good, checked.good, self.rows)
        held.refused = _first(held.refused, checked.rejected, self.rows)
        held.delivered |= set(batch.frame.columns) - {SOURCE_TABLE, SOURCE_ROW}
        for move in batch.cursors:
            held.cursors[move.physical_table] = str(batch.detail.get("cursor_column", ""))
        result = LoadResult(batch.source, name, read=batch.frame.height)
        self.results.append(result)
        return result

    def has_seen_enough(self) -> bool:
        """Whether the one table that is wanted has its rows."""
        held = self.tables.get(self.only or "")
        return held is not None and held.good_count >= self.rows


def look(
    settings: Settings, source: SourceSettings, rows: int = 10, only: str | None = None
) -> Look:
    """Read the beginning of a source as its first load would; nothing of it is kept.

    Args:
        source: need not be one of the settings' own.
        rows: how many rows of each table are kept; databases and APIs are asked for no more.
        only: our name of the one table that is wanted: the pass ends once it has its rows.

    Returns:
        What was found; ``error`` says why the source could not be read to its end.
    """
    found = Look()
    with _scratch(settings) as (con, scratch), limited_rows(rows):
        context = LookingContext(con, scratch, source, sweep=False, rows=rows, only=only)
        context.stopping = context.has_seen_enough
        try:
            connector = connector_of(source)
            ensure_tables(con, connector.contracts, scratch)
            connector.sync(context)
        except DaybookError as error:
            found.error = error
        found.tables, found.problems = context.tables, context.problems
    return found


@contextmanager
def _scratch(settings: Settings) -> Iterator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    """An empty lake that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="daybook-look-") as folder:
        scratch = settings.model_copy(
            update={"home": Path(folder), "catalog_url": None, "control_database_url": None}
        )
        con = connect("write", settings=scratch)
        try:
            yield con, scratch
        finally:
            con.close()


def _first(held: pl.DataFrame, more: pl.DataFrame, rows: int) -> pl.DataFrame:
    wanted = rows - held.height
    if wanted <= 0:
        return held
    return pl.concat([held, more.head(wanted)]) if held.width else more.head(wanted)
