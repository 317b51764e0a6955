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
        SourceError: the folder cannot be read.
    """
    folder = context.source.path
    if folder is None or not folder.is_dir():
        raise SourceError(
            "The folder of the source does not exist.",
            where=f"source {context.source.name}, {folder}",
            todo="create it, or correct path in daybook.toml",
        )
    for contract in contracts:
        if context.stopping():
            return
        name = contract.source_table
        path = folder / (name if Path(name).suffix else f"{name}.csv")
        if path.is_file():
            _sync_file(context, contract, path, form)
        else:
            context.problems.append(missing_file(contract, path))


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
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, form.fingerprint)
        remembered = context.memory.get(f"file:{path}")
        if isinstance(remembered, tuple) and remembered[0] == stamp:
            context.problems.extend(remembered[1])
            return
        read = read_csv(path, contract, delimiter=form.delimiter)
    except OSError as error:
        raise SourceError(
            f"The file cannot be read: {error.strerror}.",
            where=str(path),
            todo="check its permissions",
        ) from error
    problems = list(read.problems)
    if read.frame is not None:
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
