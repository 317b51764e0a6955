"""What loading an MT4 database must do on every database; run on SQLite, PostgreSQL, MariaDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ingestion.sync import sync_once
from tests.ingestion.exports import Export, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt4_exports import (
    DAILY,
    NONE,
    PRICES,
    TRADES,
    USERS,
    add,
    at,
    fill,
    mt4,
    opened,
    trade,
    user,
)
from warehouse.settings import Settings


def loaded(home: Path, export: Export, **options: Any) -> Settings:
    """Settings of an installation that just loaded the database."""
    settings = settings_for(home, mt4(export.url, **options))
    report = sync_once(settings)
    assert report.sources[0].error is None
    return settings


def held(settings: Settings) -> dict[int, tuple[float, int, bool]]:
    """Profit, volume and whether it is open, by ticket, of the current rows."""
    return {
        ticket: (profit, volume, is_open)
        for ticket, profit, volume, is_open in rows(
            settings,
            f"SELECT ticket, profit, volume, close_time IS NULL FROM {current('mt4_trades')}",
        )
    }


def ties(settings: Settings) -> bool:
    """Whether the newest control totals of the whole tables show no difference."""
    return bool(
        one(
            settings,
            "SELECT coalesce(sum(abs(difference)), 0) = 0 AND count(*) > 0 FROM "
            "lake.meta.control_totals WHERE measure LIKE 'table%'",
        )
    )


class Mt4Behaviour:
    """Subclasses give a fixture ``export``: an empty database."""

    def test_a_trade_from_its_opening_to_its_deletion(self, home: Path, export: Export) -> None:
        fill(export, *(trade(n) for n in range(1, 21)), opened(50), opened(51, VOLUME=30))
        settings = loaded(home, export)
        assert held(settings)[50] == (-0.5, 10, True)
        assert len(held(settings)) == 22
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
        again = sync_once(settings).sources[0]
        assert (again.loads, again.new, again.changed) == (0, 0, 0)
        ticket = export.quote("TICKET")
        # 50 is closed; a third of 51 is closed and the rest goes on as 60, opened when 51 was;
        # 5 comes in late, under an old number and an old day; 9 is deleted.
        export.update("MT4_TRADES", f"{ticket} = 50", CLOSE_TIME=at(160), PROFIT=7.5,
                      MODIFY_TIME=at(160))  # fmt: skip
        export.update("MT4_TRADES", f"{ticket} = 51", CLOSE_TIME=at(161), PROFIT=1.25, VOLUME=10,
                      COMMENT="to #60", MODIFY_TIME=at(161))  # fmt: skip
        add(export, opened(60, OPEN_TIME=at(51), VOLUME=20, COMMENT="from #51",
                           MODIFY_TIME=at(161)))  # fmt: skip
        add(export, trade(0, MODIFY_TIME=at(170)))
        export.delete("MT4_TRADES", f"{ticket} = 9")
        report = sync_once(settings).sources[0]
        assert (report.new, report.changed, report.deleted) == (2, 2, 1)
        now = held(settings)
        assert (now[50], now[51], now[60]) == (
            (7.5, 10, False),
            (1.25, 10, False),
            (-0.5, 20, True),
        )
        assert 9 not in now
        # The old versions are kept, and a restored trade comes back.
        assert one(settings, "SELECT count(*) FROM lake.raw.mt4_trades WHERE ticket = 51") == 2
        add(export, trade(9))
        assert sync_once(settings).sources[0].new == 1
        assert held(settings)[9][0] == 9.0
        assert ties(settings)
        # A trade belongs to the day that settles it; an open one to none.
        assert rows(
            settings,
            f"SELECT DISTINCT _business_date::VARCHAR FROM {current('mt4_trades')} "
            "WHERE _business_date IS NOT NULL",
        ) == [("2026-10-28",)]

    def test_an_edit_that_moves_no_marker_is_found_by_the_sweep(
        self, home: Path, export: Export
    ) -> None:
        fill(export, *(trade(n) for n in range(1, 21)), opened(50, MODIFY_TIME=at(12)))
        settings = loaded(home, export, overlap_seconds=0)
        ticket = export.quote("TICKET")
        export.update("MT4_TRADES", f"{ticket} = 3", PROFIT=-3.0)
        export.update("MT4_TRADES", f"{ticket} = 4", VOLUME=9)
        export.update("MT4_TRADES", f"{ticket} = 50", PROFIT=11.75)
        assert sync_once(settings, sweep=False).sources[0].changed == 0
        assert sync_once(settings).sources[0].changed == 3
        assert held(settings)[3][0] == -3.0
        assert held(settings)[50] == (11.75, 10, True)
        assert ties(settings)

    def test_bad_rows_are_quarantined_and_released(self, home: Path, export: Export) -> None:
        # A zero date as CLOSE_TIME is no date, as 1970 is; OPEN_TIME must be one.
        zero = NONE if export.dialect == "postgresql" else "0000-00-00 00:00:00"
        fill(
            export, trade(1), trade(2) | {"LOGIN": None}, trade(3) | {"PROFIT": None},
            trade(4) | {"OPEN_TIME": None}, trade(5, CLOSE_TIME=zero), trade(6),
            trade(6, PROFIT=1.0), trade(7) | {"TICKET": None},
        )  # fmt: skip
        settings = loaded(home, export)
        assert sorted(held(settings)) == [1, 5, 6]
        assert held(settings)[5][2]
        found = rows(settings, "SELECT row_key, column_name FROM lake.raw.quarantine ORDER BY ALL")
        assert found == [("2", "login"), ("3", "profit"), ("4", "open_time"), ("6", None),
                         ("NULL", "ticket")]  # fmt: skip
        sync_once(settings)
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 5
        export.update("MT4_TRADES", f"{export.quote('TICKET')} = 3", PROFIT=3.0,
                      MODIFY_TIME=at(180))  # fmt: skip
        sync_once(settings)
        assert held(settings)[3][0] == 3.0
        assert one(settings, "SELECT count(*) FROM lake.raw.quarantine WHERE row_key = '3'") == 0

    def test_accounts_reports_and_prices(self, home: Path, export: Export) -> None:
        fill(export, trade(1))
        export.create("MT4_USERS", USERS, [user()])
        report = {
            "LOGIN": 2001, "TIME": "2026-10-28 23:59:59", "GROUP": "B-USD", "BANK": "x",
            "BALANCE_PREV": 99.0, "BALANCE": 100.0, "DEPOSIT": 0.0, "CREDIT": 0.0,
            "PROFIT_CLOSED": 1.0, "PROFIT": -0.5, "EQUITY": 99.5, "MODIFY_TIME": at(0),
        }  # fmt: skip
        export.create("MT4_DAILY", DAILY, [report])
        export.create("MT4_PRICES", PRICES, [
            {"SYMBOL": "EURUSD", "TIME": at(0), "BID": 1.1, "ASK": 1.2, "DIGITS": 5}
        ])  # fmt: skip
        settings = loaded(home, export)
        assert rows(settings, f"SELECT name, id FROM {current('mt4_users', 'pii')}") == [
            ("Ada Secret", "SECRET77")
        ]
        for table in ("raw.mt4_users", "raw.mt4_accounts", "raw.quarantine",
                      "meta.source_problems", "meta.loads"):  # fmt: skip
            text = str(rows(settings, f"SELECT * FROM lake.{table}")).lower()
            assert "secret" not in text
            assert "hunter2" not in text
        # A quote moves the equity: state is replaced, the account gets no version.
        login = export.quote("LOGIN")
        export.update("MT4_USERS", f"{login} = 2001", EQUITY=98.0, LASTDATE=at(5))
        # The platform restates a day.
        export.update("MT4_DAILY", f"{login} = 2001", BALANCE=101.0, MODIFY_TIME=at(60))
        sync_once(settings)
        assert rows(settings, "SELECT equity FROM lake.raw.mt4_accounts") == [(98.0,)]
        assert one(settings, "SELECT count(*) FROM lake.raw.mt4_users") == 1
        assert rows(
            settings,
            f"SELECT _business_date::VARCHAR, balance FROM {current('mt4_daily')}",
        ) == [("2026-10-28", 101.0)]
        assert ties(settings)

    def test_either_marker_serves(self, home: Path, export: Export) -> None:
        without = {name: kind for name, kind in TRADES.items() if name != "MODIFY_TIME"}
        export.create("mt4_trades", without, [trade(n) for n in range(1, 4)])
        settings = loaded(home, export)
        ticket = export.quote("TICKET")
        export.update("mt4_trades", f"{ticket} = 2", PROFIT=-2.0, TIMESTAMP=1_790_000_900)
        assert sync_once(settings, sweep=False).sources[0].changed == 1
        assert held(settings)[2][0] == -2.0
