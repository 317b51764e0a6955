"""What benchmarks compare a build with: the same SQL, by hand, comes to the same books."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.hand_sql import check_agreement, copy_lake, first_build, run_by_hand
from orchestration.dbt_runner import target_path
from warehouse.connection import connect
from warehouse.settings import load_settings

pytestmark = pytest.mark.dbt


def test_a_build_and_its_sql_by_hand_agree(closed_broker: Path, tmp_path: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    statements = first_build(settings, target_path(settings))
    file = tmp_path / "plain.duckdb"
    copy_lake(settings, file, schemas=("raw", "pii", "meta", "reference"))
    with connect("read", settings=settings) as con:
        row = con.execute("SELECT max(watermark_to) FROM lake.meta.builds").fetchone()
    assert row is not None
    seconds = run_by_hand(file, statements, settings, int(row[0]))
    assert seconds.models > 0
    check_agreement(settings, file)
