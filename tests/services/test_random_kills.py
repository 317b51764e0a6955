"""kill -9 of the service at random instants, while its sources go on: no row lost, none twice.

Ten kills here; `make fault` does two hundred (the variable FAULT_KILLS).
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from quality.checks import run_checks
from tests.ingestion.exports import DEALS, Export
from tests.ingestion.lake import current, one, rows
from tests.services.living_export import LivingExport
from tests.services.sync_child import settings_of, start
from warehouse.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.fault, pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("FAULT_KILLS", "10"))
SEED = int(os.environ.get("FAULT_SEED", "7"))
# A process lives from a fifth of a second to this many times what a first load takes here.
LIVES = 1.3
COLUMNS = ("Deal", "Timestamp", "Login", "Profit", "Symbol", "Comment")


def test_random_kills_lose_nothing_and_double_nothing(
    home: Path, postgresql_url: str, mariadb_url: str
) -> None:
    exports = {"mt5_pg": Export(postgresql_url, lower=True), "mt5_maria": Export(mariadb_url)}
    urls = {name: export.url for name, export in exports.items()}
    settings = settings_of(str(home), urls)
    living = [LivingExport(export, SEED + n) for n, export in enumerate(exports.values())]
    chance = random.Random(SEED)
    for export in living:
        export.start()
    began = time.monotonic()
    loads = 0
    effective = 0
    try:
        longest = 0.5 + LIVES * _first_load_seconds(settings, str(home), urls)
        for number in range(KILLS):
            child = start(str(home), urls)
            child.join(chance.uniform(0.2, longest))
            assert child.exitcode is None, "the service ended by itself"
            child.kill()
            child.join(30)
            if number % 20 == 19 or KILLS <= 20:
                now = one(settings, "SELECT count(*) FROM lake.meta.loads")
                effective += now > loads
                loads = now
                assert _doubled(settings) == []
    finally:
        for export in living:
            export.stop()
    changes = {kind: sum(export.done[kind] for export in living) for kind in living[0].done}
    print(
        f"{KILLS} kills of lives up to {longest:.1f} s in {time.monotonic() - began:.0f} s, "
        f"{loads} loads survived, {changes}"
    )
    assert effective, "no process came as far as a load"
    assert all(changes.values()), changes
    report = sync_once(settings)
    assert not report.failed, report
    for name, export in exports.items():
        assert _held(settings, name) == _source_rows(export)
    assert _doubled(settings) == []
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    superseded = "SELECT count(*) - count(DISTINCT superseded_row_id) FROM lake.raw.superseded"
    assert one(settings, superseded) == 0
    ids = "SELECT count(*) - count(DISTINCT _row_id) FROM lake.raw.mt5_deals"
    assert one(settings, ids) == 0
    checks = {check.id: check for check in run_checks(settings)}
    assert checks["control_totals_by_day"].population > 0
    assert (checks["control_totals"].broken, checks["control_totals_by_day"].broken) == (0, 0)
    # What was read is what was written, load by load.
    written = (
        "SELECT sum(rows_new + rows_changed) FROM lake.meta.loads WHERE table_name = 'mt5_deals'"
    )
    versions = "SELECT count(*) FROM lake.raw.mt5_deals WHERE NOT _is_deleted"
    assert one(settings, written) == one(settings, versions)
    assert sync_once(settings).rows_new == 0


def _first_load_seconds(settings: Settings, home: str, urls: dict[str, str]) -> float:
    """How long this machine takes from a start to a load, today."""
    began = time.monotonic()
    child = start(home, urls)
    try:
        while not one(settings, "SELECT count(*) FROM lake.meta.loads"):
            assert child.exitcode is None
            assert time.monotonic() - began < 300
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        child.kill()
        child.join(30)


def _doubled(settings: Settings) -> list[tuple[object, ...]]:
    return rows(
        settings,
        f"SELECT _source, deal, count(*) FROM {current('mt5_deals')} "
        "GROUP BY ALL HAVING count(*) > 1",
    )


def _held(settings: Settings, source: str) -> set[tuple[object, ...]]:
    names = ", ".join(f'"{name.lower()}"' for name in COLUMNS)
    found = rows(settings, f"SELECT {names} FROM {current('mt5_deals')} WHERE _source = '{source}'")
    assert len(found) == len(set(found))
    return set(found)


def _source_rows(export: Export) -> set[tuple[object, ...]]:
    assert set(COLUMNS) <= set(DEALS)
    names = ", ".join(export.quote(name) for name in COLUMNS)
    with export.engine.connect() as connection:
        result = connection.exec_driver_sql(f"SELECT {names} FROM mt5_deals")
        return {tuple(row) for row in result.fetchall()}
