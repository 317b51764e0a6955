"""The journal of the pencil broker: each posting by hand, and what a corrected past does to it.

The tests of this module run in order: each adds a load to the books of the one before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.lineage import Explanation, explain, not_re_added
from tests.dbt.conftest import LEDGER_MODELS, PencilBooks
from tests.dbt.pencil_broker import MON, TUE, WED, deal, filetime, report
from warehouse.connection import connect

pytestmark = pytest.mark.dbt

BUILT = LEDGER_MODELS
D = Decimal
LATER = filetime(dt.datetime(2026, 3, 4, 21))
LEDGER = {
    "finance.fct_journal_entries": "business_date, account_key, symbol, entry_kind, source_id",
    "finance.fct_ledger_days": "business_date, server_id, ledger_account, currency, book, "
    "position_currency",
    "finance.rpt_ledger__fx_revaluations": "currency, legal_entity, business_date",
    "meta.identities_ledger": "identity_id, server_id, business_date",
}
EXPLAINED = (
    "finance.fct_journal_entries",
    "finance.fct_journal_postings",
    "finance.fct_ledger_days",
    "finance.rpt_ledger__general_ledger",
    "finance.rpt_ledger__trial_balance",
)


def ledger(books: PencilBooks) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the ledger's tables."""
    return {
        table: books.rows(f"SELECT * FROM lake.{table} ORDER BY {order}")
        for table, order in LEDGER.items()
    }


def postings(books: PencilBooks, day: dt.date, where: str = "true") -> list[tuple[Any, ...]]:
    """Login, kind, posting, ledger account, currency and amount of the postings of a day."""
    return books.rows(f"""
        SELECT split_part(account_key, '/', 3), entry_kind, posting_number, ledger_account,
            currency, round(amount, 4)
        FROM lake.finance.fct_journal_postings
        WHERE business_date = DATE '{day}' AND ({where})
        ORDER BY account_key, entry_kind, posting_number
    """)


def broken(books: PencilBooks) -> list[tuple[Any, ...]]:
    """Identities of the ledger that do not hold."""
    return books.rows("""
        SELECT identity_id, server_id, business_date, broken, worst
        FROM lake.meta.identities_ledger WHERE broken > 0 ORDER BY ALL
    """)


def assert_every_figure_is_re_added(books: PencilBooks) -> None:
    """Of every row of the journal and the ledger, from the rows behind it."""
    with connect("read", settings=books.settings) as con:
        assert {table: not_re_added(con, table) for table in EXPLAINED} == {
            table: [] for table in EXPLAINED
        }


def made_of(found: Explanation, figure: str) -> list[tuple[str, str, Decimal | None, list[str]]]:
    """Kind, name, what it adds, and the source rows of each row behind a figure."""
    return [
        (
            part.kind,
            part.name,
            part.adds[figure],
            [f"{source.raw_table} {source.source_key}" for source in part.sources],
        )
        for part in found.parts
    ]


def test_the_postings_of_monday(books: PencilBooks) -> None:
    rows = postings(books, MON)
    expected = [
        # 101, dollars: 1,000.00 in, 5.00 of commission, 100.00 floating and -2.00 accrued
        ("101", "commission", 1, "client_liability", "USD", "5"),
        ("101", "commission", 2, "commission_income", "USD", "-5"),
        ("101", "deposit", 1, "client_liability", "USD", "-1000"),
        ("101", "deposit", 2, "psp_clearing", "USD", "1000"),
        ("101", "floating_pnl", 1, "client_floating", "USD", "-100"),
        ("101", "floating_pnl", 2, "dealing_unrealised", "USD", "100"),
        ("101", "floating_swap", 1, "client_floating", "USD", "2"),
        ("101", "floating_swap", 2, "swap_income", "USD", "-2"),
        # 102, euros in the A book: its 20.00 are hedged outside; 4.00 EUR of commission are 4.40
        # dollars of income, and the broker now has 4.00 EUR
        ("102", "closed_pnl", 1, "client_liability", "EUR", "-20"),
        ("102", "closed_pnl", 2, "lp_hedge_clearing", "EUR", "20"),
        ("102", "commission", 1, "client_liability", "EUR", "4"),
        ("102", "commission", 2, "commission_income", "USD", "-4.4"),
        ("102", "commission", 3, "fx_position", "EUR", "-4"),
        ("102", "commission", 4, "fx_position_value", "USD", "4.4"),
        ("102", "deposit", 1, "client_liability", "EUR", "-500"),
        ("102", "deposit", 2, "psp_clearing", "EUR", "500"),
        ("103", "deposit", 1, "client_liability", "JPY", "-100000"),
        ("103", "deposit", 2, "psp_clearing", "JPY", "100000"),
        # 104 counts in cents, the ledger in dollars; 105 is excluded
        ("104", "deposit", 1, "client_liability", "USD", "-100"),
        ("104", "deposit", 2, "psp_clearing", "USD", "100"),
    ]
    assert rows == [(*row[:5], D(row[5]).normalize()) for row in expected]


