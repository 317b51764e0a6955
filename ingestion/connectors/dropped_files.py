"""Files by drop: each file of a folder is taken once, known by its content, and archived.

A file adds to what is held; its rows are merged by key, and nothing is deleted because a file lacks
it. Files are read in the order of their names, so dated names put the newest version last. The same
content under another name is named and not loaded again. What a file held can be traced: each row
carries the file's name and its row in it, each load the file's hash, ``meta.files`` where the
archived copy lies.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ingestion.batch import Batch, Completeness, LoadResult
from ingestion.checks import EXTRA
from ingestion.connectors.context import PassContext
from ingestion.connectors.deliveries import delivered, stamp_of
from ingestion.connectors.drift import SeenColumns, watch_columns
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from warehouse.errors import SourceError
from warehouse.writer import transaction


@dataclass(frozen=True)
class DroppedFile:
    """One file of the folder.

    Attributes:
        name: its name in the folder, as rows carry it in ``_source_table``.
        path: where to read it.
        sha256: hash of its content.
    """

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class TableRows:
    """What a file holds for one table.

    Attributes:
        frame: columns under our names (texts will do), with ``_source_table`` (the file's name) and
            ``_source_row`` (row, line or position in the file, from 1); None when it is refused.
            May carry ``_extra``, a struct of the columns beyond the contract.
        problems: what was wrong with the file or poorer than it should be.
        complete: of which keys the file is the whole truth; None: it only adds.
    """

    contract: TableContract
    frame: pl.DataFrame | None
    problems: Sequence[Problem] = ()
    complete: Completeness | None = None


# Reads one file; an empty sequence: the file is none of this source's and is named as such.
# A file that cannot be read at all gives one TableRows whose frame is None, with the reason.
FileReader = Callable[[DroppedFile], Sequence[TableRows]]


@dataclass
class _Remembered:
    """What a poll loop knows of a file that has not moved since the last poll."""

    stamp: tuple[int, int]
    problems: list[Problem] = field(default_factory=list)


def sync_dropped_files(
    context: PassContext, read: FileReader, patterns: Sequence[str] = ("*",)
) -> None:
    """Load every file of the source's folder that was not taken before.

    Args:
        read: gives the rows of one file.
        patterns: names of the files to look at.

    Raises:
        SourceError: the folder or the SFTP server cannot be read; what was there is loaded.
    """
    delivery = delivered(context, patterns)
    taken = _Taken(context)
    for path in delivery.files:
        if context.stopping():
            return
        try:
            _sync_file(context, read, path, taken)
        except OSError as error:
            raise SourceError(
                f"The file cannot be read: {error.strerror}.",
                where=str(path),
                todo="check its permissions",
            ) from error
    if delivery.failure is not None:
        raise delivery.failure


def hash_of(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Taken:
    """Content taken before, asked of the lake once a pass and only when a file has moved."""

    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._names: dict[str, set[str]] | None = None

    def name_of(self, file: DroppedFile) -> str | None:
        """The name under which the content was taken, its own if that was one; None if not."""
        if self._names is None:
            self._names = {}
            for sha256, name in self._context.con.execute(
                "SELECT sha256, file_name FROM lake.meta.files WHERE tenant_id = ? AND source = ?",
                [self._context.source.tenant, self._context.source.name],
            ).fetchall():
                self._names.setdefault(sha256, set()).add(name)
        names = self._names.get(file.sha256, set())
        return file.name if file.name in names else min(names, default=None)

    def add(self, file: DroppedFile) -> None:
        """The content was taken by this pass."""
        if self._names is not None:
            self._names.setdefault(file.sha256, set()).add(file.name)


def _sync_file(context: PassContext, read: FileReader, path: Path, taken: _Taken) -> None:
    stamp = stamp_of(path)
    remembered = context.memory.get(f"file:{path}")
    if isinstance(remembered, _Remembered) and remembered.stamp == stamp:
        context.problems.extend(remembered.problems)
        return
    file = DroppedFile(path.name, path, hash_of(path))
    taken_as = taken.name_of(file)
    if taken_as is None:
        tables = read(file)
        if stamp_of(path) != stamp:
            # Still being written: what was read may be half of it. The next look takes it.
            return
        problems = _take(context, file, tables, taken)
    elif taken_as != file.name:
        problems = [
            Problem(
                "",
                "warning",
                f"{file.name} has the same content as {taken_as}, which was loaded before.",
                "nothing was loaded twice; remove it, or deliver the file that was meant",
            )
        ]
    else:
        problems = []
    context.problems.extend(problems)
    context.memory[f"file:{path}"] = _Remembered(stamp, problems)


def _take(
    context: PassContext, file: DroppedFile, tables: Sequence[TableRows], taken: _Taken
) -> list[Problem]:
    if not tables:
        return [
            Problem(
                "",
                "warning",
                f"{file.name} is no file of this source: its layout is not known.",
                "take it out of the folder, or see the connector's README for what it reads",
            )
        ]
    problems = [problem for table in tables for problem in table.problems]
    if any(table.frame is None for table in tables):
        # Nothing half-loaded: the file is read again once it is corrected.
        return problems
    watch_columns(context, [seen for table in tables if (seen := _seen(table)) is not None])
    results = [_load(context, file, table) for table in tables if table.frame is not None]
    if context.stopping():
        return problems
    _record(context, file, tables, results)
    taken.add(file)
    return problems


def _seen(table: TableRows) -> SeenColumns | None:
    """Only columns beyond the contract: files of one source may each have another layout."""
    held = None if table.frame is None else table.frame.schema.get(EXTRA)
    if not isinstance(held, pl.Struct):
        return None
    columns = {field.name: str(field.dtype) for field in held.fields}
    return SeenColumns(table.contract, table.contract.source_table, {}, columns)


def _load(context: PassContext, file: DroppedFile, table: TableRows) -> LoadResult:
    if table.frame is None:
        raise ValueError(f"{file.name} has no rows for {table.contract.table}")
    return context.load(
        Batch(
            contract=table.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=table.frame,
            complete=table.complete,
            detail={"files": {file.name: file.sha256}, "rows": table.frame.height},
            day_shift_minutes=context.day_shift_minutes,
            content_sha256=file.sha256,
        )
    )


def _record(
    context: PassContext,
    file: DroppedFile,
    tables: Sequence[TableRows],
    results: Sequence[LoadResult],
) -> None:
    """Archive the file, then note that it was taken: a note without a copy must not be."""
    archived = context.settings.archive_path / "files" / file.sha256[:2] / file.sha256
    if not archived.is_file():
        archived.parent.mkdir(parents=True, exist_ok=True)
        unfinished = archived.with_suffix(".part")
        shutil.copyfile(file.path, unfinished)
        unfinished.replace(archived)
    loads = {
        table.contract.table: result.load_id
        for table, result in zip(tables, results, strict=True)
        if result.load_id is not None
    }
    with transaction(
        context.con, f"file {file.name} taken", context.settings, source=context.source.name
    ):
        context.con.execute(
            "INSERT INTO lake.meta.files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                context.source.tenant,
                context.source.name,
                context.source.kind,
                file.sha256,
                file.name,
                file.path.stat().st_size,
                dt.datetime.now(dt.UTC).replace(tzinfo=None),
                json.dumps(loads, sort_keys=True),
                str(archived.relative_to(context.settings.archive_path)),
            ],
        )
