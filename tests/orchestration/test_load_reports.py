"""What `daybook sync` loads is seen in Dagster."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

from ingestion.batch import LoadResult
from orchestration.assets.loading import loading_assets, raw_key
from orchestration.load_reports import UP_FILE, LoadReporter, dagster_home
from warehouse.settings import Settings, SourceSettings


@pytest.mark.slow
def test_loads_become_materializations_of_the_scheduled_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    source = SourceSettings(name="mt5_live", kind="mt5", url="sqlite:///x")
    settings = Settings(home=tmp_path / "home", sources=[source])
    with LoadReporter(settings, batch_seconds=60).running() as reporter:
        reporter(LoadResult("mt5_live", "mt5_deals", load_id=1, new=3))
        reporter(LoadResult("mt5_live", "mt5_deals", load_id=2, new=4, changed=1))
        reporter._ended.set()
        reporter._thread.join(60)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        event = instance.get_latest_materialization_event(raw_key("mt5_deals"))
    assert event is not None
    assert event.asset_materialization is not None
    told = {name: item.value for name, item in event.asset_materialization.metadata.items()}
    assert (told["rows_new"], told["rows_changed"], told["last_load_id"]) == (7, 1, 2)
    assert any(raw_key("mt5_deals") in assets.keys for assets in loading_assets(settings))


def test_nothing_is_reported_where_dagster_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings(home=tmp_path)
    assert dagster_home(settings) is None
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / UP_FILE).write_text("4194303", "utf-8")
    assert dagster_home(settings) is None
    (tmp_path / "dagster" / UP_FILE).write_text(str(os.getpid()), "utf-8")
    assert dagster_home(settings) == tmp_path / "dagster"