def test_the_postings_of_tuesday(books: PencilBooks) -> None:
    rows = postings(books, TUE, "account_key <> 'demo/pencil/101' OR account_key IS NULL")
    expected = [
        ("102", "credit", 1, "client_credit", "EUR", "-50"),
        ("102", "credit", 2, "credit_granted", "EUR", "50"),
        ("103", "closed_pnl", 1, "client_liability", "JPY", "1234"),
        ("103", "closed_pnl", 2, "dealing_realised", "USD", "-9.1407"),  # at 1.20 / 162
        ("103", "closed_pnl", 3, "fx_position", "JPY", "-1234"),
        ("103", "closed_pnl", 4, "fx_position_value", "USD", "9.1407"),
        ("104", "closed_pnl", 1, "client_liability", "USD", "-2.5"),
        ("104", "closed_pnl", 2, "dealing_realised", "USD", "2.5"),
        ("104", "commission", 1, "client_liability", "USD", "0.1"),
        ("104", "commission", 2, "commission_income", "USD", "-0.1"),
        # 4.00 EUR went from 1.10 to 1.20
        (None, "fx_revaluation", 1, "fx_revaluation", "USD", "-0.4"),
        (None, "fx_revaluation", 2, "fx_position_value", "USD", "0.4"),
    ]
    assert rows == [(*row[:5], D(row[5]).normalize()) for row in expected]
    # half of 101's position closed: 100.00 realised, and what floats grew by 50.00
    assert postings(books, TUE, "ledger_account LIKE 'dealing%' AND account_key LIKE '%101'") == [
        ("101", "closed_pnl", 2, "dealing_realised", "USD", D("1E+2")),
        ("101", "floating_pnl", 2, "dealing_unrealised", "USD", D("5E+1")),
    ]


def test_the_position_is_revalued_on_the_last_day_too(books: PencilBooks) -> None:
    assert books.rows("""
        SELECT currency, business_date, position_amount, round(value_before, 4),
            round(value_after, 4), round(revaluation_amount, 4)
        FROM lake.finance.rpt_ledger__fx_revaluations ORDER BY currency, business_date
    """) == [
        ("EUR", MON, D(4), D("4.4"), D("4.4"), D(0)),
        ("EUR", TUE, D(4), D("4.4"), D("4.8"), D("0.4")),
        ("EUR", WED, D(4), D("4.8"), D(5), D("0.2")),
        ("JPY", TUE, D(1234), D("9.1407"), D("9.1407"), D(0)),
        ("JPY", WED, D(1234), D("9.1407"), D("9.3485"), D("0.2077")),  # at 1.25 / 165
    ]


