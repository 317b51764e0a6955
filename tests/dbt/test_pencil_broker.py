"""Every figure of the pencil broker, and what a corrected past does to them.

The tests of this module run in order: each adds a load to the books of the one before.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from quality.lineage import explain, not_re_added
from tests.dbt.conftest import PencilBooks
from tests.dbt.pencil_broker import MON, TUE, WED, deal, filetime, report
from warehouse.connection import connect
from warehouse.errors import UsageError

pytestmark = pytest.mark.dbt

D = Decimal
# Wednesday, the day after the last correction's own day had closed.
LATER = filetime(dt.datetime(2026, 3, 4, 21))

FINANCE = (
    "finance.fct_account_days",
    "finance.fct_breaks",
    "finance.fct_daily_pnl",
    "finance.fct_open_positions",
)


def assert_every_figure_is_re_added(books: PencilBooks) -> None:
    """Of every row of every mart, from canonical and source rows."""
    with connect("read", settings=books.settings) as con:
        assert {table: not_re_added(con, table) for table in FINANCE} == {
            table: [] for table in FINANCE
        }


def test_account_days(books: PencilBooks) -> None:
    rows = books.rows("""
        SELECT login, business_date, opening_balance_amount, deposits_amount, withdrawals_amount,
            closed_pnl_amount, swap_amount, commission_amount, closing_balance_amount,
            closing_credit_amount, floating_pnl_amount, floating_swap_amount, equity_amount,
            balance_break_amount
        FROM lake.finance.fct_account_days ORDER BY login, business_date
    """)
    #    login  day  open  in  out  closed  swap  comm.  close  credit  float  accr.  equity  break
    expected = [
        (101, MON, "0", "1000", "0", "0", "0", "-5", "995", "0", "100", "-2", "1093", "0"),
        (101, TUE, "995", "0", "0", "100", "-1", "-2.5", "1091.5", "0", "150", "-2", "1239.5", "0"),
        (101, WED, "1091.5", "0", "0", "0", "0", "0", "1091.5", "0", "25", "-3", "1113.5", "0"),
        (102, MON, "0", "500", "0", "20", "0", "-4", "516", "0", "0", "0", "516", "0"),
        (102, TUE, "516", "0", "0", "0", "0", "0", "516", "50", "0", "0", "566", "0"),
        (102, WED, "516", "0", "-100", "0", "0", "0", "416", "50", "0", "0", "466", "0"),
        (103, MON, "0", "100000", "0", "0", "0", "0", "100000", "0", "0", "0", "100000", "0"),
        (103, TUE, "100000", "0", "0", "-1234", "0", "0", "98766", "0", "0", "0", "98766", "0"),
        (104, MON, "0", "10000", "0", "0", "0", "0", "10000", "0", "0", "0", "10000", "0"),
        (104, TUE, "10000", "0", "0", "250", "0", "-10", "10240", "0", "0", "0", "10240", "0"),
        (105, MON, "0", "30000", "0", "0", "0", "0", "30000", "0", "0", "0", "30000", "30000"),
    ]
    assert rows == [
        (login, day, *(D(text).normalize() for text in amounts))
        for login, day, *amounts in expected
    ]


def test_daily_pnl(books: PencilBooks) -> None:
    rows = books.rows("""
        SELECT business_date, login, symbol, client_closed_pnl_amount,
            client_floating_change_amount, client_swap_amount, client_commission_amount,
            round(dealing_pnl_reporting, 4), round(commission_income_reporting, 4),
            round(swap_income_reporting, 4), round(total_reporting, 4)
        FROM lake.finance.fct_daily_pnl ORDER BY business_date, login
    """)
    # client: closed, floating change, swap, commission; house in dollars: dealing, commission,
    # swap, total
    expected = [
        (MON, 101, "0", "100", "-2", "-5", "-100", "5", "2", "-93"),
        (MON, 102, "20", "0", "0", "-4", "0", "4.4", "0", "4.4"),  # 4.00 EUR at 1.10
        (TUE, 101, "100", "50", "-1", "-2.5", "-150", "2.5", "1", "-146.5"),
        (TUE, 103, "-1234", "0", "0", "0", "9.1407", "0", "0", "9.1407"),  # at 1.20 / 162
        (TUE, 104, "250", "0", "0", "-10", "-2.5", "0.1", "0", "-2.4"),  # cents
        (WED, 101, "0", "-125", "-1", "0", "125", "0", "1", "126"),
    ]
    assert rows == [
        (day, login, "EURUSD", *(D(text).normalize() for text in amounts))
        for day, login, *amounts in expected
    ]


def test_accounts_deals_and_cash(books: PencilBooks) -> None:
    assert books.rows("""
        SELECT login, account_currency, main_currency, money_divisor, book, is_excluded
        FROM lake.canonical.can_accounts ORDER BY login
    """) == [
        (101, "USD", "USD", 1, "B", False),
        (102, "EUR", "EUR", 1, "A", False),
        (103, "JPY", "JPY", 1, "B", False),
        (104, "USC", "USD", 100, "B", False),
        (105, "USD", "USD", 1, "A", True),
    ]
    assert books.rows("""
        SELECT executed_at_utc, utc_offset_minutes, price, volume_lots, volume_units, side, entry
        FROM lake.canonical.can_deals WHERE deal_id = 3
    """) == [(dt.datetime(2026, 3, 3, 10), 120, D("1.102"), D("0.5"), D("5E+4"), "sell", "out")]
    assert books.rows("""
        SELECT login, kind, amount, amount_reporting FROM lake.canonical.can_cash_movements
        JOIN lake.canonical.can_accounts USING (account_key) WHERE login IN (102, 104)
        ORDER BY login, business_date
    """) == [
        (102, "deposit", D("5E+2"), D("5.5E+2")),
        (102, "withdrawal", D("-1E+2"), D("-125")),
        (104, "deposit", D("1E+4"), D("1E+2")),
    ]


def test_the_only_break_is_the_excluded_group(books: PencilBooks) -> None:
    assert books.rows(
        "SELECT login, business_date, last_date, kind, break_type, amount, status, age_days "
        "FROM lake.finance.fct_breaks"
    ) == [(105, MON, WED, "balance", "excluded_group", D("3E+4"), "open", 2)]
    assert books.broken() == []


def test_every_figure_is_re_added(books: PencilBooks) -> None:
    assert_every_figure_is_re_added(books)


def test_a_figure_is_explained_down_to_its_source_rows(books: PencilBooks) -> None:
    found = explain(
        books.settings,
        "fct_daily_pnl",
        ["login=101", "business_date=2026-03-03"],
        column="total_reporting",
    )
    assert found.adds_up
    (figure,) = found.figures
    assert (figure.value, figure.currency, figure.rows) == (D("-146.5"), "USD", 3)
    # half a lot closed; what floated at Tuesday's close, less what floated at Monday's
    assert [(part.kind, part.name, part.adds["total_reporting"]) for part in found.parts] == [
        ("deal", "demo/pencil/3", D("-96.5")),
        ("open position", "demo/pencil/1", D(98)),
        ("open position", "demo/pencil/1", D(-148)),
    ]
    behind = [
        (source.source, source.raw_table, source.source_key, source.load_id)
        for part in found.parts
        for source in part.sources
    ]
    assert [item[:2] for item in behind] == [
        ("pencil", "raw.mt5_deals"),
        ("pencil", "raw.mt5_daily_positions"),
        ("pencil", "raw.mt5_daily_positions"),
    ]
    assert behind[0][2:] == ("3", 1)
    assert {(rate.business_date, rate.rate, rate.rate_date) for rate in found.rates} == {
        (MON, D(1), MON),
        (TUE, D(1), TUE),
    }
    assert any("real\\%: book B" in (rule.said or "") for rule in found.rules)


def test_a_yen_is_explained_with_its_two_rates(books: PencilBooks) -> None:
    found = explain(books.settings, "finance.fct_daily_pnl", ["demo/pencil/103/2026-03-03/EURUSD"])
    (rate,) = found.rates
    assert (rate.currency, rate.rate_set, rate.rate) == ("JPY", "ecb", D("0.007407407407"))
    assert {source.source_key for source in rate.sources} == {"2026-03-03/JPY", "2026-03-03/USD"}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (["login=101"], "Several rows"),
        (["login=101", "business_date=2026-03-09", "symbol=EURUSD"], "101/2026-03-0"),
        (["demo/pencil/103/2026-03-03/EURUSDX"], "demo/pencil/103/2026-03-03/EURUSD"),
        (["colour=red"], "no column colour"),
        ([], "named by its key"),
    ],
)
def test_a_key_that_names_no_single_row_is_told(
    books: PencilBooks, key: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        explain(books.settings, "finance.fct_daily_pnl", key)


def test_a_figure_that_nobody_declared_is_told(books: PencilBooks) -> None:
    with pytest.raises(UsageError, match="explain one of: finance"):
        explain(books.settings, "finance.fct_nothing", ["a=b"])
    with pytest.raises(UsageError, match="no explained figure book"):
        explain(books.settings, "fct_daily_pnl", ["login=101"], column="book")


def test_a_quiet_build_changes_nothing(books: PencilBooks) -> None:
    before = books.marts()
    books.build()
    assert books.marts() == before


def test_late_edited_and_deleted_deals_are_typed(books: PencilBooks) -> None:
    books.broker.load(
        {
            "mt5_deals": [
                # 101 is owed 7.00 since Monday, 103 lost 34 yen less on Tuesday
                deal(13, 101, MON, 5, 7.0, timestamp=LATER),
                deal(
                    9, 103, TUE, 1, -1_200.0,
                    entry=1, volume_ext=100_000_000, modify_flags=2, timestamp=LATER,
                ),
            ],
            # the platform leaves the closed day as it was and opens the next with the correction
            "mt5_daily": [
                report(101, TUE, 1_002.0, 1_098.5, profit=150.0, profit_storage=-2.0),
                report(101, WED, 1_098.5, 1_098.5, profit=25.0, profit_storage=-3.0),
                report(102, TUE, 500.0, 500.0, credit=50.0),
                report(102, WED, 500.0, 400.0, credit=50.0),
                report(103, WED, 98_800.0, 98_800.0),
            ],
        },
        gone=(5,),  # 102's trade was taken back
    )  # fmt: skip
    books.build()
    assert books.rows("""
        SELECT login, business_date, last_date, break_type, amount, status
        FROM lake.finance.fct_breaks WHERE login <> 105 ORDER BY login
    """) == [
        (101, MON, MON, "late_deal", D(7), "closed"),
        (102, MON, MON, "deleted_deal", D(-16), "closed"),
        (103, TUE, TUE, "source_restatement", D(34), "closed"),
    ]
    assert books.rows("""
        SELECT login, closing_balance_amount FROM lake.finance.fct_account_days
        WHERE login < 104 QUALIFY row_number() OVER (
            PARTITION BY login ORDER BY business_date DESC) = 1 ORDER BY login
    """) == [(101, D("1098.5")), (102, D("4E+2")), (103, D("9.88E+4"))]
    assert books.rows("SELECT count(*) FROM lake.finance.fct_daily_pnl WHERE login = 102") == [(0,)]
    assert books.broken() == []
    assert_every_figure_is_re_added(books)


def test_incremental_builds_equal_a_full_one(books: PencilBooks) -> None:
    incremental = books.marts()
    books.build(full_refresh=True)
    assert books.marts() == incremental


def test_a_difference_no_rule_explains_is_unknown(books: PencilBooks) -> None:
    books.broker.load({"mt5_daily": [report(104, WED, 10_240.0, 10_235.0)]})
    books.build()
    assert books.rows(
        "SELECT business_date, break_type, amount, status FROM lake.finance.fct_breaks "
        "WHERE login = 104"
    ) == [(WED, "unknown", D(5), "open")]
    assert books.broken() == ["balance_is_platform"]


def test_a_rate_that_comes_later_converts_again(books: PencilBooks) -> None:
    books.broker.load(
        {"ecb_rates": [{"rate_date": WED, "currency": "USD", "rate_per_eur": "1.30"}]}
    )
    books.build()
    assert books.rows(
        "SELECT amount_reporting FROM lake.canonical.can_cash_movements WHERE amount = -100"
    ) == [(D("-1.3E+2"),)]
    assert_every_figure_is_re_added(books)
    incremental = books.marts()
    books.build(full_refresh=True)
    assert books.marts() == incremental
