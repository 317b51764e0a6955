"""What is refused of a CRM's partner tables: the field is named, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from ingestion.checks import check_batch
from ingestion.connectors.crm.partner_contracts import (
    AGREEMENTS,
    PARTNER_TREE,
    PAYOUT_TERMS,
    TIERS,
)
from ingestion.contracts import TableContract

pytestmark = pytest.mark.unit

GOOD = {
    "agreement_id": "A1", "partner_id": "P1", "level": "0", "model": "per_lot", "rate": "7",
    "currency": "USD", "symbol_pattern": "%", "account_group_pattern": "%",
    "valid_from": "2026-01-01",
}  # fmt: skip


def refused(contract: TableContract, *rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Column and reason of each refused row, the rows given as a file's texts."""
    frame = pl.DataFrame(
        [{column.target: row.get(column.target) for column in contract.columns} for row in rows],
        schema={column.target: pl.String for column in contract.columns},
    )
    found = check_batch(contract, frame).rejected.sort("row_number", "row_key")
    return list(found.select("column_name", "reason").iter_rows())


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"currency": None}, "currency", "a per_lot rate needs a currency"),
        ({"model": "per_million", "currency": None}, "currency", "per_million rate needs"),
        ({"model": "spread_share", "rate": "1.5"}, "rate", "a spread_share above 1 is no share"),
        ({"model": "spread_share", "rate": "0.5", "currency": None, "trade_cap_amount": "5"},
         "currency", "a cap needs a currency"),
        ({"hybrid_ratio": "2"}, "hybrid_ratio", "hybrid_ratio is above 1"),
        ({"minimum_seconds": "-1"}, "minimum_seconds", "minimum_seconds is negative"),
        ({"level": "-1"}, "level", "level is negative"),
        ({"model": "markup_share", "rate": "0.5"}, "markup_points", "needs markup_points"),
        ({"model": "cpa"}, "tier_basis", "cpa, and only cpa, goes by net_deposit"),
        ({"tier_basis": "net_deposit", "tier_mode": "marginal"}, "tier_basis", "only cpa"),
        ({"override_convention": "carved_out"}, "override_convention", "no sub-partner"),
        ({"tier_basis": "closed_lots"}, "tier_mode", "go together"),
        ({"tier_basis": "active_clients", "tier_mode": "marginal"}, "tier_mode", "retroactive"),
        ({"clawback_days": "30"}, "clawback_days", "without clawback_on_chargeback"),
        ({"clawback_days": "30", "clawback_on_chargeback": "false"}, "clawback_days", "without"),
        ({"clawback_days": "0", "clawback_on_chargeback": "true"}, "clawback_days",
         "clawback_days is 0: give 1 or more"),
        ({"clawback_on_chargeback": "sometimes"}, "clawback_on_chargeback", ""),
        ({"model": "per_trade"}, "model", ""),
        ({"valid_to": "2026-01-01"}, "valid_to", "not after valid_from"),
    ],
)  # fmt: skip
def test_an_agreement_that_cannot_be(change: dict[str, str], column: str, reason: str) -> None:
    [(named, told)] = refused(AGREEMENTS, {**GOOD, **change})
    assert named == column
    assert reason in told


def test_agreements_on_the_same_thing_do_not_overlap() -> None:
    assert refused(AGREEMENTS, GOOD) == []
    clawed = {"clawback_on_chargeback": "true", "clawback_days": "30"}
    assert refused(AGREEMENTS, {**GOOD, **clawed}) == []
    later = {**GOOD, "agreement_id": "A2", "valid_from": "2026-03-01"}
    [(column, reason)] = refused(AGREEMENTS, GOOD, later)
    assert column == "valid_from"
    assert reason.startswith("overlaps agreement A1")
    assert refused(AGREEMENTS, {**GOOD, "valid_to": "2026-03-01"}, later) == []
    assert refused(AGREEMENTS, GOOD, {**later, "model": "commission_share", "rate": "0.3"}) == []


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ([("0", "10"), ("12", None)], "a hole from 10 to 12"),
        ([("0", "10"), ("8", None)], "an overlap from 8 to 10"),
        ([("5", None)], "a hole from 0 to 5"),
        ([("0", "10"), ("10", "20")], "nothing is agreed above 20"),
        ([("0", None), ("10", None)], "the tier before 10 has no end"),
        ([("0", "10"), ("10", "10")], "the tier from 10 ends before it begins"),
    ],
)
def test_a_table_of_tiers_with_a_fault_is_refused_whole(
    bounds: list[tuple[str, str | None]], told: str
) -> None:
    rows = [
        {"agreement_id": "A1", "lower_bound": low, "upper_bound": high, "rate": "5"}
        for low, high in bounds
    ]
    whole = {"agreement_id": "A2", "lower_bound": "0", "upper_bound": None, "rate": "5"}
    found = refused(TIERS, *rows, whole)
    assert len(found) == len(rows)
    assert all(reason == f"tiers of A1: {told}" for _, reason in found)


def link(child: str, parent: str, first: str, last: str | None = None) -> dict[str, Any]:
    return {"child_kind": "partner", "child_id": child, "parent_partner_id": parent,
            "valid_from": first, "valid_to": last}  # fmt: skip


def test_a_circle_in_the_tree_is_refused_where_it_closes() -> None:
    tree = [link("P1", "P2", "2026-01-01"), link("P2", "P3", "2026-02-01")]
    assert refused(PARTNER_TREE, *tree) == []
    [(column, reason)] = refused(PARTNER_TREE, *tree, link("P3", "P1", "2026-03-01"))
    assert column == "parent_partner_id"
    assert reason == "a circle from 2026-03-01: P3 > P1 > P2 > P3"
    [(_, reason)] = refused(PARTNER_TREE, link("P1", "P1", "2026-01-01"))
    assert reason == "a circle from 2026-01-01: P1 > P1"


def test_links_that_are_never_in_force_together_are_no_circle() -> None:
    assert (
        refused(
            PARTNER_TREE,
            link("P1", "P2", "2026-01-01", "2026-02-01"),
            link("P2", "P1", "2026-02-01"),
        )
        == []
    )


def test_two_claims_from_one_day_on_are_both_kept() -> None:
    claim = {"child_kind": "client", "child_id": "C1", "valid_from": "2026-01-01"}
    assert (
        refused(
            PARTNER_TREE,
            {**claim, "parent_partner_id": "P1"},
            {**claim, "parent_partner_id": "P2"},
        )
        == []
    )


def test_an_iban_with_wrong_check_digits_is_refused_and_not_repeated() -> None:
    terms = {"partner_id": "P1", "payout_currency": "EUR", "method": "bank",
             "valid_from": str(dt.date(2026, 1, 1)), "payee_name": "A"}  # fmt: skip
    assert refused(PAYOUT_TERMS, {**terms, "iban": "DE89 3704 0044 0532 0130 00"}) == []
    [(column, reason)] = refused(PAYOUT_TERMS, {**terms, "iban": "DE88370400440532013000"})
    assert column == "iban"
    assert "DE88" not in reason
