"""Replaying an agreement over booked trades: a version that is not another changes nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from orchestration.partner_replay import agreement_versions, replay
from warehouse.connection import connect
from warehouse.errors import UsageError
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 30)
# P2's rate for euro pairs of his own clients.
AGREEMENT = "A004"


def test_an_unchanged_agreement_changes_nothing(closed_broker: Path) -> None:
    settings = load_settings(closed_broker / "daybook.toml")
    result = replay(settings, AGREEMENT, FIRST, LAST)
    assert result.compared > 0
    assert result.lines == ()


def test_a_new_version_shows_its_differences_and_writes_nothing(broker: Settings) -> None:
    assert broker.config_path is not None
    path = Path(broker.config_path).parent / "crm" / "partner_agreements.csv"
    text = path.read_text("utf-8")
    changed = text.replace(f"{AGREEMENT},P2,0,per_lot,5,USD", f"{AGREEMENT},P2,0,per_lot,8,USD")
    assert changed != text
    path.write_text(changed, "utf-8")
    sync_once(broker, "crm")
    assert [version.rate for version in agreement_versions(broker, AGREEMENT)] == [5, 8]
    result = replay(broker, AGREEMENT, FIRST, LAST, version=2)
    with connect("read", settings=broker) as con:
        [booked] = con.execute(
            "SELECT sum(amount), count(DISTINCT build_id) FROM lake.partners.fct_commission_ledger "
            f"WHERE agreement_id = '{AGREEMENT}' AND business_date >= DATE '{FIRST}'"
        ).fetchall()
    assert result.totals() == {("demo/P2", "USD"): booked[0] * Decimal(3) / Decimal(5)}
    assert all(line.due * 5 == line.booked * 8 for line in result.lines)
    assert booked[1] == 1
    assert replay(broker, AGREEMENT, FIRST, LAST, version=1).lines == ()
    with pytest.raises(UsageError, match="no version 3"):
        replay(broker, AGREEMENT, FIRST, LAST, version=3)


def test_an_unknown_agreement_is_told(closed_broker: Path) -> None:
    with pytest.raises(UsageError, match="No agreement 'A999'"):
        agreement_versions(load_settings(closed_broker / "daybook.toml"), "A999")


def test_a_share_of_copy_fees_is_replayed_too(broker: Settings) -> None:
    assert broker.config_path is not None
    path = Path(broker.config_path).parent / "crm" / "partner_agreements.csv"
    text = path.read_text("utf-8")
    changed = text.replace("A012,P3,0,copy_fee_share,0.2,", "A012,P3,0,copy_fee_share,0.3,")
    assert changed != text
    path.write_text(changed, "utf-8")
    sync_once(broker, "crm")
    with connect("read", settings=broker) as con:
        booked = dict(
            con.execute(
                "SELECT amount_currency, sum(amount) FROM lake.partners.fct_commission_ledger "
                f"WHERE agreement_id = 'A012' AND business_date >= DATE '{FIRST}' GROUP BY ALL"
            ).fetchall()
        )
    assert booked
    result = replay(broker, "A012", FIRST, LAST, version=2)
    assert result.totals() == {
        ("demo/P3", currency): amount / 2 for currency, amount in booked.items()
    }
    assert replay(broker, "A012", FIRST, LAST, version=1).lines == ()


def test_a_version_without_clawbacks_pays_what_a_chargeback_took(broker: Settings) -> None:
    with connect("read", settings=broker) as con:
        [(agreement, taken, first)] = con.execute(
            "SELECT agreement_id, sum(base_quantity * rate), min(business_date) "
            "FROM lake.partners.fct_commission_ledger "
            "WHERE reason LIKE 'clawed back: chargeback (adyen/%' AND agreement_id IS NOT NULL "
            "GROUP BY agreement_id ORDER BY 2 DESC LIMIT 1"
        ).fetchall()
    assert taken > 0
    assert broker.config_path is not None
    path = Path(broker.config_path).parent / "crm" / "partner_agreements.csv"
    rows = path.read_text("utf-8").splitlines()
    [place] = [number for number, row in enumerate(rows) if row.startswith(f"{agreement},")]
    terms, flag, _ = rows[place].rpartition(",true,")
    assert flag
    rows[place] = f"{terms},,"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    sync_once(broker, "crm")
    replayed = replay(broker, agreement, first, LAST, version=2).lines
    assert {(line.agreement_id, line.booked) for line in replayed} == {(agreement, 0)}
    assert sum(line.due for line in replayed) == taken
    assert replay(broker, agreement, first, LAST, version=1).lines == ()
