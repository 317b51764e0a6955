"""Puts the platform's tables into a database: SQLite, PostgreSQL (COPY) or MariaDB/MySQL (LOAD)."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import NotSupportedError, OperationalError

from ingestion.simulator.tables import ColumnType, TableSpec

Progress = Callable[[str, float], None]

_TYPES: dict[str, dict[ColumnType, str]] = {
    "sqlite": {
        "bigint": "BIGINT", "double": "DOUBLE", "text": "TEXT",
        "datetime": "DATETIME", "datetime6": "DATETIME",
    },
    "postgresql": {
        "bigint": "bigint", "double": "double precision", "text": "varchar(256)",
        "datetime": "timestamp(0)", "datetime6": "timestamp(6)",
    },
    "mysql": {
        "bigint": "bigint", "double": "double", "text": "varchar(191)",
        "datetime": "datetime", "datetime6": "datetime(6)",
    },
}  # fmt: skip
_CHUNK = 50_000
_LOCAL_FILES_REFUSED = "oca"  # "Loading local data is disabled", "LOAD DATA LOCAL ... not allowed"


def open_engine(url: str) -> Engine:
    """An engine for a SQLAlchemy URL, with local file loading on for MariaDB and MySQL."""
    if url.startswith(("mysql", "mariadb")):
        return create_engine(url, connect_args={"local_infile": True})
    return create_engine(url)


class PlatformDatabase:
    """Creates, fills and corrects the platform's tables through one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        name = connection.dialect.name
        self._dialect = "mysql" if name in ("mysql", "mariadb") else name

    def _quoted(self, name: str) -> str:
        mark = "`" if self._dialect == "mysql" else '"'
        return f"{mark}{name}{mark}"

    def _list(self, names: list[str]) -> str:
        return ", ".join(self._quoted(name) for name in names)

    def create(self, spec: TableSpec, name: str) -> None:
        """Drop and create one table; the key becomes the primary key."""
        types = _TYPES[self._dialect]
        # In SQLite a single INTEGER key is the row id itself: no second index to keep.
        row_id = spec.key[0] if self._dialect == "sqlite" and len(spec.key) == 1 else ""
        columns = ", ".join(
            f"{self._quoted(column)} "
            f"{'INTEGER' if column == row_id and kind == 'bigint' else types[kind]} NOT NULL"
            for column, kind in spec.columns
        )
        table = self._quoted(name)
        self._connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        self._connection.execute(
            text(f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({self._list(list(spec.key))}))")
        )

    def hurry(self) -> None:
        """A new SQLite file needs no care for crashes: it is written again from the start."""
        if self._dialect == "sqlite":
            self._connection.exec_driver_sql("PRAGMA synchronous = OFF")
            self._connection.exec_driver_sql("PRAGMA journal_mode = MEMORY")

    def index(self, spec: TableSpec, name: str) -> None:
        """The optional index; MT5's own export creates none."""
        if spec.index:
            index, table = self._quoted(f"{name}_{spec.index.lower()}"), self._quoted(name)
            column = self._quoted(spec.index)
            self._connection.execute(text(f"CREATE INDEX {index} ON {table} ({column})"))

    def fill(self, name: str, frame: pl.DataFrame) -> None:
        """Append all rows by the database's fastest plain way."""
        if frame.is_empty():
            return
        if self._dialect == "postgresql":
            self._copy(name, frame)
        elif self._dialect == "mysql":
            self._load_file(name, frame)
        else:
            self._insert(name, frame)

    def _insert(self, name: str, frame: pl.DataFrame) -> None:
        """Positional parameters straight to the driver: SQLAlchemy's own layer triples the time."""
        mark = "?" if self._dialect == "sqlite" else "%s"
        marks = ", ".join([mark] * frame.width)
        statement = (
            f"INSERT INTO {self._quoted(name)} ({self._list(frame.columns)}) VALUES ({marks})"
        )
        cursor = self._connection.connection.cursor()
        for chunk in _chunks(_as_text(frame)):
            cursor.executemany(statement, chunk.rows())
        cursor.close()

    def _copy(self, name: str, frame: pl.DataFrame) -> None:
        statement = (
            f"COPY {self._quoted(name)} ({self._list(frame.columns)}) FROM STDIN (FORMAT csv)"
        )
        cursor: Any = self._connection.connection.cursor()
        for chunk in _chunks(_as_text(frame)):
            data = chunk.write_csv(include_header=False, quote_style="non_numeric")
            if hasattr(cursor, "copy_expert"):
                cursor.copy_expert(statement, io.StringIO(data))
            else:
                with cursor.copy(statement) as copy:
                    copy.write(data)
        cursor.close()

    def _load_file(self, name: str, frame: pl.DataFrame) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.csv"
            # LOAD DATA reads backslashes as escapes unless told otherwise.
            _as_text(frame).write_csv(path, include_header=False, quote_style="non_numeric")
            statement = (
                f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {self._quoted(name)} "
                "CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' "
                f"ESCAPED BY '' LINES TERMINATED BY '\\n' ({self._list(frame.columns)})"
            )
            try:
                self._connection.exec_driver_sql(statement)
            except (NotSupportedError, OperationalError) as error:
                if _LOCAL_FILES_REFUSED not in str(error.orig):
                    raise
                self._insert(name, frame)

    def replace_rows(self, spec: TableSpec, name: str, old: pl.DataFrame, new: pl.DataFrame) -> int:
        """Delete the keys of ``old``, insert ``new``; gives how many rows were touched."""
        where = " AND ".join(f"{self._quoted(key)} = :{key}" for key in spec.key)
        for row in old.select(spec.key).iter_rows(named=True):
            self._connection.execute(text(f"DELETE FROM {self._quoted(name)} WHERE {where}"), row)
        if not new.is_empty():
            self._insert(name, new)
        return max(len(old), len(new))


def _chunks(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return frame.iter_slices(_CHUNK)


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Datetimes as the text every one of these databases reads: seconds, or microseconds."""
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    return frame.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M:%S%.6f" if name == "TimeMsc" else "%F %T")
        for name in times
    )


def physical_tables(spec: TableSpec, frame: pl.DataFrame, by_year: bool) -> dict[str, pl.DataFrame]:
    """The frame under its table's name, or split into yearly tables by Time."""
    if not by_year:
        return {spec.name: frame}
    year = frame["Time"].dt.year()
    years: list[int] = year.unique().sort().to_list()
    return {f"{spec.name}_{number}": frame.filter(year == number) for number in years}


def write_tables(
    url: str, tables: list[tuple[TableSpec, pl.DataFrame]], *, indexes: bool, by_year: bool,
    progress: Progress | None,
) -> None:  # fmt: skip
    """Create and fill every table in one transaction."""
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            database = PlatformDatabase(connection)
            database.hurry()
            total = sum(len(frame) for _, frame in tables) or 1
            done = 0
            for spec, frame in tables:
                split = by_year and spec.name == "mt5_deals"
                for name, part in physical_tables(spec, frame, split).items():
                    database.create(spec, name)
                    database.fill(name, part)
                    if indexes:
                        database.index(spec, name)
                done += len(frame)
                if progress:
                    progress(f"writing {spec.name}", done / total)
    finally:
        engine.dispose()
