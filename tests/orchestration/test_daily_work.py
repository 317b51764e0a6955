"""A day's work from the shell's point of view: load, close, check, correct, close again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from orchestration.build import build
from orchestration.close import CloseRefusedError, close
from orchestration.dbt_runner import target_path
from quality.breaks import list_breaks
from quality.checks import any_broken, run_checks
from quality.lake_tables import tables_at
from quality.truth_queries import BOOK_COMPARISONS
from tests.orchestration.daily import command, figures, platform, rows
from warehouse.connection import connect
from warehouse.control.explanations import explain_break
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction

pytestmark = pytest.mark.dbt


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
    counts = "SELECT count(*), (SELECT count(*) FROM meta.builds) FROM meta.published"
    before = rows(broker, counts)
    assert close(broker).days == []
    # nothing was loaded or said since the last build: it is not done again
    assert rows(broker, counts) == before


def test_a_second_build_changes_nothing(broker: Settings) -> None:
    before = figures(broker)
    ledger = rows(broker, "SELECT count(*) FROM partners.fct_commission_ledger")
    # A table whose columns are not the model's is made anew; every other one keeps its place.
    changed = "compliance.fct_alerts"
    with connect("write", settings=broker) as con:
        with transaction(con, "a column too many", broker):
            con.execute(f"ALTER TABLE lake.{changed} ADD COLUMN stray INTEGER")
        held = tables_at(con, current_snapshot(con))
    build(broker)
    with connect("read", settings=broker) as con:
        holds = tables_at(con, current_snapshot(con))
    assert figures(broker) == before
    assert rows(broker, "SELECT count(*) FROM partners.fct_commission_ledger") == ledger
    assert {name for name in held if held[name] != holds.get(name)} == {changed}
    assert held.keys() == holds.keys()


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
    # the tests of large tables looked at the days that changed
    changed = rows(
        broker,
        "SELECT DISTINCT business_date FROM intermediate.int_builds__days_changed ORDER BY 1",
    )
    named = ", ".join(f"date '{day}'" for (day,) in changed)
    assert (
        0
        < len(changed)
        < rows(broker, "SELECT count(DISTINCT business_date) FROM finance.fct_account_days")[0][0]
    )
    assert f"business_date in ({named})" in _test_sql(broker, "fct_deal_costs")
    assert f"business_date in ({named})" in _test_sql(broker, "fct_journal_entries")
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


def _test_sql(settings: Settings, model: str) -> str:
    """What the last build ran as the test of a model's key."""
    results = json.loads((target_path(settings) / "run_results.json").read_text("utf-8"))
    return next(
        str(item["compiled_code"])
        for item in results["results"]
        if item["unique_id"].startswith(f"test.daybook.unique_combination_{model}_")
    )


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
