"""The raw and pii tables that contracts describe: made when missing, widened when one grows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from ingestion.contracts import Column, TableContract
from warehouse.lake_columns import columns_held
from warehouse.lake_statistics import note_empty_tables
from warehouse.settings import Settings
from warehouse.sql_text import quoted
from warehouse.writer import transaction

# Row ids are load_id * 2^32 + n: unique over all tables, and a load's rows lie together.
ROWS_OF_A_LOAD = 1 << 32

SYSTEM_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_tenant_id", "VARCHAR"),
    ("_source", "VARCHAR"),
    ("_row_id", "BIGINT"),
    ("_load_id", "BIGINT"),
    ("_loaded_at", "TIMESTAMP"),
    ("_is_deleted", "BOOLEAN"),
    ("_source_table", "VARCHAR"),
    ("_source_row", "BIGINT"),
)


@dataclass(frozen=True)
class Target:
    """One lake table that rows of a contract go to.

    Attributes:
        schema: ``raw``, or ``pii`` for the key and the personal data.
        dated: whether it carries ``_business_date``.
        row_offset: added to the row number inside a load, so that row ids stay unique.
    """

    schema: str
    table: str
    columns: tuple[Column, ...]
    dated: bool
    row_offset: int

    @property
    def name(self) -> str:
        """The qualified, quoted name."""
        return f"lake.{self.schema}.{quoted(self.table)}"

    @property
    def column_list(self) -> str:
        """Its contract columns, quoted, comma separated."""
        return ", ".join(quoted(column.target) for column in self.columns)

    def first_row_id(self, load_id: int) -> int:
        """Id of the row 0 of a load."""
        return load_id * ROWS_OF_A_LOAD + self.row_offset

    @property
    def all_columns(self) -> list[tuple[str, str]]:
        """Name and type of every column."""
        own = [(column.target, column.type) for column in self.columns]
        day = [("_business_date", "DATE")] if self.dated else []
        return [*own, *SYSTEM_COLUMNS, *day]


def targets(contract: TableContract) -> list[Target]:
    """raw.<table>, and pii.<table> where the contract has personal data."""
    dated = contract.business_date is not None
    found = [Target("raw", contract.table, contract.public_columns, dated, 0)]
    if contract.private_columns:
        found.append(Target("pii", contract.table, contract.private_columns, False, 1 << 31))
    return found


def ensure_tables(
    con: duckdb.DuckDBPyConnection, contracts: Iterable[TableContract], settings: Settings
) -> None:
    """Create the missing tables and add the missing columns, in one transaction."""
    held = columns_held(con, "raw", "pii")
    statements: list[str] = []
    for contract in contracts:
        for target in targets(contract):
            present = held.get(f"{target.schema}.{target.table}")
            if present is None:
                columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in target.all_columns)
                statements.append(f"CREATE TABLE IF NOT EXISTS {target.name} ({columns})")
                continue
            statements.extend(
                f"ALTER TABLE {target.name} ADD COLUMN {quoted(name)} {kind}"
                for name, kind in target.all_columns
                if name not in present
            )
    if not statements:
        return
    with transaction(con, "lay the raw tables of the contracts", settings):
        for statement in statements:
            con.execute(statement)
    note_empty_tables(con, settings)
