"""The statement of a prop challenge over any period: rules, days with their floors, payouts."""

from __future__ import annotations

from pathlib import Path

from exports.errors import UnknownSubjectError
from exports.statements.making import StatementFile, StatementFormat, asked_format
from exports.statements.one_paper import issue_one, read_one
from exports.statements.periods import parse_period
from exports.statements.registered_kinds import CHALLENGE
from warehouse.connection import AsOf
from warehouse.settings import Settings


def make_challenge_statement(
    settings: Settings,
    challenge: str,
    period: str,
    format: StatementFormat,
    out: Path,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
    actor: str = "daybook",
    language: str | None = None,
) -> StatementFile:
    """Make one statement file, archive it and enter it in the register under a number.

    The same period and figures are one statement: made again, its bytes are the same on any day.
    Nothing is written unless all figures tie.

    Args:
        settings: the installation.
        challenge: challenge_key (tenant/challenge) or challenge_id.
        period: YYYY, YYYY-MM, YYYY-MM-DD, or two days joined by `..`.
        format: pdf, csv or xlsx.
        out: folder for a copy of the file; made where it is missing.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        tenant: whose challenge; the configured tenant by default.
        actor: who asks, for the audit log.
        language: another language than the tenant's.

    Raises:
        UnknownSubjectError: no such challenge, or none of its days lies in the period.
        UnclosedPeriodError: days of the period are not published.
        FiguresDisagreeError: figures that must be equal are not.
    """
    asked_format(format)
    asked, tenant = parse_period(period), tenant or settings.tenant
    key = challenge if challenge.startswith(f"{tenant}/") else f"{tenant}/{challenge}"
    records, publication = read_one(settings, CHALLENGE, tenant, key, asked, as_of)
    if records is None:
        raise UnknownSubjectError(
            f"The challenge {challenge} has no day in the period {asked.text}.",
            where=f"tenant {tenant}, snapshot {publication.snapshot_id}",
            todo="ask for a period between its first day and the day that decided it",
        )
    return issue_one(
        settings,
        CHALLENGE,
        tenant,
        records,
        asked,
        publication,
        format,
        out,
        actor=actor,
        language=language,
    )
