"""Small MetaTrader 5 exports for tests, written into any database SQLAlchemy opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from warehouse.settings import Settings, SourceSettings

FILETIME_1970 = 116_444_736_000_000_000
SECOND = 10_000_000
# 2026-10-28 08:00:00 UTC, 10:00 on the server's clock.
T0 = FILETIME_1970 + 1_793_174_400 * SECOND

DEALS = {
    "Deal": "BIGINT",
    "Timestamp": "BIGINT",
    "ExternalID": "TEXT",
    "Login": "BIGINT",
    "Order": "BIGINT",
    "Action": "BIGINT",
    "Entry": "BIGINT",
    "Reason": "BIGINT",
    "Time": "DATETIME",
    "TimeMsc": "DATETIME",
    "Symbol": "TEXT",
    "Price": "DOUBLE",
    "Volume": "BIGINT",
    "VolumeExt": "BIGINT",
    "Profit": "DOUBLE",
    "Storage": "DOUBLE",
    "Commission": "DOUBLE",
    "PositionID": "BIGINT",
    "Comment": "TEXT",
    "ModifyFlags": "BIGINT",
    "ApiData": "TEXT",
}
ACCOUNTS = {"Login": "BIGINT", "Balance": "DOUBLE", "Credit": "DOUBLE", "Equity": "DOUBLE"}
USERS = {
    "Login": "BIGINT",
    "Timestamp": "BIGINT",
    "Group": "TEXT",
    "Registration": "DATETIME",
    "LastAccess": "DATETIME",
    "Name": "TEXT",
    "Email": "TEXT",
    "Phone": "TEXT",
    "PhonePassword": "TEXT",
}
DAILY = {
    "Datetime": "BIGINT",
    "Login": "BIGINT",
    "Timestamp": "BIGINT",
    "Group": "TEXT",
    "Currency": "TEXT",
    "Balance": "DOUBLE",
}

_TYPES = {
    "sqlite": {
        "BIGINT": "bigint",
        "DOUBLE": "double",
        "TEXT": "varchar(64)",
        "DATETIME": "datetime",
        "DATE": "date",
    },
    "postgresql": {
        "BIGINT": "bigint",
        "DOUBLE": "double precision",
        "TEXT": "varchar(64)",
        "DATETIME": "timestamp",
        "DATE": "date",
    },
    "mysql": {
        "BIGINT": "bigint unsigned",
        "DOUBLE": "double",
        "TEXT": "varchar(64)",
        "DATETIME": "datetime(6)",
        "DATE": "date",
    },
}


def deal(number: int, login: int = 1001, **fields: Any) -> dict[str, Any]:
    """A deal of a minute after the one before; a deposit of ``number`` unless told otherwise."""
    minute = number % 1000
    row: dict[str, Any] = {
        "Deal": number,
        "Timestamp": T0 + number * 60 * SECOND,
        "ExternalID": "",
        "Login": login,
        "Order": 0,
        "Action": 2,
        "Entry": 0,
        "Reason": 2,
        "Time": f"2026-10-28 {10 + minute // 60:02d}:{minute % 60:02d}:00",
        "TimeMsc": f"2026-10-28 {10 + minute // 60:02d}:{minute % 60:02d}:00.000000",
        "Symbol": "",
        "Price": 0.0,
        "Volume": 0,
        "VolumeExt": 0,
        "Profit": float(number),
        "Storage": 0.0,
        "Commission": 0.0,
        "PositionID": 0,
        "Comment": "Deposit",
        "ModifyFlags": 0,
        "ApiData": "[]",
    }
    return row | fields


class Export:
    """An MT5 export in one database."""

    def __init__(self, url: str, *, lower: bool = False) -> None:
        self.url = url
        self.lower = lower
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.dialect = self.engine.dialect.name.replace("mariadb", "mysql")

    def quote(self, name: str) -> str:
        """A quoted identifier, lower case where the export is."""
        mark = "`" if self.dialect == "mysql" else '"'
        return f"{mark}{name.lower() if self.lower else name}{mark}"

    def run(self, *statements: str) -> None:
        """Execute statements, in one transaction."""
        with self.engine.begin() as connection:
            if self.dialect == "mysql":
                connection.exec_driver_sql("SET sql_mode = ''")
            for statement in statements:
                connection.exec_driver_sql(statement)

    def create(
        self,
        table: str,
        columns: Mapping[str, str],
        rows: Sequence[Mapping[str, Any]] = (),
        key: str = "",
    ) -> None:
        """Create a table; no column is NOT NULL, so that a test can break any."""
        types = _TYPES[self.dialect]
        parts = [f"{self.quote(name)} {types[kind]}" for name, kind in columns.items()]
        if key:
            parts.append(f"PRIMARY KEY ({key})")
        self.run(f"CREATE TABLE {self.quote(table)} ({', '.join(parts)})")
        self.insert(table, rows, columns)

    def insert(
        self,
        table: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Mapping[str, str] = DEALS,
    ) -> None:
        """Insert rows; what a row lacks is NULL."""
        if not rows:
            return
        names = [name for name in columns if any(name in row for row in rows)]
        values = ", ".join(
            "(" + ", ".join(_literal(row.get(name)) for name in names) + ")" for row in rows
        )
        listed = ", ".join(self.quote(name) for name in names)
        self.run(f"INSERT INTO {self.quote(table)} ({listed}) VALUES {values}")

    def update(self, table: str, where: str, **values: Any) -> None:
        """Set columns of the rows that match (``where`` uses :meth:`quote` itself)."""
        sets = ", ".join(f"{self.quote(k)} = {_literal(v)}" for k, v in values.items())
        self.run(f"UPDATE {self.quote(table)} SET {sets} WHERE {where}")

    def delete(self, table: str, where: str) -> None:
        """Delete the rows that match."""
        self.run(f"DELETE FROM {self.quote(table)} WHERE {where}")


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else repr(value)


def settings_for(home: Path, *sources: SourceSettings) -> Settings:
    """An installation of its own."""
    return Settings(home=home, sources=list(sources), lock_timeout_seconds=60)


def mt5(url: str, name: str = "mt5_live", **options: Any) -> SourceSettings:
    """An MT5 source."""
    return SourceSettings(name=name, kind="mt5", url=url, options=options)