def test_the_reports_agree(books: PencilBooks) -> None:
    assert books.rows("""
        SELECT currency, sum(closing_amount), count(*)
        FROM lake.finance.rpt_ledger__trial_balance GROUP BY currency ORDER BY currency
    """) == [("EUR", D(0), 6), ("JPY", D(0), 3), ("USD", D(0), 9)]
    # what the broker owes at the end: balances of 101 and 104, of 102 and of 103
    assert books.rows("""
        SELECT currency, opening_amount, debit_amount, credit_amount, closing_amount
        FROM lake.finance.rpt_ledger__trial_balance
        WHERE ledger_account = 'client_liability' ORDER BY currency
    """) == [
        ("EUR", D(0), D(104), D("5.2E+2"), D("-416")),
        ("JPY", D(0), D("1234"), D("1E+5"), D("-98766")),
        ("USD", D(0), D("8.6"), D("1202.5"), D("-1193.9")),
    ]
    assert books.rows("""
        SELECT business_date, opening_amount, debit_amount, credit_amount, closing_amount
        FROM lake.finance.rpt_ledger__general_ledger
        WHERE ledger_account = 'dealing_unrealised' ORDER BY business_date
    """) == [
        (MON, D(0), D("1E+2"), D(0), D("1E+2")),
        (TUE, D("1E+2"), D("5E+1"), D(0), D("1.5E+2")),
        (WED, D("1.5E+2"), D(0), D(125), D(25)),
    ]
    assert books.rows("""
        SELECT ledger_account, business_date, opening_amount, closing_amount
        FROM lake.finance.rpt_ledger__client_accounts
        WHERE account_key = 'demo/pencil/102' ORDER BY ledger_account, business_date
    """) == [
        ("client_credit", TUE, D(0), D("5E+1")),
        ("client_liability", MON, D(0), D("516")),
        ("client_liability", WED, D("516"), D("416")),
    ]


def test_every_entry_is_the_sum_of_its_sources(books: PencilBooks) -> None:
    key = "business_date, entry_kind, account_key, partner_key, symbol, currency"
    assert (
        books.rows(f"""
        SELECT {key}, sum(amount) FROM (
            SELECT {key}, amount FROM lake.finance.fct_journal_entries
            WHERE source_id = ''
            UNION ALL
            SELECT {key}, -amount FROM lake.finance.rpt_ledger__entry_sources
        ) GROUP BY {key} HAVING sum(amount) <> 0
    """)
        == []
    )
    assert books.rows("""
        SELECT source_key, source_date, amount FROM lake.finance.rpt_ledger__entry_sources
        WHERE account_key = 'demo/pencil/101' AND entry_kind = 'floating_pnl'
            AND business_date = DATE '2026-03-03' ORDER BY source_date
    """) == [("demo/pencil/1", MON, D("-1E+2")), ("demo/pencil/1", TUE, D("1.5E+2"))]


def test_the_ledger_ties(books: PencilBooks) -> None:
    assert broken(books) == []
    checked = books.rows("""
        SELECT identity_id FROM lake.meta.identities_ledger
        GROUP BY identity_id HAVING sum(population) = 0 ORDER BY identity_id
    """)
    assert checked == [
        ("bank_balance_is_statement",),
        ("ib_payable_is_commission_ledger",),
        ("lp_margin_is_statement",),
    ]


def test_a_posting_is_explained_with_its_rate_and_its_source_rows(books: PencilBooks) -> None:
    entry = f"demo/pencil|{MON}|commission|demo/pencil/102||EURUSD|EUR|"
    found = explain(books.settings, "fct_journal_postings", [f"{entry}/2"])
    # 4.00 EUR at 1.10 are income; the deal states them as -4.00
    assert {figure.column: (figure.value, figure.currency) for figure in found.figures} == {
        "amount": (D("-4.4"), "USD"),
        "amount_reporting": (D("-4.4"), "USD"),
    }
    assert found.adds_up
    assert made_of(found, "amount") == [
        ("deal", "demo/pencil/5", D("-4.4"), ["raw.mt5_deals 5"]),
    ]
    (rate,) = found.rates
    assert (rate.business_date, rate.currency, rate.rate) == (MON, "EUR", D("1.1"))
    # in its own currency the third posting needs no rate
    third = explain(
        books.settings,
        "fct_journal_postings",
        [f"entry_key={entry}", "posting_number=3"],
        column="amount",
    )
    assert (third.figures[0].value, third.figures[0].currency) == (D(-4), "EUR")
    assert third.rates == ()


