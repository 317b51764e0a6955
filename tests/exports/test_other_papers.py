"""Costs and charges, notices of a fall in value, and tax summaries of the hand-written broker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pypdf
import pytest

from exports.statements.paper_run import run_papers
from exports.statements.registered_kinds import COSTS, KINDS, NOTICE, TAX, registered_kind
from exports.statements.reproducing import reproduce
from tests.exports.changes import change, publish
from warehouse.control.papers import papers
from warehouse.errors import UsageError
from warehouse.settings import Settings

MONTH = "2026-10"


def _of(out: Path, settings: Settings, subject: str) -> str:
    (record,) = papers(settings, subject_key=subject)
    return (out / f"{record.paper_number}.csv").read_text("utf-8")


def _lines(text: str, section: str, account: str) -> list[dict[str, str]]:
    """Rows of a table as their cells by column."""
    lines: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["section"] == section and row["account"].endswith(account):
            lines.setdefault(row["line"], {})[row["field"]] = row["value"]
    return list(lines.values())


def test_costs_in_amount_and_percent_as_a_pencil_has_them(tiny: Settings, out: Path) -> None:
    result = run_papers(tiny, COSTS, MONTH, ("csv",), out=out)
    assert (result.made, result.left_out) == (4, [])
    text = _of(out, tiny, "demo/C1")
    items = {row["cost"]: row for row in _lines(text, "costs_items", "1001")}
    assert items["Spread and mark-up in the price"]["amount"] == "1.00"
    assert items["Commission"]["amount"] == "0.70"
    assert items["Swap"] | {"cost": ""} == {
        "cost": "", "cost_class": "Ongoing", "amount": "0.40", "percent": "0.05",
    }  # fmt: skip
    assert items["Other charges"]["amount"] == "5.00"
    # 1,009.65 for one day, 848.90 for 28 and 743.90 for 2 of October's 31
    assert items["Total"]["amount"] == "7.10"
    assert items["Total"]["percent"] == "0.84"
    effect = {row["label"]: row["amount"] for row in _lines(text, "costs_effect", "1001")}
    assert effect == {
        "Average equity of the days": "847.31",
        "Result before costs": "51.00",
        "Costs": "-7.10",
        "Result after costs": "43.90",
    }
    (total,) = [row for row in _lines(text, "costs_accounts", "dated") if "costs_reporting" in row][
        -1:
    ]
    # 7.10 + (0.05 + 0.04 + 0.01 + 0.02) x 1.12
    assert total["costs_reporting"] == "7.23"
    assert "Of what we earned on your trades, 0.68 USD" in text


def test_an_unknown_spread_is_said_to_be_unknown(tiny: Settings, out: Path) -> None:
    run_papers(tiny, COSTS, MONTH, ("csv",), out=out)
    text = _of(out, tiny, "demo/C2")
    assert "The spread of 2 deals is not known" in text
    assert _lines(text, "costs_items", "1003")[0]["amount"] == "0"
    assert "is not known" not in _of(out, tiny, "demo/C4")


def test_costs_of_a_cent_account_are_in_its_main_currency(tiny: Settings, out: Path) -> None:
    run_papers(tiny, COSTS, MONTH, ("csv",), out=out)
    items = _lines(_of(out, tiny, "demo/C3"), "costs_items", "1004")
    # 100.00 + 70.70 + 0.10 cents are 1.708
    assert items[-1]["amount"] == "1.71"
    assert sum(float(row["amount"]) for row in items[:-1]) == pytest.approx(1.71)


def test_costs_that_are_not_the_roll_forwards_are_not_sent(tiny: Settings) -> None:
    snapshot = change(
        tiny,
        "UPDATE lake.statements.fct_deal_costs SET commission_cost_amount = 0.36 WHERE deal_id = 6",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    result = run_papers(tiny, COSTS, MONTH, ("csv",))
    assert [row.subject_key for row in result.left_out] == ["demo/C1"]
    assert "trades' commission come to 0.71" in result.left_out[0].error.what
    assert result.exit_code == 1


def test_notices_go_to_those_who_have_one(tiny: Settings, out: Path) -> None:
    result = run_papers(tiny, NOTICE, "2026-10-01", ("csv", "pdf"), out=out)
    assert (result.due, result.made, result.without_figures) == (4, 2, 2)
    text = _of(out, tiny, "demo/C4")
    (portfolio,) = _lines(text, "falls_portfolio", "1005")
    assert (portfolio["initial_value"], portfolio["value"]) == ("550.00", "146.50")
    assert (portfolio["fall_pct"], portfolio["threshold_pct"]) == ("73.36", "70")
    (position,) = _lines(text, "falls_position", "1005")
    assert (position["position"], position["symbol"]) == ("505", "EURUSD")
    (record,) = papers(tiny, subject_key="demo/C2")
    reader = pypdf.PdfReader(out / f"{record.paper_number}.pdf")
    assert "Notice of a fall in value" in reader.pages[0].extract_text()
    assert run_papers(tiny, NOTICE, "2026-10-02", ("csv",)).made == 0


def test_a_tax_summary_keeps_gains_and_losses_apart(tiny: Settings, out: Path) -> None:
    result = run_papers(tiny, TAX, MONTH, ("csv",), out=out)
    assert (result.made, result.left_out) == (4, [])
    own = {
        row["item"]: row["amount"] for row in _lines(_of(out, tiny, "demo/C1"), "tax_items", "1001")
    }
    assert (own["gains"], own["losses"], own["swap_paid"]) == ("50.00", "0.00", "-0.40")
    assert (own["commission"], own["charges"], own["equity"]) == ("-0.70", "-5.00", "43.90")
    yen = _of(out, tiny, "demo/C2")
    assert _lines(yen, "tax_items", "1003")[1]["amount"] == "-10000"
    (symbol, total) = _lines(yen, "tax_symbols", "1003")
    assert (symbol["symbol"], symbol["deals"], total["total"]) == ("USDJPY", "1", "-10062")


@pytest.mark.parametrize("kind", ["costs", "notice", "tax"])
def test_every_paper_is_made_again_byte_for_byte(tiny: Settings, kind: str) -> None:
    result = run_papers(tiny, registered_kind(kind), MONTH, ("pdf", "csv", "xlsx"))
    assert result.made > 0
    for record in papers(tiny):
        assert reproduce(tiny, record.paper_number).identical


def test_kinds_have_series_of_their_own() -> None:
    assert len({kind.series for kind in KINDS.values()}) == len(KINDS)
    with pytest.raises(UsageError, match="no kind of paper 'gift'"):
        registered_kind("gift")
