"""The open day as a view: the daily marts with what was loaded since the last build, now.

Schema ``live`` holds a view for each of the daily books' tables. Days that no load touched since
the last build come from the built table; touched ones from the model's own SQL over the source
rows, which is what the next build will write. One text makes both, so they cannot disagree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from orchestration.dbt_runner import compiled_sql, conversion_variables, project_digest
from warehouse import live
from warehouse.connection import connect
from warehouse.live import LAST_BUILT, SCHEMA, TABLES, TOUCHED, VIEWS, changed_name, touched_name
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
        if {name for name, comment in held if comment == digest} >= set(VIEWS):
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
    statements = _statements(settings, variables, columns)
    with (
        connect("write", settings=settings) as con,
        transaction(con, "make the live views", settings),
    ):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{SCHEMA}")
        for table, statement in statements.items():
            con.execute(statement)
            con.execute(f"COMMENT ON VIEW lake.{SCHEMA}.{table} IS {literal(digest)}")
    return True


def _statements(
    settings: Settings, variables: dict[str, str | int], columns: dict[str, list[str]]
) -> dict[str, str]:
    macros = sorted(set(TOUCHED.values()))
    texts = compiled_sql(settings, list(TABLES), macros, variables)
    found: dict[str, str] = {}
    for table, schema in TABLES.items():
        # What comes before it in the list is read as it is now; its own table as it was built.
        names = ", ".join(quoted(name) for name in columns[table])
        text = f"SELECT {names} FROM (\n{_read_live(texts[table], found)}\n) AS computed"
        if table in TOUCHED:
            by_account = table in _BY_ACCOUNT
            keys = ["tenant_id", "server_id", "login" if by_account else "business_date"]
            matched = [f"touched.{key} = held.{key}" for key in keys]
            if by_account:
                matched.append("touched.first_date <= held.business_date")
            kept = ", ".join(f"held.{quoted(name)}" for name in columns[table])
            touched = _read_live(texts[TOUCHED[table]], found)
            parts = touched_name(table), changed_name(table)
            found[parts[0]] = _view(parts[0], f"SELECT * FROM {touched} AS touched")
            found[parts[1]] = _view(parts[1], text)
            text = (
                f"SELECT {kept} FROM lake.{schema}.{table} AS held\n"
                f"ANTI JOIN lake.{SCHEMA}.{parts[0]} AS touched ON {' AND '.join(matched)}\n"
                f"UNION ALL\nSELECT * FROM lake.{SCHEMA}.{parts[1]}"
            )
        found[table] = _view(table, text)
    return found


def _view(name: str, text: str) -> str:
    return f"CREATE OR REPLACE VIEW lake.{SCHEMA}.{name} AS\n{text}"


def _read_live(text: str, tables: Iterable[str]) -> str:
    for table in TABLES.keys() & set(tables):
        text = text.replace(f'"lake"."{TABLES[table]}"."{table}"', f'"lake"."{SCHEMA}"."{table}"')
    return text