def test_what_floats_is_explained_with_both_closes(books: PencilBooks) -> None:
    entry = f"demo/pencil|{TUE}|floating_pnl|demo/pencil/101||EURUSD|USD|"
    found = explain(books.settings, "fct_journal_entries", [entry], column="amount")
    rows = made_of(found, "amount")
    assert [row[:3] for row in rows] == [
        ("open position", "demo/pencil/1", D(-100)),
        ("open position", "demo/pencil/1", D(150)),
    ]
    assert [source.partition("/")[0] for row in rows for source in row[3]] == [
        f"raw.mt5_daily_positions {report(101, day, 0, 0)['datetime']}" for day in (MON, TUE)
    ]


def test_a_revaluation_is_the_position_at_two_rates(books: PencilBooks) -> None:
    entry = f"demo|{TUE}|fx_revaluation|Pencil Ltd|EUR"
    found = explain(books.settings, "fct_journal_postings", [f"{entry}/2"], column="amount")
    # 4.00 EUR at 1.20, less at Monday's 1.10
    assert found.adds_up
    assert made_of(found, "amount") == [
        ("FX position", "Pencil Ltd/EUR", D("-4.4"), []),
        ("FX position", "Pencil Ltd/EUR", D("4.8"), []),
    ]
    assert {(rate.business_date, rate.rate) for rate in found.rates} == {
        (MON, D("1.1")),
        (TUE, D("1.2")),
    }


def test_a_ledger_account_is_explained_down_to_its_source_rows(books: PencilBooks) -> None:
    account = "demo|Pencil Ltd|B|dealing_realised|USD|"
    balance = explain(
        books.settings, "rpt_ledger__general_ledger", [f"{account}|{TUE}"], column="closing_amount"
    )
    ((kind, day, amount, _),) = made_of(balance, "closing_amount")
    # 100.00 of 101, 1,234 yen of 103 at 1.20 / 162, 2.50 of 104
    assert (kind, round(amount or 0, 4)) == ("ledger day", D("93.3593"))
    postings = explain(books.settings, "fct_ledger_days", [day])
    figures = {figure.column: figure.value for figure in postings.figures}
    assert (figures["debit_amount"], figures["posting_count"]) == (D("102.5"), 3)
    assert [
        (name, round(amount or 0, 4))
        for _, name, amount, _ in made_of(postings, "amount_reporting")
    ] == [
        (f"demo/pencil|{TUE}|closed_pnl|demo/pencil/101||EURUSD|USD|/2", D(100)),
        (f"demo/pencil|{TUE}|closed_pnl|demo/pencil/103||EURUSD|JPY|/2", D("-9.1407")),
        (f"demo/pencil|{TUE}|closed_pnl|demo/pencil/104||EURUSD|USD|/2", D("2.5")),
    ]
    behind = [
        made_of(explain(books.settings, "fct_journal_postings", [part.name]), "amount")
        for part in postings.parts
    ]
    assert [(name, sources) for ((_, name, _, sources),) in behind] == [
        ("demo/pencil/3", ["raw.mt5_deals 3"]),
        ("demo/pencil/9", ["raw.mt5_deals 9"]),
        ("demo/pencil/11", ["raw.mt5_deals 11"]),
    ]


def test_every_figure_of_the_ledger_is_re_added(books: PencilBooks) -> None:
    assert_every_figure_is_re_added(books)


def payment(event: str, kind: str, gross: float, day: dt.date, **more: Any) -> dict[str, Any]:
    """A provider's event at noon UTC."""
    return {
        "psp_account": "m1",
        "event_id": event,
        "provider": "someone",
        "event_type": kind,
        "status": "settled",
        "gross_currency": "EUR",
        "gross_amount": gross,
        "net_currency": "EUR",
        "event_at": dt.datetime.combine(day, dt.time(12)),
        "event_zone": "UTC",
    } | more


