"""A provider's chargeback in the commission ledger: taken back, explained, and given back."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from orchestration.build import build
from quality.lineage.explaining import explain
from quality.truth import truth_checks
from tests.orchestration.daily import rows
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

CLAWED = "'clawed back: chargeback (adyen/%'"


def provider_line(settings: Settings) -> tuple[Path, dict[str, str]]:
    """Adyen's line of the simulated chargeback, and the report it stands in."""
    folder = settings.source("adyen").path
    assert folder is not None
    for path in sorted(folder.glob("settlement*.csv")):
        with path.open(newline="", encoding="utf-8") as text:
            for line in csv.DictReader(text):
                if line["Type"] == "Chargeback":
                    return path, line
    raise AssertionError("no chargeback in the reports")


def test_the_simulated_chargeback_claws_back_as_the_truth_says(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    _, line = provider_line(settings)
    assert settings.truth_path is not None
    with connect("read", settings=settings) as con:
        [check] = truth_checks(
            con, settings.truth_path, frozenset({"partners.fct_commission_ledger"})
        )
    assert (check.id, check.broken) == ("truth_commission_ledger", 0)
    [(clients, partners, earliest, latest, due)] = rows(
        settings,
        f"""
        SELECT count(DISTINCT client_key), string_agg(DISTINCT partner_id), min(business_date),
            max(business_date), sum(base_quantity * rate)
        FROM lake.partners.fct_commission_ledger WHERE reason LIKE {CLAWED}
        """,
    )
    charged = dt.datetime.fromisoformat(line["Creation Date"]).date()
    assert (clients, partners) == (1, "P3")
    assert charged - dt.timedelta(days=6) <= earliest <= latest <= charged
    assert due > 0


def test_a_clawback_is_traced_to_the_providers_row_and_given_back(broker: Settings) -> None:
    path, line = provider_line(broker)
    ledger = "lake.partners.fct_commission_ledger"
    [(key, deal)] = rows(
        broker,
        f"SELECT min(ledger_line_key), min_by(deal_key, ledger_line_key) FROM {ledger} "
        f"WHERE reason LIKE {CLAWED} AND base_quantity * rate > 0",
    )
    found = explain(broker, ledger.removeprefix("lake."), [key])
    assert found.adds_up
    [rule] = [rule for rule in found.rules if rule.what == "What takes it back."]
    assert rule.said is not None
    assert rule.said.startswith(f"Chargeback of {line['Psp Reference']}: -")
    assert {(row.raw_table, row.source_row is not None) for row in rule.sources} == {
        ("raw.adyen_settlement_lines", True)
    }

    won = line | {
        "Type": "ChargebackReversed", "Batch Number": "999",
        "Gross Credit (GC)": line["Gross Debit (GC)"], "Gross Debit (GC)": "",
        "Net Credit (NC)": line["Gross Debit (GC)"], "Net Debit (NC)": "", "Commission (NC)": "",
        "Creation Date": str(
            dt.datetime.fromisoformat(line["Creation Date"]) + dt.timedelta(days=3)
        ),
    }  # fmt: skip
    with (path.parent / "settlement_detail_report_batch_999.csv").open("w", newline="") as text:
        writer = csv.DictWriter(text, list(won))
        writer.writeheader()
        writer.writerow(won)
        # a batch nets to zero
        writer.writerow(
            won
            | {
                "Type": "Balancetransfer", "Psp Reference": "", "Merchant Reference": "",
                "Modification Reference": "Balancetransfer", "Gross Credit (GC)": "",
                "Gross Currency": "", "Net Credit (NC)": "", "Exchange Rate": "",
                "Net Debit (NC)": won["Net Credit (NC)"],
            }
        )  # fmt: skip
    [report] = sync_once(broker, "adyen").sources
    assert not report.failed, report.problems
    build(broker)
    booked = rows(
        broker,
        f"""
        SELECT entry_type, count(*), sum(amount) FROM {ledger}
        WHERE build_id = (SELECT max(build_id) FROM {ledger}) GROUP BY ALL
        """,
    )
    [(entry, lines, given)] = booked
    assert entry == "adjustment"
    assert given > 0
    [(taken, back)] = rows(
        broker,
        f"""
        SELECT count(*), sum(due.amount) FROM {ledger} AS taken
        JOIN lake.intermediate.int_partners__commissions_targeted AS due
            USING (deal_key, partner_key, level, agreement_id)
        WHERE taken.reason LIKE {CLAWED} AND due.amount <> 0
        """,
    )
    assert (taken, back) == (lines, given)
    [(other,)] = rows(
        broker,
        f"SELECT max(ledger_line_key) FROM {ledger} WHERE deal_key = '{deal}' "
        "AND entry_type = 'adjustment'",
    )
    found = explain(broker, ledger.removeprefix("lake."), [other])
    assert found.adds_up
    told = [rule.said or "" for rule in found.rules if rule.what == "What takes it back."]
    assert [text.split(" ")[0] for text in told] == ["Chargeback", "ChargebackReversed"]
    assert found.figures[0].value > Decimal(0)  # type: ignore[operator]
