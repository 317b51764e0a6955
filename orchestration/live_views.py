"""The open day as a view: the daily marts with what was loaded since the last build, now.

Schema ``live`` holds a view for each of the daily books' tables. Days that no load touched since
the last build come from the built table; touched ones from the model's own SQL over the source
rows, which is what the next build will write. One text makes both, so they cannot disagree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from orchestration.dbt_runner import compiled_sql, conversion_variables, project_digest
from warehouse import live
from warehouse.connection import connect
from warehouse.live import (
    LAST_BUILT,
    PREFIX,
    SCHEMA,
    TABLES,
    TOUCHED,
)
from warehouse.settings import Settings
from warehouse.sql_text import literal, quoted
from warehouse.writer import transaction

_BY_ACCOUNT = frozenset({"fct_account_days"})

# What no finished build has seen. A view must not keep the numbers of the build that made it.
_UNSEEN: dict[str, str | int] = {
    "watermark_from": LAST_BUILT,
    "watermark_to": 9223372036854775807,
    # What a mapping changes now counts as a build's that has not finished.
    "build_id": 9223372036854775807,
}


def ensure_live_views(settings: Settings) -> bool:
    """Make the live views where what they are made of, or convert into, changed; whether it did.

    The models must have been built once: an incremental model reads its own table.
    """
    variables = _UNSEEN | conversion_variables(settings)
    text = "".join(Path(file).read_text("utf-8") for file in (__file__, live.__file__))
    digest = hashlib.sha256(f"{project_digest()} {variables} {text}".encode()).hexdigest()
    with connect("read", settings=settings) as con:
        held = con.execute(
            "SELECT view_name, comment FROM duckdb_views() "
            "WHERE database_name = 'lake' AND schema_name = ?",
            [SCHEMA],
        ).fetchall()
        if {name for name, comment in held if comment == digest} >= set(TABLES):
            return False
        columns = {
            table: [
                name
                for (name,) in con.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE database_name = 'lake' "
                    "AND schema_name = ? AND table_name = ? ORDER BY column_index",
                    [schema, table],
                ).fetchall()
            ]
            for table, schema in TABLES.items()
        }
    texts = _texts(settings, variables, columns)
    with (
        connect("write", settings=settings) as con,
        transaction(con, "make the live views", settings),
    ):
        con.execute("DELETE FROM lake.meta.live_texts")
        con.executemany(
            "INSERT INTO lake.meta.live_texts VALUES (?, ?, ?)",
            [(place, name, text) for place, (name, text) in enumerate(texts.items())],
        )
        con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{SCHEMA}")
        for table in TABLES:
            con.execute(f"CREATE OR REPLACE VIEW lake.{SCHEMA}.{table} AS\n{_whole(table, texts)}")
            con.execute(f"COMMENT ON VIEW lake.{SCHEMA}.{table} IS {literal(digest)}")
    return True


def _texts(
    settings: Settings, variables: dict[str, str | int], columns: dict[str, list[str]]
) -> dict[str, str]:
    """The query of each live table and of its parts, which name one another with ``PREFIX``."""
    macros = sorted(set(TOUCHED.values()))
    compiled = compiled_sql(settings, list(TABLES), macros, variables)
    found: dict[str, str] = {}
    for table, schema in TABLES.items():
        # What comes before it in the list is read as it is now; its own table as it was built.
        names = ", ".join(quoted(name) for name in columns[table])
        text = f"SELECT {names} FROM (\n{_read_live(compiled[table], found)}\n) AS computed"
        if table in TOUCHED:
            by_account = table in _BY_ACCOUNT
            keys = ["tenant_id", "server_id", "login" if by_account else "business_date"]
            matched = [f"touched.{key} = held.{key}" for key in keys]
            if by_account:
                matched.append("touched.first_date <= held.business_date")
            kept = ", ".join(f"held.{quoted(name)}" for name in columns[table])
            touched = _read_live(compiled[TOUCHED[table]], found)
            # The keys whose rows the next build makes anew, and those rows.
            found[f"{table}_touched"] = f"SELECT * FROM {touched} AS touched"
            found[f"{table}_changed"] = text
            text = (
                f"SELECT {kept} FROM lake.{schema}.{table} AS held\n"
                f"ANTI JOIN {PREFIX}{table}_touched AS touched ON {' AND '.join(matched)}\n"
                f"UNION ALL\nSELECT * FROM {PREFIX}{table}_changed"
            )
        found[table] = text
    return found


def _whole(table: str, texts: dict[str, str]) -> str:
    """One query of a table with all that it stands on: planned once each, not once a mention.

    What is worked out is kept for the length of the query; what was built is read where it is.
    """
    names = re.compile(rf"\b{PREFIX}({'|'.join(texts)})\b")
    needed: set[str] = set()
    waiting = {table}
    while waiting:
        waiting = {name for mentioning in waiting for name in names.findall(texts[mentioning])}
        waiting -= needed
        needed |= waiting
    parts = ",\n".join(
        f"{PREFIX}{name} AS {'NOT ' if name in TOUCHED else ''}MATERIALIZED (\n{text}\n)"
        for name, text in texts.items()
        if name in needed
    )
    return f"WITH {parts}\n{texts[table]}" if parts else texts[table]


def _read_live(text: str, tables: Iterable[str]) -> str:
    for table in TABLES.keys() & set(tables):
        text = text.replace(f'"lake"."{TABLES[table]}"."{table}"', f"{PREFIX}{table}")
    return text
