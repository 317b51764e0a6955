"""Corrections of closed days, by builds that are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from orchestration.build import build
from quality.checks import run_checks
from tests.orchestration.daily import correct, figures, rows
from warehouse.connection import connect
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt


def head(settings: Settings) -> int:
    """The newest snapshot: one more for each change."""
    with connect("read", settings=settings) as con:
        return current_snapshot(con)


@pytest.mark.fault
def test_a_build_killed_anywhere_is_done_again(broker: Settings) -> None:
    correct(broker)
    sync_once(broker)
    # Each begins where the one before was cut down, after so many changes of the lake.
    for changes in (1, 12, 24):
        before = head(broker)
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "daybook"), "build"],
            env={**os.environ, "DAYBOOK_CONFIG": str(broker.config_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and head(broker) < before + changes:
            time.sleep(0.05)
        assert process.poll() is None
        process.kill()
        process.wait()
    build(broker)
    again = figures(broker)
    ledger = "SELECT deal_key, partner_key, sum(amount) FROM partners.fct_commission_ledger "
    booked = rows(broker, ledger + "GROUP BY ALL ORDER BY ALL")
    build(broker, full_refresh=True)
    assert figures(broker) == again
    assert rows(broker, ledger + "GROUP BY ALL ORDER BY ALL") == booked
    assert [check for check in run_checks(broker) if check.broken] == []