def test_payments_are_booked_by_their_utc_day(books: PencilBooks) -> None:
    books.broker.load(
        {
            "psp_transactions": [
                payment("d1", "deposit", 500.0, MON, fee_amount=10.0),
                payment("p1", "payout", -490.0, TUE),
            ]
        }
    )
    books.build()
    assert books.rows("""
        SELECT business_date, ledger_account, currency, debit_amount - credit_amount
        FROM lake.finance.fct_ledger_days WHERE server_id = 'psp'
        ORDER BY business_date, ledger_account
    """) == [
        (MON, "fx_position", "EUR", D("1E+1")),
        (MON, "fx_position_value", "USD", D("-11")),
        (MON, "psp_balance", "EUR", D("4.9E+2")),
        (MON, "psp_clearing", "EUR", D("-5E+2")),
        (MON, "psp_fees", "USD", D(11)),
        (TUE, "payouts_in_transit", "EUR", D("4.9E+2")),
        (TUE, "psp_balance", "EUR", D("-4.9E+2")),
    ]
    assert broken(books) == []
    fee = explain(
        books.settings,
        "fct_journal_postings",
        [f"demo/psp|{MON}|psp_fee||||EUR|m1/d1/2"],
        column="amount",
    )
    assert (fee.adds_up, fee.figures[0].currency) == (True, "USD")
    assert made_of(fee, "amount") == [
        ("payment", "d1", D(11), ["raw.psp_transactions m1/d1"]),
    ]
    assert_every_figure_is_re_added(books)


def bank_statement(day: dt.date, opening: float, closing: float) -> dict[str, Any]:
    """The bank's statement of a day."""
    return {
        "account_id": "DE1", "currency": "EUR", "statement_id": f"S{day:%d}", "statement_key": 1,
        "opening_date": day, "closing_date": day, "opening_balance": opening,
        "closing_balance": closing,
    }  # fmt: skip


def bank_entry(day: dt.date, number: int, amount: float, **more: Any) -> dict[str, Any]:
    """A booked line of a bank."""
    return {
        "account_id": "DE1", "currency": "EUR", "statement_id": f"S{day:%d}", "statement_key": 1,
        "entry_id": str(number), "entry_number": number, "amount": amount, "status": "BOOK",
        "is_reversal": False, "booking_date": day, "detail_count": 0,
        "transaction_code": "NTRF",
    } | more  # fmt: skip


def margin(day: dt.date, opening: float | None, closing: float) -> dict[str, Any]:
    """What an account at a liquidity provider closed a day with."""
    return {
        "account": "HL", "balance_date": day, "currency": "USD", "opening_balance": opening,
        "closing_balance": closing,
    }  # fmt: skip


def margin_line(number: str, day: dt.date, kind: str, amount: float) -> dict[str, Any]:
    """A line of a liquidity provider's statement."""
    return {
        "account": "HL", "line_id": number, "booked_on": day, "line_type": kind, "amount": amount,
        "currency": "USD", "symbol": "", "reference": "",
    }  # fmt: skip


def held_outside(books: PencilBooks) -> list[tuple[Any, ...]]:
    """Ledger and statement of each account at banks and liquidity providers."""
    return books.rows("""
        SELECT account_key, business_date, ledger_amount, closing_amount, break_type
        FROM lake.finance.rpt_ledger__statement_balances ORDER BY account_key, business_date
    """)


