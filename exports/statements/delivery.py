"""Delivering papers by e-mail or SFTP: every attempt is logged, what arrived is not sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal, Protocol

from exports import archive
from exports.errors import DeliveryError, RefusedError
from exports.statements.mail import MailChannel
from exports.statements.making import StatementFormat
from exports.statements.parcel import Parcel
from exports.statements.periods import parse_period
from exports.statements.registered_kinds import registered_kind
from exports.statements.sftp_drop import SftpChannel
from warehouse.connection import connect
from warehouse.control import registers
from warehouse.control.papers import (
    DeliveryRecord,
    PaperRecord,
    delivered_papers,
    log_delivery,
    papers,
)
from warehouse.errors import DaybookError, UsageError
from warehouse.settings import Settings

ChannelName = Literal["mail", "sftp"]
Told = Callable[[int, int], None]


class Channel(Protocol):
    """A way out of the house, open while it is used."""

    def __enter__(self) -> Channel: ...

    def __exit__(self, *_: object) -> None: ...

    def send(self, parcel: Parcel) -> str:
        """Hand one parcel over; what the server said.

        Raises:
            RefusedError: the server will not have it, however often one tries.
            DeliveryError: it failed, and may work again.
        """
        ...


@dataclass(frozen=True)
class Undelivered:
    """A paper that did not leave, and why."""

    paper_number: str
    error: DaybookError


@dataclass
class DeliveryResult:
    """What was delivered, what had arrived before, and what did not leave."""

    channel: str
    due: int = 0
    delivered: int = 0
    already: int = 0
    left_out: list[Undelivered] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 all delivered, 3 something was not."""
        return max((row.error.exit_code for row in self.left_out), default=0)


def deliver(
    settings: Settings,
    records: Sequence[PaperRecord],
    channel: ChannelName,
    format: StatementFormat = "pdf",
    *,
    actor: str = "daybook",
    told: Told = lambda done, due: None,
) -> DeliveryResult:
    """Deliver one file of each paper; a paper that arrived once is not sent again.

    A failure is tried again as often as `statements.attempts` says, a refusal is not. A server that
    cannot be reached at all ends the attempts, not the run: what is left is listed with the reason.

    Raises:
        UsageError: the channel is not configured.
    """
    result = DeliveryResult(channel, due=len(records))
    arrived = delivered_papers(settings, channel=channel, format=format)
    waiting = [record for record in records if record.paper_number not in arrived]
    result.already = len(records) - len(waiting)
    people = _people(settings, waiting) if channel == "mail" else {}
    with ExitStack() as stack:
        open_channel = _Opened(settings, _channel(settings, channel), stack)
        for done, record in enumerate(waiting, start=result.already + 1):
            try:
                parcel = _parcel(settings, record, format, people.get(record.paper_number))
                _sent(settings, open_channel, channel, parcel, actor)
                result.delivered += 1
            except DaybookError as error:
                result.left_out.append(Undelivered(record.paper_number, error))
            told(done, len(records))
    return result


def standing_papers(
    settings: Settings, kind: str, period: str, *, tenant: str | None = None
) -> list[PaperRecord]:
    """Papers of a kind and period that no later one replaces, by number."""
    held = papers(
        settings,
        tenant_id=tenant or settings.tenant,
        kind=kind,
        period=parse_period(period).text,
    )
    replaced = {record.replaces for record in held}
    return [record for record in held if record.paper_number not in replaced]


@dataclass
class _Opened:
    """The channel, opened when first needed; a server that is not there is asked once."""

    settings: Settings
    channel: Channel
    stack: ExitStack
    is_open: bool = False
    unreachable: DaybookError | None = None

    def send(self, parcel: Parcel) -> str:
        if not self.is_open:
            self.stack.enter_context(self.channel)
            self.is_open = True
        return self.channel.send(parcel)


