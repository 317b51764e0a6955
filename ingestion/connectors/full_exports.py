"""Folders of full exports: each file is all there is, so a row that leaves it was deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ingestion.batch import Batch, Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import read_csv
from ingestion.connectors.deliveries import delivered, stamp_of
from ingestion.connectors.drift import SeenColumns, watch_columns
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from warehouse.errors import SourceError


def _as_read(contract: TableContract, frame: pl.DataFrame) -> pl.DataFrame:
    return frame


@dataclass(frozen=True)
class FileForm:
    """How the files of a folder differ from the plain form.

    Attributes:
        shaped: makes of the rows of a file what its contract expects.
        fingerprint: of how that is done; the same file read otherwise is another content.
    """

    delimiter: str = ","
    shaped: Callable[[TableContract, pl.DataFrame], pl.DataFrame] = _as_read
    fingerprint: str = ""


PLAIN = FileForm()


def sync_folder(
    context: PassContext, contracts: tuple[TableContract, ...], form: FileForm = PLAIN
) -> None:
    """Load ``<source_table>.csv`` of each contract from the source's folder.

    Args:
        form: of the files; a ``source_table`` that ends in a suffix is the file's whole name.

    Raises:
        SourceError: the folder or the SFTP server cannot be read; what was there is loaded.
    """
    delivery = delivered(context, [_file_name(contract) for contract in contracts])
    for contract in contracts:
        if context.stopping():
            return
        path = delivery.folder / _file_name(contract)
        if path in delivery.files:
            _sync_file(context, contract, path, form)
        elif not path.is_file() and (not contract.optional or holds_rows(context, contract)):
            context.problems.append(missing_file(contract, path))
    if delivery.failure is not None:
        raise delivery.failure


def _file_name(contract: TableContract) -> str:
    name = contract.source_table
    return name if Path(name).suffix else f"{name}.csv"


def missing_file(contract: TableContract, path: Path) -> Problem:
    """A file that should be in the folder and is not."""
    return Problem(
        contract.table,
        "error" if contract.required else "warning",
        f"The file {path.name} is missing.",
        f"export it to {path.parent}" + ("" if contract.required else " if it is wanted"),
    )


def _sync_file(context: PassContext, contract: TableContract, path: Path, form: FileForm) -> None:
    try:
        stamp = (stamp_of(path), form.fingerprint)
        remembered = context.memory.get(f"file:{path}")
        if isinstance(remembered, tuple) and remembered[0] == stamp:
            context.problems.extend(remembered[1])
            return
        read = read_csv(path, contract, delimiter=form.delimiter)
        if stamp_of(path) != stamp[0]:
            # Still being written: what was read may be half of it. The next look takes it.
            return
    except OSError as error:
        raise SourceError(
            f"The file cannot be read: {error.strerror}.",
            where=str(path),
            todo="check its permissions",
        ) from error
    problems = list(read.problems)
    if read.frame is not None:
        known = {column.source.lower() for column in contract.columns}
        loaded = {name: "text" for name in read.columns if name.lower() in known}
        others = {name: "text" for name in read.columns if name.lower() not in known}
        seen = SeenColumns(contract, path.name, loaded, others)
        problems += watch_columns(context, [seen])[seen.place]
    if read.frame is not None and not any(p.severity == "error" for p in problems):
        if not read.frame.height and holds_rows(context, contract):
            problems.append(
                Problem(
                    contract.table,
                    "error",
                    f"{path.name} is empty, but its rows were loaded before.",
                    "nothing was deleted here; export the file again",
                )
            )
        else:
            context.load(
                Batch(
                    contract=contract,
                    tenant=context.source.tenant,
                    source=context.source.name,
                    kind=context.source.kind,
                    frame=form.shaped(contract, read.frame),
                    complete=Completeness(everything=True),
                    detail={"files": {path.name: read.sha256}, "rows": read.frame.height}
                    | ({"mapping": form.fingerprint} if form.fingerprint else {}),
                    content_sha256=_content(read.sha256, form),
                )
            )
    context.problems.extend(problems)
    context.memory[f"file:{path}"] = (stamp, problems)


def _content(sha256: str, form: FileForm) -> str:
    if not form.fingerprint:
        return sha256
    return hashlib.sha256(f"{sha256}{form.fingerprint}".encode()).hexdigest()


def holds_rows(context: PassContext, contract: TableContract) -> bool:
    """Whether the contract's table was ever loaded from this source."""
    return context.state.table(contract.table).last_load > 0
