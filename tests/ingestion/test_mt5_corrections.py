"""Deals that were edited, cancelled, restored or migrated: from the export to staging's facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestion.sync import sync_once
from tests.ingestion.exports import DEALS, SECOND, T0, Export, deal, mt5, settings_for
from tests.ingestion.lake import rows
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt

FACTS = "is_hand_edited, is_restored, is_cancelled, is_migrated"
NOTHING = (False, False, False, False)
SHAPE = DEALS | {"Digits": "BIGINT", "DigitsCurrency": "BIGINT", "ContractSize": "DOUBLE"}


def trade(number: int, **fields: Any) -> dict[str, Any]:
    """A buy of a tenth of a lot that earned ten."""
    return (
        deal(
            number,
            Action=0,
            Entry=1,
            Reason=0,
            Symbol="EURUSD",
            Price=1.1,
            Volume=1000,
            Profit=10.0,
            PositionID=5,
            Comment="",
            Digits=5,
            DigitsCurrency=2,
            ContractSize=100_000.0,
        )
        | fields
    )


def later(minutes: int) -> int:
    """A Timestamp so many minutes after every deal of the test."""
    return T0 + (600 + minutes) * 60 * SECOND


def staged(home: Path, export: Export) -> Settings:
    """The export loaded into a lake that has the staging views."""
    settings = settings_for(home, mt5(export.url))
    assert not sync_once(settings).failed
    return settings


def facts(settings: Settings, table: str = "stg_mt5__deals") -> dict[int, tuple[bool, ...]]:
    """(hand-edited, restored, cancelled, migrated) by deal."""
    found = rows(settings, f"SELECT deal_id, {FACTS} FROM lake.staging.{table} ORDER BY raw_row_id")
    return {row[0]: row[1:] for row in found}


def test_an_edit_and_its_restore_are_facts_and_every_version_stays(
    staged_home: Path, export: Export
) -> None:
    export.create("mt5_deals", SHAPE, [trade(1), trade(2)])
    settings = staged(staged_home, export)
    assert facts(settings) == {1: NOTHING, 2: NOTHING}
    number = f"{export.quote('Deal')} = 1"
    export.update("mt5_deals", number, Profit=99.0, ModifyFlags=2, Timestamp=later(1))
    sync_once(settings)
    assert facts(settings)[1] == (True, False, False, False)
    # Restored from the platform's backup: the amount of before, the flags say how it came back.
    export.update("mt5_deals", number, Profit=10.0, ModifyFlags=8, Timestamp=later(2))
    report = sync_once(settings).sources[0]
    assert (report.new, report.changed, report.deleted) == (0, 1, 0)
    assert facts(settings) == {1: (False, True, False, False), 2: NOTHING}
    versions = rows(
        settings,
        "SELECT profit_amount::DOUBLE, modify_flags_code, is_deleted "
        "FROM lake.staging.stg_mt5__replaced_deals WHERE deal_id = 1 ORDER BY raw_row_id",
    )
    assert versions == [(10.0, 0, False), (99.0, 2, False)]
    assert rows(
        settings,
        "SELECT profit_amount::DOUBLE FROM lake.staging.stg_mt5__deals WHERE deal_id = 1",
    ) == [(10.0,)]


def test_a_deal_deleted_and_restored_is_there_once_with_its_gap_on_record(
    staged_home: Path, export: Export
) -> None:
    export.create("mt5_deals", SHAPE, [trade(1), trade(2)])
    settings = staged(staged_home, export)
    export.delete("mt5_deals", f"{export.quote('Deal')} = 1")
    assert sync_once(settings).sources[0].deleted == 1
    assert facts(settings) == {2: NOTHING}
    assert rows(
        settings, "SELECT deal_id, is_deleted FROM lake.staging.stg_mt5__replaced_deals"
    ) == [(1, True)]
    export.insert("mt5_deals", [trade(1, ModifyFlags=8, Timestamp=later(1))], SHAPE)
    assert sync_once(settings).sources[0].new == 1
    assert facts(settings) == {2: NOTHING, 1: (False, True, False, False)}
    assert sync_once(settings).sources[0].loads == 0


def test_a_cancelled_deal_turns_its_type_and_is_paid_back_by_a_balance_deal(
    staged_home: Path, export: Export
) -> None:
    export.create("mt5_deals", SHAPE, [trade(1), trade(2, Action=1)])
    settings = staged(staged_home, export)
    total = "SELECT sum(profit_amount)::DOUBLE FROM lake.staging.stg_mt5__deals"
    assert rows(settings, total) == [(20.0,)]
    # The gateway takes both back: types 13 and 14, profits zero, one balance deal each.
    for number, action in ((1, 13), (2, 14)):
        export.update(
            "mt5_deals",
            f"{export.quote('Deal')} = {number}",
            Action=action,
            Profit=0.0,
            ModifyFlags=128,
            Timestamp=later(number),
        )
    back = [
        deal(number, Profit=-10.0, Comment=f"cancel #{number - 10}", DigitsCurrency=2)
        for number in (11, 12)
    ]
    export.insert("mt5_deals", back, SHAPE)
    report = sync_once(settings).sources[0]
    assert (report.new, report.changed) == (2, 2)
    cancelled = (False, False, True, False)
    assert facts(settings) == {11: NOTHING, 12: NOTHING, 1: cancelled, 2: cancelled}
    assert facts(settings, "stg_mt5__replaced_deals") == {1: NOTHING, 2: NOTHING}
    assert rows(
        settings,
        "SELECT action_code, profit_amount::DOUBLE, volume_lots::DOUBLE "
        "FROM lake.staging.stg_mt5__deals ORDER BY deal_id",
    ) == [(13, 0.0, 0.1), (14, 0.0, 0.1), (2, -10.0, 0.0), (2, -10.0, 0.0)]


def test_migrated_deals_are_told_from_those_made_here(staged_home: Path, export: Export) -> None:
    migrated = trade(1, Reason=15, ModifyFlags=64, Time="2019-01-02 10:00:00", TimeMsc=None)
    export.create("mt5_deals", SHAPE, [migrated, trade(2)])
    settings = staged(staged_home, export)
    assert facts(settings) == {1: (False, False, False, True), 2: NOTHING}
    assert rows(
        settings,
        "SELECT business_date::VARCHAR, utc_offset_minutes, modify_flags_code "
        "FROM lake.staging.stg_mt5__deals WHERE deal_id = 1",
    ) == [("2019-01-02", None, 64)]