def test_banks_and_liquidity_providers_are_posted_from_their_statements(
    books: PencilBooks,
) -> None:
    books.broker.load(
        {
            "bank_statements": [bank_statement(TUE, 100.0, 595.0)],
            "bank_entries": [
                # the payout of Tuesday, a charge that was told of only by its code, a wire
                bank_entry(TUE, 1, 490.0, customer_reference="p1"),
                bank_entry(TUE, 2, -5.0, transaction_code="NCHG"),
                bank_entry(TUE, 3, 10.0),
            ],
            "bank_entry_details": [
                {
                    "account_id": "DE1", "currency": "EUR", "statement_id": "S03",
                    "statement_key": 1, "entry_id": "3", "detail_number": 1, "amount": 10.0,
                    "payment_reference": "4711",
                }
            ],
            "lp_balances": [margin(TUE, None, 1_090.0), margin(WED, 1_090.0, 1_112.0)],
            "lp_statement_lines": [
                margin_line("1", TUE, "deposit", 1_000.0),
                margin_line("2", TUE, "commission", -10.0),
                margin_line("3", WED, "trade_pnl", 25.0),
                margin_line("4", WED, "swap", -3.0),
            ],
        }
    )  # fmt: skip
    books.build()
    assert books.rows("""
        SELECT business_date, entry_kind, ledger_account, currency, round(amount, 4)
        FROM lake.finance.fct_journal_postings
        WHERE server_id IN ('bank', 'lp') AND posting_number < 3
        ORDER BY server_id, business_date, entry_kind, posting_number
    """) == [
        (TUE, "bank_charge", "bank_client_money", "EUR", D(-5)),
        (TUE, "bank_charge", "bank_charges", "USD", D(6)),  # at 1.20
        (TUE, "bank_opening", "opening_balances", "EUR", D("-1E+2")),
        (TUE, "bank_opening", "bank_client_money", "EUR", D("1E+2")),
        (TUE, "bank_payout", "payouts_in_transit", "EUR", D("-4.9E+2")),
        (TUE, "bank_payout", "bank_client_money", "EUR", D("4.9E+2")),
        (TUE, "bank_wire", "psp_clearing", "EUR", D("-1E+1")),
        (TUE, "bank_wire", "bank_client_money", "EUR", D("1E+1")),
        (TUE, "lp_commission", "lp_margin", "USD", D("-1E+1")),
        (TUE, "lp_commission", "lp_commission", "USD", D("1E+1")),
        # nothing is stated: what the lines leave of 1,090
        (TUE, "lp_opening", "opening_balances", "USD", D("-1E+2")),
        (TUE, "lp_opening", "lp_margin", "USD", D("1E+2")),
        (TUE, "lp_transfer", "lp_transfers", "USD", D("-1E+3")),
        (TUE, "lp_transfer", "lp_margin", "USD", D("1E+3")),
        (WED, "lp_swap", "lp_margin", "USD", D(-3)),
        (WED, "lp_swap", "lp_swap", "USD", D(3)),
        (WED, "lp_trade_pnl", "lp_hedge_clearing", "USD", D(-25)),
        (WED, "lp_trade_pnl", "lp_margin", "USD", D(25)),
    ]
    assert held_outside(books) == [
        ("demo/bank/DE1", TUE, D(595), D(595), None),
        ("demo/lp/HL", TUE, D("1.09E+3"), D("1.09E+3"), None),
        ("demo/lp/HL", WED, D("1112"), D("1112"), None),
    ]
    # what was paid out has arrived
    assert books.rows("""
        SELECT sum(debit_amount - credit_amount) FROM lake.finance.fct_ledger_days
        WHERE ledger_account = 'payouts_in_transit'
    """) == [(D(0),)]
    assert broken(books) == []
    stated = {
        "bank|2026-03-03|bank_charge|demo/bank/DE1|||EUR|S03/2": [
            ("bank line", "2", D(5), ["raw.bank_entries DE1/EUR/S03/2"])
        ],
        "bank|2026-03-03|bank_opening|demo/bank/DE1|||EUR|opening": [
            ("first bank statement", "S03", D(100), ["raw.bank_statements DE1/EUR/S03"])
        ],
        "lp|2026-03-04|lp_swap|demo/lp/HL|||USD|4": [
            ("liquidity provider line", "4", D(3), ["raw.lp_statement_lines HL/4"])
        ],
        "lp|2026-03-03|lp_opening|demo/lp/HL|||USD|opening": [
            (
                "first liquidity provider balance", str(TUE), D(1090),
                [f"raw.lp_balances HL/{TUE}/USD"],
            ),
            ("earlier liquidity provider line", "1", D(-1000), ["raw.lp_statement_lines HL/1"]),
            ("earlier liquidity provider line", "2", D(10), ["raw.lp_statement_lines HL/2"]),
        ],
    }  # fmt: skip
    assert {
        key: made_of(
            explain(books.settings, "fct_journal_entries", [f"demo/{key}"], column="amount"),
            "amount",
        )
        for key in stated
    } == stated
    assert_every_figure_is_re_added(books)


