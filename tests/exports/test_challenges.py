"""Prop challenges of a simulated broker: marts against the truth, statements against the marts."""

from __future__ import annotations

import csv
import io
import shutil
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from exports.errors import FiguresDisagreeError, UnknownSubjectError
from exports.statements.challenge import make_challenge_statement
from exports.statements.making import StatementFormat
from exports.statements.reproducing import reproduce
from quality.checks import run_checks
from warehouse.connection import connect
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings, load_settings
from warehouse.writer import transaction

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MONTH = "2026-10"


@pytest.fixture(scope="module")
def closed(closed_broker: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the closed broker, of which register and archive grow."""
    folder = tmp_path_factory.mktemp("challenges") / "broker"
    shutil.copytree(closed_broker, folder)
    return load_settings(folder / "daybook.toml")


def _lines(text: str, section: str, phase: str) -> list[dict[str, str]]:
    """Rows of a table of one phase as their cells by column."""
    lines: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["section"] == section and row["account"] == phase:
            lines.setdefault(row["line"], {})[row["field"]] = row["value"]
    return list(lines.values())


def _rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with connect("read", settings=settings) as con:
        return con.execute(query).fetchall()


def test_marts_are_the_truth_and_the_identities_hold(closed: Settings) -> None:
    checks = {check.id: check for check in run_checks(closed) if "challenge" in check.id}
    assert checks.keys() == {
        "challenge_phases_have_one_state", "challenge_days_roll_forward",
        "challenge_days_are_accounts", "challenge_payout_parts", "challenge_profit_is_paid_once",
        "truth_challenge_days", "truth_challenges", "truth_challenge_payouts",
    }  # fmt: skip
    assert {name: (check.broken, check.population > 0) for name, check in checks.items()} == (
        dict.fromkeys(checks, (0, True))
    )
    states = _rows(closed, "SELECT state, failed_by FROM lake.finance.fct_challenges")
    assert {("passed", None), ("failed", "daily_loss"), ("failed", "total_loss")} <= set(states)


def test_a_statement_is_its_mart_day_by_day(closed: Settings, tmp_path: Path) -> None:
    challenges = _rows(
        closed,
        "SELECT challenge_id, challenge_phase_key, money_divisor FROM lake.finance.fct_challenges "
        "JOIN lake.canonical.can_accounts USING (account_key) ORDER BY ALL",
    )
    compared = 0
    for challenge, phase, divisor in challenges:
        days = _rows(
            closed,
            f"""
            SELECT business_date::VARCHAR, opening_balance_amount, equity_amount, lowest_amount,
                daily_floor_amount, coalesce(failed_by, state)
            FROM lake.finance.fct_challenge_days
            WHERE challenge_phase_key = '{phase}' AND business_date >= DATE '2026-10-01'
            ORDER BY business_date
            """,
        )
        if not days:
            continue
        made = make_challenge_statement(closed, str(challenge), MONTH, "csv", tmp_path)
        text = made.path.read_text("utf-8")
        floors = _lines(text, "challenge_floors", str(phase))
        results = _lines(text, "challenge_results", str(phase))
        assert [row["day"] for row in floors] == [day for day, *_ in days]
        for floor, result, (_, opening, equity, lowest, daily, state) in zip(
            floors, results, days, strict=True
        ):
            for shown, exact in (
                (floor["opening_balance"], opening),
                (result["equity"], equity),
                (floor["lowest"], lowest),
                (floor.get("daily_floor", ""), daily),
            ):
                if exact is not None:
                    assert abs(Decimal(shown) - exact / divisor) <= Decimal("0.5")
                    compared += 1
            assert floor["state"] == str(state).replace("_", " ")
            assert Decimal(result["opening_balance"]) + Decimal(result["day_result"]) == Decimal(
                result["closing_balance"]
            )
    assert compared > 200


def test_payouts_of_a_statement_are_the_marts(closed: Settings, tmp_path: Path) -> None:
    [(challenge, phase, month, trader, house)] = _rows(
        closed,
        """
        SELECT challenge_key, challenge_phase_key, strftime(payout_month, '%Y-%m'),
            trader_amount, house_amount
        FROM lake.finance.fct_challenge_payouts
        WHERE trader_amount > 0
        ORDER BY ALL LIMIT 1
        """,
    )
    made = make_challenge_statement(closed, str(challenge), str(month), "csv", tmp_path)
    [line] = _lines(made.path.read_text("utf-8"), "challenge_payouts", str(phase))
    assert (Decimal(line["trader_part"]), Decimal(line["house_part"])) == (trader, house)
    assert Decimal(line["payable"]) == Decimal(line["trader_part"]) + Decimal(line["house_part"])


@pytest.mark.parametrize("format", ["pdf", "csv", "xlsx"])
def test_the_same_call_gives_the_same_bytes(
    closed: Settings, tmp_path: Path, format: StatementFormat
) -> None:
    first = make_challenge_statement(closed, "CH002", MONTH, format, tmp_path / "a")
    second = make_challenge_statement(closed, "demo/CH002", MONTH, format, tmp_path / "b")
    assert first.statement_number == second.statement_number
    assert first.path.read_bytes() == second.path.read_bytes()
    assert reproduce(closed, first.statement_number).identical


@pytest.mark.parametrize("language", ["de", "es", "ar", "zh"])
def test_every_language_has_its_words(closed: Settings, tmp_path: Path, language: str) -> None:
    made = make_challenge_statement(
        closed, "CH001", "2026-10-01..2026-10-09", "csv", tmp_path, language=language
    )
    assert "demo/CH001/1" in made.path.read_text("utf-8")


def test_a_pdf_names_the_phase_and_its_rules(closed: Settings, tmp_path: Path) -> None:
    made = make_challenge_statement(closed, "CH004", MONTH, "pdf", tmp_path)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(made.path).pages)
    assert "Challenge statement" in text
    assert "Phase 1: Strict day" in text
    assert "Daily loss" in text


def test_a_challenge_that_is_not_there_is_named(closed: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownSubjectError, match="No challenge 'demo/nobody'"):
        make_challenge_statement(closed, "nobody", MONTH, "csv", tmp_path)


def test_figures_that_disagree_are_not_sent(broker: Settings, tmp_path: Path) -> None:
    with connect("write", settings=broker) as con, transaction(con, "spoil", broker):
        con.execute(
            "UPDATE lake.finance.fct_challenge_days SET result_amount = result_amount + 0.01, "
            "closing_balance_amount = closing_balance_amount + 0.01, "
            "equity_amount = equity_amount + 0.01 WHERE challenge_id = 'CH001' "
            "AND business_date = DATE '2026-10-14'"
        )
    broken = {check.id for check in run_checks(broker) if check.broken}
    assert {
        "challenge_days_roll_forward", "challenge_days_are_accounts", "truth_challenge_days",
    } <= broken  # fmt: skip
    with connect("write", settings=broker) as con:
        snapshot = current_snapshot(con)
        con.execute("UPDATE lake.meta.published SET snapshot_id = ?", [snapshot])
    with pytest.raises(FiguresDisagreeError, match="the profit of 2026-10-14"):
        make_challenge_statement(broker, "CH001", MONTH, "csv", tmp_path)
