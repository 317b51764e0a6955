"""Making a paper again from the snapshot it was made from, and comparing every byte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

from exports.publication import read_at
from exports.statements.client_document import Issue
from exports.statements.issuing import recorded_publication
from exports.statements.kinds import Batch
from exports.statements.making import StatementFormat, render
from exports.statements.periods import parse_period
from exports.statements.presentation import stored_presentation
from exports.statements.registered_kinds import registered_kind
from exports.statements.subjects import publication_of
from warehouse.code_version import code_version
from warehouse.connection import connect
from warehouse.control import audit, registers
from warehouse.control.papers import PaperRecord, find_paper
from warehouse.errors import UsageError
from warehouse.settings import Settings


@dataclass(frozen=True)
class ReproducedFile:
    """One file of a paper: what was sent and what comes out today."""

    format: str
    sha256_sent: str
    sha256_now: str
    code_then: str

    @property
    def identical(self) -> bool:
        """Whether every byte is the same."""
        return self.sha256_sent == self.sha256_now


@dataclass(frozen=True)
class ReproducedPaper:
    """A paper made again."""

    statement_number: str
    snapshot_id: int
    files: tuple[ReproducedFile, ...]
    code_now: str

    @property
    def identical(self) -> bool:
        """Whether every byte of every file is the same."""
        return all(file.identical for file in self.files)


def reproduce(settings: Settings, number: str, *, actor: str = "daybook") -> ReproducedPaper:
    """Make a paper again from its recorded snapshot and presentation; the archive is not read.

    Raises:
        UsageError: the register has no such paper.
        SnapshotError: its snapshot is no longer kept.
    """
    record = find_paper(settings, number)
    files = {file.format: file for file in registers.statements(settings, statement_number=number)}
    contents = _made_again(settings, record, list(files))
    made = ReproducedPaper(
        statement_number=number,
        snapshot_id=record.snapshot_id,
        files=tuple(
            ReproducedFile(
                name, file.sha256, hashlib.sha256(contents[name]).hexdigest(), file.code_version
            )
            for name, file in files.items()
        ),
        code_now=code_version(),
    )
    audit.record(
        settings,
        actor=actor,
        action="statement.reproduced",
        object_type="statement",
        object_id=number,
        details={
            "identical": made.identical,
            "differences": [file.format for file in made.files if not file.identical],
        },
    )
    return made


def _made_again(settings: Settings, record: PaperRecord, formats: list[str]) -> dict[str, bytes]:
    kind, period = registered_kind(record.kind), parse_period(record.period)
    look = stored_presentation(settings, record.presentation_sha256)
    published = recorded_publication(record)
    with connect("read", settings=settings) as con:
        read_at(con, settings, published)
        accounts = kind.about.accounts(con, record.tenant_id, record.subject_key)
        read_at(con, settings, None)
        covering = publication_of(
            con,
            record.tenant_id,
            accounts,
            period,
            record.snapshot_id,
            settles_later=kind.settles_later,
        )
        read_at(con, settings, published)
        batch = Batch({record.subject_key: accounts}, period, covering, look.reporting_currency)
        made = list(kind.read(con, batch))
    if not made:
        raise UsageError(
            f"The snapshot {record.snapshot_id} has no figures for it.",
            where=f"statement {record.paper_number}",
            todo="check that the lake is the one that the register belongs to",
        )
    issue = Issue(record.paper_number, period, published, record.replaces)
    document = kind.document(made[0], issue, look)
    return {name: render(document, cast(StatementFormat, name), settings) for name in formats}