def test_an_earlier_statement_and_a_late_payout_move_what_they_must(books: PencilBooks) -> None:
    books.broker.load(
        {
            "bank_statements": [
                bank_statement(MON, 80.0, 97.0),
                bank_statement(WED, 595.0, 605.0),
            ],
            "bank_entries": [
                bank_entry(MON, 1, 17.0, bank_reference="p2"),
                bank_entry(WED, 1, 10.0),
            ],
            "lp_statement_lines": [margin_line("0", MON, "fee", -4.0)],
        }
    )
    books.build()
    # 3 are missing between Monday and Tuesday; the fee was in what HL opened with
    assert held_outside(books) == [
        ("demo/bank/DE1", MON, D(97), D(97), None),
        ("demo/bank/DE1", TUE, D(592), D(595), "missing_statement"),
        ("demo/bank/DE1", WED, D(602), D(605), "earlier_difference"),
        ("demo/lp/HL", TUE, D("1.09E+3"), D("1.09E+3"), None),
        ("demo/lp/HL", WED, D("1112"), D("1112"), None),
    ]
    assert broken(books) == []
    books.broker.load({"psp_transactions": [payment("p2", "payout", -17.0, MON)]})
    books.build()
    assert books.rows("""
        SELECT entry_kind, amount FROM lake.finance.fct_journal_entries
        WHERE server_id IN ('bank', 'lp') AND business_date = DATE '2026-03-02'
            OR entry_kind LIKE '%_opening'
        ORDER BY server_id, entry_kind
    """) == [
        ("bank_opening", D("8E+1")),
        ("bank_payout", D(17)),
        ("lp_adjustment", D(4)),
        ("lp_opening", D(104)),
    ]
    assert_every_figure_is_re_added(books)


def test_incremental_builds_equal_a_full_one(books: PencilBooks) -> None:
    books.broker.load(
        {
            "mt5_deals": [
                deal(13, 101, MON, 5, 7.0, timestamp=LATER),
                deal(14, 101, TUE, 99, -3.0, timestamp=LATER),  # an action nobody knows
                deal(15, 106, TUE, 0, 12.0, entry=1, volume_ext=100_000_000),  # an unknown login
            ],
            "mt5_daily": [
                report(101, TUE, 1_002.0, 1_098.5, profit=150.0, profit_storage=-2.0),
                report(101, WED, 1_095.5, 1_095.5, profit=30.0, profit_storage=-3.0),
                report(102, TUE, 500.0, 500.0, credit=50.0),
                report(102, WED, 500.0, 400.0, credit=50.0),
            ],
            "psp_transactions": [payment("d1", "deposit", 500.0, TUE, fee_amount=12.0)],
            "ecb_rates": [{"rate_date": WED, "currency": "USD", "rate_per_eur": "1.30"}],
        },
        gone=(5,),
    )  # fmt: skip
    books.build()
    assert postings(books, MON, "account_key = 'demo/pencil/102'") == [
        ("102", "deposit", 1, "client_liability", "EUR", D("-5E+2")),
        ("102", "deposit", 2, "psp_clearing", "EUR", D("5E+2")),
    ]
    assert books.rows("""
        SELECT account_key, entry_kind, debited_account, currency, amount
        FROM lake.finance.fct_journal_entries
        WHERE entry_kind IN ('unknown_operation', 'correction') OR account_key LIKE '%/106'
        ORDER BY account_key, entry_kind
    """) == [
        ("demo/pencil/101", "correction", "adjustments", "USD", D(7)),
        ("demo/pencil/101", "unknown_operation", "suspense", "USD", D(-3)),
        ("demo/pencil/106", "closed_pnl", "suspense", "XXX", D(12)),
    ]
    assert broken(books) == []
    assert_every_figure_is_re_added(books)
    incremental = ledger(books)
    books.build(full_refresh=True)
    assert ledger(books) == incremental


def test_a_year_that_is_over_is_explained_by_its_days(books: PencilBooks) -> None:
    later = dt.date(2027, 1, 5)
    books.broker.load(
        {
            "mt5_deals": [deal(16, 101, later, 2, 10.0)],
            "ecb_rates": [
                {"rate_date": later, "currency": currency, "rate_per_eur": rate}
                for currency, rate in (("USD", "1.25"), ("JPY", "165"))
            ],
        }
    )
    books.build()
    closing = "demo|2027-01-01|year_close|Pencil Ltd|B|dealing_realised/2"
    found = explain(books.settings, "fct_journal_postings", [closing], column="amount")
    assert found.adds_up
    assert [
        (kind, name, round(amount or 0, 4)) for kind, name, amount, _ in made_of(found, "amount")
    ] == [("ledger day", f"pencil|{TUE}|dealing_realised|USD", D("93.3593"))]
    assert_every_figure_is_re_added(books)


