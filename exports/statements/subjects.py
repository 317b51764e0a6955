"""What every paper about clients needs: its publication, and what was issued before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from exports.publication import Publication, covering_publication, latest_publication
from exports.statements.client_records import Account
from exports.statements.client_ties import check_continuity
from exports.statements.issuing import Draft
from exports.statements.kinds import PaperKind, Records
from exports.statements.periods import Period
from warehouse.connection import AsOf
from warehouse.control.papers import PaperRecord


def publication_of(
    con: duckdb.DuckDBPyConnection,
    tenant: str,
    accounts: Sequence[Account],
    period: Period,
    as_of: AsOf = None,
    *,
    settles_later: bool = False,
) -> Publication:
    """The publication that covers a period on the servers of some accounts.

    Args:
        con: a connection to the lake's head.
        tenant: whose accounts.
        accounts: whose servers count.
        period: the days that must be published.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        settles_later: take the days of the month after too, as far as they are published.

    Raises:
        UnclosedPeriodError: days of the period are not published.
    """
    servers = tuple(sorted({account.server_id for account in accounts}))
    covering = covering_publication(
        con,
        tenant=tenant,
        servers=servers,
        period_from=period.first,
        period_to=period.last,
        as_of=as_of,
    )
    if not settles_later:
        return covering
    return latest_publication(con, covering, through=period.last + dt.timedelta(days=31))


def checked_draft(
    kind: PaperKind,
    records: Records,
    period: Period,
    publication: Publication,
    held: Sequence[PaperRecord],
    before: PaperRecord | None,
) -> Draft:
    """A draft whose figures agree, with the number it has where it was issued before.

    Args:
        kind: of the paper.
        records: its exact figures.
        period: of the paper.
        publication: that they were read at.
        held: papers of this subject and period that were issued, oldest first.
        before: the subject's last paper of an earlier period.

    Raises:
        FiguresDisagreeError: figures that must be equal are not.
        StatementGapError: it does not open where the one before it closed.
    """
    kind.check(records)
    if kind.continues and before is not None:
        check_continuity(before, kind.balances(records), period.first)
    by_snapshot = [paper for paper in held if paper.snapshot_id == publication.snapshot_id]
    fingerprint = records.fingerprint()
    same = by_snapshot or [paper for paper in held if paper.fingerprint == fingerprint]
    if same:
        return Draft(records, period, publication, issued=same[-1])
    earlier = [paper for paper in held if paper.snapshot_id < publication.snapshot_id]
    replaces = earlier[-1].paper_number if earlier else None
    return Draft(records, period, publication, replaces=replaces)
