"""The file connectors: CRM, broker reference, Stripe, ECB."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ingestion.connectors.dropped_files import hash_of
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.errors import SettingsError
from warehouse.settings import Settings, SourceSettings

AGREEMENTS = """\
agreement_id,partner_id,level,model,rate,currency,symbol_pattern,account_group_pattern,valid_from,valid_to
A1,P1,0,per_lot,5,USD,%,%,2026-01-01,2026-06-01
A2,P1,0,per_lot,6,USD,%,%,2026-06-01,
A3,P1,0,per_lot,7,USD,%,%,2026-08-01,
A4,P2,0,per_lot,7,,%,%,2026-08-01,
A5,P2,1,commission_share,1.5,,%,%,2026-08-01,
A6,P3,1,commission_share,0.5,,%,%,2026-08-01,2026-07-01
A7,P3,1,commission_share,0.5,,%,%,soon,
"""


def crm(folder: Path) -> SourceSettings:
    """A CRM of CSV files."""
    return SourceSettings(name="crm", kind="crm", path=folder)


def crm_folder(tmp_path: Path) -> Path:
    """A CRM with two clients."""
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "clients.csv").write_text(
        "client_id,country,registered_at,name,email\n"
        "C1,CY,2026-01-02T03:04:05Z,Ada Secret,ada@secret.example\n"
        "C2,DE,,Bob Secret,\n",
        "utf-8",
    )
    (folder / "client_accounts.csv").write_text(
        "client_id,server_id,login,valid_from\nC1,mt5_live,1001,2026-01-02\n", "utf-8"
    )
    return folder


def test_full_exports_add_change_and_bury(home: Path, tmp_path: Path) -> None:
    folder = crm_folder(tmp_path)
    settings = settings_for(home, crm(folder))
    first = sync_once(settings)
    assert not first.failed
    assert first.sources[0].new == 3
    assert rows(
        settings,
        f"SELECT client_id, registered_at::VARCHAR FROM {current('crm_clients')} ORDER BY 1",
    ) == [("C1", "2026-01-02 03:04:05"), ("C2", None)]
    assert "Secret" not in str(rows(settings, "SELECT * FROM lake.raw.crm_clients"))
    (folder / "clients.csv").write_text(
        "client_id,country,registered_at,name,email\nC1,FR,,Ada Secret,\nC3,IT,,Eve Secret,\n",
        "utf-8",
    )
    second = sync_once(settings).sources[0]
    assert (second.new, second.changed, second.deleted) == (1, 1, 1)
    assert rows(
        settings, f"SELECT client_id, country FROM {current('crm_clients')} ORDER BY 1"
    ) == [("C1", "FR"), ("C3", "IT")]
    # As it was before: C2 is back from under its tombstone.
    (folder / "clients.csv").write_text(
        "client_id,country,registered_at,name,email\nC2,DE,,Bob Secret,\n", "utf-8"
    )
    sync_once(settings)
    assert rows(settings, f"SELECT client_id FROM {current('crm_clients')}") == [("C2",)]


def test_agreements_that_cannot_be_are_quarantined(home: Path, tmp_path: Path) -> None:
    folder = crm_folder(tmp_path)
    (folder / "partner_agreements.csv").write_text(AGREEMENTS, "utf-8")
    settings = settings_for(home, crm(folder))
    sync_once(settings)
    held = rows(settings, "SELECT agreement_id FROM lake.raw.crm_partner_agreements ORDER BY 1")
    assert [one_id for (one_id,) in held] == ["A1", "A2"]
    refused = rows(
        settings,
        "SELECT row_key, row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 1",
    )
    assert [(key, number, column) for key, number, column, _ in refused] == [
        ("A3", 4, "valid_from"),
        ("A4", 5, "currency"),
        ("A5", 6, "rate"),
        ("A6", 7, "valid_to"),
        ("A7", 8, "valid_from"),
    ]
    assert refused[0][3].startswith("overlaps agreement A2")
    assert "partner_agreements.csv row 8" in refused[4][3]


def test_files_that_cannot_be_read_say_where(home: Path, tmp_path: Path) -> None:
    folder = crm_folder(tmp_path)
    (folder / "clients.csv").write_text('client_id,country\nC1,CY\nC2,"D,E",x\nC3\n', "utf-8")
    (folder / "client_accounts.csv").write_bytes(b"client_id\nM\xfcller\n")
    (folder / "partners.csv").write_text("partner_id,status,mood\nP1,active,fine\n", "utf-8")
    settings = settings_for(home, crm(folder))
    report = sync_once(settings)
    assert report.failed
    whats = [problem.what for problem in report.sources[0].problems]
    assert (
        "clients.csv: rows without 2 fields: 3, 4 (2 in all); nothing of the file was loaded."
        in (whats)
    )
    assert "client_accounts.csv row 2 is not UTF-8." in whats
    assert "partners.csv has columns that are not loaded: mood." in whats
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_partners") == 1


def test_unknown_codes_and_duplicates(home: Path, tmp_path: Path) -> None:
    folder = crm_folder(tmp_path)
    (folder / "client_classifications.csv").write_text(
        "client_id,classification,valid_from,valid_to\n"
        "C1,retail,2026-01-01,\nC1,retail,2026-01-01,\nC2,vip,2026-01-01,\n"
        "C3,retail,2026-13-01,\n,retail,2026-01-01,\n",
        "utf-8",
    )
    settings = settings_for(home, crm(folder))
    sync_once(settings)
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_client_classifications") == 1
    assert rows(settings, "SELECT row_number, column_name FROM lake.raw.quarantine ORDER BY 1") == [
        (4, "classification"),
        (5, "valid_from"),
        (6, "client_id"),
    ]


def test_broker_groups_without_a_date_are_loaded_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    (folder / "groups.csv").write_text(
        "server_id,group_pattern,book,legal_entity,is_excluded,valid_from\n"
        "mt5_live,real\\A%,A,Entity,false,\nmt5_live,real\\B%,B,Entity,0,\n",
        "utf-8",
    )
    settings = settings_for(home, SourceSettings(name="broker", kind="broker", path=folder))
    assert sync_once(settings).sources[0].new == 2
    with (folder / "groups.csv").open("a", encoding="utf-8") as file:
        file.write("mt5_live,test\\%,B,Entity,true,\n")
    report = sync_once(settings).sources[0]
    assert (report.new, report.changed, report.held) == (1, 0, 2)


def stripe_entry(number: int, **fields: object) -> dict[str, object]:
    """A balance transaction as the API gives it."""
    return {
        "id": f"txn_{number}",
        "object": "balance_transaction",
        "amount": 100 * number,
        "currency": "usd",
        "fee": 3,
        "net": 100 * number - 3,
        "type": "charge",
        "status": "pending",
        "created": 1_793_174_400,
        "source": {"id": f"ch_{number}", "object": "charge"},
    } | fields


def test_stripe_files_add_up_and_are_taken_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stripe"
    folder.mkdir()
    listed = {"object": "list", "data": [stripe_entry(1), stripe_entry(2)]}
    (folder / "2026-01.json").write_text(json.dumps(listed), "utf-8")
    lines = [stripe_entry(2, status="available"), stripe_entry(3, amount=None)]
    (folder / "2026-02.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (folder / "report.csv").write_text(
        "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,"
        "reporting_category,source_id,automatic_payout_id\n"
        "txn_1,2026-10-28 08:00:00,2026-10-30 00:00:00,usd,1.00,0.03,0.97,charge,ch_1,po_1\n",
        "utf-8",
    )
    (folder / "broken.json").write_text('{"object": "list",', "utf-8")
    settings = settings_for(home, SourceSettings(name="stripe", kind="stripe", path=folder))
    report = sync_once(settings)
    assert [p.what.split(" is not")[0] for p in report.sources[0].problems] == ["broken.json"]
    held = rows(
        settings,
        f"SELECT id, status, source_id FROM {current('stripe_balance_transactions')} ORDER BY 1",
    )
    assert held == [("txn_1", "pending", "ch_1"), ("txn_2", "available", "ch_2")]
    assert rows(settings, "SELECT row_key, column_name FROM lake.raw.quarantine") == [
        ("txn_3", "amount")
    ]
    assert rows(settings, "SELECT gross::VARCHAR, payout_id FROM lake.raw.stripe_report_lines") == [
        ("1.00000000", "po_1")
    ]
    (folder / "2026-01.json").rename(folder / "renamed.json")
    again = sync_once(settings).sources[0]
    assert (again.loads, again.changed) == (0, 0)
    assert "same content as 2026-01.json" in again.problems[-1].what
    taken = rows(settings, "SELECT file_name, sha256, archive_path FROM lake.meta.files ORDER BY 1")
    assert [name for name, _, _ in taken] == ["2026-01.json", "2026-02.jsonl", "report.csv"]
    for _, sha256, archived in taken:
        assert hash_of(settings.archive_path / archived) == sha256
    # Files add to each other: one that is gone takes nothing with it.
    (folder / "renamed.json").unlink()
    sync_once(settings)
    assert one(settings, f"SELECT count(*) FROM {current('stripe_balance_transactions')}") == 2


def test_stripes_own_example(home: Path, tmp_path: Path, reference_data: Path) -> None:
    fixtures = json.loads((reference_data / "sources/stripe/fixtures3.json").read_text("utf-8"))
    folder = tmp_path / "stripe"
    folder.mkdir()
    example = [fixtures["resources"]["balance_transaction"]]
    (folder / "list.json").write_text(json.dumps(example), "utf-8")
    settings = settings_for(home, SourceSettings(name="stripe", kind="stripe", path=folder))
    assert sync_once(settings).sources[0].new == 1


def test_ecb_rates_come_from_the_package_once(home: Path) -> None:
    settings = settings_for(home, SourceSettings(name="ecb", kind="ecb"))
    assert sync_once(settings).sources[0].new > 200_000
    assert (
        one(
            settings,
            "SELECT rate_per_eur::VARCHAR FROM lake.raw.ecb_rates "
            "WHERE currency = 'USD' AND rate_date = '2020-01-02'",
        )
        == "1.119300000000"
    )
    assert sync_once(settings).sources[0].loads == 0


def test_a_crm_in_sql_under_its_own_names(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as con:
        con.executescript(
            """
            CREATE TABLE users (id TEXT, country TEXT, created_at TEXT, name TEXT);
            INSERT INTO users VALUES ('C1', 'CY', '2026-01-02 03:04:05', 'Ada Secret');
            CREATE TABLE crm_client_accounts (
                client_id TEXT, server_id TEXT, login INTEGER, valid_from DATE);
            INSERT INTO crm_client_accounts VALUES ('C1', 'mt5_live', 1001, '2026-01-02');
            CREATE TABLE crm_partner_agreements (
                agreement_id TEXT, partner_id TEXT, level INTEGER, model TEXT, rate NUMERIC,
                currency TEXT, symbol_pattern TEXT, account_group_pattern TEXT,
                valid_from DATE, valid_to DATE);
            INSERT INTO crm_partner_agreements VALUES
                ('A1', 'P1', 0, 'per_lot', 0.1, 'USD', '%', '%', '2026-01-01', NULL);
            """
        )
    con.close()
    source = SourceSettings(
        name="crm",
        kind="crm",
        url=f"sqlite:///{path}",
        options={
            "tables": {"clients": "users"},
            "columns": {"clients": {"client_id": "id", "registered_at": "created_at"}},
        },
    )
    settings = settings_for(home, source)
    report = sync_once(settings)
    assert not report.failed
    assert rows(settings, "SELECT client_id, registered_at::VARCHAR FROM lake.raw.crm_clients") == [
        ("C1", "2026-01-02 03:04:05")
    ]
    assert (
        one(settings, "SELECT rate::VARCHAR FROM lake.raw.crm_partner_agreements")
        == "0.100000000000"
    )
    assert sync_once(settings).sources[0].loads == 0
    with sqlite3.connect(path) as con:
        con.execute("DROP TABLE crm_client_accounts")
    con.close()
    whats = [problem.what for problem in sync_once(settings).sources[0].problems]
    assert "The CRM has no table crm_client_accounts." in whats


def test_one_source_only(home: Path, tmp_path: Path) -> None:
    settings: Settings = settings_for(
        home, crm(crm_folder(tmp_path)), SourceSettings(name="ecb", kind="ecb")
    )
    assert [s.source for s in sync_once(settings, "crm").sources] == ["crm"]


def test_a_source_says_what_it_lacks(home: Path) -> None:
    for kind, told in (("mt5", "needs url"), ("stripe", "needs path"), ("mt9", "No connector")):
        with pytest.raises(SettingsError, match=told):
            sync_once(settings_for(home, SourceSettings(name="one", kind=kind)))
