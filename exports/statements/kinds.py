"""What a kind of paper is: how a batch of it is read, proved and laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from exports.errors import UnclosedPeriodError
from exports.publication import Publication
from exports.statements.client_document import Issue
from exports.statements.client_queries import find_accounts
from exports.statements.client_records import Account
from exports.statements.document import StatementDocument
from exports.statements.periods import Period
from exports.statements.presentation import Presentation
from quality.lake_tables import held_at
from warehouse.control.papers import AccountBalances


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


@dataclass(frozen=True)
class PaperKind:
    """One kind of paper about clients.

    Attributes:
        name: as the register and the command line call it.
        series: letter of its numbers.
        read: the records of a batch, one query a part; subjects without a paper are left out.
        check: proves that the figures agree; raises FiguresDisagreeError.
        document: the paper before it has a format.
        balances: what the register keeps of each account.
        continues: whether each paper must open where the one before it closed.
        accounts: the accounts of a subject, by tenant and key; raises UnknownSubjectError.
        settles_later: whether figures of the period go on changing in the month after it, whose
            published days are read too.
    """

    name: str
    series: str
    read: Callable[[duckdb.DuckDBPyConnection, Batch], Iterator[Any]]
    check: Callable[[Any], None]
    document: Callable[[Any, Issue, Presentation], StatementDocument]
    balances: Callable[[Any], dict[str, AccountBalances]]
    continues: bool = False
    accounts: Callable[[duckdb.DuckDBPyConnection, str, str], tuple[Account, ...]] = find_accounts
    settles_later: bool = False


def require_held(con: duckdb.DuckDBPyConnection, batch: Batch, *names: str) -> None:
    """Prove that the batch's snapshot holds what its papers are made from.

    Raises:
        UnclosedPeriodError: it was published before these were kept.
    """
    held = held_at(con, batch.publication.snapshot_id)
    missing = [name for name in names if name not in held]
    if missing:
        raise UnclosedPeriodError(
            f"The period was published before Daybook kept {', '.join(missing)}.",
            where=f"snapshot {batch.publication.snapshot_id}, period {batch.period.text}",
            todo=f"run `daybook build`, then `daybook close --through {batch.period.last}`",
        )


def no_balances(_records: Records) -> dict[str, AccountBalances]:
    """Of papers that state no balance."""
    return {}