CURRENCIES = ("USD", "EUR", "JPY", "BTC")
amounts = st.decimals(
    min_value=-(10**15), max_value=10**15, places=8, allow_nan=False, allow_infinity=False
)
entries = st.lists(
    st.tuples(
        st.integers(0, 60),  # kind, by its place in the list
        st.integers(1, 3),  # login
        st.integers(1, 28),  # day
        st.sampled_from(("", "EURUSD", "US500")),
        st.sampled_from(CURRENCIES),
        amounts,
        st.none() | amounts,
    ),
    max_size=30,
    unique_by=lambda entry: entry[:5],
)


Journal = tuple[duckdb.DuckDBPyConnection, list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def journal(books: PencilBooks) -> Iterator[Journal]:
    """The view as it was built, over empty tables in memory, and the kinds of entries."""
    with connect("read", settings=books.settings) as con:
        kinds = con.execute("""
            SELECT k.entry_kind, k.credited_account, k.debited_account,
                a.account_type IN ('income', 'expense')
            FROM lake.reference.ref_journal_entry_kinds AS k
            JOIN lake.reference.ref_ledger_accounts AS a ON a.ledger_account = k.debited_account
            ORDER BY ALL
        """).fetchall()
        [(view,)] = con.execute("""
            SELECT sql FROM duckdb_views()
            WHERE schema_name = 'finance' AND view_name = 'fct_journal_postings'
        """).fetchall()
        shapes = {
            table: con.execute(f"DESCRIBE lake.finance.{table}").fetchall()
            for table in (
                "fct_journal_entries",
                "rpt_ledger__fx_revaluations",
                "rpt_ledger__year_closes",
            )
        }
    with duckdb.connect(":memory:") as memory:
        memory.execute("ATTACH ':memory:' AS lake")
        memory.execute("CREATE SCHEMA lake.finance")
        for table, columns in shapes.items():
            typed = ", ".join(f"{column[0]} {column[1]}" for column in columns)
            memory.execute(f"CREATE TABLE lake.finance.{table} ({typed})")
        memory.execute("USE lake.finance")
        memory.execute(view)
        yield memory, kinds


@settings(deadline=None, max_examples=50)
@given(made=entries)
def test_every_entry_balances_in_every_currency(
    journal: Journal,
    made: list[tuple[int, int, int, str, str, Decimal, Decimal | None]],
) -> None:
    con, kinds = journal
    con.execute("DELETE FROM lake.finance.fct_journal_entries")
    for kind, login, day, symbol, currency, amount, reporting in made:
        name, credited, debited, is_converted = kinds[kind % len(kinds)]
        con.execute(
            """
            INSERT INTO lake.finance.fct_journal_entries BY NAME
            SELECT 't' AS tenant_id, 's' AS server_id, ?::DATE AS business_date,
                ? AS entry_kind, 't/s/' || ? AS account_key, 'E' AS legal_entity, 'B' AS book,
                ? AS symbol, ? AS credited_account, ? AS debited_account, ? AS is_converted,
                ? AS currency, ?::DECIMAL(38, 8) AS amount,
                ?::DECIMAL(38, 8) AS amount_reporting, 'USD' AS reporting_currency,
                'x' AS source_table, '' AS source_id
            """,
            [
                dt.date(2026, 3, day), name, login, symbol, credited, debited, is_converted,
                currency, amount, amount if currency == "USD" else reporting,
            ],
        )  # fmt: skip
    unbalanced = con.execute("""
        SELECT entry_key, currency, sum(amount) FROM lake.finance.fct_journal_postings
        GROUP BY entry_key, currency
        HAVING sum(amount) <> 0 OR (count(amount) > 0 AND count(amount) < count(*))
    """).fetchall()
    assert unbalanced == []
    reporting_sums = con.execute("""
        SELECT entry_key, sum(amount_reporting) FROM lake.finance.fct_journal_postings
        GROUP BY entry_key HAVING sum(amount_reporting) <> 0
    """).fetchall()
    assert reporting_sums == []
