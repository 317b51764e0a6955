"""The errors Daybook raises on purpose: each says what happened, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class DaybookError(Exception):
    """A failure a person can act on.

    Args:
        what: what went wrong, in one sentence.
        where: source, table, row, column or file it happened at; empty if it has no place.
        todo: what the reader can do about it.
    """

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what = what
        self.where = where
        self.todo = todo
        super().__init__(self.describe())

    def describe(self) -> str:
        """One paragraph: what, where, what to do."""
        parts = [self.what]
        if self.where:
            parts.append(f"Where: {self.where}.")
        if self.todo:
            parts.append(f"What to do: {self.todo}")
        return " ".join(parts)


def faults_of(error: ValidationError, prefix: str = "", nowhere: str = "") -> str:
    """What pydantic found, one fault after the other: ``options.zone: Field required; ...``.

    Args:
        prefix: before each place.
        nowhere: the place of a fault that has none.
    """
    return "; ".join(
        f"{prefix}{'.'.join(map(str, item['loc'])) or nowhere}: {item['msg']}"
        for item in error.errors()
    )


class UsageError(DaybookError):
    """The caller asked for something that cannot be: wrong arguments, wrong use."""

    exit_code = 2


class SettingsError(UsageError):
    """daybook.toml or the environment holds something that cannot be used."""


class SourceError(DaybookError):
    """A source system cannot be reached or read."""


class ContractError(DaybookError):
    """A source hands over a shape its contract does not allow."""


class LockTimeoutError(DaybookError):
    """Another process kept the writer lock for too long."""


class SnapshotError(UsageError):
    """No snapshot answers to what was asked for."""


class QueryRefusedError(UsageError):
    """A query asked for more than reading the governed tables."""


class CheckFailedError(DaybookError):
    """A check is broken: figures do not tie, a gate failed."""

    exit_code = 1
