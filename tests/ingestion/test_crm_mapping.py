"""Another CRM's names, words, dates and clock, as files and as SQL."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.connectors.mapped_values import in_contract_form
from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings, SourceSettings

MAPPING = """\
zone = "Asia/Nicosia"
datetime_format = "%d/%m/%Y %H:%M"
date_format = "%d.%m.%Y"
decimal_comma = true
delimiter = ";"

[tables]
clients = "Kunden"
cash_requests = "Transactions 2026.csv"

[columns.clients]
client_id = "Client ID"
country = "Country"
registered_at = "Registered"

[columns.client_accounts]
client_id = "Client ID"

[columns.cash_requests]
request_id = "Id"
client_id = "Client ID"
kind = "Type"
status = "State"
amount = "Amount"
currency = "Ccy"
requested_at = "Asked"

[values.cash_requests.kind]
DEP = "deposit"
WD = "withdrawal"
TRF = "skip"

[values.cash_requests.status]
Done = "processed"
Rejected = "declined"

[constants.client_accounts]
server_id = "mt5_live"

[constants.cash_requests]
server_id = "mt5_live"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Exports of another CRM, and the mapping beside the configuration."""
    (tmp_path / "mapping.toml").write_text(MAPPING, "utf-8")
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "Kunden.csv").write_text(
        "\ufeffClient ID;Country;Registered\n"
        "C1;CY;01/07/2026 10:30\nC2;DE;29/03/2026 03:30\nC3;FR;07/31/2026 10:30\n",
        "utf-8",
    )
    (folder / "client_accounts.csv").write_text(
        "Client ID;login;valid_from\nC1;1001;31.01.2026\nC2;1002;2026-01-31\n", "utf-8"
    )
    (folder / "Transactions 2026.csv").write_text(
        "Id;Client ID;Type;State;Amount;Ccy;Asked\n"
        "1;C1;DEP;Done;1.234,56;EUR;05/01/2026 12:00\n"
        "2;C1;WD;Pending;10,00;EUR;05/01/2026 12:00\n"
        "3;C1;TRF;Done;5,00;EUR;05/01/2026 12:00\n"
        "4;C1;Bonus;Done;5,00;EUR;05/01/2026 12:00\n",
        "utf-8",
    )
    return folder


def installation(home: Path, folder: Path, **options: Any) -> Settings:
    """Settings whose file lies beside the mapping."""
    source = SourceSettings(
        name="crm", kind="crm", path=folder, options={"mapping": "mapping.toml"} | options
    )
    settings = settings_for(home, source)
    return settings.model_copy(update={"config_path": folder.parent / "daybook.toml"})


def synced(settings: Settings) -> SourceReport:
    """The report of one pass."""
    return sync_once(settings).sources[0]


def test_headers_words_dates_and_amounts_of_another_crm(home: Path, folder: Path) -> None:
    settings = installation(home, folder)
    report = synced(settings)
    assert report.error is None
    assert rows(
        settings, "SELECT client_id, registered_at::VARCHAR, _source_row FROM lake.raw.crm_clients"
    ) == [("C1", "2026-07-01 07:30:00", 2)]
    assert rows(
        settings,
        "SELECT request_id, server_id, kind, status, amount::VARCHAR, requested_at::VARCHAR "
        "FROM lake.raw.crm_cash_requests",
    ) == [("1", "mt5_live", "deposit", "processed", "1234.56000000", "2026-01-05 10:00:00")]
    assert rows(
        settings, "SELECT login, valid_from::VARCHAR FROM lake.raw.crm_client_accounts"
    ) == [(1001, "2026-01-31")]
    refused = rows(
        settings,
        "SELECT row_key, column_name, reason, row_json FROM lake.raw.quarantine ORDER BY row_key",
    )
    told = {key: f"{column}: {reason}" for key, column, reason, _ in refused}
    link = 'mt5_live/1002/"2026-01-31" is not in the form %d.%m.%Y'
    assert sorted(told) == ["2", "4", "C2", "C3", link]
    assert told["2"].startswith('status: State says "Pending", which the mapping does not')
    assert "processed, requested, or skip) (Transactions 2026.csv row 3" in told["2"]
    assert told["4"].startswith('kind: Type says "Bonus"')
    assert told["C2"].startswith("registered_at: Registered is not a TIMESTAMP (Kunden.csv row 3")
    shown = {key: row_json for key, _, _, row_json in refused}
    assert "does not exist on the clock of Asia/Nicosia" in shown["C2"]
    assert "is not in the form %d/%m/%Y %H:%M" in shown["C3"]
    assert synced(settings).loads == 0


def test_a_corrected_mapping_reads_the_same_files_again(home: Path, folder: Path) -> None:
    synced(installation(home, folder))
    words = {"values": {"cash_requests": {"status": {"Pending": "requested"}}}}
    settings = installation(home, folder, **words)
    assert synced(settings).new == 1
    assert rows(
        settings, "SELECT count(*) FROM lake.raw.quarantine WHERE column_name = 'status'"
    ) == [(0,)]
    assert synced(settings).loads == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"tables": {"customers": "x"}}, "there is no table customers"),
        ({"columns": {"clients": {"nick": "x"}}}, "table clients has no column nick"),
        ({"values": {"cash_requests": {"status": {"x": "lost"}}}}, "leads to lost"),
        ({"zone": "Nowhere"}, "zone Nowhere is not known"),
        ({"colour": 1}, "colour"),
        ({"mapping": "absent.toml"}, "mapping file cannot be read"),
    ],
)
def test_a_mapping_that_cannot_be_is_named(
    home: Path, folder: Path, options: dict[str, Any], told: str
) -> None:
    report = synced(installation(home, folder, **options))
    assert report.error is not None
    assert told in report.error


def test_a_missing_header_is_named_in_their_words(home: Path, folder: Path) -> None:
    (folder / "Kunden.csv").write_text("Kundennummer;Country\nC1;CY\n", "utf-8")
    report = synced(installation(home, folder))
    assert "Kunden.csv has no column Client ID." in [problem.what for problem in report.problems]
    assert report.new == 2


@pytest.mark.parametrize(
    ("texts", "form", "zone", "expected"),
    [
        (["2026-01-02 03:04:05"], "", "UTC", ["2026-01-02 03:04:05"]),
        (["2026-01-02T03:04:05+03:00"], "", "UTC", ["2026-01-02 00:04:05.000000"]),
        (["2026-01-02T03:04:05.250-0130"], "", "UTC", ["2026-01-02 04:34:05.250000"]),
        (["2026-07-02 03:04"], "", "Europe/London", ["2026-07-02 02:04:00.000000"]),
        (["2026-07-02T03:04:05Z"], "", "Europe/London", ["2026-07-02 03:04:05.000000"]),
        # The hour that comes twice is the first one.
        (["2026-10-25 01:30:00"], "", "Europe/London", ["2026-10-25 00:30:00.000000"]),
        (["1793174400", None, ""], "epoch_s", "UTC", ["2026-10-28 08:00:00.000000", None, ""]),
        (["1793174400123"], "epoch_ms", "UTC", ["2026-10-28 08:00:00.123000"]),
        (["soon"], "epoch_s", "UTC", ['"soon" is no number of seconds since 1970']),
        (["soon"], "", "Europe/London", ['"soon" is no ISO 8601 time']),
        (["0000-00-00 00:00:00"], "", "Europe/London", ["0000-00-00 00:00:00"]),
    ],
)
def test_times_in_one_form(
    texts: list[str | None], form: str, zone: str, expected: list[str | None]
) -> None:
    series = pl.Series("at", texts, dtype=pl.String)
    read = in_contract_form(series, "TIMESTAMP", form, zone, False)
    assert read.cast(pl.String).to_list() == expected


def test_times_of_a_database_are_moved_too() -> None:
    at = pl.Series("at", [dt.datetime(2026, 7, 1, 12), None])
    utc = in_contract_form(at, "TIMESTAMP", "", "Asia/Nicosia", False)
    assert utc.to_list() == [dt.datetime(2026, 7, 1, 9), None]
    micros = at.dt.timestamp("us")
    assert in_contract_form(micros, "TIMESTAMP", "", "Asia/Nicosia", False).to_list() == (
        utc.to_list()
    )


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that commits and closes."""
    con = sqlite3.connect(path)
    with con:
        yield con
    con.close()


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A CRM database with a growing log."""
    path = tmp_path / "crm.sqlite"
    with database(path) as con:
        con.executescript(
            """
            CREATE TABLE crm_clients (client_id TEXT, country TEXT);
            INSERT INTO crm_clients VALUES ('C1', 'CY');
            CREATE TABLE crm_client_accounts (
                client_id TEXT, server_id TEXT, login INTEGER, valid_from DATE);
            INSERT INTO crm_client_accounts VALUES ('C1', 's', 1, '2026-01-01');
            CREATE TABLE crm_login_events (event_id INTEGER PRIMARY KEY, client_id TEXT,
                occurred_at TEXT, result TEXT, ip_address TEXT);
            CREATE TABLE crm_client_notes (note_id INTEGER, client_id TEXT, written_at TEXT,
                changed_at TEXT, body TEXT);
            """
        )
        con.executemany(
            "INSERT INTO crm_login_events VALUES (?, 'C1', ?, 'success', '192.0.2.1')",
            [(n, f"2026-10-01 {n // 60:02d}:{n % 60:02d}:00") for n in range(100)],
        )
        con.execute(
            "INSERT INTO crm_client_notes VALUES "
            "(1, 'C1', '2026-10-01 00:00:00', NULL, 'Ada called'),"
            "(2, 'C1', '2026-10-02 00:00:00', '2026-10-03 00:00:00', 'Ada called again')"
        )
    return path


def sql_crm(path: Path, **options: Any) -> SourceSettings:
    """A CRM on a SQLite file."""
    return SourceSettings(name="crm", kind="crm", url=f"sqlite:///{path}", options=options)


def test_events_are_read_from_their_cursor_with_an_overlap(home: Path, events: Path) -> None:
    settings = settings_for(home, sql_crm(events, chunk_rows=30))
    first = synced(settings)
    assert first.new == 2 + 100 + 2
    assert (
        one(settings, "SELECT count(*) FROM lake.meta.loads WHERE table_name LIKE '%login%'") == 4
    )
    assert "192.0.2.1" not in str(rows(settings, "SELECT * FROM lake.raw.crm_login_events"))
    assert one(
        settings, "SELECT cursor_value FROM lake.meta.cursors WHERE physical_table LIKE '%login%'"
    ) == (1_790_818_740_000_000)
    again = synced(settings)
    assert (again.loads, again.new) == (0, 0)
    # Read: the two whole tables, eleven minutes of logins, one day's notes.
    assert again.read < 20
    with database(events) as con:
        con.execute(
            "INSERT INTO crm_login_events VALUES (200, 'C1', '2026-10-01 01:30:30', 'success', ''),"
            "(201, 'C1', '2026-10-01 02:00:00', 'failure', ''),"
            "(202, 'C1', '2026-10-01 02:01:00', 'maybe', '')"
        )
        con.execute("DELETE FROM crm_login_events WHERE event_id = 1")
    report = synced(settings)
    # A late one within the overlap came too; a deleted event stays, as the README says.
    assert (report.new, report.deleted, report.quarantined) == (2, 0, 1)
    with database(events) as con:
        con.execute("UPDATE crm_login_events SET result = 'failure' WHERE event_id = 202")
    assert synced(settings).new == 1
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0


def test_a_row_of_the_far_future_does_not_stop_the_reading(home: Path, events: Path) -> None:
    with database(events) as con:
        con.execute(
            "INSERT INTO crm_login_events VALUES (300, 'C1', '2199-01-01 00:00:00', 'success', '')"
        )
    settings = settings_for(home, sql_crm(events))
    assert synced(settings).new == 105
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    with database(events) as con:
        con.execute("INSERT INTO crm_login_events VALUES (301, 'C1', ?, 'success', '')", [now])
    assert synced(settings).new == 1
    assert synced(settings).new == 0
    # Another cursor starts anew: its positions have nothing to do with those of the old one.
    by_id = settings_for(home, sql_crm(events, cursors={"login_events": "event_id"}))
    assert (synced(by_id).new, synced(by_id).changed) == (0, 0)
    with database(events) as con:
        con.execute("INSERT INTO crm_login_events VALUES (302, 'C1', ?, 'success', '')", [now])
    assert synced(by_id).new == 1


def test_another_cursor_finds_changes_and_an_empty_one_reads_whole(
    home: Path, events: Path
) -> None:
    by_change = settings_for(home, sql_crm(events, cursors={"client_notes": "changed_at"}))
    assert synced(by_change).new == 104
    # The note that was never changed has no change time, and came all the same.
    assert one(by_change, "SELECT count(*) FROM lake.raw.crm_client_notes") == 2
    with database(events) as con:
        con.execute(
            "UPDATE crm_client_notes SET body = 'Ada wrote', changed_at = '2026-10-04 00:00:00' "
            "WHERE note_id = 1"
        )
    assert synced(by_change).changed == 1
    assert one(
        by_change, f"SELECT body FROM {current('crm_client_notes', 'pii')} WHERE note_id = '1'"
    ) == ("Ada wrote")
    with database(events) as con:
        con.execute("DELETE FROM crm_client_notes WHERE note_id = 2")
    whole = settings_for(home, sql_crm(events, cursors={"client_notes": ""}))
    assert synced(whole).deleted == 1
    wrong = settings_for(home, sql_crm(events, cursors={"client_notes": "touched"}))
    assert "has no column touched to be read by" in synced(wrong).problems[-1].what + str(
        synced(wrong).problems
    )


def test_a_cursor_that_is_no_time_is_an_error_of_its_table(home: Path, events: Path) -> None:
    with database(events) as con:
        con.execute("UPDATE crm_client_notes SET written_at = '02/10/2026'")
    report = synced(settings_for(home, sql_crm(events)))
    assert [p.what for p in report.problems if p.severity == "error"] == [
        "Table crm_client_notes cannot be read by written_at: '02/10/2026' is neither a number "
        "nor an ISO time."
    ]
    assert report.new == 102
    # Said how its dates are written, it is read whole.
    told = {"formats": {"client_notes": {"written_at": "%d/%m/%Y"}}}
    report = synced(settings_for(home, sql_crm(events, **told)))
    assert not [p for p in report.problems if p.severity == "error"]


def test_new_tables_as_files(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    folder.mkdir()
    files = {
        "clients": "client_id,country\nC1,CY\n",
        "client_accounts": "client_id,server_id,login,valid_from\nC1,s,1,2026-01-01\n",
        "staff_users": "staff_id,role,name\nS1,finance,Eve Secret\n",
        "cash_approvals": "approval_id,request_id,staff_id,decision,decided_at,comment\n"
        "1,7,S1,approved,2026-01-01 00:00:00,Ada Secret is fine\n"
        "2,7,S1,maybe,2026-01-01 00:00:00,\n",
        "bonus_grants": "grant_id,client_id,status,amount,currency,granted_at\n"
        "1,C1,granted,50.10,USD,2026-01-01 00:00:00\n",
        "device_events": "event_id,client_id,device_id,occurred_at,event,ip_address\n"
        "1,C1,D1,2026-01-01 00:00:00,registered,192.0.2.9\n",
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    settings = settings_for(home, SourceSettings(name="crm", kind="crm", path=folder))
    report = synced(settings)
    assert (report.new, report.quarantined) == (6, 1)
    for table in ("crm_staff_users", "crm_cash_approvals", "crm_device_events"):
        assert "Secret" not in str(rows(settings, f"SELECT * FROM lake.raw.{table}"))
        assert "192.0.2.9" not in str(rows(settings, f"SELECT * FROM lake.raw.{table}"))
    assert one(settings, "SELECT comment FROM lake.pii.crm_cash_approvals") == "Ada Secret is fine"
    assert "Secret" not in str(rows(settings, "SELECT * FROM lake.raw.quarantine"))


@pytest.mark.parametrize("step", ["began", "rows", "written", "committed"])
def test_a_read_that_was_killed_goes_on_where_it_was(home: Path, events: Path, step: str) -> None:
    settings = settings_for(home, sql_crm(events, chunk_rows=30))
    seen: list[str] = []

    def fault(name: str) -> None:
        seen.append(name)
        if name == step and seen.count(step) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync_once(settings, fault=fault)
    logins = "SELECT count(*), count(DISTINCT event_id) FROM lake.raw.crm_login_events"
    # Two whole tables, one chunk, and the one it was killed in: all of it or nothing.
    assert rows(settings, "SELECT count(*) FROM lake.raw.crm_login_events")[0][0] % 30 in (0, 1)
    synced(settings)
    assert rows(settings, logins) == [(100, 100)]
    assert synced(settings).loads == 0


def test_a_lost_column_stops_its_table_only(home: Path, events: Path) -> None:
    settings = settings_for(home, sql_crm(events))
    synced(settings)
    with database(events) as con:
        con.execute("ALTER TABLE crm_login_events DROP COLUMN result")
        con.execute("INSERT INTO crm_clients VALUES ('C2', 'DE')")
    report = synced(settings)
    assert [p.what for p in report.problems if p.severity == "error"] == [
        "Table crm_login_events has no column result."
    ]
    assert report.new == 1
