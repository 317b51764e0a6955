"""Finds a platform's tables in a database and maps their columns to the contracts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy.types import TypeEngine

from ingestion.connectors.database import SourceDatabase
from ingestion.contracts import TableContract
from ingestion.problems import Problem


@dataclass(frozen=True)
class PhysicalTable:
    """One table of the source that feeds a contract.

    Attributes:
        name: as the database spells it.
        columns: our name -> the source's name and stated type, of the columns it has.
    """

    contract: TableContract
    name: str
    columns: dict[str, tuple[str, TypeEngine[Any]]]

    def has(self, column: str) -> bool:
        """Whether the source has the column of that name of ours."""
        return column in self.columns

    @property
    def marker(self) -> str | None:
        """Our name of the change marker, where the source has it."""
        return self.contract.marker if self.has(self.contract.marker) else None


def discover(
    database: SourceDatabase, contracts: tuple[TableContract, ...]
) -> tuple[dict[str, list[PhysicalTable]], list[Problem]]:
    """The usable physical tables of each contract, by ``contract.table``, and what is wrong.

    Names match exactly or without regard to case (PostgreSQL exports are lower case). A table
    that lacks a required column is left out and reported as an error; the others go on.

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
            table, faults = _bind(
                contract, name, database.columns(name), _known(contract, contracts)
            )
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
    contract: TableContract, name: str, columns: dict[str, TypeEngine[Any]], known: set[str]
) -> tuple[PhysicalTable | None, list[Problem]]:
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
    extra = [column for column in columns if column.lower() not in known]
    if extra:
        problems.append(
            Problem(
                table=contract.table,
                severity="warning",
                what=f"Table {name} has columns that are not loaded: {', '.join(extra)}.",
                todo="nothing, unless one of them is wanted: then add it to the contract",
            )
        )
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    return PhysicalTable(contract, name, bound), problems
