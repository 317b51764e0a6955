"""The MT5 connector on PostgreSQL and MariaDB as brokers have them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from orchestration.build import build
from quality.breaks import list_breaks
from quality.checks import run_checks
from tests.ingestion.exports import DEALS, Export, deal, mt5, settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt5_behaviour import Mt5Behaviour, deals, loaded
from tests.services.servers import Server
from warehouse.settings import SourceSettings

pytestmark = pytest.mark.services


class TestMt5OnPostgresql(Mt5Behaviour):
    """The shared tests; names are lower case, as PostgreSQL exports have them."""

    @pytest.fixture
    def export(self, postgresql_url: str) -> Export:
        """An empty database."""
        return Export(postgresql_url, lower=True)


class TestMt5OnMariadb(Mt5Behaviour):
    """The shared tests; zero dates are real here."""

    @pytest.fixture
    def export(self, mariadb_url: str) -> Export:
        """An empty database."""
        return Export(mariadb_url)


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


def test_large_and_small_reads_agree(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What connectorx read is not read as changed by the cursor, and the other way round."""
    export = Export(server.database())
    noisy = [deal(n, Profit=n / 7, Price=1.1403699999999999 + n / 3e7) for n in range(1, 50)]
    export.create("mt5_deals", DEALS, noisy)
    monkeypatch.setattr("ingestion.connectors.database.CURSOR_ROWS", -1)
    # Every row is in the overlap, so the second pass reads all of them again.
    settings = settings_for(home, mt5(export.url, overlap_seconds=86_400))
    sync_once(settings)
    monkeypatch.setattr("ingestion.connectors.database.CURSOR_ROWS", 10**9)
    again = sync_once(settings).sources[0]
    assert (again.new, again.changed) == (0, 0)
    assert again.held >= 49
    assert one(settings, "SELECT sum(abs(difference)) FROM lake.meta.control_totals") == 0


def test_a_stopped_server_is_reported_and_caught_up(
    home: Path, server: Server, tmp_path: Path
) -> None:
    export = Export(server.database())
    export.create("mt5_deals", DEALS, [deal(1)])
    settings = loaded(home, export)
    export.insert("mt5_deals", [deal(2)])
    server.stop()
    try:
        report = sync_once(settings)
    finally:
        server.start()
    assert report.failed
    assert "cannot be read" in (report.sources[0].error or "")
    assert not sync_once(settings).failed
    assert [number for number, _ in deals(settings)] == [1, 2]


def _statements(dump: str) -> list[str]:
    return [s.strip() for s in re.split(r";[ \t]*\n", re.sub(r"--.*", "", dump)) if s.strip()]


def _as_postgresql(statement: str) -> str:
    """MySQL's DDL in PostgreSQL's words, names lower case."""
    if not statement.startswith("CREATE"):
        return statement.replace("`", "")
    statement = re.sub(r"`(\w+)`", lambda match: f'"{match[1].lower()}"', statement)
    for mysql, postgres in (
        (r"bigint(\(\d+\))?( unsigned)?", "bigint"),
        (r"\bint(\(\d+\))?( unsigned)?", "integer"),
        (r"\bdouble\b", "double precision"),
        (r"\bdatetime(\(6\))?(?= NOT)", "timestamp"),
        (r"DEFAULT '0000[^']*'", ""),
    ):
        statement = re.sub(mysql, postgres, statement)
    return statement


def _real_export(server: Server, kind: str, reference_data: Path) -> Export:
    """The dump on a server, with the yearly tables it had beside mt5_deals: 22 deals again."""
    export = Export(server.database(), lower=kind == "postgresql")
    dump = (reference_data / "sources/mt5/mt5db_2019_dump_excerpt.sql").read_text("utf-8")
    statements = _statements(dump)
    if kind == "postgresql":
        statements = [_as_postgresql(statement) for statement in statements]
    key = export.quote("Deal")
    export.run(
        *statements,
        f"CREATE TABLE mt5_deals_2018 AS SELECT * FROM mt5_deals WHERE {key} IN (3,4,5,6,7,9)",
        f"CREATE TABLE mt5_deals_2019 AS SELECT * FROM mt5_deals WHERE {key} BETWEEN 18 AND 33",
    )
    return export


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_the_real_export_of_2019(
    kind: str, home: Path, reference_data: Path, request: pytest.FixtureRequest
) -> None:
    """33 deals once each, though 22 of them are in yearly tables again."""
    export = _real_export(request.getfixturevalue(f"{kind}_server"), kind, reference_data)
    settings = settings_for(home, mt5(export.url, "mt5_2019"))
    report = sync_once(settings)
    assert not report.failed
    assert [number for number, _ in deals(settings)] == list(range(1, 34))
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 33
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    assert one(
        settings,
        f"SELECT sum(profit + storage + commission) FROM {current('mt5_deals')} WHERE login = 1006",
    ) == pytest.approx(49_663)
    assert one(
        settings, "SELECT balance FROM lake.raw.mt5_accounts WHERE login = 1006"
    ) == pytest.approx(49_663)
    # Timestamp is UTC, TimeMsc the server's clock: an hour apart in every row.
    offsets = rows(
        settings,
        "SELECT DISTINCT round((epoch_us(time_msc) / 1e6 - "
        '("timestamp" / 1e7 - 11644473600)) / 60) FROM lake.raw.mt5_deals',
    )
    assert offsets == [(60.0,)]
    assert one(settings, "SELECT time_zone_minutes FROM lake.meta.servers") == 60
    assert one(settings, "SELECT sum(abs(difference)) FROM lake.meta.control_totals") == 0
    again = sync_once(settings).sources[0]
    assert (again.loads, again.new) == (0, 0)


def test_the_books_of_the_real_export_name_what_does_not_tie(
    home: Path, reference_data: Path, mariadb_server: Server
) -> None:
    """Deals of unknown logins and of accounts without a group are breaks of a known type."""
    export = _real_export(mariadb_server, "mariadb", reference_data)
    # Without a rule of its own the clock of the export's mt5_time counts.
    source = mt5(export.url, "mt5_2019").model_copy(update={"clock_zone": ""})
    settings = settings_for(home, source, SourceSettings(name="ecb", kind="ecb"))
    sync_once(settings)
    build(settings)
    breaks = {(item.login, item.break_type): item.amount for item in list_breaks(settings)}
    accounts = rows(settings, "SELECT DISTINCT login FROM lake.raw.mt5_accounts")
    known = {login for (login,) in accounts}
    orphans = {login for login, kind in breaks if kind == "orphan_login"}
    assert len(orphans) == 9
    assert not orphans & known
    assert {key for key in breaks if key[0] in known} == {
        (1003, "unclassified_account"),
        (1004, "unclassified_account"),
    }
    assert breaks[1003, "unclassified_account"] == Decimal(30_000)
    [(balance,)] = rows(
        settings,
        "SELECT closing_balance_amount FROM finance.fct_account_days WHERE login = 1006 "
        "ORDER BY business_date DESC LIMIT 1",
    )
    assert balance == Decimal(49_663)
    checks = {check.id: check for check in run_checks(settings)}
    # The dump has neither symbols nor account currencies: said, not guessed.
    assert {name for name, check in checks.items() if check.broken} == {
        "amounts_have_a_rate",
        "broker_pnl_has_rates",
        "symbols_are_described",
        "traded_amounts_have_a_rate",
    }
    assert checks["clock_offset_is_rule"].population == 33
