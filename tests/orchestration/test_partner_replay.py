"""Replaying an agreement over booked trades: a version that is not another changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from orchestration.partner_replay import agreement_versions, replay
from warehouse.errors import UsageError
from warehouse.settings import load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 30)
# P2's rate for euro pairs of his own clients.
AGREEMENT = "A004"


def test_an_unchanged_agreement_changes_nothing(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    result = replay(settings, AGREEMENT, FIRST, LAST)
    assert result.compared > 0
    assert result.lines == ()


def test_an_unknown_agreement_is_told(closed_broker: Path) -> None:
    with pytest.raises(UsageError, match="No agreement 'A999'"):
        agreement_versions(load_settings(closed_broker / "daybook.toml"), "A999")
