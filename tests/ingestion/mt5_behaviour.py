"""What loading an MT5 export must do on every database; run on SQLite, PostgreSQL, MariaDB."""

from __future__ import annotations

from pathlib import Path

from ingestion.sync import sync_once
from quality.checks import run_checks
from tests.ingestion.exports import (
    ACCOUNTS,
    DAILY,
    DEALS,
    SECOND,
    T0,
    USERS,
    Export,
    deal,
    mt5,
    settings_for,
)
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings


def loaded(home: Path, export: Export, *tables: str) -> Settings:
    """Settings of an installation that just loaded the export."""
    settings = settings_for(home, mt5(export.url))
    report = sync_once(settings)
    assert report.sources[0].error is None
    return settings


def deals(settings: Settings) -> list[tuple[int, float]]:
    """(deal, profit) of the current rows."""
    return [
        (number, profit)
        for number, profit in rows(
            settings, f"SELECT deal, profit FROM {current('mt5_deals')} ORDER BY deal"
        )
    ]


class Mt5Behaviour:
    """Subclasses give a fixture ``export``: an empty database."""

    def test_second_sync_of_the_same_rows_loads_nothing(self, home: Path, export: Export) -> None:
        export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 6)])
        settings = loaded(home, export)
        assert len(deals(settings)) == 5
        again = sync_once(settings).sources[0]
        assert (again.loads, again.new, again.changed) == (0, 0, 0)
        assert again.held >= 5
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 5

    def test_new_late_edited_and_deleted_deals(self, home: Path, export: Export) -> None:
        export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 31)])
        settings = loaded(home, export)
        key = export.quote("Deal")
        export.insert("mt5_deals", [deal(31)])
        # A late deal: an old number and day, a new Timestamp.
        export.insert("mt5_deals", [deal(0, Timestamp=T0 + 40 * 60 * SECOND)])
        export.update(
            "mt5_deals", f"{key} = 7", Profit=70.5, Timestamp=T0 + 41 * 60 * SECOND, ModifyFlags=2
        )
        export.delete("mt5_deals", f"{key} = 9")
        report = sync_once(settings).sources[0]
        assert (report.new, report.changed, report.deleted) == (2, 1, 1)
        held = dict(deals(settings))
        assert held[7] == 70.5
        assert 9 not in held
        assert {0, 31} <= held.keys()
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals WHERE deal = 7") == 2
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals WHERE deal = 9") == 2
        # Restored from a backup: as it was, its old Timestamp included.
        export.insert("mt5_deals", [deal(9)])
        assert sync_once(settings).sources[0].new == 1
        assert dict(deals(settings))[9] == 9.0
        assert one(settings, "SELECT sum(abs(difference)) FROM lake.meta.control_totals") == 0

    def test_an_edit_that_moved_no_cursor_is_found_by_the_sweep(
        self, home: Path, export: Export
    ) -> None:
        export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 31)])
        settings = loaded(home, export)
        # Replayed by a re-synchronisation with a Timestamp far behind the cursor.
        export.update("mt5_deals", f"{export.quote('Deal')} = 2", Profit=-2.0, Timestamp=T0 - 99)
        report = sync_once(settings, sweep=False).sources[0]
        assert report.changed == 0
        assert sync_once(settings).sources[0].changed == 1
        assert dict(deals(settings))[2] == -2.0

    def test_single_and_yearly_tables_count_each_deal_once(
        self, home: Path, export: Export
    ) -> None:
        both = [deal(n) for n in range(5, 9)]
        export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 9)])
        export.create("mt5_deals_2025", DEALS, both[:2])
        export.create("mt5_deals_2026", DEALS, [*both[2:], deal(100)])
        settings = loaded(home, export)
        assert [number for number, _ in deals(settings)] == [*range(1, 9), 100]
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 9
        # The yearly table lives on, the old copy stays as it was: the later Timestamp wins.
        export.update(
            "mt5_deals_2026",
            f"{export.quote('Deal')} = 8",
            Profit=88.0,
            Timestamp=T0 + 200 * 60 * SECOND,
        )
        sync_once(settings)
        sync_once(settings)
        assert dict(deals(settings))[8] == 88.0
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 10
        totals = rows(
            settings,
            "SELECT measure, source_value, difference FROM lake.meta.control_totals "
            "WHERE measure LIKE 'table%' QUALIFY load_id = max(load_id) OVER () ORDER BY 1",
        )
        assert [(m, int(v), int(d)) for m, v, d in totals] == [
            ("table_count", 9, 0),
            ("table_sum_profit", (sum(range(1, 8)) + 88 + 100) * 10_000, 0),
            ("table_sum_volume", 0, 0),
        ]

    def test_null_keys_zero_dates_and_duplicates(self, home: Path, export: Export) -> None:
        zero = None if export.dialect == "postgresql" else "0000-00-00 00:00:00"
        export.create(
            "mt5_deals",
            DEALS,
            [
                deal(1),
                deal(2) | {"Deal": None},
                deal(3, Time=zero),
                deal(4, TimeMsc=zero),
                deal(5),
                deal(5),
                deal(6, Profit=1.0),
                deal(6, Profit=2.0, Timestamp=T0 + 999 * SECOND),
                deal(7) | {"Login": None},
            ],
        )
        settings = loaded(home, export)
        assert deals(settings) == [(1, 1.0), (4, 4.0), (5, 5.0), (6, 2.0)]
        reasons = rows(
            settings, "SELECT row_key, column_name, reason FROM lake.raw.quarantine ORDER BY ALL"
        )
        assert [(key, column) for key, column, _ in reasons] == [
            ("3", "time"),
            ("6", None),
            ("7", "login"),
            ("NULL", "deal"),
        ]
        assert "zero date" in reasons[0][2] or export.dialect == "postgresql", reasons
        # An overlap that reads them again writes them once.
        sync_once(settings)
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 4
        # Repaired at the source: loaded, and released.
        export.update(
            "mt5_deals",
            f"{export.quote('Deal')} = 3",
            Time="2026-10-28 10:03:00",
            Timestamp=T0 + 2000 * SECOND,
        )
        sync_once(settings)
        assert 3 in dict(deals(settings))
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine WHERE row_key = '3'") == 0

    def test_personal_data_stays_in_its_schema(self, home: Path, export: Export) -> None:
        export.create("mt5_deals", DEALS)
        export.create(
            "mt5_users",
            USERS,
            [
                {
                    "Login": 1001,
                    "Timestamp": T0,
                    "Group": r"real\A",
                    "Registration": "2026-01-02 03:04:05",
                    "LastAccess": None,
                    "Name": "Ada Secret",
                    "Email": "ada@secret.example",
                    "Phone": "+357",
                    "PhonePassword": "hunter2",
                },
                {"Login": None, "Timestamp": T0, "Group": "x", "Name": "Bob Secret"},
            ],
        )
        settings = loaded(home, export)
        assert rows(settings, f"SELECT login, name FROM {current('mt5_users', 'pii')}") == [
            (1001, "Ada Secret")
        ]
        for table in ("raw.mt5_users", "raw.quarantine", "meta.source_problems", "meta.loads"):
            text = str(rows(settings, f"SELECT * FROM lake.{table}"))
            assert "Secret" not in text
            assert "secret" not in text
            assert "hunter2" not in text
        # Only the name changes: a new version there, none in raw.
        export.update("mt5_users", f"{export.quote('Login')} = 1001", Name="Ada Secret-Smith")
        assert sync_once(settings).sources[0].changed == 1
        assert one(settings, "SELECT count(*) FROM lake.raw.mt5_users") == 1
        assert one(settings, "SELECT count(*) FROM lake.pii.mt5_users") == 2

    def test_accounts_are_replaced_and_daily_is_dated(self, home: Path, export: Export) -> None:
        export.create("mt5_deals", DEALS, [deal(1)])
        export.create("mt5_accounts", ACCOUNTS, [{"Login": 1001, "Balance": 1.0, "Credit": 0.0}])
        end_of_day = 1_793_231_999  # 2026-10-28 23:59:59
        daily = {
            "Datetime": end_of_day,
            "Login": 1001,
            "Timestamp": T0,
            "Group": "g",
            "Currency": "USD",
            "Balance": 1.0,
        }
        export.create("mt5_daily", DAILY, [daily])
        settings = loaded(home, export)
        export.update("mt5_accounts", f"{export.quote('Login')} = 1001", Balance=2.0)
        export.update(
            "mt5_daily",
            f"{export.quote('Login')} = 1001",
            Balance=2.0,
            Timestamp=T0 + 10**10,
        )
        sync_once(settings)
        assert rows(settings, "SELECT login, balance FROM lake.raw.mt5_accounts") == [(1001, 2.0)]
        assert rows(
            settings, f"SELECT _business_date::VARCHAR, balance FROM {current('mt5_daily')}"
        ) == [("2026-10-28", 2.0)]
        touched = rows(
            settings,
            "SELECT DISTINCT login, business_date::VARCHAR FROM lake.meta.touched_accounts",
        )
        assert touched == [(1001, "2026-10-28")]

    def test_an_edit_that_moved_no_timestamp_is_found_by_its_day(
        self, home: Path, export: Export
    ) -> None:
        days = {n: f"2026-10-{20 + n % 5}" for n in range(1, 31)}
        export.create(
            "mt5_deals", DEALS, [deal(n, Time=f"{day} 12:00:00") for n, day in days.items()]
        )
        settings = loaded(home, export)
        recorded = (
            "SELECT business_date::VARCHAR, measure, source_value::BIGINT, difference::BIGINT "
            "FROM lake.meta.control_totals WHERE starts_with(measure, 'day_') ORDER BY ALL"
        )
        first = rows(settings, recorded)
        assert len(first) == 5 * 3
        assert ("2026-10-22", "day_count", 6, 0) in first
        assert ("2026-10-22", "day_sum_profit", sum(range(2, 31, 5)) * 10_000, 0) in first
        export.update("mt5_deals", f"{export.quote('Deal')} = 7", Profit=7.5)
        report = sync_once(settings)
        assert not report.failed
        assert report.sources[0].changed == 1
        assert dict(deals(settings))[7] == 7.5
        assert any(
            "Business day 2026-10-22 of mt5_deals differed" in problem.what
            for problem in report.sources[0].problems
        )
        second = rows(settings, recorded)
        assert len(second) == 5 * 3
        assert [row[:3] for row in second if row not in first] == [
            ("2026-10-22", "day_sum_profit", sum(range(2, 31, 5)) * 10_000 + 5_000)
        ]
        assert {difference for *_, difference in second} == {0}
        assert sync_once(settings).sources[0].loads == 0

    def test_days_end_where_the_server_ends_them(self, home: Path, export: Export) -> None:
        export.create(
            "mt5_deals",
            DEALS,
            [
                deal(1, Time="2026-10-27 23:59:59"),
                deal(2, Time="2026-10-28 16:59:59"),
                deal(3, Time="2026-10-28 17:00:00"),
                deal(4, Time="2026-10-29 16:59:59"),
            ],
        )
        source = mt5(export.url).model_copy(update={"end_of_day_minutes": 16 * 60 + 59})
        settings = settings_for(home, source)
        sync_once(settings)
        assert rows(
            settings,
            "SELECT business_date::VARCHAR, source_value::BIGINT, warehouse_value::BIGINT "
            "FROM lake.meta.control_totals WHERE measure = 'day_count' ORDER BY 1",
        ) == [("2026-10-28", 2, 2), ("2026-10-29", 2, 2)]

    def test_a_day_that_cannot_be_made_equal_is_reported(self, home: Path, export: Export) -> None:
        export.create(
            "mt5_deals",
            DEALS,
            [deal(1), deal(2, Time="2026-10-27 12:00:00") | {"Login": None}],
        )
        settings = loaded(home, export)
        for _ in range(2):
            report = sync_once(settings).sources[0]
            assert report.loads == 0
            assert [p.what for p in report.problems if "differs" in p.what] == [
                "Business day 2026-10-27 of mt5_deals differs from the source "
                "(count 1 there, 0 here, sum_profit 20000 there, 0 here)."
            ]
        unresolved = rows(
            settings,
            "SELECT business_date::VARCHAR, measure, difference::BIGINT "
            "FROM lake.meta.control_totals WHERE difference <> 0 AND business_date IS NOT NULL "
            "ORDER BY 2",
        )
        assert unresolved == [
            ("2026-10-27", "day_count", 1),
            ("2026-10-27", "day_sum_profit", 20_000),
        ]
        checks = {check.id: check for check in run_checks(settings)}
        assert checks["control_totals_by_day"].broken == 2
        # Repaired at the source.
        export.update("mt5_deals", f"{export.quote('Deal')} = 2", Login=1001)
        sync_once(settings)
        checks = {check.id: check for check in run_checks(settings)}
        assert checks["control_totals_by_day"].broken == 0
        assert [number for number, _ in deals(settings)] == [1, 2]
