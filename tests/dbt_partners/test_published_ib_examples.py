"""Worked examples that partner programmes published, run through the engine itself."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_partners.memory_partners import (
    ACCOUNT,
    CHAIN,
    DAY,
    MemoryPartners,
    Row,
    lots,
)

pytestmark = [pytest.mark.dbt, pytest.mark.slow]


def published() -> list[dict[str, Any]]:
    """The IB examples of the reference data; none where it is not there."""
    folder = os.environ.get("DAYBOOK_REFERENCE_DATA", "")
    path = Path(folder) / "cases" / "published_examples.json"
    if not folder or not path.is_file():
        return []
    return [row for row in json.loads(path.read_text("utf-8")) if row["id"].startswith("IB-")]


def number(text: Any) -> Decimal:
    plain = str(text).split()[0].rstrip("%")
    return Decimal(plain) / (100 if str(text).endswith("%") else 1)


# A point of EURUSD is worth a dollar a lot.
POINT = Decimal("0.00001")


def case(inputs: dict[str, Any]) -> dict[str, list[Row]] | None:
    """Trades and an agreement for an example, told by the names of its inputs; None: not ours."""
    names = set(inputs)
    value = {name: number(text) for name, text in inputs.items() if not isinstance(text, list)
             and str(text)[:1].isdigit()}  # fmt: skip
    one_each = {"model": "per_lot", "rate": 1, "currency": "USD"}
    if names == {"commission", "pct"}:
        deals = [lots(1, "1", commission_amount=-value["commission"])]
        terms: Row = {"model": "commission_share", "rate": value["pct"]}
    elif names == {"lots", "per_lot"}:
        deals = [lots(1, str(value["lots"]))]
        terms = {**one_each, "rate": value["per_lot"]}
    elif names == {"lots", "group_lot_size"}:
        deals = [lots(1, str(value["lots"]))]
        terms = {**one_each, "lot_ratio": value["group_lot_size"]}
    elif {"lots"} < names and names & {"spread", "spread_pts"}:
        points = value.get("spread", value.get("spread_pts", Decimal(0)))
        deals = [lots(1, str(value["lots"]), market_spread_price=points * POINT)]
        terms = {"model": "spread_share", "rate": value.get("pct", value.get("grade_pct")),
                 "spread_cap_points": value.get("cap")}  # fmt: skip
        if value.get("bonus_rate", Decimal(1)) != 1:
            return None
    elif names == {"weekly_commissions", "gold"}:
        deals = [lots(1, "1", commission_amount=-value["weekly_commissions"])]
        terms = {"model": "revenue_share", "rate": value["gold"]}
    elif names == {"buy", "sells"}:
        deals = [lots(1, str(value["buy"]), side="buy")]
        deals += [
            lots(place, str(sold), side="sell") for place, sold in enumerate(inputs["sells"], 2)
        ]
        terms = {**one_each, "nets_hedges": True}
    elif names == {"net_deposit_month", "cpa"}:
        # An account that was opened pays the first step once money comes to it.
        net = value.get("net_deposit_month", Decimal(1))
        terms = {"model": "cpa", "currency": "USD", "tier_basis": "net_deposit",
                 "hybrid_ratio": "0.5"}  # fmt: skip
        lowest = [] if net <= 1 else [{"agreement_id": "A", "lower_bound": 0, "upper_bound": net,
                                       "rate": 6}]  # fmt: skip
        return {
            "can_deals": [],
            "can_cash_movements": [{
                "deal_key": "m1", "business_date": DAY, "kind": "deposit", "amount_reporting": net,
                "executed_at_utc": dt.datetime(2026, 8, 3, 1),
            }],
            "crm_partner_tiers": [
                *lowest,
                {"agreement_id": "A", "lower_bound": net if lowest else 0, "rate": value["cpa"]},
            ],
            "crm_partner_agreements": [{"agreement_id": "A", **terms}],
        }  # fmt: skip
    else:
        return None
    return {"can_deals": deals, "crm_partner_agreements": [{"agreement_id": "A", **terms}]}


@pytest.mark.parametrize("example", published(), ids=lambda row: str(row["id"]))
def test_published_example(books: MemoryPartners, example: dict[str, Any]) -> None:
    tables = case(example["inputs"])
    if tables is None:
        pytest.skip(f"{example['topic']}: the engine has no rule for {sorted(example['inputs'])}")
    books.lay(
        can_accounts=[ACCOUNT],
        crm_partner_tree=CHAIN,
        can_account_books=[{"account_key": "t/s/1", "book": "A", "valid_from": "2026-01-01"}],
        **tables,
    )
    ties = books.total() == Decimal(str(example["published"]))
    assert ties == example["ties"], (books.total(), example)
