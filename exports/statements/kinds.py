"""What a kind of paper is: whom it is about, how a batch of it is read, proved and laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from exports.errors import UnclosedPeriodError
from exports.publication import Publication
from exports.statements.client_document import Issue
from exports.statements.client_queries import CLIENT_OF_SUBJECT, clients_of, find_accounts
from exports.statements.client_records import Account
from exports.statements.document import StatementDocument
from exports.statements.periods import Period, parse_period
from exports.statements.presentation import Presentation
from quality.lake_tables import held_tables
from warehouse.control.papers import AccountBalances
from warehouse.errors import UsageError


class Records(Protocol):
    """The exact figures of one paper."""

    @property
    def subject_key(self) -> str:
        """client_key, account_key, challenge_key or strategy_key."""
        ...

    def fingerprint(self) -> str:
        """Hash of the figures."""
        ...


@dataclass(frozen=True)
class Batch:
    """Subjects whose papers are read together, at one publication."""

    subjects: Mapping[str, Sequence[Account]]
    period: Period
    publication: Publication
    reporting_currency: str


Accounts = tuple[Account, ...]


@dataclass(frozen=True)
class Subjects:
    """Whom or what papers of a kind are about.

    Attributes:
        accounts: the accounts of a subject, by tenant and key; raises UnknownSubjectError.
        due: a tenant's subjects that a paper of a period may be about, by key, each with its
            accounts; without any where no source knows them.
        recipients: a SELECT over the temporary table ``wanted`` (paper_number, subject_key,
            period_to) of paper_number and the client_key of who is sent the paper.
        needs: `schema.table` of what these are read from, beside the accounts and their days.
    """

    accounts: Callable[[duckdb.DuckDBPyConnection, str, str], Accounts]
    due: Callable[[duckdb.DuckDBPyConnection, str, Period], dict[str, Accounts]]
    recipients: str
    needs: tuple[str, ...] = ()


CLIENTS = Subjects(find_accounts, clients_of, CLIENT_OF_SUBJECT)


@dataclass(frozen=True)
class PaperKind:
    """One kind of paper, all of them about one kind of subject.

    Attributes:
        name: as the register and the command line call it.
        series: letter of its numbers.
        read: the records of a batch, one query a part; subjects without a paper are left out.
        check: proves that the figures agree; raises FiguresDisagreeError.
        document: the paper before it has a format.
        balances: what the register keeps of each account.
        continues: whether each paper must open where the one before it closed.
        about: whom or what it is about.
        needs: `schema.table` of what a paper is read from, beside the accounts and their days.
        settles_later: whether figures of the period go on changing in the month after it, whose
            published days are read too.
        is_monthly: whether it covers a month and nothing else.
    """

    name: str
    series: str
    read: Callable[[duckdb.DuckDBPyConnection, Batch], Iterator[Any]]
    check: Callable[[Any], None]
    document: Callable[[Any, Issue, Presentation], StatementDocument]
    balances: Callable[[Any], dict[str, AccountBalances]]
    continues: bool = False
    about: Subjects = CLIENTS
    needs: tuple[str, ...] = ()
    settles_later: bool = False
    is_monthly: bool = False

    def period_of(self, text: str) -> Period:
        """The period that a text names.

        Raises:
            SnapshotError: it names none.
            UsageError: a paper of this kind covers a month, and this is none.
        """
        period = parse_period(text)
        if self.is_monthly and period.kind != "monthly":
            raise UsageError(
                f"A {self.name} statement covers a month, {text} is none.",
                todo="give the month as YYYY-MM, e.g. 2026-10",
            )
        return period


def require_held(con: duckdb.DuckDBPyConnection, needs: Sequence[str], period: Period) -> None:
    """Prove that the snapshot of a connection holds the tables that papers are made from.

    Raises:
        UnclosedPeriodError: it was made before these were kept.
    """
    held = held_tables(con) if needs else frozenset()
    missing = [name for name in needs if name not in held]
    if missing:
        [(snapshot,)] = con.execute("FROM ducklake_current_snapshot('lake')").fetchall()
        raise UnclosedPeriodError(
            f"The period was published before Daybook kept {', '.join(missing)}.",
            where=f"snapshot {snapshot}, period {period.text}",
            todo=f"run `daybook build`, then `daybook close --through {period.last}`",
        )


def no_balances(_records: Records) -> dict[str, AccountBalances]:
    """Of papers that state no balance."""
    return {}
