"""A corrected past: published again, told by how much and why, and every figure re-added.

One broker is corrected twice: deals are added, edited and deleted after the close, then a rate.
The tests of this module look at what that left, and change nothing.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from exports.register import run_losing_accounts
from exports.statements.client import make_client_statement
from ingestion.sync import sync_once
from orchestration.close import CloseResult, close
from quality.checks import Check, run_checks
from quality.comparison import diff
from quality.lineage import MARTS, explain, not_re_added
from quality.restatements import restated_days, restatement_lines
from tests.orchestration.daily import correct, rows
from warehouse.connection import connect
from warehouse.publishing import published_days
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MONTH, WINDOW_TO = "2026-10", dt.date(2026, 10, 30)
D = Decimal
TOTAL = "SELECT sum(total_reporting), count(*) FROM finance.fct_daily_pnl"


@dataclass(frozen=True)
class Corrected:
    """The broker after its corrections, and what was known before."""

    settings: Settings
    known: list[tuple[Any, ...]]
    """TOTAL as it read before anything was corrected."""
    before: int
    corrected: int
    rated: int
    deals: dict[str, tuple[Any, ...]]
    """late, edited, deleted -> (deal_key, login, business date)."""
    statement: str
    filing: str
    first_close: CloseResult
    broken: list[Check]
    """Checks that do not hold after the deals; the truth knows nothing of the rate."""
    rate_day: dt.date
    rate_close: CloseResult

    def rows(self, query: str, as_of: int | str | None = None) -> list[tuple[Any, ...]]:
        with connect("read", as_of, settings=self.settings) as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def corrected(closed_broker: Path, tmp_path_factory: pytest.TempPathFactory) -> Corrected:
    folder = tmp_path_factory.mktemp("restated") / "broker"
    shutil.copytree(closed_broker, folder)
    settings = load_settings(folder / "daybook.toml")
    before = _latest(settings)
    known = rows(settings, TOTAL)
    held = _deals(settings)
    filing = run_losing_accounts(settings, window_to=WINDOW_TO, maker="test").filing_id
    correct(settings)
    sync_once(settings)
    login = _late_login(settings)
    statement = make_client_statement(
        settings, f"demo/mt5_live/{login}", MONTH, "csv", folder / "out", as_of=before
    ).statement_number
    first_close = close(settings, closed_by="test")
    broken = [check for check in run_checks(settings) if check.broken]
    corrected_at = _latest(settings)
    now = _deals(settings)
    deals = {
        "late": next(now[key] for key in now if key not in held),
        "deleted": next(held[key] for key in held if key not in now),
        "edited": next(now[key] for key in now if key in held and now[key] != held[key]),
    }
    rate_day = _publish_another_rate(folder)
    settings = load_settings(folder / "daybook.toml")
    sync_once(settings, source="ecb")
    rate_close = close(settings, closed_by="test")
    return Corrected(
        settings, known, before, corrected_at, _latest(settings), deals, statement, filing,
        first_close, broken, rate_day, rate_close,
    )  # fmt: skip


def _latest(settings: Settings) -> int:
    with connect("read", settings=settings) as con:
        row = con.execute("SELECT max(snapshot_id) FROM lake.meta.published").fetchone()
    assert row is not None
    return int(row[0])


def _deals(settings: Settings) -> dict[str, tuple[Any, ...]]:
    with connect("read", settings=settings) as con:
        rows = con.execute(
            "SELECT deal_key, login, business_date, balance_effect_amount "
            "FROM lake.canonical.can_deals"
        ).fetchall()
    return {row[0]: row for row in rows}


def _late_login(settings: Settings) -> int:
    """The account of the deal that came after the close, read from the source rows."""
    with connect("read", settings=settings) as con:
        row = con.execute(
            "SELECT login FROM lake.raw.mt5_deals WHERE NOT _is_deleted AND action = 5 "
            "ORDER BY _load_id DESC, deal DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _publish_another_rate(folder: Path) -> dt.date:
    """Give the ECB source a file in which the euro buys a cent more on one published day."""
    packed = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    day = dt.date(2026, 10, 14)
    names = lines[0].split(",")
    for number, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] == str(day):
            place = names.index("USD")
            cells[place] = str(D(cells[place]) + D("0.01"))
            lines[number] = ",".join(cells)
    path = folder / "eurofxref-hist.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    config = folder / "daybook.toml"
    text = config.read_text(encoding="utf-8")
    assert 'kind = "ecb"\n' in text
    config.write_text(
        text.replace('kind = "ecb"\n', f'kind = "ecb"\npath = "{path}"\n'), encoding="utf-8"
    )
    return day


def test_corrections_publish_again_and_the_past_stays_readable(corrected: Corrected) -> None:
    assert corrected.first_close.republished
    assert not corrected.first_close.published
    now = corrected.rows(TOTAL)
    assert corrected.rows(TOTAL, corrected.before) == corrected.known
    assert corrected.rows(TOTAL, corrected.corrected) != corrected.known
    assert now not in (corrected.known, corrected.rows(TOTAL, corrected.corrected))
    assert corrected.rows(TOTAL, dt.datetime.now(dt.UTC).date().isoformat()) == now
    assert corrected.broken == []
    again, rated = corrected.first_close.republished, corrected.rate_close.republished
    with connect("read", settings=corrected.settings) as con:
        versions = {
            (day.tenant_id, day.server_id, day.business_date): day.version
            for day in published_days(con)
        }
    assert {day: versions[day] for day in {*again, *rated}} == {
        day: 1 + again.count(day) + rated.count(day) for day in {*again, *rated}
    }


def test_the_old_version_stays_readable_and_says_why_it_moved(corrected: Corrected) -> None:
    key, login, day, effect = corrected.deals["late"]
    balance = (
        f"SELECT closing_balance_amount FROM finance.fct_account_days WHERE login = {login} "
        f"AND business_date = DATE '{day}'"
    )
    old, new = corrected.rows(balance, corrected.before), corrected.rows(balance)
    assert new[0][0] - old[0][0] == effect
    lines = corrected.rows(
        f"""
        SELECT old_value, new_value, difference, currency, causes, cause_details, statements,
            filings, old_snapshot_id, new_snapshot_id, version, load_ids
        FROM finance.fct_restatements
        WHERE mart_name = 'finance.fct_account_days' AND column_name = 'closing_balance_amount'
            AND account_key = 'demo/mt5_live/{login}' AND business_date = DATE '{day}'
        """
    )
    ((before, after, difference, currency, causes, details, papers, filings, *rest),) = lines
    assert (before, after, difference, currency) == (old[0][0], new[0][0], effect, "USC")
    assert causes == "late_deal"
    assert f"late deal {key} of {day}" in details
    assert papers == corrected.statement
    assert filings == corrected.filing
    assert rest[:3] == [corrected.before, corrected.corrected, 2]
    loads = dict(corrected.rows("SELECT load_id, table_name FROM meta.loads"))
    assert {loads[int(load)] for load in rest[3].split(", ")} == {"mt5_deals"}


def test_every_planted_change_is_told_and_nothing_else(corrected: Corrected) -> None:
    causes: dict[str, set[tuple[int, dt.date]]] = {}
    for login, day, listed in corrected.rows(
        f"""
        SELECT CAST(split_part(account_key, '/', 3) AS BIGINT), min(business_date), cause
        FROM (
            SELECT account_key, business_date, unnest(string_split(causes, ', ')) AS cause
            FROM finance.fct_restatements WHERE new_snapshot_id = {corrected.corrected}
        )
        GROUP BY account_key, cause
        """
    ):
        causes.setdefault(listed, set()).add((login, day))
    expected = {
        f"{name}_deal": {(corrected.deals[name][1], corrected.deals[name][2])}
        for name in ("late", "edited", "deleted")
    }
    reports = causes.pop("platform_report")
    assert causes == expected
    assert {login for login, _ in reports} == {deal[1] for deal in corrected.deals.values()}


def test_diff_names_exactly_what_was_planted(corrected: Corrected) -> None:
    found = diff(
        corrected.settings,
        str(corrected.before),
        str(corrected.corrected),
        mart="canonical.can_deals",
    )
    assert {(row.row_key, row.status) for row in found.rows} == {
        (corrected.deals["late"][0], "added"),
        (corrected.deals["edited"][0], "changed"),
        (corrected.deals["deleted"][0], "removed"),
    }
    loads = {load.table_name for load in found.loads}
    assert "mt5_deals" in loads

    found = diff(corrected.settings, str(corrected.before), str(corrected.corrected), limit=10_000)
    named = {(row.mart, row.row_key) for row in found.rows}
    for mart, key in (
        ("finance.fct_account_days", "tenant_id, server_id, login, business_date"),
        ("finance.fct_daily_pnl", "tenant_id, server_id, login, symbol, business_date"),
        ("finance.fct_open_positions", "tenant_id, server_id, business_date, position_id"),
        ("finance.fct_breaks", "break_key"),
    ):
        sides = [f"SELECT * FROM {mart} AT (VERSION => {snapshot})" for snapshot in (
            corrected.before, corrected.corrected,
        )]  # fmt: skip
        differing = corrected.rows(
            f"SELECT DISTINCT concat_ws('/', {key}) FROM "
            f"(({sides[0]} EXCEPT {sides[1]}) UNION ALL ({sides[1]} EXCEPT {sides[0]}))"
        )
        assert {key for name, key in named if name == mart} == {key for (key,) in differing}
    pnl = [row for row in found.rows if row.mart == "finance.fct_daily_pnl"]
    # The deleted deal was a charge: income of its day, on a line of its own.
    lines = {row.row_key: row for row in pnl}
    _, charged, charged_on, amount = corrected.deals["deleted"]
    _, login, day, _ = corrected.deals["edited"]
    gone = lines.pop(f"demo/mt5_live/{charged}//{charged_on}")
    assert gone.status == "removed"
    assert {item.column: item.old for item in gone.changes}["fee_income_reporting"] == -amount
    [(key, edited)] = lines.items()
    assert key.split("/")[2] == str(login)
    assert edited.business_date == day
    assert {item.column for item in edited.changes} == {
        "client_closed_pnl_amount",
        "client_closed_pnl_reporting",
        "dealing_pnl_reporting",
        "total_reporting",
    }


def test_a_rate_restates_days_that_no_load_touched(corrected: Corrected) -> None:
    days = {day for _, _, day in corrected.rate_close.republished}
    assert corrected.rate_day in days
    assert corrected.rate_close.published == []
    lines = restatement_lines(corrected.settings).filter(new_snapshot_id=corrected.rated)
    assert set(lines["causes"]) == {"rate_change"}
    assert set(lines["business_date"]) == days
    assert set(lines["mart_name"]) == {"finance.fct_daily_pnl", "finance.fct_open_positions"}
    assert any(f"rate of USD on {corrected.rate_day}" in text for text in lines["cause_details"])
    again = [day for day in restated_days(lines) if day.business_date == corrected.rate_day]
    # every server has accounts in another currency
    assert {day.server_id for day in again} == {"mt5_live", "mt4_live", "ctrader_live"}
    assert {day.causes for day in again} == {("rate_change",)}
    moved = corrected.rows(
        f"SELECT sum(total_reporting) FROM finance.fct_daily_pnl "
        f"WHERE business_date = DATE '{corrected.rate_day}'"
    )[0][0]
    was = corrected.rows(
        f"SELECT sum(total_reporting) FROM finance.fct_daily_pnl "
        f"WHERE business_date = DATE '{corrected.rate_day}'",
        corrected.corrected,
    )[0][0]
    assert sum(day.pnl_moved for day in again) == moved - was


@pytest.mark.parametrize("mart", MARTS)
def test_every_figure_is_re_added_before_and_after(corrected: Corrected, mart: str) -> None:
    for snapshot in (corrected.before, corrected.rated):
        with connect("read", snapshot, settings=corrected.settings) as con:
            assert not_re_added(con, mart) == []


def test_a_figure_is_explained_as_it_was(corrected: Corrected) -> None:
    key, login, day, effect = corrected.deals["deleted"]
    named = [f"login={login}", f"business_date={day}"]
    was, now = (
        explain(
            corrected.settings,
            "finance.fct_account_days",
            named,
            column="closing_balance_amount",
            as_of=snapshot,
        )
        for snapshot in (corrected.before, corrected.rated)
    )
    assert was.adds_up
    assert now.adds_up
    assert now.figures[0].value - was.figures[0].value == -effect  # type: ignore[operator]
    gone = {part.name for part in was.parts} - {part.name for part in now.parts}
    assert gone == {key}
    (source,) = next(part.sources for part in was.parts if part.name == key)
    assert (source.source, source.kind, source.raw_table) == ("mt5_live", "mt5", "raw.mt5_deals")
    assert source.source_key == key.rpartition("/")[2]
    assert source.origin is not None
    assert source.origin.startswith("mt5_deals")
    assert source.sha256
    assert source.loaded_at
