"""The SQL this connector sends: range reads, key blocks, control totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl
from sqlalchemy.types import LargeBinary

from ingestion.checks import EXTRA, SOURCE_TABLE
from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.measures import money_aggregate, volume_aggregate

# Before the names of columns beyond the contract, which may be names of ours.
_OTHER = "other."


@dataclass(frozen=True)
class Queries:
    """SQL over one physical table."""

    database: SourceDatabase
    table: PhysicalTable

    @property
    def name(self) -> str:
        """The table's qualified name."""
        return self.database.dialect.table(self.table.name, self.database.schema)

    def value(self, column: str, alias: str = "") -> str:
        """A column of ours as the source's SQL, in our type."""
        source, held = self.table.columns[column]
        wanted = self.table.contract.column(column).type
        dialect = self.database.dialect
        selected = dialect.select(source, held, wanted)
        if self.table.contract.column(column).zero_is_null:
            selected = f"NULLIF({selected}, 0)"
        if alias:
            return selected.replace(dialect.quote(source), f"{alias}.{dialect.quote(source)}")
        return selected

    def above(self, column: str, operator: str, number: int) -> str:
        """``column >= number`` or ``> number``, in the form that can use an index on a date."""
        source, held = self.table.columns[column]
        moment = self.database.dialect.moment(held, number)
        if moment is not None:
            return f"{self.database.dialect.quote(source)} {operator} {moment}"
        return f"{self.value(column)} {operator} {number}"

    def rows(self, where: str = "", alias: str = "") -> str:
        """All contract columns the table has, under our names, and the others where kept."""
        quote = self.database.dialect.quote
        columns = [f"{self.value(c, alias)} AS {quote(c)}" for c in self.table.columns]
        for name in self._kept:
            column = f"{alias}.{quote(name)}" if alias else quote(name)
            text = self.database.dialect.as_text(column)
            columns.append(f"{text} AS {quote(_OTHER + name)}")
        return f"SELECT {', '.join(columns)} FROM {self.name} {alias} {where}".strip()

    def frame(self, where: str = "", alias: str = "", expected: int | None = None) -> pl.DataFrame:
        """The rows of :meth:`rows`, with the table's name; kept columns as the struct ``_extra``.

        Raises:
            SourceError: the database went away.
        """
        frame = self.database.read(self.rows(where, alias), expected)
        kept = self._kept
        if kept:
            texts = frame.select(pl.col(_OTHER + name).cast(pl.String).alias(name) for name in kept)
            frame = frame.drop(_OTHER + name for name in kept).with_columns(texts.to_struct(EXTRA))
        return frame.with_columns(pl.lit(self.table.name).alias(SOURCE_TABLE))

    @property
    def _kept(self) -> list[str]:
        """Columns beyond the contract that can be read as text."""
        if not self.table.keeps_others:
            return []
        others = self.table.others.items()
        return [name for name, held in others if not isinstance(held, LargeBinary)]

    def extent(self, column: str, where: str) -> tuple[int, int | None]:
        """Row count and greatest value of a column."""
        value = self.value(column)
        row = self.database.rows(f"SELECT count(*), max({value}) FROM {self.name} {where}")[0]
        return int(row[0]), None if row[1] is None else int(row[1])

    def bounds(self, column: str) -> tuple[int, int] | None:
        """Least and greatest value of a column; None for an empty table."""
        value = self.value(column)
        low, high = self.database.rows(f"SELECT min({value}), max({value}) FROM {self.name}")[0]
        return None if low is None else (int(low), int(high))

    def chunk_end(self, column: str, where: str, rows: int) -> int | None:
        """The value of ``column`` that about ``rows`` rows of the range do not exceed."""
        value = self.value(column)
        answer = self.database.rows(
            f"SELECT max(c) FROM (SELECT {value} AS c FROM {self.name} {where} "
            f"ORDER BY {value} LIMIT {rows}) AS q"
        )[0][0]
        return None if answer is None else int(answer)

    def count(self, where: str = "") -> int:
        """Number of rows."""
        return int(self.database.rows(f"SELECT count(*) FROM {self.name} {where}")[0][0])

    def signature(self, columns: Sequence[str]) -> tuple[object, ...]:
        """Count, and for each column greatest value and checksum: equal means unchanged."""
        modulo = self.database.dialect.modulo
        parts = ["count(*)"]
        for column in columns:
            value = self.value(column)
            parts += [f"max({value})", f"sum({modulo(value)})"]
        answer = self.database.rows(f"SELECT {', '.join(parts)} FROM {self.name}")[0]
        return tuple(str(value) for value in answer)


def checksum(
    table: PhysicalTable,
    value: Callable[[str], str],
    modulo: Callable[[str], str],
    floor: Callable[[str], str],
) -> str:
    """What is summed up over a block to tell an edited one, in the SQL of one side.

    The marker, else the last key column; or the contract's own columns, each with a weight, money
    in 1/10000. A column the source does not have is left out on both sides.

    Args:
        value: the SQL of a column of ours.
        modulo: the remainder of an integer by MODULUS.
        floor: the largest integer not above a double.
    """
    names = [name for name in table.contract.checksum if table.has(name)]
    parts = []
    for weight, name in enumerate(names or [table.marker or table.contract.key[-1]], start=1):
        whole = value(name)
        if table.contract.column(name).type == "DOUBLE":
            whole = floor(f"{whole} * 10000 + 0.5")
        part = modulo(f"coalesce({whole}, 0)")
        parts.append(part if weight == 1 else f"{part} * {weight}")
    return " + ".join(parts)


