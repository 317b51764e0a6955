"""Finds a platform's tables in a database and maps their columns to the contracts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.types import TypeEngine

from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.drift import SeenColumns, can_hold, retyped
from ingestion.contracts import TableContract
from ingestion.problems import Problem


@dataclass(frozen=True)
class PhysicalTable:
    """One table of the source that feeds a contract.

    Attributes:
        name: as the database spells it.
        columns: our name -> the source's name and stated type, of the columns it has.
        others: the source's name -> stated type, of the columns beyond the contract.
        keeps_others: whether they are read too, to be kept aside.
    """

    contract: TableContract
    name: str
    columns: dict[str, tuple[str, TypeEngine[Any]]]
    others: dict[str, TypeEngine[Any]] = field(default_factory=dict)
    keeps_others: bool = False

    @property
    def seen(self) -> SeenColumns:
        """Its columns as the source states them."""
        loaded = {name: str(held) for name, held in self.columns.values()}
        others = {name: str(held) for name, held in self.others.items()}
        return SeenColumns(self.contract, self.name, loaded, others)

    def has(self, column: str) -> bool:
        """Whether the source has the column of that name of ours."""
        return column in self.columns

    @property
    def marker(self) -> str | None:
        """Our name of the change marker, where the source has it."""
        return self.contract.marker if self.has(self.contract.marker) else None


def discover(
    database: SourceDatabase, contracts: tuple[TableContract, ...], *, keep_others: bool = False
) -> tuple[dict[str, list[PhysicalTable]], list[Problem]]:
    """The usable physical tables of each contract, by ``contract.table``, and what is wrong.

    Names match exactly or without regard to case (PostgreSQL exports are lower case). A table
    that lacks a required column, or has one of another type, is left out and reported as an
    error; the others go on.

    Args:
        keep_others: columns beyond the contract are read too.

    Raises:
        SourceError: the database does not answer.
    """
    names = database.tables()
    found: dict[str, list[PhysicalTable]] = {}
    problems: list[Problem] = []
    for contract in contracts:
        matches = sorted(name for name in names if _matches(contract, name))
        if not matches:
            problems.append(_missing_table(contract))
        usable = []
        for name in matches:
            known = _known(contract, contracts)
            table, faults = _bind(database, contract, name, known, keep_others)
            problems.extend(faults)
            if table is not None:
                usable.append(table)
        found[contract.table] = usable
    return found, problems


def _matches(contract: TableContract, name: str) -> bool:
    pattern = re.escape(contract.source_table) + (r"(_\d{4})?" if contract.yearly else "")
    return re.fullmatch(pattern, name, re.IGNORECASE) is not None


def _known(contract: TableContract, contracts: tuple[TableContract, ...]) -> set[str]:
    """Columns that somebody reads, or leaves on purpose: two contracts may share a table."""
    return {
        name.lower()
        for other in contracts
        if other.source_table == contract.source_table
        for name in (*(column.source for column in other.columns), *other.unread)
    }


def _missing_table(contract: TableContract) -> Problem:
    yearly = f" or {contract.source_table}_YYYY" if contract.yearly else ""
    return Problem(
        table=contract.table,
        severity="error" if contract.required else "warning",
        what=f"The source has no table {contract.source_table}{yearly}.",
        todo="export it, undo the renaming, or grant SELECT on it"
        if contract.required
        else "switch its export on at the platform if it is wanted; the rest was loaded",
    )


def _bind(
    database: SourceDatabase,
    contract: TableContract,
    name: str,
    known: set[str],
    keeps_others: bool,
) -> tuple[PhysicalTable | None, list[Problem]]:
    columns = database.columns(name)
    by_lower = {column.lower(): column for column in columns}
    bound = {
        c.target: (by_lower[c.source.lower()], columns[by_lower[c.source.lower()]])
        for c in contract.columns
        if c.source.lower() in by_lower
    }
    problems = [
        Problem(
            table=contract.table,
            severity="error",
            what=f"Table {name} has no column {column.source}.",
            todo=f"export {column.source} again (or undo its renaming); {name} is not loaded "
            "until then, the other tables are",
        )
        for column in contract.columns
        if column.required and column.target not in bound
    ]
    problems += [
        retyped(contract, name, target, held)
        for target, (_, held) in bound.items()
        if not can_hold(database.dialect.name, held, contract.column(target).type)
    ]
    others = {name: held for name, held in columns.items() if name.lower() not in known}
    if others:
        problems.append(
            Problem(
                table=contract.table,
                severity="warning",
                what=f"Table {name} has columns that are not loaded: {', '.join(others)}.",
                todo="nothing, unless one of them is wanted: then add it to the contract"
                + ("" if keeps_others else "; options.keep_extra_columns keeps its values aside"),
            )
        )
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    return PhysicalTable(contract, name, bound, others, keeps_others), problems
