"""The simulated CRM's events agree with its money, and the warehouse with both."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator import simulate
from ingestion.simulator.crm_events import SECOND_LOOK, crm_truth, write_crm_events
from ingestion.simulator.world import build_world
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.lake_tables import held_tables
from quality.truth import truth_checks
from tests.simulator.conftest import truth
from warehouse.connection import connect
from warehouse.settings import load_settings


def crm_file(folder: Path, name: str) -> pl.DataFrame:
    """A file of the CRM, as texts."""
    return pl.read_csv(folder / "crm" / f"{name}.csv", infer_schema=False)


def test_every_booked_withdrawal_was_approved_before_it_was_booked(base: Path) -> None:
    requests = crm_file(base, "cash_requests")
    approvals = crm_file(base, "cash_approvals")
    booked = requests.filter(kind="withdrawal", status="processed")
    joined = booked.join(approvals.filter(decision="approved"), on="request_id", how="left")
    assert joined.filter(pl.col("decided_at").is_null()).is_empty()
    assert joined.filter(pl.col("decided_at") >= pl.col("processed_at")).is_empty()
    assert joined.filter(pl.col("decided_at") <= pl.col("requested_at")).is_empty()
    twice = booked.filter(pl.col("amount").cast(pl.Float64) >= float(SECOND_LOOK))["request_id"]
    assert not twice.is_empty()
    second = approvals.filter(step="2", decision="approved")
    assert set(second["request_id"]) == set(twice)
    assert set(second["staff_id"]) == {"S3"}


def test_events_belong_to_clients_staff_and_devices_that_exist(base: Path) -> None:
    clients = set(crm_file(base, "clients")["client_id"])
    staff = set(crm_file(base, "staff_users")["staff_id"])
    devices = crm_file(base, "device_events")
    logins = crm_file(base, "login_events")
    for name in ("client_notes", "login_events", "device_events", "bonus_grants"):
        assert set(crm_file(base, name)["client_id"]) <= clients
    for name in ("client_notes", "cash_approvals", "bonus_grants"):
        assert set(crm_file(base, name)["staff_id"]) <= staff
    assert set(logins["device_id"]) <= set(devices["device_id"])
    shared = devices.group_by("device_id").agg(pl.col("client_id").n_unique())
    assert shared.filter(pl.col("client_id") > 1).height == 1
    assert set(logins["result"]) == {"success", "failure"}


def test_a_granted_bonus_is_a_credit_of_the_platform(base: Path) -> None:
    grants = crm_file(base, "bonus_grants").filter(status="granted")
    assert grants["amount"].to_list() == ["300.00"]
    assert truth(base, "crm_bonus_grants").height >= 3


def test_it_is_the_same_again_and_quick(tmp_path: Path) -> None:
    world = build_world(7, 90, 200, None, None)
    started = time.process_time()
    rows = write_crm_events(world, tmp_path / "one")
    assert time.process_time() - started < 1
    write_crm_events(world, tmp_path / "two")
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    counts = dict(crm_truth(world)["crm_tables"].select("table_name", "row_count").rows())
    assert {name: counts[name] for name in rows} == rows


@pytest.mark.dbt
def test_the_warehouse_holds_what_was_written(tmp_path: Path) -> None:
    simulate(seed=3, days=20, accounts=13, out=tmp_path)
    settings = load_settings(tmp_path / "daybook.toml")
    report = sync_once(settings, "crm").sources[0]
    assert (report.problems, report.quarantined) == ((), 0)
    assert sync_once(settings, "crm").sources[0].loads == 0
    result = run_dbt(settings, ["build", "--select", "staging.crm"])
    assert not result.failed, [(node.name, node.message) for node in result.failed]
    with connect("read", settings=settings) as con:
        checks = {
            check.id: check for check in truth_checks(con, tmp_path / "truth", held_tables(con))
        }
        assert {name: check.holds for name, check in checks.items()} == {
            "truth_crm_tables": True,
            "truth_crm_bonus_grants": True,
        }
        assert checks["truth_crm_tables"].population == 20
        named = con.execute("SELECT count(*) FROM lake.pii.crm_client_notes").fetchall()
        assert named[0][0] > 0
