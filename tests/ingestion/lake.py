"""Looking into a lake from a test."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import connect
from warehouse.settings import Settings

CURRENT = (
    "(SELECT * FROM lake.{schema}.{table} r WHERE NOT r._is_deleted AND NOT EXISTS "
    "(SELECT 1 FROM lake.raw.superseded s WHERE s.superseded_row_id = r._row_id))"
)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on the lake."""
    return _reader(settings.home).execute(query).fetchall()


@lru_cache(maxsize=2)
def _reader(home: Path) -> duckdb.DuckDBPyConnection:
    # One connection a test: opening one costs more than most queries of a test.
    return connect("read", settings=Settings(home=home))


def one(settings: Settings, query: str) -> Any:
    """The only value of a query."""
    ((value,),) = rows(settings, query)
    return value


def current(table: str, schema: str = "raw") -> str:
    """The current rows of a table, for a FROM clause."""
    return CURRENT.format(schema=schema, table=table)
