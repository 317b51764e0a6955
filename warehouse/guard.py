"""SQL for analysts: reading the governed tables, and nothing else.

Two fences, each enough on its own for what it guards: the statement's own syntax tree (one
SELECT, known table functions, governed schemas), and a connection that is read only, may open no
file outside the lake and cannot be reconfigured.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from warehouse.connection import LAKE, AsOf, connect
from warehouse.errors import QueryRefusedError
from warehouse.settings import Settings, load_settings
from warehouse.sql_text import literal, quoted

# Marts and what documents them: what the SQL page offers.
MART_SCHEMAS = frozenset(
    {
        "canonical",
        "compliance",
        "filings",
        "finance",
        "live",
        "meta",
        "metrics",
        "operations",
        "partners",
        "payments",
        "reference",
        "risk",
        "statements",
    }
)
# The command line belongs to the operator of the machine: source rows too, never personal data.
OPERATOR_SCHEMAS = MART_SCHEMAS | {"intermediate", "raw", "staging"}

_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})
_CATALOG_VIEWS = frozenset({"columns", "schemata", "tables", "views"})
# Scalar functions that read the machine, the session or a sequence's state.
_REFUSED_FUNCTIONS = frozenset(
    {
        "current_setting",
        "getenv",
        "getvariable",
        "nextval",
        "parse_duckdb_log_message",
        "query",
        "query_table",
        "read_blob",
        "read_text",
        "setseed",
        "which_secret",
        "write_log",
    }
)
_HOW = "write one SELECT over tables such as finance.fct_daily_pnl"


@dataclass(frozen=True)
class QueryResult:
    """Rows of a guarded query; ``is_cut`` tells that more rows were there than ``limit``."""

    frame: pl.DataFrame
    is_cut: bool


def run_guarded_query(
    query: str,
    *,
    settings: Settings | None = None,
    as_of: AsOf = None,
    schemas: frozenset[str] = MART_SCHEMAS,
    limit: int | None = None,
    tenant: str | None = None,
) -> QueryResult:
    """Run one SELECT over the governed tables.

    Args:
        query: SQL text from a person.
        settings: the installation.
        as_of: snapshot id or date to read as of; None reads the head.
        schemas: the schemas that may be named.
        limit: cut the result after so many rows.
        tenant: whose rows there are: no others exist for the query; None shows all tenants.

    Raises:
        QueryRefusedError: the text is not one SELECT over those schemas, does not run, or runs
            longer than ``query_timeout_seconds``.
    """
    settings = settings or load_settings()
    tables = check_query(query, schemas)
    con = connect("read", as_of=as_of, settings=settings)
    # DuckDB has no time limit of its own.
    limit_of_time = threading.Timer(settings.query_timeout_seconds, con.interrupt)
    limit_of_time.daemon = True
    limit_of_time.start()
    try:
        con.execute(
            f"SET allowed_directories = ['{str(settings.lake_data).replace(chr(39), '')}/']"
        )
        con.execute("SET enable_external_access = false")
        con.execute("SET python_enable_replacements = false")
        con.execute("SET lock_configuration = true")
        try:
            if tenant is not None:
                _bind_to_tenant(con, tables, tenant)
            relation = con.sql(query)
            if limit is None:
                return QueryResult(relation.pl(), is_cut=False)
            frame = relation.limit(limit + 1).pl()
        except duckdb.InterruptException as error:
            raise QueryRefusedError(
                f"The query ran longer than {settings.query_timeout_seconds:g} seconds.",
                todo="aggregate or filter it, or raise query_timeout_seconds",
            ) from error
        except duckdb.Error as error:
            raise QueryRefusedError(str(error).strip(), todo="correct the query") from error
        return QueryResult(frame.head(limit), is_cut=frame.height > limit)
    finally:
        limit_of_time.cancel()
        con.close()


@dataclass(frozen=True)
class NamedTable:
    """A governed table as a query names it."""

    catalog: str
    schema: str
    table: str


def _bind_to_tenant(
    con: duckdb.DuckDBPyConnection, tables: frozenset[NamedTable], tenant: str
) -> None:
    """Put a view of the tenant's rows in front of each table that the query names."""
    con.execute("USE memory")
    for named in sorted(tables, key=lambda one: (one.schema, one.table)):
        if named.catalog:
            raise QueryRefusedError(
                f"{named.catalog}.{named.schema}.{named.table} names the catalog.",
                todo=f"write {named.schema}.{named.table}",
            )
        inner = ".".join(quoted(part) for part in (LAKE, named.schema, named.table))
        held = {str(row[0]) for row in con.execute(f"DESCRIBE {inner}").fetchall()}
        own = next((name for name in ("tenant_id", "_tenant_id") if name in held), None)
        rows = f"WHERE {own} = {literal(tenant)}" if own else ""
        con.execute(f"CREATE SCHEMA IF NOT EXISTS memory.{quoted(named.schema)}")
        con.execute(
            f"CREATE VIEW memory.{quoted(named.schema)}.{quoted(named.table)} AS "
            f"SELECT * FROM {inner} {rows}"
        )


