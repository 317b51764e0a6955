"""The MT4 connector on MariaDB as brokers have it, and on PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.ingestion.exports import Export, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt4_behaviour import Mt4Behaviour, held, ties
from tests.ingestion.mt4_exports import NONE, at, mt4
from tests.services.servers import Server

pytestmark = pytest.mark.services


class TestMt4OnPostgresql(Mt4Behaviour):
    """The shared tests; names in lower case."""

    @pytest.fixture
    def export(self, postgresql_url: str) -> Export:
        """An empty database."""
        return Export(postgresql_url, lower=True)


class TestMt4OnMariadb(Mt4Behaviour):
    """The shared tests; zero dates are real here."""

    @pytest.fixture
    def export(self, mariadb_url: str) -> Export:
        """An empty database."""
        return Export(mariadb_url)


def _ddl(path: Path) -> list[str]:
    text = re.sub(r"--.*", "", path.read_text("utf-8"))
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def _trade(ticket: int, **fields: object) -> str:
    row: dict[str, object] = {
        "TICKET": ticket, "LOGIN": 2001, "SYMBOL": "EURUSD", "DIGITS": 5, "CMD": 0, "VOLUME": 10,
        "OPEN_TIME": at(1), "OPEN_PRICE": 1.1, "SL": 0, "TP": 0, "CLOSE_TIME": at(2),
        "EXPIRATION": NONE, "CONV_RATE1": 1, "CONV_RATE2": 1, "COMMISSION": -0.7,
        "COMMISSION_AGENT": 0, "SWAPS": -0.1, "CLOSE_PRICE": 1.2, "PROFIT": 12.345,
        "TAXES": 0, "COMMENT": "", "INTERNAL_ID": 0, "MARGIN_RATE": 1, "TIMESTAMP": 1793000000,
        "MODIFY_TIME": at(2),
    }  # fmt: skip
    row |= fields
    names = ", ".join(f"`{name}`" for name in row)
    values = ", ".join(repr(value) for value in row.values())
    return f"INSERT INTO mt4_trades ({names}) VALUES ({values})"


@pytest.mark.parametrize("expected_rows", [0, 10**9], ids=["connectorx", "cursor"])
def test_the_tables_of_a_real_report_server(
    expected_rows: int, home: Path, mariadb_server: Server, reference_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A database laid by the real DDL: nothing to complain of, and every kind of row arrives."""
    monkeypatch.setattr("ingestion.connectors.database.CURSOR_ROWS", expected_rows - 1)
    export = Export(mariadb_server.database())
    export.run(
        *_ddl(reference_data / "sources/mt4/mt4_report_server_schema.sql"),
        "CREATE TABLE mt4_trades_full LIKE mt4_trades",
        _trade(1),
        _trade(2, CLOSE_TIME=NONE, PROFIT=-1.5),
        _trade(3, CMD=6, SYMBOL="", VOLUME=0, PROFIT=100, COMMENT="CRM-D-1003616"),
        "INSERT INTO mt4_config VALUES (1, 443, 'live.broker.example:443')",
        f"INSERT INTO mt4_prices VALUES ('EURUSD', '{at(2)}', 1.1, 1.2, 1, 2, 0, 5, 12, '{at(2)}')",
        "INSERT INTO mt4_daily VALUES (2001, '2026-10-28 23:59:59', 'B', '', 0, 100, 100, 0, 0, 0, "
        f"100, 0, 100, '{at(2)}')",
    )
    settings = settings_for(home, mt4(export.url))
    report = sync_once(settings)
    assert not report.failed
    assert [p.what for p in report.sources[0].problems] == [
        "No contract size and currencies are known of EURUSD."
    ]
    assert held(settings) == {1: (12.345, 10, False), 2: (-1.5, 10, True), 3: (100.0, 0, False)}
    assert rows(settings, f"SELECT symbol FROM {current('mt4_trades')} WHERE ticket = 3") == [("",)]
    assert one(settings, "SELECT count(*) FROM lake.raw.mt4_daily") == 1
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    assert ties(settings)
    export.run("UPDATE mt4_trades SET PROFIT = -2 WHERE TICKET = 2")
    assert sync_once(settings).sources[0].changed == 1
    assert ties(settings)


def test_an_index_on_a_date_marker_is_used(home: Path, mariadb_server: Server) -> None:
    """Where a broker puts an index on MODIFY_TIME, a poll reads by it."""
    from ingestion.connectors.database import SourceDatabase
    from ingestion.connectors.mt4.contract import CONTRACTS
    from ingestion.connectors.sql_tables.discovery import discover
    from ingestion.connectors.sql_tables.queries import Queries
    from tests.ingestion.mt4_exports import fill, trade

    export = Export(mariadb_server.database())
    fill(export, *(trade(n) for n in range(1, 150)))
    export.run("CREATE INDEX daybook ON MT4_TRADES (MODIFY_TIME)", "ANALYZE TABLE MT4_TRADES")
    with SourceDatabase(export.url, "mt4_live") as database:
        tables, _ = discover(database, CONTRACTS)
        queries = Queries(database, tables["mt4_trades"][0])
        newest = queries.extent("modify_time", "")[1]
        assert newest is not None
        where = queries.above("modify_time", ">=", newest - 60)
        assert queries.count(f"WHERE {where}") == 2
        plan = database.rows(f"EXPLAIN SELECT count(*) FROM {queries.name} WHERE {where}")
    assert "daybook" in str(plan)
