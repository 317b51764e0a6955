"""Statements and the filing of a simulated broker against what the simulator says is true."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from exports.register import reproduce, run_losing_accounts
from exports.statements.client import make_client_statements
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MONTH = "2026-10"
FIELDS = {
    "previous_balance": "opening_balance",
    "closing_balance": "closing_balance",
    "closed_pnl": "closed_pnl",
    "swap": "swap",
    "commission": "commission",
    "deposits": "deposits",
    "withdrawals": "withdrawals",
    "equity": "closing_equity",
}


def _summaries(content: str) -> dict[str, dict[str, Decimal]]:
    """The roll-forward of each account of a statement, by account key and item."""
    rows = [row for row in csv.DictReader(io.StringIO(content)) if row["section"] == "summary"]
    items = {(row["account"], row["line"]): row["value"] for row in rows if row["field"] == "item"}
    summaries: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        if row["field"] == "amount":
            item = items[row["account"], row["line"]]
            summaries.setdefault(row["account"], {})[item] = Decimal(row["value"])
    return summaries


def test_statements_and_filing_are_the_truth(broker: Settings, tmp_path: Path) -> None:
    assert broker.truth_path is not None
    truth = pl.read_parquet(broker.truth_path / "statements.parquet").filter(
        pl.col("period") == MONTH
    )
    with connect("read", settings=broker) as con:
        accounts = con.execute(
            "SELECT account_key, login, client_key, money_divisor, currency_digits "
            "FROM lake.canonical.can_accounts WHERE client_key IS NOT NULL AND NOT is_excluded"
        ).fetchall()
    clients = sorted({client for _, _, client, _, _ in accounts})
    made = list(make_client_statements(broker, clients, MONTH, "csv", tmp_path))
    summaries: dict[str, dict[str, Decimal]] = {}
    for file in made:
        summaries |= _summaries(file.path.read_text())
    expected = {row["login"]: row for row in truth.iter_rows(named=True)}
    compared = 0
    for key, login, _, divisor, digits in accounts:
        if login not in expected:
            continue
        # Parts of a cent are rounded by largest remainder: less than one unit away.
        allowed = Decimal(0) if divisor == 1 else Decimal(1).scaleb(-digits)
        for field, name in FIELDS.items():
            shown = summaries[key].get(field, Decimal(0))
            true = expected[login][name] / divisor
            assert abs(shown - true) <= allowed, (key, field, shown, true)
            compared += 1
    assert compared >= 8 * 5

    windows = pl.read_parquet(broker.truth_path / "losing_accounts.parquet")
    for window in windows.iter_rows(named=True):
        filed = run_losing_accounts(broker, window_to=window["window_to"], maker="test")
        assert filed.period_from == window["window_from"]
        assert filed.included == window["retail_accounts"]
        assert filed.result["losing_accounts"] == window["losing_accounts"]
        assert reproduce(broker, filed.filing_id).identical
