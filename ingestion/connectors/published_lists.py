"""Lists that somebody publishes in versions: each file says, or lets see, which version it is.

A newer version is the whole truth of its list: what it lacks was taken off. An older one that comes
late is noted and changes nothing, and one that has shrunk beyond belief is refused: a file cut in
half must not take half a list away.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from ingestion.answers import one_row
from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.contracts import Column, TableContract
from ingestion.problems import Problem

_DATE = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class ListVersion:
    """One version of a list as one file brings it.

    Attributes:
        list_date: the date the list gives itself, else the file's.
        date_origin: where that date comes from: ``list``, ``file_name`` or ``file_time``.
    """

    list_id: str
    file_part: str
    list_date: dt.date
    date_origin: str
    file_date: dt.date
    file_name: str
    sha256: str
    row_count: int

    def row(self) -> dict[str, object]:
        """The row of the table of versions."""
        return {
            "list_id": self.list_id,
            "file_part": self.file_part,
            "version_sha256": self.sha256,
            "list_date": self.list_date.isoformat(),
            "date_origin": self.date_origin,
            "file_date": self.file_date.isoformat(),
            "file_name": self.file_name,
            "row_count": str(self.row_count),
        }


def versions_contract(table: str) -> TableContract:
    """The contract of a table that keeps every version of the lists of one kind of source."""
    return TableContract(
        table=table,
        source_table="list version",
        key=("list_id", "file_part", "version_sha256"),
        columns=(
            Column("list_id", "VARCHAR", required=True, nullable=False),
            Column("file_part", "VARCHAR", required=True, nullable=False),
            Column("version_sha256", "VARCHAR", required=True, nullable=False),
            Column("list_date", "DATE", required=True, nullable=False),
            Column("date_origin", "VARCHAR", required=True, nullable=False),
            Column("file_date", "DATE", required=True, nullable=False),
            Column("file_name", "VARCHAR", required=True, nullable=False),
            Column("row_count", "BIGINT", required=True, nullable=False),
        ),
    )


def version_of(
    file: DroppedFile, list_id: str, file_part: str, inside: dt.date | None, row_count: int
) -> ListVersion:
    """The version a file brings: by the date in the list, else in its name, else of the file."""
    named = date_in_name(file.name)
    written = dt.datetime.fromtimestamp(file.path.stat().st_mtime, dt.UTC).date()
    file_date = named or written
    origin = "list" if inside else "file_name" if named else "file_time"
    return ListVersion(
        list_id, file_part, inside or file_date, origin, file_date, file.name, file.sha256,
        row_count,
    )  # fmt: skip


def date_in_name(name: str) -> dt.date | None:
    """A date in a file's name: 2026-05-12, 20260512, 2026_05_12."""
    for year, month, day in _DATE.findall(name):
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError:
            continue
    return None


def list_tables(
    context: PassContext,
    versions: TableContract,
    version: ListVersion,
    tables: Sequence[TableRows],
    shrink_pct: int,
) -> list[TableRows]:
    """What of a list's file is to be loaded: all of it, only its version, or nothing.

    Args:
        versions: the contract of the table of versions, see :func:`versions_contract`.
        tables: the rows of the list, of which the file is the whole truth.
        shrink_pct: a version with so many percent fewer rows than the one held is refused.
    """
    frame = pl.DataFrame([version.row()]).with_columns(
        pl.lit(version.file_name).alias(SOURCE_TABLE), pl.lit(1, dtype=pl.Int64).alias(SOURCE_ROW)
    )
    if not version.row_count:
        return [refused(versions, version.file_name, "it holds no entry", "download it again")]
    held = _newest_held(
        context.con, versions.table, context.source.tenant, context.source.name, version
    )
    if held is None:
        return [TableRows(versions, frame), *tables]
    held_date, held_rows = held
    if version.list_date < held_date:
        problem = Problem(
            versions.table,
            "warning",
            f"{version.file_name} is {version.list_id} ({version.file_part}) of "
            f"{version.list_date}; the one of {held_date} is held: the older one was noted and "
            "changed nothing.",
            "nothing; deliver lists in the order of their dates",
        )
        return [TableRows(versions, frame, [problem])]
    if version.row_count * 100 < held_rows * (100 - shrink_pct):
        return [
            refused(
                versions,
                version.file_name,
                f"it has {version.row_count} rows where the version held has {held_rows}",
                "download it again; if so much was taken off the list, raise "
                "options.largest_shrink_pct",
            )
        ]
    return [TableRows(versions, frame), *tables]


def refused(contract: TableContract, file_name: str, what: str, todo: str) -> TableRows:
    """A file of which nothing is loaded, and why."""
    what = f"{file_name}: {what}; nothing of the file was loaded."
    return TableRows(contract, None, [Problem(contract.table, "error", what, todo)])


def _newest_held(
    con: duckdb.DuckDBPyConnection, table: str, tenant: str, source: str, version: ListVersion
) -> tuple[dt.date, int] | None:
    """Date and rows of the newest version held of the same part of the same list."""
    newest, rows = one_row(
        con,
        f"SELECT max(list_date), arg_max(row_count, (list_date, _load_id)) FROM lake.raw.{table} "
        "WHERE _tenant_id = ? AND _source = ? AND list_id = ? AND file_part = ?",
        [tenant, source, version.list_id, version.file_part],
    )
    return None if newest is None else (newest, int(rows))
