"""Columns that come, go or change their type: seen, named, and never loaded as something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ingestion.connectors.drift import can_hold
from ingestion.sync import sync_once
from tests.ingestion.exports import DEALS, SECOND, T0, USERS, Export, deal, mt5, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt5_behaviour import deals
from warehouse.connection import connect
from warehouse.settings import Settings, SourceSettings

HEADER = "client_id,country,name"


def extra_values(settings: Settings) -> list[dict[str, str]]:
    """What was kept aside, in the order of the rows."""
    kept = rows(settings, "SELECT values_json FROM lake.pii.extra_values ORDER BY raw_row_id")
    return [json.loads(text) for (text,) in kept]


def crm(tmp_path: Path, clients: str, **options: object) -> SourceSettings:
    """A CRM whose clients.csv holds that text."""
    folder = tmp_path / "crm"
    folder.mkdir(exist_ok=True)
    (folder / "clients.csv").write_text(clients, "utf-8")
    (folder / "client_accounts.csv").write_text(
        "client_id,server_id,login,valid_from\nC1,mt5_live,1001,2026-01-02\n", "utf-8"
    )
    return SourceSettings(name="crm", kind="crm", path=folder, options=dict(options))


def test_a_new_column_of_a_file_is_recorded_and_its_values_kept(home: Path, tmp_path: Path) -> None:
    settings = settings_for(home, crm(tmp_path, f"{HEADER}\nC1,CY,A\nC2,DE,B\n"))
    sync_once(settings)
    crm(tmp_path, f"{HEADER},Mood\nC1,CY,A,fine\nC2,FR,B, glad \nC3,IT,C,\n")
    report = sync_once(settings).sources[0]
    assert not report.failed
    assert (report.new, report.changed) == (1, 1)
    assert any("not loaded: Mood" in problem.what for problem in report.problems)
    assert rows(
        settings,
        "SELECT source, table_name, source_table, column_type, is_loaded, "
        "first_seen_at IS NOT NULL FROM lake.meta.source_columns WHERE column_name = 'Mood'",
    ) == [("crm", "crm_clients", "clients.csv", "text", False, True)]
    # Kept where a version was written, by the row it came with: nothing changed for C1.
    assert extra_values(settings) == [{"Mood": "glad"}]
    assert rows(
        settings,
        "SELECT client_id FROM lake.raw.crm_clients JOIN lake.pii.extra_values "
        "ON raw_row_id = _row_id AND load_id = _load_id",
    ) == [("C2",)]
    assert sync_once(settings).sources[0].loads == 0
    assert one(settings, "SELECT count(*) FROM lake.pii.extra_values") == 1


def test_a_column_that_left_a_file_stops_that_file_alone(home: Path, tmp_path: Path) -> None:
    settings = settings_for(home, crm(tmp_path, f"{HEADER}\nC1,CY,A\n"))
    sync_once(settings)
    source = crm(tmp_path, "client_id,country\nC1,CY\nC2,DE\n")
    (tmp_path / "crm" / "partners.csv").write_text("partner_id,status\nP1,active\n", "utf-8")
    for _ in range(2):
        report = sync_once(settings)
        assert report.failed
        (error,) = [p for p in report.sources[0].problems if p.severity == "error"]
        assert error.what == "clients.csv has no column name any more."
        assert "options.dropped_columns" in error.todo
    names = f"SELECT client_id, name FROM {current('crm_clients', 'pii')} ORDER BY 1"
    assert rows(settings, names) == [("C1", "A")]
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_partners") == 1
    source.options["dropped_columns"] = ["clients.name"]
    settings = settings_for(home, source)
    assert not sync_once(settings).failed
    assert rows(settings, names) == [("C1", None), ("C2", None)]


def test_new_columns_of_a_table_are_recorded_and_kept_where_asked(
    home: Path, export: Export
) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = settings_for(home, mt5(export.url))
    sync_once(settings)
    recorded = "SELECT column_name FROM lake.meta.source_columns WHERE NOT is_loaded"
    assert rows(settings, recorded) == [("ApiData",)]
    assert extra_values(settings) == []
    export.run("ALTER TABLE mt5_deals ADD COLUMN Mood varchar(9)")
    settings = settings_for(home, mt5(export.url, keep_extra_columns=True))
    export.insert(
        "mt5_deals", [deal(2, Mood="glad", Timestamp=T0 + 10**12)], DEALS | {"Mood": "TEXT"}
    )
    assert not sync_once(settings).failed
    assert len(rows(settings, recorded)) == 2
    assert extra_values(settings) == [{"ApiData": "[]", "Mood": "glad"}]
    assert sync_once(settings).sources[0].loads == 0


def test_an_optional_column_that_left_a_table_stops_that_table_alone(
    home: Path, export: Export
) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    export.create("mt5_users", USERS, [{"Login": 1, "Timestamp": T0, "Group": "a"}])
    settings = settings_for(home, mt5(export.url))
    sync_once(settings)
    export.run("ALTER TABLE mt5_deals DROP COLUMN Comment")
    export.insert("mt5_users", [{"Login": 2, "Timestamp": T0 + SECOND, "Group": "a"}], USERS)
    report = sync_once(settings)
    assert report.failed
    (error,) = [p for p in report.sources[0].problems if p.severity == "error"]
    assert (error.table, error.what) == ("mt5_deals", "mt5_deals has no column Comment any more.")
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_users") == 2
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 1
    export.run("ALTER TABLE mt5_deals ADD COLUMN Comment varchar(64)")
    export.update("mt5_deals", "1 = 1", Comment="Deposit")
    report = sync_once(settings)
    assert not report.failed
    assert report.sources[0].changed == 0


@pytest.mark.parametrize(
    ("column", "kind", "told"),
    [
        ("Profit", "varchar(20)", "is a VARCHAR(20); a DOUBLE is expected."),
        ("Login", "varchar(20)", "is a VARCHAR(20); a BIGINT is expected."),
        ("Comment", "blob", "is a BLOB; a VARCHAR is expected."),
    ],
)
def test_a_retyped_column_stops_its_table_alone(
    column: str, kind: str, told: str, home: Path, export: Export
) -> None:
    export.create("mt5_deals", DEALS, [deal(1)])
    export.create("mt5_users", USERS, [{"Login": 1, "Timestamp": T0, "Group": "a"}])
    settings = settings_for(home, mt5(export.url))
    sync_once(settings)
    export.run(
        f"ALTER TABLE mt5_deals DROP COLUMN {column}",
        f"ALTER TABLE mt5_deals ADD COLUMN {column} {kind}",
    )
    export.insert("mt5_users", [{"Login": 2, "Timestamp": T0 + SECOND, "Group": "a"}], USERS)
    report = sync_once(settings)
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_users") == 2
    assert [p.what for p in report.sources[0].problems if p.severity == "error"] == [
        f"Column {column} of table mt5_deals {told}"
    ]
    assert deals(settings) == [(1, 1.0)]
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0


def test_an_installation_of_before_is_widened(home: Path) -> None:
    settings = Settings(home=home)
    with connect("write", settings=settings) as con:
        con.execute("ALTER TABLE lake.meta.control_totals DROP COLUMN business_date")
        con.execute("DROP TABLE lake.meta.source_columns")
    with connect("write", settings=settings) as con:
        assert con.execute("SELECT business_date FROM lake.meta.control_totals").fetchall() == []
        assert con.execute("SELECT * FROM lake.meta.source_columns").fetchall() == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("held", "wanted", "can"),
    [
        (sa.BigInteger(), "DOUBLE", True),
        (sa.Numeric(20, 8), "DOUBLE", True),
        (sa.Float(), "BIGINT", True),
        (sa.DateTime(), "BIGINT", True),
        (sa.String(20), "BIGINT", False),
        (sa.DateTime(), "DOUBLE", False),
        # Epoch seconds where a time was: read as microseconds it would be 1970.
        (sa.BigInteger(), "TIMESTAMP", False),
        (sa.String(20), "TIMESTAMP", True),
        (sa.String(20), "DECIMAL(24,8)", True),
        (sa.LargeBinary(), "VARCHAR", False),
        (sa.types.NullType(), "DOUBLE", True),
    ],
)
def test_which_types_can_hold_which(held: Any, wanted: str, can: bool) -> None:
    assert can_hold("mysql", held, wanted) is can
