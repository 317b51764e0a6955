"""What loading an FXBackOffice database must do on every database; run on SQLite and MariaDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import Export, mt5, settings_for
from tests.ingestion.fxbo_database import COLUMNS, account, fxbo, lay, transaction, user
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings


def synced(settings: Settings, *, sweep: bool = True) -> SourceReport:
    """The report of one pass over the source."""
    report = sync_once(settings, "fxbo", sweep=sweep).sources[0]
    assert report.error is None, report.error
    return report


class FxboBehaviour:
    """Subclasses give a fixture ``export``: an empty database."""

    @pytest.fixture
    def settings(self, home: Path, export: Export) -> Settings:
        """An installation with the source and the platform behind its accounts."""
        lay(export)
        return settings_for(home, fxbo(export.url), mt5("sqlite:///nowhere.sqlite"))

    def test_it_is_loaded_once_in_utc_and_without_trades(self, settings: Settings) -> None:
        first = synced(settings)
        assert (first.problems, first.quarantined) == ((), 0)
        assert rows(
            settings,
            "SELECT id, kind, request_status, server_id, login, processed_amount::VARCHAR, "
            "created_at::VARCHAR, processed_at::VARCHAR FROM lake.raw.fxbo_transactions "
            "ORDER BY id",
        ) == [
            # Summer time in October's third week, winter time in its last.
            (1, "deposit", "processed", "mt5_live", 1001, "100.10000000",
             "2026-10-20 07:00:00", "2026-10-26 08:00:00"),
            (2, "withdrawal", "processed", "mt5_live", 1001, "-50.05000000",
             "2026-10-20 07:00:00", "2026-10-26 08:00:00"),
            (3, "deposit", "processed", None, 2001, "12345.00000000",
             "2026-10-20 07:00:00", "2026-10-26 08:00:00"),
            (4, "ib_withdrawal", "processed", None, 77, "-7.00000000",
             "2026-10-20 07:00:00", "2026-10-26 08:00:00"),
            (5, "deposit", "requested", "mt5_live", 1001, None, "2026-10-20 07:00:00", None),
            (6, "deposit", "declined", None, None, "100.10000000", "2026-10-20 07:00:00", None),
        ]  # fmt: skip
        # The platform's own date stays on its clock.
        assert one(
            settings,
            "SELECT regdate::VARCHAR FROM lake.raw.fxbo_accounts WHERE login_sid = '5-1001'",
        ) == ("2026-07-01 15:00:00")
        tables = rows(
            settings, "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'fxbo%'"
        )
        assert not [name for (name,) in tables if "trades" in name]
        columns = rows(
            settings,
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'fxbo_accounts'",
        )
        assert "balance" not in {name for (name,) in columns}
        again = synced(settings)
        assert (again.loads, again.new, again.changed) == (0, 0, 0)
        assert synced(settings, sweep=False).loads <= 1
        assert synced(settings, sweep=False).loads == 0

    def test_personal_data_is_in_its_own_schema(self, settings: Settings) -> None:
        synced(settings)
        for table in ("fxbo_users", "fxbo_transactions", "fxbo_user_custom_fields"):
            assert "Secret" not in str(rows(settings, f"SELECT * FROM lake.raw.{table}"))
            assert "Secret" in str(rows(settings, f"SELECT * FROM lake.pii.{table}"))

    def test_new_changed_and_deleted_transactions(self, settings: Settings, export: Export) -> None:
        synced(settings)
        synced(settings, sweep=False)
        export.insert("transactions", [transaction(7)], COLUMNS["transactions"])
        export.update("transactions", "id = 5", status="approved", processedAmount="5")
        between = synced(settings, sweep=False)
        assert (between.new, between.changed) == (1, 1)
        export.delete("transactions", "id = 1")
        assert synced(settings, sweep=False).deleted == 0
        assert synced(settings).deleted == 1
        held = rows(settings, f"SELECT id FROM {current('fxbo_transactions')} ORDER BY 1")
        assert [number for (number,) in held] == [2, 3, 4, 5, 6, 7]
        versions = "SELECT count(*) FROM lake.raw.fxbo_transactions WHERE id = 5"
        assert one(settings, versions) == 2

    def test_words_and_logins_it_does_not_know_wait_in_quarantine(
        self, home: Path, export: Export
    ) -> None:
        lay(export)
        export.insert(
            "transactions",
            [
                transaction(8, type="chargeback"),
                transaction(9, status="on hold"),
                transaction(10, fromLoginSid="1001"),
            ],
            COLUMNS["transactions"],
        )
        synced(settings_for(home, fxbo(export.url)))
        settings = settings_for(home, fxbo(export.url))
        found = rows(settings, "SELECT row_key, column_name, reason FROM lake.raw.quarantine")
        assert sorted((key, column) for key, column, _ in found) == [
            ("10", "from_login_sid"),
            ("8", "type"),
            ("9", "status"),
        ]
        reasons = " ".join(reason for _, _, reason in found)
        assert 'type is "chargeback", which is not translated: add it to options.types' in reasons
        told = {"types": {"Chargeback": "other"}, "statuses": {"on hold": "requested"}}
        export.update("transactions", "id = 10", fromLoginSid="5-1001")
        assert synced(settings_for(home, fxbo(export.url, **told))).new == 3
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0

    def test_an_unmapped_server_is_a_problem_until_it_is_mapped(
        self, settings: Settings, home: Path, export: Export
    ) -> None:
        export.insert("mt4_users", [account("9-5", 10)], COLUMNS["mt4_users"])
        report = synced(settings)
        assert [(p.table, p.severity, p.what) for p in report.problems] == [
            ("fxbo_accounts", "error", "Server 9 of mt4_users is not in options.servers (1 rows).")
        ]
        servers = {"5": "mt5_live", "6": "", "2": "", "9": "mt4_live"}
        report = synced(settings_for(home, fxbo(export.url, servers=servers)))
        assert report.changed == 1
        assert [p.severity for p in report.problems] == ["warning", "warning"]
        assert "No source loads the platform mt4_live (sid 9)" in report.problems[1].what
        assert one(
            settings,
            f"SELECT server_id FROM {current('fxbo_accounts')} WHERE login_sid = '9-5'",
        ) == ("mt4_live")

    def test_statistics_of_the_past_are_read_again_for_a_month(
        self, settings: Settings, export: Export
    ) -> None:
        synced(settings)
        export.update("stats_trading", "tradeCnt = 2", totalPlClosed="-4")
        old = {"date": "2026-01-05", "loginSid": "5-1001", "tradeCnt": 1, "totalPlClosed": "1"}
        new = old | {"date": "2026-10-27"}
        export.insert("stats_trading", [old, new], COLUMNS["stats_trading"])
        report = synced(settings)
        # Beyond the month nothing is read again: the README says so.
        assert (report.new, report.changed) == (1, 1)

    def test_a_missing_column_stops_its_table_only(self, home: Path, export: Export) -> None:
        lay(export, "users", "tags")
        export.create("users", {"id": "BIGINT", "country": "TEXT"}, [user(1)])
        report = synced(settings_for(home, fxbo(export.url)))
        assert [(p.table, p.what) for p in report.problems if p.severity == "error"] == [
            ("fxbo_users", "Table users has no column isIb.")
        ]
        assert ("fxbo_tags", "The database has no table tags.") in [
            (p.table, p.what) for p in report.problems
        ]
        assert report.new > 10
