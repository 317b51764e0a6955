"""One kind of paper for all its subjects of a tenant: read in batches, resumable, past failures."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb

from exports.errors import WithoutAccountError
from exports.publication import Publication, read_at
from exports.statements.client_records import Account
from exports.statements.issuing import Draft, Issuer, archived, copied
from exports.statements.kinds import Batch, PaperKind, Records, require_held
from exports.statements.making import StatementFormat
from exports.statements.periods import Period
from exports.statements.presentation import presentation
from exports.statements.subjects import checked_draft, publication_of
from quality.findings import Check
from quality.statement_checks import paper_checks
from warehouse.connection import AsOf, connect
from warehouse.control import registers
from warehouse.control.papers import PaperRecord, papers, papers_before
from warehouse.errors import CheckFailedError, DaybookError
from warehouse.settings import Settings

READ_TOGETHER = 400
"""Subjects read by one query a part."""
ENTERED_TOGETHER = 40
"""Papers entered in one transaction: so many are made again at most after a kill."""

Told = Callable[[int, int], None]
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class LeftOut:
    """A subject whose paper was not made, and why."""

    subject_key: str
    error: DaybookError


@dataclass
class RunResult:
    """What a run made, what it found made, and what it left out."""

    kind: str
    period: str
    due: int = 0
    made: int = 0
    corrected: int = 0
    """Of those made, how many replace an earlier paper."""
    already: int = 0
    without_figures: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    ties: list[Check] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 all made, 1 figures do not tie, 3 something else kept papers from being made."""
        if any(check.broken for check in self.ties):
            return CheckFailedError.exit_code
        return max((row.error.exit_code for row in self.left_out), default=0)


def run_papers(
    settings: Settings,
    kind: PaperKind,
    period: str,
    formats: Sequence[StatementFormat] = ("pdf",),
    *,
    tenant: str | None = None,
    out: Path | None = None,
    as_of: AsOf = None,
    actor: str = "daybook",
    language: str | None = None,
    workers: int = 1,
    told: Told = lambda done, due: None,
) -> RunResult:
    """Make the papers of all subjects of a kind that are due for a period.

    A paper that was made from the same publication is not made again, so a run that was killed
    goes on where it stopped. A subject whose figures do not agree is left out and listed.

    Args:
        settings: the installation.
        kind: of paper.
        period: YYYY, YYYY-MM, YYYY-MM-DD, or two days joined by `..`.
        formats: files of each paper.
        tenant: whose subjects; the configured tenant by default.
        out: folder for copies beside the archive.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        actor: who asks, for the audit log.
        language: another language than the tenant's.
        workers: threads that typeset.
        told: called with papers done and due as the run goes on.

    Raises:
        SnapshotError: the text names no period.
        UsageError: papers of this kind do not cover such a period.
        UnclosedPeriodError: the lake does not hold what they are made from.
        PresentationError: the tenant's logo cannot be had.
    """
    started = time.monotonic()
    asked, tenant = kind.period_of(period), tenant or settings.tenant
    issuer = Issuer(
        settings,
        kind,
        tenant,
        presentation(settings, tenant, language),
        tuple(formats),
        actor,
        workers,
    )
    result = RunResult(kind=kind.name, period=asked.text)
    run = _Run(issuer, asked, as_of, out, told, result)
    run.go()
    result.ties = paper_checks(settings, tenant_id=tenant, kind=kind.name, period=asked.text)
    result.seconds = time.monotonic() - started
    return result


