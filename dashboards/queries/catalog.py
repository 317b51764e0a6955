"""The tables analysts may read, with the columns' types and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import streamlit as st
import yaml

from dashboards.reading import Lake
from warehouse.guard import MART_SCHEMAS
from warehouse.settings import PROJECT_ROOT

_COLUMNS = """
SELECT table_schema, table_name, column_name, lower(data_type) AS data_type
FROM information_schema.columns
WHERE table_catalog = 'lake' AND list_contains($schemas::VARCHAR[], table_schema)
ORDER BY table_schema, table_name, ordinal_position
"""

_MODELS = PROJECT_ROOT / "dbt_project"


def columns(lake: Lake, snapshot: int) -> pl.DataFrame:
    """table_schema, table_name, column_name, data_type, description of every governed table."""
    held = lake.rows(snapshot, _COLUMNS, {"schemas": sorted(MART_SCHEMAS)})
    return held.join(
        _described(str(_MODELS)),
        on=["table_name", "column_name"],
        how="left",
        maintain_order="left",
    )


def table_description(table: str) -> str:
    """What a table holds and its grain, in the words of its model; empty where nobody said."""
    found = _described(str(_MODELS)).filter(
        (pl.col("table_name") == table) & (pl.col("column_name") == "")
    )
    return str(found["description"][0]) if found.height else ""


@st.cache_data(show_spinner=False)
def _described(models: str) -> pl.DataFrame:
    """Descriptions from the models' own YAML; a table's own stands at the empty column name."""
    rows: list[tuple[str, str, str]] = []
    for path in sorted(Path(models).glob("*/**/*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for kind in ("models", "seeds"):
            for table in (content or {}).get(kind) or []:
                rows += _of_table(table)
    schema = {"table_name": pl.String, "column_name": pl.String, "description": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(
        ["table_name", "column_name"], keep="first", maintain_order=True
    )


def _of_table(table: dict[str, Any]) -> list[tuple[str, str, str]]:
    named = [("", table.get("description") or "")]
    named += [(part["name"], part.get("description") or "") for part in table.get("columns") or []]
    return [(table["name"], name, " ".join(str(text).split())) for name, text in named]
