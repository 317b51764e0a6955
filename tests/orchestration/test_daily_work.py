"""A day's work from the shell's point of view: load, close, check, correct, close again."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.simulator import simulate
from ingestion.sync import sync_once
from orchestration.build import build
from orchestration.close import CloseRefusedError, close
from quality.breaks import list_breaks
from quality.checks import any_broken, run_checks
from quality.truth_queries import BOOK_COMPARISONS
from tests.conftest import ACCOUNTS, DAYS, SEED
from warehouse.connection import connect
from warehouse.control.explanations import explain_break
from warehouse.publishing import published_days
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt

MARTS = (
    "canonical.can_deals",
    "finance.fct_account_days",
    "finance.fct_daily_pnl",
    "finance.fct_open_positions",
    "finance.fct_breaks",
    "compliance.fct_alerts",
)


def rows(settings: Settings, query: str, as_of: int | str | None = None) -> list[tuple[Any, ...]]:
    with connect("read", as_of, settings=settings) as con:
        return con.execute(query).fetchall()


def platform(settings: Settings) -> sqlite3.Connection:
    url = settings.source("mt5_live").database_url()
    assert url is not None
    return sqlite3.connect(url.removeprefix("sqlite:///"))


def figures(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart, without the columns that say when or by which load it was made."""
    found = {}
    with connect("read", settings=settings) as con:
        for mart in MARTS:
            names = [
                name
                for (name,) in con.execute(
                    "SELECT column_name FROM information_schema.columns "
                    "WHERE table_schema || '.' || table_name = ? ORDER BY ordinal_position",
                    [mart],
                ).fetchall()
                if name not in {"load_id", "source_row_id", "build_id", "age_days"}
            ]
            listed = ", ".join(f'"{name}"' for name in names)
            found[mart] = con.execute(f"SELECT {listed} FROM {mart} ORDER BY ALL").fetchall()
    return found


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "daybook"), *arguments],
        env={**os.environ, "DAYBOOK_CONFIG": str(settings.config_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_identity_holds_and_equals_the_truth(broker: Settings) -> None:
    checks = run_checks(broker)
    assert [check for check in checks if check.broken] == []
    checked = {check.id: check.population for check in checks}
    # So small a broker may have no client who pays by each of its providers.
    assert all(checked[comparison.id] > 0 for comparison in BOOK_COMPARISONS)
    compared = [name for name, population in checked.items() if population > 0 and "truth" in name]
    assert len(compared) > 20


def test_the_command_line_lists_checks_for_machines(broker: Settings) -> None:
    done = command(broker, "check", "--json")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert {"id", "what", "population", "broken", "worst"} <= set(listed[0])


def test_nothing_to_close_twice(broker: Settings) -> None:
    before = rows(broker, "SELECT count(*) FROM meta.published")
    assert close(broker).days == []
    assert rows(broker, "SELECT count(*) FROM meta.published") == before


def test_a_second_build_changes_nothing(broker: Settings) -> None:
    before = figures(broker)
    ledger = rows(broker, "SELECT count(*) FROM partners.fct_commission_ledger")
    build(broker)
    assert figures(broker) == before
    assert rows(broker, "SELECT count(*) FROM partners.fct_commission_ledger") == ledger


def test_corrections_restate_and_the_past_stays_readable(broker: Settings) -> None:
    first = rows(broker, "SELECT max(snapshot_id) FROM meta.published")[0][0]
    total = "SELECT sum(total_reporting), count(*) FROM finance.fct_daily_pnl"
    before = rows(broker, total)
    assert broker.config_path is not None
    simulate(
        seed=SEED,
        days=DAYS,
        accounts=ACCOUNTS,
        out=Path(broker.config_path).parent,
        corrections=True,
        white_label=False,
    )
    sync_once(broker)
    result = close(broker)
    assert result.republished
    assert not result.published
    assert rows(broker, total) != before
    assert rows(broker, total, first) == before
    today = dt.datetime.now(dt.UTC).date().isoformat()
    assert rows(broker, total, today) == rows(broker, total)
    assert [check for check in run_checks(broker) if check.broken] == []
    with connect("read", settings=broker) as con:
        versions = {day.business_date: day.version for day in published_days(con)}
    assert {versions[day[2]] for day in result.republished} == {2}
    incremental = figures(broker)
    build(broker, full_refresh=True)
    assert figures(broker) == incremental


def test_a_difference_no_rule_explains_publishes_nothing(broker: Settings) -> None:
    with platform(broker) as database:
        stamp, login = database.execute(
            "SELECT Datetime, Login FROM mt5_daily d WHERE Login IN "
            "(SELECT Login FROM mt5_users WHERE \"Group\" LIKE 'real%') "
            "ORDER BY Datetime DESC, Login LIMIT 1"
        ).fetchone()
        database.execute(
            "UPDATE mt5_daily SET Balance = Balance + 0.01, Timestamp = Timestamp + 1 "
            "WHERE Datetime = ? AND Login = ?",
            (stamp, login),
        )
    database.close()
    before = rows(broker, "SELECT count(*) FROM meta.published")
    sync_once(broker)
    with pytest.raises(CloseRefusedError) as refused:
        close(broker)
    assert refused.value.exit_code == 1
    assert refused.value.result.days == []
    assert rows(broker, "SELECT count(*) FROM meta.published") == before
    unknown = [item for item in list_breaks(broker) if item.break_type == "unknown"]
    assert [(item.login, item.amount) for item in unknown] == [(login, Decimal("-0.01"))]
    assert any_broken(run_checks(broker))
    assert command(broker, "check").returncode == 1

    explain_break(
        broker, break_key=unknown[0].break_key, explained_by="A. Controller", reason="a test"
    )
    assert close(broker).republished
    explained = [item for item in list_breaks(broker) if item.break_type == "unknown"]
    assert [(item.status, item.explained_by) for item in explained] == [
        ("explained", "A. Controller")
    ]


def test_reading_goes_on_while_a_sync_runs(broker: Settings) -> None:
    loop = subprocess.Popen(
        [str(Path(sys.executable).parent / "daybook"), "sync"],
        env={**os.environ, "DAYBOOK_CONFIG": str(broker.config_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        time.sleep(4)
        query = "SELECT count(*) AS n FROM finance.fct_account_days"
        for _ in range(3):
            done = command(broker, "sql", "-c", query, "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout) == [{"n": rows(broker, query)[0][0]}]
        assert loop.poll() is None
    finally:
        loop.terminate()
        assert loop.wait(timeout=30) == 0, loop.stdout.read() if loop.stdout else ""


@pytest.mark.fault
@pytest.mark.parametrize("seconds", [4.0, 7.0, 10.0])
def test_a_build_killed_anywhere_is_done_again(broker: Settings, seconds: float) -> None:
    assert broker.config_path is not None
    simulate(
        seed=SEED,
        days=DAYS,
        accounts=ACCOUNTS,
        out=Path(broker.config_path).parent,
        corrections=True,
        white_label=False,
    )
    sync_once(broker)
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "daybook"), "build"],
        env={**os.environ, "DAYBOOK_CONFIG": str(broker.config_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    process.kill()
    process.wait()
    build(broker)
    again = figures(broker)
    ledger = "SELECT deal_key, partner_key, sum(amount) FROM partners.fct_commission_ledger "
    booked = rows(broker, ledger + "GROUP BY ALL ORDER BY ALL")
    build(broker, full_refresh=True)
    assert figures(broker) == again
    assert rows(broker, ledger + "GROUP BY ALL ORDER BY ALL") == booked
    assert [check for check in run_checks(broker) if check.broken] == []


def test_a_stopped_source_does_not_stop_the_others(broker: Settings) -> None:
    url = broker.source("mt5_live").database_url()
    assert url is not None
    Path(url.removeprefix("sqlite:///")).unlink()
    done = command(broker, "sync", "--once", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    failed = {item["source"]: item["failed"] for item in report["sources"]}
    assert failed.pop("mt5_live")
    others = {source.name for source in broker.sources} - {"mt5_live"}
    assert failed == dict.fromkeys(others, False)
    assert "mt5_live" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sql", "-c", "select 1 as one"], 0),
        (["sql", "-c", "attach 'x'"], 2),
        (["sql", "-c", "select * from pii.crm_clients"], 2),
        (["sql", "-c", "select 1", "--as-of", "2001-01-01"], 2),
        (["close", "--date", "yesterday"], 2),
        (["statement", "client", "--client", "nobody", "--period", "2026-10", "--out", "."], 2),
        (["no-such-command"], 2),
    ],
)
def test_exit_codes(closed_broker: Path, arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "daybook"), *arguments],
        env={**os.environ, "DAYBOOK_CONFIG": str(closed_broker / "daybook.toml")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_warehouse_the_next_step_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "daybook"), "check"],
        env={**os.environ, "DAYBOOK_HOME": str(tmp_path / "nothing")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "daybook sync" in done.stderr