@dataclass
class _Run:
    issuer: Issuer
    period: Period
    as_of: AsOf
    out: Path | None
    told: Told
    result: RunResult
    done: int = 0
    files: dict[str, dict[str, registers.StatementRecord]] = field(default_factory=dict)
    """Files of the period's papers that are there, by number and format."""

    def go(self) -> None:
        issuer = self.issuer
        with connect("read", settings=issuer.settings) as con:
            require_held(con, issuer.kind.about.needs, self.period)
            subjects = issuer.kind.about.due(con, issuer.tenant, self.period)
            self.result.due = len(subjects)
            self._leave_out_unknown(subjects)
            held = _by_subject(
                papers(
                    issuer.settings,
                    tenant_id=issuer.tenant,
                    kind=issuer.kind.name,
                    period=self.period.text,
                )
            )
            self.files = _by_number(
                registers.statements(
                    issuer.settings, tenant_id=issuer.tenant, period=self.period.text
                )
            )
            before = papers_before(
                issuer.settings,
                tenant_id=issuer.tenant,
                kind=issuer.kind.name,
                period_kind=self.period.kind,
                day=self.period.first,
            )
            for group in _by_servers(subjects):
                read_at(con, issuer.settings, None)
                self._group(con, group, held, before)

    def _group(
        self,
        con: duckdb.DuckDBPyConnection,
        group: Mapping[str, tuple[Account, ...]],
        held: Mapping[str, Sequence[PaperRecord]],
        before: Mapping[str, PaperRecord],
    ) -> None:
        settings, kind = self.issuer.settings, self.issuer.kind
        everyone = [account for accounts in group.values() for account in accounts]
        try:
            publication = publication_of(
                con,
                self.issuer.tenant,
                everyone,
                self.period,
                self.as_of,
                settles_later=kind.settles_later,
            )
            read_at(con, settings, publication)
            require_held(con, kind.needs, self.period)
        except DaybookError as error:
            self._leave_out(group, error)
            return
        as_then = kind.about.due(con, self.issuer.tenant, self.period)
        waiting = []
        for subject in group:
            record = _made_from(held.get(subject, ()), publication.snapshot_id)
            if record and self.files[record.paper_number].keys() >= set(self.issuer.formats):
                self._already(record)
            elif as_then.get(subject):
                waiting.append(subject)
            else:
                self._nothing_to_say(1)
        for subjects in _chunks(waiting, READ_TOGETHER):
            batch = Batch(
                {subject: as_then[subject] for subject in subjects},
                self.period,
                publication,
                self.issuer.presentation.reporting_currency,
            )
            try:
                read = list(kind.read(con, batch))
            except DaybookError as error:
                self._leave_out(subjects, error)
                continue
            self._nothing_to_say(len(subjects) - len(read))
            for some in _chunks(read, ENTERED_TOGETHER):
                self._enter(list(self._drafts(some, publication, held, before)))

    def _drafts(
        self,
        read: Sequence[Records],
        publication: Publication,
        held: Mapping[str, Sequence[PaperRecord]],
        before: Mapping[str, PaperRecord],
    ) -> Iterator[Draft]:
        for records in read:
            subject = records.subject_key
            try:
                yield checked_draft(
                    self.issuer.kind,
                    records,
                    self.period,
                    publication,
                    held.get(subject, ()),
                    before.get(subject),
                )
            except DaybookError as error:
                self._leave_out([subject], error)

    def _leave_out_unknown(self, subjects: Mapping[str, tuple[Account, ...]]) -> None:
        for subject in (key for key, accounts in subjects.items() if not accounts):
            error = WithoutAccountError(
                f"No source knows an account of {subject}.",
                where=f"tenant {self.issuer.tenant}, period {self.period.text}",
                todo="correct its server and login in the CRM, or load the server",
            )
            self._leave_out([subject], error)

    def _nothing_to_say(self, subjects: int) -> None:
        self.result.without_figures += subjects
        self._tell(subjects)

    def _enter(self, drafts: Sequence[Draft]) -> None:
        for draft, issued in zip(drafts, self.issuer.issue(drafts), strict=True):
            if issued.failure is not None:
                self._leave_out([issued.subject_key], issued.failure)
                continue
            if draft.issued is None:
                self.result.made += 1
                self.result.corrected += draft.replaces is not None
            else:
                self.result.already += 1
            if self.out is not None:
                for file in issued.files:
                    copied(file, self.out, archived(self.issuer.settings, file))
            self._tell(1)

    def _already(self, record: PaperRecord) -> None:
        self.result.already += 1
        if self.out is not None:
            for name in self.issuer.formats:
                file = self.issuer.file_of(record, self.files[record.paper_number][name])
                copied(file, self.out, archived(self.issuer.settings, file))
        self._tell(1)

    def _leave_out(self, subjects: Collection[str], error: DaybookError) -> None:
        self.result.left_out += [LeftOut(subject, error) for subject in subjects]
        self._tell(len(subjects))

    def _tell(self, papers_done: int) -> None:
        self.done += papers_done
        self.told(self.done, self.result.due)


def _by_subject(records: Sequence[PaperRecord]) -> dict[str, list[PaperRecord]]:
    grouped: dict[str, list[PaperRecord]] = defaultdict(list)
    for record in records:
        grouped[record.subject_key].append(record)
    return grouped


def _by_servers(
    subjects: Mapping[str, tuple[Account, ...]],
) -> Iterator[dict[str, tuple[Account, ...]]]:
    grouped: dict[tuple[str, ...], dict[str, tuple[Account, ...]]] = defaultdict(dict)
    for subject, accounts in subjects.items():
        if not accounts:
            continue
        servers = tuple(sorted({account.server_id for account in accounts}))
        grouped[servers][subject] = accounts
    yield from grouped.values()


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _made_from(held: Sequence[PaperRecord], snapshot_id: int) -> PaperRecord | None:
    return next((row for row in held if row.snapshot_id == snapshot_id), None)


def _by_number(
    files: Sequence[registers.StatementRecord],
) -> dict[str, dict[str, registers.StatementRecord]]:
    grouped: dict[str, dict[str, registers.StatementRecord]] = defaultdict(dict)
    for file in files:
        grouped[file.statement_number][file.format] = file
    return grouped