def overlapping(database: SourceDatabase, tables: list[PhysicalTable]) -> dict[str, list[int]]:
    """For each table the positions of the tables whose keys may be its keys too."""
    bounds = []
    for table in tables:
        block = table.contract.block
        bounds.append(Queries(database, table).bounds(block[0]) if block else None)
    return {
        table.name: [
            other
            for other, theirs in enumerate(bounds)
            if other != position
            and (mine := bounds[position]) is not None
            and theirs is not None
            and theirs[0] <= mine[1]
            and mine[0] <= theirs[1]
        ]
        for position, table in enumerate(tables)
    }


def winner_clause(
    database: SourceDatabase,
    tables: list[PhysicalTable],
    position: int,
    rivals: list[int],
) -> str:
    """WHERE conditions (alias ``a``) for the rows of a table that count.

    A key in several tables counts once: where its Timestamp is the latest, on a tie in the table
    that sorts first. NOT EXISTS on the primary key, so it runs on MySQL 5 too.
    """
    mine = Queries(database, tables[position])
    conditions = []
    for rival in rivals:
        other = Queries(database, tables[rival])
        same = [
            f"{other.value(key, 'b')} = {mine.value(key, 'a')}"
            for key in tables[position].contract.key
        ]
        marker = tables[position].marker
        if marker and tables[rival].has(marker):
            operator = ">=" if rival < position else ">"
            same.append(f"{other.value(marker, 'b')} {operator} {mine.value(marker, 'a')}")
        elif rival > position:
            continue
        conditions.append(f"NOT EXISTS (SELECT 1 FROM {other.name} b WHERE {' AND '.join(same)})")
    return " AND ".join(conditions)


def block_sums(database: SourceDatabase, tables: list[PhysicalTable]) -> dict[int, tuple[int, int]]:
    """Count and checksum of each key block of a logical table, over its physical tables."""
    rivals = overlapping(database, tables)
    sums: dict[int, tuple[int, int]] = {}
    for position, table in enumerate(tables):
        if table.contract.block is None:
            continue
        own = Queries(database, table)
        column, width = table.contract.block
        block = database.dialect.divide(own.value(column, "a"), width)
        dialect = database.dialect
        check = checksum(table, partial(own.value, alias="a"), dialect.modulo, dialect.floor)
        wins = winner_clause(database, tables, position, rivals[table.name])
        where = f"{own.value(column, 'a')} IS NOT NULL" + (f" AND {wins}" if wins else "")
        query = (
            f"SELECT {block}, count(*), sum({check}) FROM {own.name} a "
            f"WHERE {where} GROUP BY {block}"
        )
        for number, count, total in database.rows(query):
            held = sums.get(int(number), (0, 0))
            sums[int(number)] = (held[0] + int(count), held[1] + int(total or 0))
    return sums


def day_number(database: SourceDatabase, table: PhysicalTable, shift: int, alias: str) -> str:
    """The row's business day in days since 1970, as the source's SQL; NULL without a time.

    Args:
        shift: minutes added to the server's time so that its day ends at midnight.
    """
    if table.contract.business_date is None:
        raise ValueError(f"{table.contract.table} has no business date")
    column, form = table.contract.business_date
    queries = Queries(database, table)
    if form == "epoch":
        seconds = queries.value(column, alias)
    else:
        source, held = table.columns[column]
        seconds = database.dialect.epoch(f"{alias}.{database.dialect.quote(source)}", held)
    return database.dialect.divide(f"({seconds} + {shift * 60})", 86_400)


def totals_by_day(
    database: SourceDatabase, tables: list[PhysicalTable], up_to: int, shift: int
) -> dict[int | None, dict[str, int]]:
    """Control totals of a logical table by the source's own SQL, for rows up to a cursor value.

    Returns:
        By business day (days since 1970; None for rows without one, or for a table that is not
        dated), the value of each measure: one pass over each physical table.
    """
    rivals = overlapping(database, tables)
    summed: dict[int | None, dict[str, int]] = {}
    for position, table in enumerate(tables):
        own = Queries(database, table)
        contract = table.contract
        aggregates = _aggregates(own)
        dated = contract.business_date is not None and table.has(contract.business_date[0])
        day = day_number(database, table, shift, "a") if dated else "NULL"
        limit = table.marker or (contract.block[0] if contract.block else contract.key[0])
        wins = winner_clause(database, tables, position, rivals[table.name])
        where = f"{own.value(limit, 'a')} <= {up_to}" + (f" AND {wins}" if wins else "")
        query = (
            f"SELECT {day} AS business_day, {', '.join(aggregates.values())} "
            f"FROM {own.name} a WHERE {where}" + (" GROUP BY 1" if dated else "")
        )
        for number, *values in database.rows(query):
            held = summed.setdefault(int(number) if number is not None and number > 0 else None, {})
            for name, value in zip(aggregates, values, strict=True):
                held[name] = held.get(name, 0) + int(value or 0)
    return summed


def _aggregates(own: Queries) -> dict[str, str]:
    """Each measure that the table can give, as the source's SQL."""
    table, contract = own.table, own.table.contract
    aggregates = {"count": "count(*)"}
    if contract.money and table.has(contract.money):
        aggregates[f"sum_{contract.money}"] = money_aggregate(
            own.value(contract.money, "a"), own.database.dialect.floor
        )
    if contract.volumes:
        fine, coarse = (own.value(n, "a") if n and table.has(n) else None for n in contract.volumes)
        if fine or coarse:
            aggregates["sum_volume"] = volume_aggregate(fine, coarse, contract.lot)
    return aggregates
