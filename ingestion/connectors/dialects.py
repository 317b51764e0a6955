"""How each database says the few things the connector asks: quoting, dates, integer arithmetic.

``%`` is never written as an operator where a driver may take it for a parameter mark.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

from warehouse.errors import SourceError

MODULUS = 1_000_000_007


@dataclass(frozen=True)
class Dialect:
    """SQL of one database family: ``sqlite``, ``postgresql`` or ``mysql`` (MariaDB included)."""

    name: str

    def quote(self, identifier: str) -> str:
        """An identifier, quoted: Order, Group and Timestamp are reserved words."""
        if self.name == "mysql":
            return "`" + identifier.replace("`", "``") + "`"
        return '"' + identifier.replace('"', '""') + '"'

    def table(self, name: str, schema: str | None) -> str:
        """A table's qualified name."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)

    def select(self, column: str, held: TypeEngine[object], wanted: str) -> str:
        """The column as something every driver hands over unharmed as type ``wanted``.

        MySQL's zero dates break drivers, so dates travel as microseconds (NULL for a zero date);
        DECIMAL columns would lose digits as doubles, so they are cast by the server.
        """
        name = self.quote(column)
        if wanted == "TIMESTAMP":
            return self._timestamp(name, held)
        if wanted == "BIGINT":
            return self._integer(name, held)
        if wanted == "DATE" or wanted.startswith("DECIMAL"):
            # Exact, and MySQL's zero dates stay readable.
            return self.as_text(name)
        if wanted == "DOUBLE" and _is_decimal(held):
            casts = {"mysql": f"({name} + 0e0)", "postgresql": f"{name}::double precision"}
            return casts.get(self.name, name)
        if wanted == "VARCHAR" and self.name == "postgresql" and isinstance(held, types.CHAR):
            # Takes the blanks off that CHAR is padded with; MySQL does so by itself.
            return f"CAST({name} AS text)"
        if wanted == "VARCHAR" and not isinstance(held, types.String) and self.name != "sqlite":
            return self.as_text(name)
        return name

    def as_text(self, expression: str) -> str:
        """Any value as the text of it."""
        return f"CAST({expression} AS {'CHAR' if self.name == 'mysql' else 'TEXT'})"

    def _timestamp(self, name: str, held: TypeEngine[object]) -> str:
        if self.name == "sqlite":
            return f"CAST({name} AS TEXT)"
        if self.name == "mysql" and _is_date(held):
            return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {name})"
        if getattr(held, "timezone", False):
            return f"({name} AT TIME ZONE 'UTC')"
        return name

    def _integer(self, name: str, held: TypeEngine[object]) -> str:
        if _is_date(held):
            return self.epoch(name, held)
        if _is_decimal(held) or isinstance(held, types.Boolean):
            casts = {"mysql": f"CAST({name} AS SIGNED)", "postgresql": f"{name}::bigint"}
            return casts.get(self.name, name)
        return name

    def moment(self, held: TypeEngine[object], seconds: int) -> str | None:
        """A literal to compare a date column with; None where only its seconds can be compared.

        SQLite keeps dates as texts of any form.
        """
        if self.name == "sqlite" or not _is_date(held) or getattr(held, "timezone", False):
            return None
        at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=max(seconds, 0))
        return f"'{at:%Y-%m-%d %H:%M:%S}'"

    def epoch(self, name: str, held: TypeEngine[object]) -> str:
        """Whole seconds since 1970 of a date column, read as UTC; NULL for a zero date."""
        if self.name == "sqlite":
            return f"CAST(strftime('%s', {name}) AS INTEGER)"
        if self.name == "mysql":
            return f"TIMESTAMPDIFF(SECOND, '1970-01-01', {name})"
        moment = f"{name} AT TIME ZONE 'UTC'" if getattr(held, "timezone", False) else name
        return f"CAST(floor(EXTRACT(EPOCH FROM {moment})) AS bigint)"

    def modulo(self, expression: str) -> str:
        """The remainder of an integer by MODULUS."""
        if self.name == "sqlite":
            return f"({expression} % {MODULUS})"
        if self.name == "postgresql":
            # An INTEGER would overflow where remainders are weighted.
            return f"MOD(({expression})::bigint, {MODULUS})"
        return f"MOD({expression}, {MODULUS})"

    def divide(self, expression: str, width: int) -> str:
        """Integer division."""
        if self.name == "mysql":
            return f"({expression} DIV {width})"
        if self.name == "postgresql":
            return f"(({expression})::bigint / {width})"
        return f"({expression} / {width})"

    def floor(self, expression: str) -> str:
        """The largest integer not above a double."""
        if self.name == "mysql":
            return f"CAST(FLOOR({expression}) AS SIGNED)"
        if self.name == "postgresql":
            return f"CAST(floor({expression}) AS bigint)"
        whole = f"CAST({expression} AS INTEGER)"
        return f"({whole} - (({expression}) < {whole}))"


def dialect_of(name: str) -> Dialect:
    """The dialect for a SQLAlchemy dialect name.

    Raises:
        SourceError: the database is of a kind Daybook cannot read.
    """
    known = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
    if name not in known:
        raise SourceError(
            f"Databases of kind {name} cannot be read.",
            todo="use a sqlite, postgresql, mysql or mariadb URL",
        )
    return Dialect(known[name])


def _is_decimal(held: TypeEngine[object]) -> bool:
    return isinstance(held, types.Numeric) and not isinstance(held, types.Float)


def _is_date(held: TypeEngine[object]) -> bool:
    return isinstance(held, types.DateTime | types.Date)