def _sent(settings: Settings, opened: _Opened, channel: str, parcel: Parcel, actor: str) -> None:
    if opened.unreachable is not None:
        raise opened.unreachable
    attempts = settings.statements.attempts
    for attempt in range(1, attempts + 1):
        try:
            said = opened.send(parcel)
        except RefusedError as error:
            _logged(settings, parcel, channel, attempt, "refused", error.what, actor)
            raise
        except DaybookError as error:
            _logged(settings, parcel, channel, attempt, "failed", error.what, actor)
            if attempt == attempts:
                if not opened.is_open:
                    opened.unreachable = error
                raise
            time.sleep(settings.statements.pause_seconds * attempt)
        else:
            _logged(settings, parcel, channel, attempt, "delivered", said, actor)
            return


def _logged(
    settings: Settings,
    parcel: Parcel,
    channel: str,
    attempt: int,
    outcome: str,
    detail: str,
    actor: str,
) -> None:
    detail = detail.replace(parcel.address, "the client's address") if parcel.address else detail
    log_delivery(
        settings,
        DeliveryRecord(
            paper_number=parcel.record.paper_number,
            format=parcel.format,
            channel=channel,
            attempt=attempt,
            outcome=outcome,
            detail=detail,
            sha256=parcel.sha256,
            sent_by=actor,
            at=registers.now_utc(),
        ),
    )


def _parcel(
    settings: Settings,
    record: PaperRecord,
    format: StatementFormat,
    person: tuple[str, str | None] | None,
) -> Parcel:
    files = [
        file
        for file in registers.statements(settings, statement_number=record.paper_number)
        if file.format == format
    ]
    if not files:
        raise DeliveryError(
            f"The paper {record.paper_number} has no {format} to deliver.",
            where=f"period {record.period}",
            todo=f"make it: `daybook statement run --kind {record.kind} --period {record.period} "
            f"--format {format}`",
        )
    name, address = person or ("", None)
    return Parcel(
        record=record,
        format=format,
        content=archive.fetch(settings, files[-1].path, files[-1].sha256),
        sha256=files[-1].sha256,
        name=name,
        address=address,
    )


def _channel(settings: Settings, name: ChannelName) -> Channel:
    if name == "mail" and settings.statements.mail is not None:
        return MailChannel(settings, settings.statements.mail)
    if name == "sftp" and settings.statements.sftp is not None:
        return SftpChannel(settings.statements.sftp)
    raise UsageError(
        f"Statements cannot leave by {name}: it is not configured.",
        where=f"[statements.{name}] of {settings.config_path or 'daybook.toml'}",
        todo="docs/configuration.md lists its keys",
    )


def _people(
    settings: Settings, records: Sequence[PaperRecord]
) -> dict[str, tuple[str, str | None]]:
    """Name and address of each paper's client as the CRM has them now, by number."""
    people: dict[str, tuple[str, str | None]] = {}
    with connect("read", settings=settings) as con:
        for kind in {record.kind for record in records}:
            wanted = [record for record in records if record.kind == kind]
            con.execute(
                "CREATE OR REPLACE TEMP TABLE wanted AS SELECT "
                "unnest($1::VARCHAR[]) AS paper_number, unnest($2::VARCHAR[]) AS subject_key, "
                "unnest($3::DATE[]) AS period_to",
                [
                    [record.paper_number for record in wanted],
                    [record.subject_key for record in wanted],
                    [record.period_to for record in wanted],
                ],
            )
            rows = con.execute(
                f"""
                SELECT
                    recipients.paper_number,
                    arg_max(clients.name, clients._row_id), arg_max(clients.email, clients._row_id)
                FROM ({registered_kind(kind).about.recipients}) AS recipients
                JOIN lake.pii.crm_clients AS clients
                    ON clients._tenant_id || '/' || clients.client_id = recipients.client_key
                LEFT JOIN lake.raw.superseded AS newer
                    ON newer.superseded_row_id = clients._row_id
                WHERE newer.superseded_row_id IS NULL AND NOT clients._is_deleted
                GROUP BY recipients.paper_number
                """
            ).fetchall()
            people |= {number: (name or "", address) for number, name, address in rows}
    return people
