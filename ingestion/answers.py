"""A query that answers with exactly one row."""

from __future__ import annotations

from typing import Any

import duckdb


def one_row(
    con: duckdb.DuckDBPyConnection, query: str, parameters: object = None
) -> tuple[Any, ...]:
    """The only row of an aggregate query.

    Raises:
        LookupError: it gave none.
    """
    row = con.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError(f"no row from: {query}")
    return tuple(row)
