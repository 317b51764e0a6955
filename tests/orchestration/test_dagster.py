"""Dagster for real: the daily job in a process of its own, and `daybook up` with both pages."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import dagster as dg
import pytest

from ingestion.simulator import simulate
from orchestration.assets.books import books_assets
from orchestration.cli.serve import DAGSTER_INSTANCE
from orchestration.definitions import daybook
from tests.conftest import ACCOUNTS, DAYS, SEED
from warehouse.connection import connect
from warehouse.publishing import published_days
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

# The last day of a month and of a quarter: statements and the filing fall due.
DAY = dt.date(2026, 9, 30)
START_SECONDS = 90


def environment(settings: Settings, dagster_home: Path) -> dict[str, str]:
    """What a process needs to work on an installation and a Dagster instance."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    (dagster_home / "dagster.yaml").write_text(DAGSTER_INSTANCE, encoding="utf-8")
    return {
        **os.environ,
        "DAYBOOK_CONFIG": str(settings.config_path),
        "DAGSTER_HOME": str(dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "true",
    }


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A broker of which nothing is loaded yet."""
    folder = tmp_path_factory.mktemp("simulated") / "broker"
    simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=folder)
    return load_settings(folder / "daybook.toml")


def test_the_definitions_name_every_step(
    simulated: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYBOOK_CONFIG", str(simulated.config_path))
    repository = daybook().get_repository_def()
    keys = {key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()}
    assert {
        "raw/mt5_deals",
        "raw/crm_clients",
        "canonical/can_deals",
        "finance/fct_daily_pnl",
        "meta/published_days",
        "exports/client_statements",
        "exports/depreciation_notices",
        "exports/filing_losing_accounts",
    } <= keys
    # A model comes after the tables it reads, and a day is published after its models.
    graph = repository.asset_graph
    upstream = graph.get_ancestor_asset_keys(dg.AssetKey(["meta", "published_days"]))
    assert dg.AssetKey(["raw", "mt5_deals"]) in upstream
    assert dg.AssetKey(["finance", "fct_account_days"]) in upstream
    schedules = {schedule.name for schedule in repository.schedule_defs}
    assert schedules == {"mt5_live_end_of_day", "mt5_aurora_end_of_day"}


@pytest.mark.timeout(1500)
def test_the_daily_job_loads_builds_publishes_and_exports(
    simulated: Settings, tmp_path: Path
) -> None:
    settings = simulated
    variables = environment(settings, tmp_path / "dagster")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dagster", "job", "execute", "-m", "orchestration.definitions"),
            *("-j", "daily", "--tags", f'{{"dagster/partition": "{DAY}"}}'),
        ],
        env=variables,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]

    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as instance:
        [run] = instance.get_runs()
        assert run.is_success
        deals = instance.get_latest_materialization_event(dg.AssetKey(["raw", "mt5_deals"]))
        assert deals is not None
        assert deals.asset_materialization is not None
        loaded = deals.asset_materialization.metadata["rows_new"].value
        checks = instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
    with connect("read", settings=settings) as con:
        assert con.execute("SELECT count(*) FROM raw.mt5_deals").fetchall() == [(loaded,)]
        days = published_days(con)
        [(build,)] = con.execute("SELECT status FROM meta.builds").fetchall()
    assert build == "done"
    assert max(day.business_date for day in days) == DAY
    evaluated = [record.event_log_entry.dagster_event for record in checks]
    assert len(evaluated) > 50
    assert all(event and event.event_specific_data.passed for event in evaluated)
    papers = settings.home / "statements"
    statements = list((papers / "client_statements" / f"{DAY:%Y-%m}").glob("*.pdf"))
    assert len(statements) > 5
    assert list((papers / "challenge_statements" / f"{DAY:%Y-%m}").glob("*.pdf"))
    with connect("read", "latest", settings=settings) as con:
        [(clients,)] = con.execute(
            "SELECT count(DISTINCT client_key) FROM finance.fct_account_days "
            "WHERE NOT is_excluded AND business_date <= ?",
            [DAY],
        ).fetchall()
    assert len(statements) == clients


def test_a_selection_builds_what_it_names(
    broker: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAYBOOK_CONFIG", str(broker.config_path))
    key = dg.AssetKey(["partners", "dim_partners"])
    result = dg.materialize(books_assets(broker), selection=[key])
    assert result.success
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [key]
    checked = result.get_asset_check_evaluations()
    assert checked
    assert all(check.passed and check.asset_key == key for check in checked)
    with connect("read", settings=broker) as con:
        query = "SELECT status FROM meta.builds ORDER BY build_id DESC LIMIT 1"
        assert con.execute(query).fetchall() == [("partial",)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_up_starts_both_pages_and_ctrl_c_stops_both(simulated: Settings, tmp_path: Path) -> None:
    dashboards, dagster = _free_port(), _free_port()
    log = tmp_path / "up.log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("daybook")), "up"),
                *("--dashboards-port", str(dashboards), "--dagster-port", str(dagster)),
            ],
            env={**os.environ, "DAYBOOK_CONFIG": str(simulated.config_path)},
            cwd=Path(__file__).parents[2],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        pages = (
            f"http://127.0.0.1:{dashboards}/_stcore/health",
            f"http://127.0.0.1:{dagster}/server_info",
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not all(_answers(page) for page in pages):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
    assert code == 0, log.read_text()
    assert not any(_answers(page) for page in pages)
