"""Every case the simulator promises is there, and nothing it did not promise."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.simulator.market import SYMBOLS
from tests.simulator.conftest import table, truth


@pytest.mark.parametrize("action", [0, 1, 2, 3, 4, 5, 12, 13, 15, 17, 18, 19])
def test_actions(base: Path, action: int) -> None:
    assert table(base, "mt5_deals").filter(pl.col("Action") == action).height > 0


@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, 6, 9, 13, 16, 17])
def test_reasons(base: Path, reason: int) -> None:
    assert table(base, "mt5_deals").filter(pl.col("Reason") == reason).height > 0


@pytest.mark.parametrize("entry", [0, 1, 2, 3])
def test_entries(base: Path, entry: int) -> None:
    trades = table(base, "mt5_deals").filter(pl.col("Action") < 2)
    assert trades.filter(pl.col("Entry") == entry).height > 0


def test_stop_out_went_below_zero_and_was_compensated(base: Path) -> None:
    login = table(base, "mt5_deals").filter(pl.col("Action") == 19)["Login"].item()
    deals = table(base, "mt5_deals").filter(pl.col("Login") == login).sort("Deal")
    balance = (deals["Profit"] + deals["Storage"]).cum_sum().round(2)
    assert balance[-2] < 0
    assert balance[-1] == 0


def test_a_reversal_states_both_legs(base: Path) -> None:
    reversal = table(base, "mt5_deals").filter(pl.col("Entry") == 2)
    assert (reversal["VolumeExt"] == 2 * reversal["VolumeClosedExt"]).all()
    assert (reversal["Volume"] * 10_000 == reversal["VolumeExt"]).all()


def test_close_by_leaves_pairs(base: Path) -> None:
    pairs = table(base, "mt5_deals").filter(pl.col("Entry") == 3)
    assert pairs.group_by("Login", "Time", "Symbol").len()["len"].sum() % 2 == 0


def test_rollover_reopens_at_one_price(base: Path) -> None:
    pair = table(base, "mt5_deals").filter(pl.col("Reason") == 6).sort("Deal")
    assert pair["Entry"].to_list() == [1, 0]
    assert pair["Price"][0] == pair["Price"][1]


def test_breaks_are_of_the_promised_types(base: Path) -> None:
    assert sorted(truth(base, "breaks")["break_type"]) == [
        "excluded_group", "late_deal", "orphan_login", "source_restatement",
    ]  # fmt: skip


def test_orphan_login_is_in_no_account_table(base: Path) -> None:
    orphan = truth(base, "breaks").filter(pl.col("break_type") == "orphan_login")["login"].item()
    for name in ("mt5_users", "mt5_accounts", "mt5_daily"):
        assert table(base, name).filter(pl.col("Login") == orphan).is_empty()
    assert table(base, "mt5_deals").filter(pl.col("Login") == orphan).height == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_only_the_planted_clients_are_alerted(seed: int, tmp_path: Path) -> None:
    from ingestion.simulator.truth_alerts import alerts_truth
    from ingestion.simulator.world import build_world

    alerts = alerts_truth(build_world(seed, 120, 60, 1.0, None))
    assert alerts["scenario"].to_list() == ["A1", "A2", "A3"]
    assert alerts["client_id"].to_list() == ["C10001", "C10002", "C10003"]


def test_every_client_deposit_has_its_request_and_its_charge(base: Path) -> None:
    requests = pl.read_csv(base / "crm" / "cash_requests.csv", infer_schema=False)
    processed = requests.filter(pl.col("status") == "processed")
    linked = table(base, "mt5_deals").filter(pl.col("Comment").str.starts_with("CRM-"))
    ids = linked["Comment"].str.split("-").list.last()
    assert sorted(ids) == sorted(processed.filter(server_id="mt5_live")["request_id"])
    with sqlite3.connect(base / "mt4_live.sqlite") as con:
        booked = con.execute(
            "SELECT substr(COMMENT, 7), CAST(LOGIN AS TEXT) FROM MT4_TRADES "
            "WHERE CMD = 6 AND (COMMENT LIKE 'CRM-D-%' OR COMMENT LIKE 'CRM-W-%')"
        ).fetchall()
    asked = processed.filter(server_id="mt4_live").select("request_id", "login")
    assert sorted(booked) == sorted(asked.iter_rows())
    flows = [
        flow["externalNote"].rpartition("-")[2]
        for line in (base / "ctrader" / "02_accounts.jsonl").read_text().splitlines()
        for flow in json.loads(line)["payload"].get("depositWithdraw", ())
        if flow["externalNote"]
    ]
    assert sorted(flows) == sorted(processed.filter(server_id="ctrader_live")["request_id"])
    assert min(len(booked), len(flows)) > 5
    assert set(requests["status"]) == {"processed", "requested", "approved", "declined"}
    charges = {}
    for path in (base / "stripe").glob("balance_transactions_*.json"):
        for item in json.loads(path.read_text())["data"]:
            assert item["net"] == item["amount"] - item["fee"]
            charges[item["source"]] = item
    cards = processed.filter((pl.col("psp") == "stripe") & (pl.col("kind") == "deposit"))
    assert cards.height > 10
    for row in cards.iter_rows(named=True):
        charge = charges[row["psp_reference"]]
        digits = 0 if row["currency"] == "JPY" else 2
        assert Decimal(row["amount"]).scaleb(digits) == charge["amount"]
        assert charge["currency"] == row["currency"].lower()
    kinds = {item["reporting_category"] for item in charges.values()}
    assert kinds == {"charge", "refund", "dispute", "payout"}


def test_partner_tree_is_three_deep_and_one_client_moves(base: Path) -> None:
    tree = pl.read_csv(base / "crm" / "partner_tree.csv", infer_schema=False)
    moved = tree.filter(pl.col("child_kind") == "client").group_by("child_id").len()
    assert moved.filter(pl.col("len") == 2).height == 1
    ledger = truth(base, "commission_ledger")
    assert set(ledger["level"]) == {0, 1, 2}
    assert set(ledger["model"]) == {"per_lot", "commission_share", "copy_fee_share"}
    assert "P4" not in set(ledger["partner_id"])


def test_one_lot_pays_the_agreed_rate_at_every_level(base: Path) -> None:
    """A B-book trade of a client of P3: 6 (later 7) to P3 less the 0.5 that P1 carves out of it,
    1.5 to P2, or 2 in a month of five lots."""
    lots = table(base, "mt5_deals").select(
        pl.col("Deal").alias("deal"), "Login", lots=pl.col("VolumeClosedExt") / 1e8
    )
    groups = table(base, "mt5_users").select("Login", "Group")
    lines = truth(base, "commission_ledger").filter(pl.col("model") == "per_lot")
    full = (
        lines.join(lots, on="deal")
        .join(groups, on="Login")
        .filter(
            pl.col("deal").is_in(lines.filter(pl.col("partner_id") == "P3")["deal"].to_list())
            & ~pl.col("Group").str.contains("cent")
        )
    )
    rate = (full["amount"].cast(pl.Float64) / full["lots"]).round(6)
    seen = full.with_columns(rate=rate).group_by("partner_id").agg(pl.col("rate").unique().sort())
    assert dict(seen.iter_rows()) == {"P1": [0.5], "P2": [2.0], "P3": [5.5, 6.5]}


def test_every_symbol_is_traded_in_a_larger_run(base: Path) -> None:
    traded = set(table(base, "mt5_deals")["Symbol"]) - {""}
    assert traded == {spec.symbol for spec in SYMBOLS}
