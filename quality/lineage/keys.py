"""Finding the one row of a mart that a person means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from quality.lineage.declaration import NO_VALUE, WHOLE_KEY, Lineage
from warehouse.errors import UsageError

_NEARBY = 5


def parse_key(texts: Sequence[str]) -> dict[str, str]:
    """``column=value`` pairs, or the key as one text (under the name ``WHOLE_KEY``).

    Raises:
        UsageError: nothing was given, or a text beside pairs.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        found[name.strip() if equals else WHOLE_KEY] = value.strip() if equals else text.strip()
    if not found or (WHOLE_KEY in found and len(texts) > 1):
        raise UsageError(
            "A row is named by its key.",
            todo="give --key column=value for each column of the key, or --key with the whole key",
        )
    return found


def lay_subject(con: duckdb.DuckDBPyConnection, lineage: Lineage, key: Mapping[str, str]) -> str:
    """Make the temporary table ``subject`` of the one row; returns its key as text.

    Raises:
        UsageError: a column is not the mart's; no row, or several, answer to the key.
    """
    types = {
        str(row[0]): str(row[1])
        for row in con.execute(f"DESCRIBE SELECT * FROM ({lineage.mart_rows})").fetchall()
    }
    unknown = sorted(set(key) - set(types) - {WHOLE_KEY})
    if unknown:
        raise UsageError(
            f"{lineage.table} has no column {', '.join(unknown)}.",
            todo=f"its key is {', '.join(lineage.key)}",
        )
    columns = _columns_meant(lineage, key)
    conditions = [
        _condition(lineage, name, value, types, f"${number}")
        for number, (name, value) in enumerate(columns.items(), start=1)
    ]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE subject AS SELECT s.*, {lineage.key_text} AS subject_key "
        f"FROM ({lineage.mart_rows}) AS s WHERE {' AND '.join(conditions)} "
        f"ORDER BY subject_key LIMIT {_NEARBY + 1}",
        list(columns.values()),
    )
    found = con.execute("SELECT subject_key FROM subject ORDER BY 1").fetchall()
    named = ", ".join(value if not name else f"{name}={value}" for name, value in key.items())
    if not found:
        raise UsageError(
            f"{lineage.table} has no row {named}.",
            where=f"its key is {', '.join(lineage.key)}",
            todo=f"the nearest keys are: {', '.join(_nearby(con, lineage, key)) or 'none'}",
        )
    if len(found) > 1:
        listed = ", ".join(str(row[0]) for row in found[:_NEARBY])
        more = " and more" if len(found) > _NEARBY else ""
        raise UsageError(
            f"Several rows of {lineage.table} answer to {named}: {listed}{more}.",
            todo=f"name all of {', '.join(lineage.key)}",
        )
    return str(found[0][0])


def _columns_meant(lineage: Lineage, key: Mapping[str, str]) -> Mapping[str, str]:
    """The conditions by column, also where the key was given as one text that names them all."""
    if WHOLE_KEY in key and lineage.key_separator:
        values = key[WHOLE_KEY].split(lineage.key_separator)
        if len(values) == len(lineage.key):
            return dict(zip(lineage.key, values, strict=True))
    return key


def _condition(
    lineage: Lineage, name: str, value: str, types: Mapping[str, str], parameter: str
) -> str:
    """A condition in the column's own type, so that whole files can be left unread."""
    if name == WHOLE_KEY:
        condition = f"{lineage.key_text} = {parameter}"
    elif value == NO_VALUE:
        condition = f"coalesce(CAST(s.\"{name}\" AS VARCHAR), '{NO_VALUE}') = {parameter}"
    else:
        condition = f's."{name}" = TRY_CAST({parameter} AS {types[name]})'
    if name in lineage.implies:
        condition += f" AND {lineage.implies[name].replace(':value', parameter)}"
    return condition


def lay_every_subject(con: duckdb.DuckDBPyConnection, lineage: Lineage) -> None:
    """Make the temporary table ``subject`` of all rows of the mart."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE subject AS SELECT s.*, {lineage.key_text} AS subject_key "
        f"FROM ({lineage.mart_rows}) AS s"
    )


def _nearby(con: duckdb.DuckDBPyConnection, lineage: Lineage, key: Mapping[str, str]) -> list[str]:
    """Keys that meet most of the conditions, the most alike first."""
    met = " + ".join(
        "CAST(false AS INTEGER)"
        if name == WHOLE_KEY
        else f'CAST(CAST(s."{name}" AS VARCHAR) = ? AS INTEGER)'
        for name in key
    )
    alike = " + ".join(
        f"jaro_winkler_similarity({lineage.key_text}, ?)"
        if name == WHOLE_KEY
        else f'coalesce(jaro_winkler_similarity(CAST(s."{name}" AS VARCHAR), ?), 0)'
        for name in key
    )
    values = [value for name, value in key.items() if name != WHOLE_KEY]
    rows = con.execute(
        f"SELECT {lineage.key_text} FROM ({lineage.mart_rows}) AS s "
        f"ORDER BY {met} DESC, {alike} DESC, 1 LIMIT {_NEARBY}",
        [*values, *key.values()],
    ).fetchall()
    return [str(row[0]) for row in rows]