def check_query(query: str, schemas: frozenset[str] = MART_SCHEMAS) -> frozenset[NamedTable]:
    """Refuse anything but one SELECT over ``schemas``; gives the governed tables it names.

    Raises:
        QueryRefusedError: always with the offending part named.
    """
    with duckdb.connect(":memory:") as parser:
        try:
            statements = parser.extract_statements(query)
        except duckdb.Error as error:
            raise QueryRefusedError(str(error).strip(), todo="correct the query") from error
        if len(statements) != 1:
            raise QueryRefusedError(
                f"Exactly one statement is allowed, this text has {len(statements)}.", todo=_HOW
            )
        kind = statements[0].type
        if kind != duckdb.StatementType.SELECT:
            raise QueryRefusedError(
                f"{kind.name} is not allowed: only reading is.",
                todo=_HOW,
            )
        row = parser.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
        assert row is not None
        tree = json.loads(row[0])
    if tree.get("error"):
        # SHOW, DESCRIBE, PIVOT and the like have no plain syntax tree to check.
        raise QueryRefusedError("This form of statement cannot be checked.", todo=_HOW)
    return _check_tree(tree, schemas)


def _check_tree(tree: dict[str, Any], schemas: frozenset[str]) -> frozenset[NamedTable]:
    tables: set[NamedTable] = set()
    nodes = list(_nodes(tree))
    local_names = {
        str(entry["key"]).lower()
        for node in nodes
        for entry in _cte_entries(node)
        if isinstance(entry, dict) and "key" in entry
    }
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            named = _check_table(node, schemas, local_names)
            if named is not None:
                tables.add(named)
        elif kind == "TABLE_FUNCTION":
            name = str(node.get("function", {}).get("function_name", "")).lower()
            if name not in _TABLE_FUNCTIONS:
                raise QueryRefusedError(f"The table function {name} is not allowed.", todo=_HOW)
        elif kind == "SHOW_REF":
            raise QueryRefusedError(
                "SHOW and DESCRIBE are not allowed.",
                todo="select from information_schema.columns instead",
            )
        if node.get("class") == "FUNCTION":
            name = str(node.get("function_name", "")).lower()
            if name in _REFUSED_FUNCTIONS:
                raise QueryRefusedError(f"The function {name} is not allowed.", todo=_HOW)
    return frozenset(tables)


def _check_table(
    node: dict[str, Any], schemas: frozenset[str], local_names: set[str]
) -> NamedTable | None:
    """The governed table that a node names; None for a CTE or a view of the catalog."""
    catalog = str(node.get("catalog_name") or "").lower()
    schema = str(node.get("schema_name") or "").lower()
    table = str(node.get("table_name") or "").lower()
    if not schema and not catalog and table in local_names:
        return None
    if catalog in ("", LAKE) and schema in schemas:
        return NamedTable(catalog, schema, table)
    is_catalog_view = schema == "information_schema" and table in _CATALOG_VIEWS
    if catalog in ("", LAKE, "system") and is_catalog_view:
        return None
    named = ".".join(part for part in (catalog, schema, table) if part)
    if schema == "pii":
        raise QueryRefusedError(
            f"{named} holds personal data, which queries cannot read.",
            todo="join on client_key; names appear on statements and in cases",
        )
    raise QueryRefusedError(
        f"{named} is not one of the governed tables.",
        todo=f"name schema and table; schemas: {', '.join(sorted(schemas))}",
    )


def _cte_entries(node: dict[str, Any]) -> list[Any]:
    cte_map = node.get("cte_map")
    entries = cte_map.get("map", []) if isinstance(cte_map, dict) else []
    return entries if isinstance(entries, list) else []


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from _nodes(child)
