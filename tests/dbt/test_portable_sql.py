"""Models keep to SQL that DuckDB and Spark both run; what differs lives in macros/portable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
FORBIDDEN = {
    "QUALIFY": r"\bqualify\b",
    "ASOF JOIN": r"\basof\b",
    "arg_max and arg_min": r"\barg_(max|min)\s*\(",
    "* EXCLUDE and * REPLACE": r"\*\s*(exclude|replace)\b",
    "UNION BY NAME": r"\bunion\s+(all\s+)?by\s+name\b",
    "the clock of the machine": r"\b(now\s*\(|current_date\b|current_timestamp\b)",
    "integer division, which the formatter takes for a comment": r"//",
}
STAR = re.compile(r"select\s+(\w+\.)?\*", re.IGNORECASE)


def _code(path: Path) -> str:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--.*", "", text).lower()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_model_uses(name: str) -> None:
    found = [str(path.name) for path in MODELS if re.search(FORBIDDEN[name], _code(path))]
    assert found == [], f"{name} does not run on both engines"


def test_no_star_above_staging() -> None:
    above = [path for path in MODELS if "staging" not in path.parts]
    assert above
    assert [path.name for path in above if STAR.search(_code(path))] == []


def test_no_view_keeps_the_watermarks_of_the_build_that_made_it() -> None:
    # a later build of an unchanged project leaves views as they are
    of_a_build = re.compile(r"is_new_load|touched_|pnl_days|watermark_(from|to)|is_incremental")
    views = [
        path for path in MODELS if "staging" in path.parts or 'materialized="view"' in _code(path)
    ]
    assert views
    assert [path.name for path in views if of_a_build.search(_code(path))] == []


def test_every_model_has_its_documentation_beside_it() -> None:
    assert [path.name for path in MODELS if not path.with_suffix(".yml").exists()] == []


def test_few_models() -> None:
    # each costs about 50 ms a build, whatever it holds; a view is made again only when its text
    # changes, and staging is one view a source table
    tables = [
        path
        for path in MODELS
        if "staging" not in path.parts and 'materialized="view"' not in _code(path)
    ]
    assert len(tables) <= 55
