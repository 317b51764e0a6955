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


def test_every_model_has_its_documentation_beside_it() -> None:
    assert [path.name for path in MODELS if not path.with_suffix(".yml").exists()] == []


def test_few_models() -> None:
    # each costs about 50 ms a build, whatever it holds; staging has one view a source table, which
    # is made again only when its text changes
    assert len([path for path in MODELS if "staging" not in path.parts]) <= 50
