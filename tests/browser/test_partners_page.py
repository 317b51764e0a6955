"""The Partners page shows one partner's lines and statement, and nobody else's."""

from __future__ import annotations

import csv
import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from tests.browser.reading import Screen
from warehouse.connection import connect
from warehouse.control import registers
from warehouse.money import round_half_away
from warehouse.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _partners(books: Settings) -> list[str]:
    with connect("read", settings=books) as con:
        found = con.execute(
            "SELECT DISTINCT partner_id FROM lake.partners.fct_commission_ledger ORDER BY 1"
        ).fetchall()
    return [partner for (partner,) in found]


def _choose(screen: Screen, partner: str) -> None:
    box = screen.page.locator('[class*="st-key-partner"] [data-testid="stSelectbox"] input').first
    box.click()
    screen.page.get_by_role("option", name=partner).first.click()
    screen.settle()


def _file_lines(screen: Screen, folder: Path) -> list[dict[str, str]]:
    target = screen.saved(screen.csv_button("ledger-"), folder / "ledger.csv")
    with target.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_partner_sees_every_own_line_and_no_other(
    screen: Screen, books: Settings, tmp_path: Path
) -> None:
    screen.open("partners")
    known = _partners(books)
    assert len(known) > 1
    for partner in known[:2]:
        _choose(screen, f"{partner} ")
        lines = _file_lines(screen, tmp_path)
        first = min(line["business_date"] for line in lines)
        last = max(line["business_date"] for line in lines)
        with connect("read", settings=books) as con:
            row = con.execute(
                """
                SELECT count(*), sum(amount_reporting), count(*) FILTER (WHERE amount <> 0)
                FROM lake.partners.fct_commission_ledger
                WHERE partner_id = $1 AND business_date BETWEEN $2 AND $3
                """,
                [partner, first, last],
            ).fetchone()
            others = con.execute(
                "SELECT DISTINCT account_key FROM lake.partners.fct_commission_ledger"
            ).fetchall()
        assert row is not None
        assert len(lines) == row[0]
        assert screen.tile("Commission, USD") == round_half_away(row[1] or Decimal(0), 2)
        assert screen.tile("Lines that pay nothing") == row[0] - row[2]
        assert all(line["partner_path"].endswith(partner) for line in lines)
        whole = screen.text() + str(lines)
        assert not any(account in whole for (account,) in others), "accounts are masked"


def test_a_statement_of_a_closed_month_is_saved_and_registered(
    screen: Screen, books: Settings, tmp_path: Path
) -> None:
    screen.open("partners")
    _pick(screen, "month-", "2026-09")
    _pick(screen, "format", "CSV")
    screen.press("Get statement")
    button = screen.page.get_by_role("button", name="Save ")
    target = screen.saved(button, tmp_path / "statement.csv")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    made = [record for record in registers.statements(books) if record.sha256 == digest]
    assert [record.kind for record in made] == ["partner"]
    assert made[0].made_by.startswith("dashboards")


def test_a_statement_of_an_open_month_is_refused_with_the_reason(screen: Screen) -> None:
    screen.open("partners")
    _pick(screen, "month-", "2026-10")
    screen.press("Get statement")
    said = " ".join(screen.notices())
    assert "is not closed" in said
    assert "daybook close" in said
    assert "Traceback" not in screen.text()


def _pick(screen: Screen, key: str, option: str) -> None:
    screen.page.locator(f'[class*="st-key-{key}"] [data-testid="stSelectbox"] input').first.click()
    screen.page.get_by_role("option", name=option).first.click()
    screen.settle()
