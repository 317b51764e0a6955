"""A challenge, a funded account and a copied strategy of the pencil broker, each figure explained.

101 is in a challenge that began with 1,000.00 on Monday: a day may lose 5 % of the higher of what
it opens with, all days together 10 % of the highest balance. It follows a strategy too, whose
management fee of 3.44 the platform took on Wednesday. 104 is funded with 10,000 cents until
Thursday and keeps 33.3 % of its profit.

day  opens with  floated  daily floor  total floor  result  closes  floats  equity   lowest
Mon    1,000.00     0.00       950.00       900.00   -5.00   995.00   98.00 1,093.00   995.00
Tue      995.00    98.00     1,038.35       900.00   96.50 1,091.50  148.00 1,239.50 1,093.00
Wed    1,091.50   148.00    1,177.525       991.50    0.00 1,091.50   22.00 1,113.50 1,113.50

The tests of this module run in order: April comes later, and the last one spoils the books.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from quality.lineage import Explanation, explain, lineage_of, not_re_added
from tests.dbt.conftest import PencilBooks
from tests.dbt.pencil_broker import MON, WED, deal, report
from warehouse.connection import connect

pytestmark = pytest.mark.dbt

BUILT = ("+fct_challenges", "+fct_copy_fees")
D = Decimal
END = dt.date(2026, 3, 5)
MARTS = (
    "finance.fct_challenge_days",
    "finance.fct_challenges",
    "finance.fct_challenge_payouts",
    "partners.fct_copy_fees",
)
FEE = f"demo/S|demo/pencil/101|{MON}|2026-03-01"


@pytest.fixture(scope="module", autouse=True)
def _in_business(books: PencilBooks) -> None:
    """The CRM states the challenges and the strategy, the platform charges the fee."""
    books.broker.load(
        {
            "crm_challenge_phases": [
                {
                    "plan_id": "P", "phase": 1, "valid_from": MON, "name": "Pencil",
                    "profit_target_rate": D("0.50"), "daily_loss_rate": D("0.05"),
                    "daily_loss_basis": "day_start_higher", "total_loss_rate": D("0.10"),
                    "total_loss_basis": "highest_balance",
                },
                {
                    "plan_id": "F", "phase": 1, "valid_from": MON,
                    "profit_split_rate": D("0.333"),
                },
            ],
            "crm_challenges": [
                {
                    "challenge_id": name, "phase": 1, "client_id": f"C{login}", "plan_id": plan,
                    "server_id": "pencil", "login": login, "initial_balance_amount": D(initial),
                    "valid_from": MON, "valid_to": until,
                }
                for name, login, plan, initial, until in (
                    ("X", 101, "P", 1_000, None), ("Y", 104, "F", 10_000, END),
                )
            ],
            "crm_copy_strategies": [
                {
                    "strategy_id": "S", "kind": "copy", "server_id": "pencil", "login": 102,
                    "valid_from": MON, "management_rate": D("0.365"),
                    "performance_rate": D("0.20"), "subscription_amount": D(2),
                    "subscription_currency": "EUR", "fees_posted": "same_month",
                    "management_pattern": "FEE M%",
                }
            ],
            "crm_copy_investments": [
                {"strategy_id": "S", "server_id": "pencil", "login": 101, "valid_from": MON}
            ],
            "mt5_deals": [deal(20, 101, WED, 2, -3.44, comment="FEE M 2026-03")],
            "mt5_daily": [report(101, WED, 1_091.5, 1_088.06, profit=25.0, profit_storage=-3.0)],
        }
    )  # fmt: skip
    books.build()


def made_of(found: Explanation, figure: str) -> list[tuple[str, str, Decimal | None, list[str]]]:
    """Kind, name, what it adds, and the source rows of each row behind a figure."""
    assert found.adds_up
    return [
        (
            part.kind,
            part.name,
            part.adds[figure],
            [f"{source.raw_table} {source.source_key}" for source in part.sources],
        )
        for part in found.parts
    ]


def test_the_marts_are_the_pencils(books: PencilBooks) -> None:
    assert books.rows("""
        SELECT opening_balance_amount, opening_equity_amount, daily_floor_amount,
            total_floor_amount, result_amount, closing_balance_amount, equity_amount,
            lowest_amount, coalesce(failed_by, state)
        FROM lake.finance.fct_challenge_days WHERE challenge_id = 'X' ORDER BY business_date
    """) == [
        (*(D(text).normalize() for text in row[:-1]), row[-1])
        for row in (
            ("1000", "1000", "950", "900", "-5", "995", "1093", "995", "active"),
            ("995", "1093", "1038.35", "900", "96.5", "1091.5", "1239.5", "1093", "active"),
            ("1091.5", "1239.5", "1177.525", "991.5", "0", "1091.5", "1113.5", "1113.5",
             "daily_loss"),
        )
    ]  # fmt: skip
    # 240 cents: 2.40 dollars, 0.7992 of them the trader's
    assert books.rows("""
        SELECT state, profit_amount, payable_amount, trader_amount, house_amount
        FROM lake.finance.fct_challenge_payouts
    """) == [("due", D("2.4"), D("2.4"), D("0.8"), D("1.6"))]
    # equity of 1,093.00, 1,239.50 and 1,110.06 at 0.1 % a day; 2.00 euros at 1.25; 20 % of
    # 91.50 closed and 22.00 floating, less the two others
    assert books.rows("""
        SELECT fee_kind, base_amount, due_amount, charged_amount
        FROM lake.partners.fct_copy_fees ORDER BY fee_kind
    """) == [
        ("management", D("1147.52"), D("3.44"), D("3.44")),
        ("performance", D("107.56"), D("21.51"), D(0)),
        ("subscription", D(2), D("2.5"), D(0)),
    ]


def test_every_figure_is_re_added(books: PencilBooks) -> None:
    with connect("read", settings=books.settings) as con:
        assert {table: not_re_added(con, table) for table in MARTS} == {
            table: [] for table in MARTS
        }


def test_a_headroom_is_the_plan_and_what_floats_at_two_closes(books: PencilBooks) -> None:
    named = ["challenge_phase_key=demo/X/1", f"business_date={WED}"]
    found = explain(books.settings, "fct_challenge_days", named, column="headroom_amount")
    assert (found.figures[0].value, found.figures[0].currency) == (D("-64.025"), "USD")
    # 5 % of the 1,239.50 that the day opened with; the balance is in lowest amount and floor alike
    rows = made_of(found, "headroom_amount")
    assert [row[:3] for row in rows] == [
        ("plan", "P", D("61.975")),
        ("open position", "demo/pencil/1", D(22)),
        ("open position", "demo/pencil/1", D(-148)),
    ]
    assert rows[0][3] == [f"raw.crm_challenge_phases P/1/{MON}"]
    assert all(row[3][0].startswith("raw.mt5_daily_positions") for row in rows[1:])


def test_a_phase_is_explained_as_its_last_day(books: PencilBooks) -> None:
    found = explain(books.settings, "fct_challenges", ["demo/X/1"], column="floor_amount")
    assert made_of(found, "floor_amount")[:4] == [
        ("challenge", "demo/X/1", D(1_000), ["raw.crm_challenges X/1"]),
        ("plan", "P", D("-61.975"), [f"raw.crm_challenge_phases P/1/{MON}"]),
        ("deal", "demo/pencil/2", D(-5), ["raw.mt5_deals 2"]),
        ("deal", "demo/pencil/3", D("96.5"), ["raw.mt5_deals 3"]),
    ]
    (figure,) = found.figures
    assert (figure.value, figure.rows) == (D("1177.525"), 5)
    profit = explain(books.settings, "fct_challenges", ["demo/X/1"], column="profit_amount")
    # the deposit and the fee that left by a withdrawal are no result
    assert [row[1] for row in made_of(profit, "profit_amount")] == [
        "demo/pencil/2",
        "demo/pencil/3",
    ]


def test_a_payout_is_its_deals_and_a_rounding(books: PencilBooks) -> None:
    found = explain(
        books.settings, "fct_challenge_payouts", ["challenge_phase_key=demo/Y/1"],
        column="trader_amount",
    )  # fmt: skip
    assert made_of(found, "trader_amount") == [
        ("deal", "demo/pencil/11", D("0.7992"), ["raw.mt5_deals 11"]),
        ("rounding", "USD", D("0.0008"), []),
    ]


def test_fees_are_explained_with_what_they_are_on(books: PencilBooks) -> None:
    charged = explain(
        books.settings, "fct_copy_fees", [f"{FEE}|management"], column="charged_amount"
    )
    assert made_of(charged, "charged_amount") == [
        ("charge", "demo/pencil/20", D("3.44"), ["raw.mt5_deals 20"])
    ]
    due = explain(books.settings, "fct_copy_fees", [f"{FEE}|management"], column="due_amount")
    terms = f"raw.crm_copy_strategies S/{MON}"
    assert made_of(due, "due_amount") == [
        ("day of the account under terms", "2026-03-02", D("1.093"), [terms]),
        ("day of the account under terms", "2026-03-03", D("1.2395"), [terms]),
        ("day of the account under terms", "2026-03-04", D("1.11006"), [terms]),
        ("rounding of the fee", "USD", D("-0.00256"), []),
    ]
    base = explain(books.settings, "fct_copy_fees", [f"{FEE}|performance"], column="base_amount")
    assert [row[:3] for row in made_of(base, "base_amount")] == [
        ("deal", "demo/pencil/2", D(-5)),
        ("deal", "demo/pencil/3", D("96.5")),
        ("fee due", f"{FEE}|management", D("-3.44")),
        ("fee due", f"{FEE}|subscription", D("-2.5")),
        ("open position", "demo/pencil/1", D(22)),
    ]
    asked = explain(books.settings, "fct_copy_fees", [f"{FEE}|subscription"], column="due_amount")
    assert made_of(asked, "due_amount") == [("subscription", "S", D("2.5"), [terms])]


def test_a_fee_of_april_is_on_what_lies_above_march(books: PencilBooks) -> None:
    april = dt.date(2026, 4, 7)
    books.broker.load(
        {
            "ecb_rates": [
                {"rate_date": day, "currency": "USD", "rate_per_eur": "1.25"}
                for day in (dt.date(2026, 3, 31), april)
            ],
            "mt5_deals": [
                # what floated with 22.00 is closed with 57.00
                deal(
                    21, 101, april, 1, 60.0, entry=1, price=1.1012, volume_ext=50_000_000,
                    volume_closed_ext=50_000_000, storage=-3.0, position_id=1,
                ),
            ],
            "mt5_daily": [report(101, april, 1_088.06, 1_145.06)],
        }
    )  # fmt: skip
    books.build()
    # March: 113.50 less 33.41 for 30 days and 2.50; April: 35.00 less 7.81 for 7 days and 2.50
    assert books.rows("""
        SELECT net_result_to_date_amount, mark_before_amount, mark_after_amount, due_amount
        FROM lake.partners.fct_copy_fees WHERE fee_kind = 'performance' ORDER BY month_from
    """) == [
        (D("77.59"), D(0), D("77.59"), D("15.52")),
        (D("102.28"), D("77.59"), D("102.28"), D("4.94")),
    ]
    fee = f"demo/S|demo/pencil/101|{MON}|2026-04-01"
    base = explain(books.settings, "fct_copy_fees", [f"{fee}|performance"], column="base_amount")
    assert [row[:3] for row in made_of(base, "base_amount")] == [
        ("deal", "demo/pencil/21", D(57)),
        ("fee due", f"{fee}|management", D("-7.81")),
        ("fee due", f"{fee}|subscription", D("-2.5")),
        ("open position", "demo/pencil/1", D(-22)),
    ]
    with connect("read", settings=books.settings) as con:
        assert {table: not_re_added(con, table) for table in MARTS} == {
            table: [] for table in MARTS
        }


@pytest.mark.parametrize("table", ["finance.fct_challenge_days", "partners.fct_copy_fees"])
def test_a_figure_that_is_wrong_is_told(books: PencilBooks, table: str) -> None:
    figures = lineage_of(table).figures
    with connect("write", settings=books.settings) as con:
        changes = ", ".join(f"{name} = {name} + 1" for name in figures)
        con.execute(f"UPDATE lake.{table} SET {changes}")
    with connect("read", settings=books.settings) as con:
        wrong = {row.column for row in not_re_added(con, table)}
    assert wrong == set(figures)
