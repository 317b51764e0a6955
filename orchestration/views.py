"""The views over what was loaded, made in one transaction instead of one each.

A change of the lake's schema costs as much as a small model: DuckLake writes it, and whoever reads
next reads the whole catalog again. A first build makes over a hundred views, and so does the first
one after the project changed. Here they are all made at once, marked as dbt's own materialization
marks them (``dbt_project/macros/materializations/view.sql``), which would leave them alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.dbt_runner import parsed_project, run_dbt
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.sql_text import literal
from warehouse.writer import transaction

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


@dataclass(frozen=True)
class ViewsMade:
    """How many views were made, and the names of all that stand as the project has them."""

    made: int
    standing: list[str]


def make_views(
    settings: Settings, variables: dict[str, Any], watermark: int | None = None
) -> ViewsMade:
    """Make the views that stand on sources, seeds and each other alone.

    The seeds must have been built. A view that cannot be made, or has other columns than its
    contract, is left to dbt, which says what is wrong with it.

    Args:
        settings: the installation.
        variables: the dbt vars of the build that follows.
        watermark: the last load that build may see.
    """
    manifest = parsed_project(settings)
    names = _views_over_sources(manifest)
    command = ["compile", "--no-write-json", "--indirect-selection", "empty", "--select", *names]
    compiled = run_dbt(settings, command, variables=variables, watermark=watermark)
    views: list[tuple[Any, str]] = [
        (manifest.nodes[view.unique_id], view.compiled) for view in compiled.nodes
    ]
    made, standing = 0, []
    with connect("write", settings=settings) as con:
        held = dict(
            con.execute(
                "SELECT 'lake.' || schema_name || '.' || view_name, comment FROM duckdb_views() "
                "WHERE database_name = 'lake'"
            ).fetchall()
        )
        with transaction(con, "make the views over what was loaded", settings):
            for schema in sorted({node.schema for node, _ in views}):
                con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{schema}")
            for node, text in views:
                relation = f"lake.{node.schema}.{node.name}"
                mark = _mark(text)
                if held.get(relation) == mark:
                    standing.append(node.name)
                    continue
                try:
                    if not _keeps_contract(con, text, node):
                        continue
                    con.execute(f"CREATE OR REPLACE VIEW {relation} AS ({text})")
                except (duckdb.BinderException, duckdb.CatalogException):
                    continue
                con.execute(f"COMMENT ON VIEW {relation} IS {literal(mark)}")
                standing.append(node.name)
                made += 1
    return ViewsMade(made, standing)


def _views_over_sources(manifest: Manifest) -> list[str]:
    over_sources: dict[str, bool] = {}

    def stands(key: str) -> bool:
        if key not in over_sources:
            node: Any = manifest.nodes.get(key)
            over_sources[key] = (
                node is None
                or node.resource_type.value == "seed"
                or (node.config.materialized == "view" and all(map(stands, node.depends_on.nodes)))
            )
        return over_sources[key]

    return sorted(
        node.name
        for key, node in manifest.nodes.items()
        if node.resource_type.value == "model" and stands(key)
    )


def _mark(text: str) -> str:
    # As the materialization has it, by dbt's local_md5.
    digest = hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()
    return f"compiled text md5 {digest}"


def _keeps_contract(con: duckdb.DuckDBPyConnection, text: str, node: Any) -> bool:
    if not node.config.contract.enforced:
        return True
    found = con.execute(f"DESCRIBE ({text})").fetchall()
    has = sorted(_spelled_alike(f"{name} {kind}") for name, kind, *_ in found)
    return has == sorted(
        _spelled_alike(f"{column.name} {column.data_type}") for column in node.columns.values()
    )


def _spelled_alike(column: str) -> str:
    return column.lower().replace(", ", ",")
