"""Views made in one transaction are those that dbt would have made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.dbt_runner import run_dbt
from orchestration.views import make_views
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt


def held(settings: Settings) -> dict[str, tuple[str, str]]:
    """Text and mark of each view of the lake."""
    with connect("read", settings=settings) as con:
        rows = con.execute(
            "SELECT view_name, sql, comment FROM duckdb_views() WHERE database_name = 'lake'"
        ).fetchall()
    return {name: (sql, comment) for name, sql, comment in rows}


def test_dbt_finds_nothing_left_to_do(staged_empty_home: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    shutil.copytree(staged_empty_home, settings.home)
    before = held(settings)
    assert len(before) > 100
    result = run_dbt(settings, ["run", "--select", "path:models/staging"])
    assert {node.message for node in result.nodes} == {"UNCHANGED"}
    assert held(settings) == before
    assert make_views(settings, {}).made == 0


def test_a_view_that_cannot_be_made_is_left_to_dbt(empty_home: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    shutil.copytree(empty_home, settings.home)
    # No seed was built: a view over one is left out, and the others are made.
    assert make_views(settings, {}).made > 50
    over_a_seed = "stg_coinspaid__transactions"
    assert "stg_coinspaid__callbacks" in held(settings)
    assert over_a_seed not in held(settings)
    [failed] = run_dbt(settings, ["run", "--select", over_a_seed]).failed
    assert "ref_coinspaid_statuses" in failed.message
