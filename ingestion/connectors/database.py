"""Reading a source's database: one SQLAlchemy connection, and connectorx for large reads.

connectorx fills Arrow columns without making a Python object per value: several times faster, but
it opens its own connection for each query and gives up on what it did not expect (a text in an
INTEGER column of SQLite, a type it does not know). So a small read goes through the open cursor,
and a large one that connectorx refuses is read again through it: the contract checks then name
the row and the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from ingestion.connectors.context import PassContext
from ingestion.connectors.dialects import Dialect, dialect_of
from ingestion.connectors.row_limit import row_limit
from warehouse.errors import SourceError

# Below this many rows opening a second connection costs more than it saves.
CURSOR_ROWS = 20_000
# A statement that gives nothing for so long is given up, and the source tried again later.
SILENCE_SECONDS = 600
_KEPT = "source database"
_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


class SourceDatabase:
    """A source database, opened for reading. A context manager; not for use by two threads."""

    def __init__(
        self,
        url: str,
        source: str,
        schema: str | None = None,
        silence_seconds: int = SILENCE_SECONDS,
    ) -> None:
        self._url: URL = make_url(url)
        if self._url.drivername in _DRIVERS:
            self._url = self._url.set(drivername=_DRIVERS[self._url.drivername])
        self.source = source
        self.schema = schema
        self.silence_seconds = silence_seconds
        self.dialect: Dialect = dialect_of(self._url.get_backend_name())
        self._engine: sa.Engine | None = None
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            SourceError: the database does not answer.
        """
        if self.dialect.name == "sqlite" and not Path(self._url.database or "").is_file():
            raise SourceError(
                "The SQLite file does not exist.",
                where=f"source {self.source}, {self._url.database}",
                todo="check the url of the source in daybook.toml",
            )
        try:
            self._engine = sa.create_engine(
                self._url, poolclass=sa.NullPool, connect_args=self._connect_arguments()
            )
            self._connection = self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        if self._engine is not None:
            self._engine.dispose()
        self._connection = self._engine = None

    def answers(self) -> bool:
        """Whether the connection, opened a while ago, still works."""
        try:
            self._open().exec_driver_sql("SELECT 1").fetchall()
        except (SQLAlchemyError, RuntimeError):
            return False
        return True

    def close(self) -> None:
        """Close the connection; harmless when it is closed."""
        self.__exit__(None, None, None)

    def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """The rows of a small query.

        Raises:
            SourceError: the database went away, is locked, or refuses.
        """
        try:
            return [tuple(row) for row in self._open().exec_driver_sql(query).fetchall()]
        except SQLAlchemyError as error:
            raise self._failure(error) from error

    def read(self, query: str, expected: int | None = None) -> pl.DataFrame:
        """The rows of a query as a frame; only the first ones within ``limited_rows``.

        Args:
            query: SQL of this database's dialect.
            expected: about how many rows; None when unknown.

        Raises:
            SourceError: the database went away, is locked, or refuses.
        """
        limit = row_limit()
        if limit is not None:
            return self._read_by_cursor(f"SELECT * FROM ({query}) AS looked_at LIMIT {limit}")
        if expected is not None and expected <= CURSOR_ROWS:
            return self._read_by_cursor(query)
        try:
            return pl.read_database_uri(query, self._connectorx_url(), engine="connectorx")
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            # A panic of connectorx is no Exception; anything else that is none is not ours.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            return self._read_by_cursor(query)

    def tables(self) -> list[str]:
        """Names of the tables and views of the schema.

        Raises:
            SourceError: the database does not answer.
        """
        try:
            inspector = sa.inspect(self._open())
            return [
                *inspector.get_table_names(schema=self.schema),
                *inspector.get_view_names(schema=self.schema),
            ]
        except SQLAlchemyError as error:
            raise self._failure(error) from error

    def columns(self, table: str) -> dict[str, sa.types.TypeEngine[Any]]:
        """Column names of a table, in order, with the types the database states.

        Raises:
            SourceError: the database does not answer.
        """
        try:
            found = sa.inspect(self._open()).get_columns(table, schema=self.schema)
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        return {column["name"]: column["type"] for column in found}

    def indexed_columns(self, table: str) -> set[str]:
        """Columns that an index or the primary key of a table starts with, in lower case.

        Raises:
            SourceError: the database does not answer.
        """
        try:
            inspector = sa.inspect(self._open())
            found = [i["column_names"] for i in inspector.get_indexes(table, self.schema)]
            found.append(
                list(inspector.get_pk_constraint(table, self.schema)["constrained_columns"])
            )
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        return {str(columns[0]).lower() for columns in found if columns}

    def _open(self) -> sa.Connection:
        if self._connection is None:
            raise RuntimeError("the source database is not open")
        return self._connection

    def _read_by_cursor(self, query: str) -> pl.DataFrame:
        try:
            result = self._open().exec_driver_sql(query)
            names = list(result.keys())
            rows = result.fetchall()
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(names)
        return pl.DataFrame([_series(n, v) for n, v in zip(names, values, strict=True)])

    def _connect_arguments(self) -> dict[str, object]:
        if self.dialect.name == "sqlite":
            return {"timeout": 5}
        if self.dialect.name == "mysql":
            return {"connect_timeout": 5, "read_timeout": self.silence_seconds}
        return {
            "connect_timeout": 5,
            # A statement that waits for a lock, and a host that is gone without a word.
            "options": f"-c statement_timeout={self.silence_seconds * 1000}",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        }

    def _connectorx_url(self) -> str:
        return self._url.set(drivername=self.dialect.name, query={}).render_as_string(
            hide_password=False
        )

    def _failure(self, error: SQLAlchemyError) -> SourceError:
        cause = getattr(error, "orig", None) or error
        lines = str(cause).strip().splitlines()
        return SourceError(
            f"The source database cannot be read: {lines[0] if lines else type(cause).__name__}",
            where=f"source {self.source}, {self._url.render_as_string(hide_password=True)}",
            todo="check that it runs, is not locked, and that the account may read its tables; "
            "nothing was half loaded, the next sync goes on from here",
        )


@contextmanager
def source_database(
    context: PassContext, url: str, schema: str | None = None
) -> Iterator[SourceDatabase]:
    """The source's database, open; a poll loop keeps the connection from pass to pass.

    Raises:
        SourceError: the database does not answer.
        SettingsError: ``options.silence_seconds`` is no number.
    """
    kept = context.memory.pop(_KEPT, None)
    if isinstance(kept, SourceDatabase) and kept.answers():
        database = kept
    else:
        silence = context.integer_option("silence_seconds", SILENCE_SECONDS)
        database = SourceDatabase(url, context.source.name, schema, silence).__enter__()
    try:
        yield database
    except BaseException:
        database.close()
        raise
    # A SQLite file may be replaced by another one between two passes.
    if context.repeated and database.dialect.name != "sqlite":
        context.memory[_KEPT] = database
    else:
        database.close()


def _series(name: str, values: Sequence[Any]) -> pl.Series:
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        # Values of several types in one column: as text, and the contract checks find the row.
        return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
