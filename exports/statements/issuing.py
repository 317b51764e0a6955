"""From figures to numbered papers: rendered, archived, and entered in the register together.

A number is given in the transaction that enters the paper's files, so numbers have no gaps whatever
is killed when. The paper shows its number, so it is rendered with the one that comes next, and
again in the rare case that somebody else took it first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import cast

from exports import archive
from exports.publication import Publication
from exports.statements.client_document import Issue
from exports.statements.kinds import PaperKind, Records
from exports.statements.making import StatementFile, StatementFormat, render
from exports.statements.periods import Period
from exports.statements.presentation import Presentation, stored_presentation
from warehouse.code_version import code_version
from warehouse.control import registers
from warehouse.control.papers import (
    NumberTakenError,
    PaperRecord,
    next_sequence,
    paper_number,
    register_papers,
)
from warehouse.errors import DaybookError
from warehouse.settings import Settings

_TRIES = 5


@dataclass(frozen=True)
class Draft:
    """A paper that has figures and no number yet, or the one that it was issued under."""

    records: Records
    period: Period
    publication: Publication
    issued: PaperRecord | None = None
    """The same figures were issued before, under this number."""
    replaces: str | None = None


@dataclass(frozen=True)
class Issued:
    """A paper with its files, or why it has none."""

    subject_key: str
    record: PaperRecord | None
    files: tuple[StatementFile, ...] = ()
    failure: DaybookError | None = None


@dataclass(frozen=True)
class Issuer:
    """Issues papers of one kind for one tenant."""

    settings: Settings
    kind: PaperKind
    tenant: str
    presentation: Presentation
    formats: tuple[StatementFormat, ...]
    actor: str
    workers: int = 1

    def issue(self, drafts: Sequence[Draft]) -> list[Issued]:
        """Papers of a handful of drafts, entered in one transaction.

        What cannot be rendered is told in its place and takes no number.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._issue(drafts)
            except NumberTakenError:
                continue
        return self._issue(drafts)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.workers, thread_name_prefix="typesetting")

    def _issue(self, drafts: Sequence[Draft]) -> list[Issued]:
        failed: dict[int, DaybookError] = {}
        rendered: dict[int, tuple[str, dict[StatementFormat, bytes]]] = {}
        while True:
            jobs = {}
            given: dict[int, int] = {}
            for index, draft in enumerate(drafts):
                if index in failed:
                    continue
                number = draft.issued.paper_number if draft.issued else self._next(draft, given)
                if index not in rendered or rendered[index][0] != number:
                    jobs[index] = (number, self._pool.submit(partial(self._made, draft, number)))
            if not jobs:
                break
            for index, (number, job) in jobs.items():
                try:
                    rendered[index] = (number, job.result())
                except DaybookError as error:
                    rendered.pop(index, None)
                    failed[index] = error
        return self._enter(drafts, rendered, failed)

    def _next(self, draft: Draft, given: dict[int, int]) -> str:
        """The number after those given so far, in the series of the draft's year."""
        year = draft.period.last.year
        if year not in given:
            given[year] = next_sequence(self.settings, self.tenant, self.kind.series, year) - 1
        given[year] += 1
        return paper_number(self.tenant, self.kind.series, year, given[year])

    def _made(self, draft: Draft, number: str) -> dict[StatementFormat, bytes]:
        issued = draft.issued
        look = (
            stored_presentation(self.settings, issued.presentation_sha256)
            if issued
            else self.presentation
        )
        document = self.kind.document(
            draft.records,
            Issue(
                number,
                draft.period,
                recorded_publication(issued) if issued else draft.publication,
                issued.replaces if issued else draft.replaces,
            ),
            look,
        )
        return {name: render(document, name, self.settings) for name in self.formats}

    def _enter(
        self,
        drafts: Sequence[Draft],
        rendered: dict[int, tuple[str, dict[StatementFormat, bytes]]],
        failed: dict[int, DaybookError],
    ) -> list[Issued]:
        look = self.presentation.stored(self.settings)
        new: list[tuple[PaperRecord, list[registers.StatementRecord]]] = []
        outcome: dict[int, Issued] = {}
        for index, (number, contents) in sorted(rendered.items()):
            draft = drafts[index]
            record = draft.issued or self._record(draft, number, look.sha256)
            kept = {
                name: archive.store(self.settings, content, name)
                for name, content in contents.items()
            }
            entries = [self._file(record, name, file) for name, file in kept.items()]
            if draft.issued:
                for entry in entries:
                    registers.register_statement(self.settings, entry)
            else:
                new.append((record, entries))
            files = tuple(self.file_of(record, entry) for entry in entries)
            outcome[index] = Issued(record.subject_key, record, files)
        if new:
            register_papers(self.settings, new)
        return [
            outcome.get(index) or Issued(draft.records.subject_key, None, failure=failed[index])
            for index, draft in enumerate(drafts)
        ]

    def _record(self, draft: Draft, number: str, presentation_sha256: str) -> PaperRecord:
        published = draft.publication
        return PaperRecord(
            paper_number=number,
            tenant_id=self.tenant,
            series=self.kind.series,
            year=draft.period.last.year,
            sequence=int(number.rpartition("-")[2]),
            kind=self.kind.name,
            subject_key=draft.records.subject_key,
            period=draft.period.text,
            period_kind=draft.period.kind,
            period_from=draft.period.first,
            period_to=draft.period.last,
            snapshot_id=published.snapshot_id,
            published_at=published.published_at,
            version=published.version,
            fingerprint=draft.records.fingerprint(),
            presentation_sha256=presentation_sha256,
            balances=self.kind.balances(draft.records),
            replaces=draft.replaces,
            made_by=self.actor,
            created_at=registers.now_utc(),
        )

    def _file(
        self, record: PaperRecord, format: StatementFormat, file: archive.ArchivedFile
    ) -> registers.StatementRecord:
        return registers.StatementRecord(
            statement_number=record.paper_number,
            kind=record.kind,
            tenant_id=record.tenant_id,
            subject_key=record.subject_key,
            period=record.period,
            snapshot_id=record.snapshot_id,
            code_version=code_version(),
            format=format,
            sha256=file.sha256,
            path=file.path,
            replaces=record.replaces,
            made_by=self.actor,
            created_at=registers.now_utc(),
        )

    def file_of(self, record: PaperRecord, entry: registers.StatementRecord) -> StatementFile:
        """A registered file of a paper, where the archive holds it."""
        where = self.settings.archive_path / entry.path
        return StatementFile(
            statement_number=record.paper_number,
            format=cast(StatementFormat, entry.format),
            path=where,
            sha256=entry.sha256,
            size=where.stat().st_size,
            archived_at=where,
            snapshot_id=record.snapshot_id,
            version=record.version,
        )


def recorded_publication(record: PaperRecord) -> Publication:
    """The publication that a paper was made from, as its register entry has it."""
    return Publication(
        snapshot_id=record.snapshot_id,
        published_at=record.published_at,
        version=record.version,
        first_day=record.period_from,
        last_day=record.period_to,
    )


def file_name(number: str, format: str) -> str:
    """A paper's number as the name of a file."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', number)}.{format}"


def copied(file: StatementFile, out: Path, content: bytes) -> StatementFile:
    """The same file, with a copy of it in a folder under its number."""
    path = out / file_name(file.statement_number, file.format)
    archive.write_atomically(path, content)
    return replace(file, path=path)


def archived(settings: Settings, file: StatementFile) -> bytes:
    """The archived bytes of a file, proved against its hash.

    Raises:
        ArchiveError: the file is gone, or its content changed.
    """
    path = file.archived_at.relative_to(settings.archive_path)
    return archive.fetch(settings, str(path), file.sha256)
