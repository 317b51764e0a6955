"""The hedged broker's figures, worked out by hand beside each assertion."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.control_state import load_control_state
from orchestration.dbt_runner import run_dbt
from quality.lineage import explain, not_re_added
from tests.dbt.pencil_broker import MON, TUE, WED, PencilBroker
from tests.dbt.pencil_liquidity import UTC_NOON, fill, first_load, line, report, trade
from warehouse.connection import connect
from warehouse.control.break_actions import act_on_break
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt

MARTS = (
    "canonical.can_lp_fills",
    "canonical.can_lp_statement_lines",
    "finance.fct_lp_fills",
    "finance.fct_lp_reconciliation",
    "finance.fct_lp_balances",
    "finance.fct_broker_pnl",
    "finance.rpt_pnl_explain",
    "meta.identities_liquidity",
)
# A view stands as it was made; only what holds rows is built again.
EVERYTHING = ["+identities_liquidity", "+fct_counterparty_breaks"]
ROWS = [f"+identities_liquidity,config.materialized:{kind}" for kind in ("incremental", "table")]
INCREMENTAL = [
    "can_deals",
    "can_lp_fills",
    "fct_open_positions",
    "fct_daily_pnl",
    "fct_lp_fills",
    "int_liquidity__closes_marked",
    "int_liquidity__flows_summed",
    "fct_lp_reconciliation",
    "identities_liquidity",
]


@dataclass
class Books:
    """The broker and the models built over it."""

    settings: Settings
    broker: PencilBroker
    built_to: int = 0
    lines: dict[tuple[str, dt.date], dict[tuple[str, str], str]] = field(default_factory=dict)

    def build(self, *, full_refresh: bool = False) -> None:
        """Build what the loads since the last build touched."""
        # Seeds and staging views stand in every staged home.
        command = ["build", "--exclude", "path:models/staging"]
        for kind in ("unit_test", "test", "seed"):
            command += ["--exclude-resource-type", kind]
        selection = ROWS if self.built_to else EVERYTHING
        if full_refresh:
            command.append("--full-refresh")
            selection = INCREMENTAL
        result = run_dbt(
            self.settings,
            [*command, "--select", *selection],
            variables={"watermark_from": self.built_to, "watermark_to": self.broker.load_id},
            watermark=self.broker.load_id,
        )
        assert not result.failed, [(node.name, node.message) for node in result.failed]
        self.built_to = self.broker.load_id
        self.lines.clear()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of one query, numbers as text without trailing zeros."""
        with connect("read", settings=self.settings) as con:
            return [tuple(map(_plain, row)) for row in con.execute(query).fetchall()]

    def marts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every mart."""
        return {mart: self.rows(f"SELECT * FROM lake.{mart} ORDER BY ALL") for mart in MARTS}

    def dollars(self, name: str, day: dt.date) -> dict[tuple[str, str], str]:
        """One line of the P&L in dollars, by book and instrument."""
        if not self.lines:
            for line, booked_on, book, instrument, amount in self.rows(
                """
                SELECT line, business_date, book, instrument, sum(amount_reporting)
                FROM lake.finance.fct_broker_pnl
                GROUP BY ALL
                """
            ):
                self.lines.setdefault((line, booked_on), {})[book, instrument] = amount
        return self.lines.get((name, day), {})


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def books(staged_empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The broker as of Wednesday evening, loaded and built."""
    settings = Settings(home=tmp_path_factory.mktemp("hedged") / "home")
    shutil.copytree(staged_empty_home, settings.home)
    made = Books(settings, PencilBroker(settings))
    made.broker.load(first_load())
    made.build()
    return made


def test_a_fill_hedges_the_deal_it_names_up_to_its_volume(books: Books) -> None:
    found = books.rows(
        """
        SELECT
            split_part(fill_key, '/', 5), split_part(deal_key, '/', 3), matched_by, matched_units,
            excess_units, mark_up_amount, mark_up_reporting
        FROM lake.finance.fct_lp_fills
        ORDER BY fill_key
        """
    )
    assert found == [
        # 60,000 x (1.10010 - 1.10000)
        ("F1", "11", "reference", "60000", "0", "6", "6"),
        # 40,000 x (1.10010 - 1.10002)
        ("F2", "11", "reference", "40000", "0", "3.2", "3.2"),
        # a sale: 100,000 x (150.010 - 150.000) yen, at 1.10 / 160
        ("F3", "12", "reference", "100000", "0", "1000", "6.875"),
        # 100 oz x (2000.00 - 1999.90); the other 100 oz are not hedged
        ("F4", "13", "reference", "100", "0", "10", "10"),
        # a sale of twice the deal: 100,000 x (1.10060 - 1.10050) for the half that hedges it
        ("F5", "14", "reference", "100000", "100000", "10", "10"),
        # no reference, but instrument, side, volume and time: 30,000 x 0.00010
        ("F6", "15", "resemblance", "30000", "0", "3", "3"),
        # 40,000 of 100,000 x 0.00010
        ("F7", "16", "reference", "40000", "0", "4", "4"),
        ("F8", None, "none", "0", "7000", "0", "0"),
    ]


def test_what_is_not_hedged_or_hedged_too_much_has_a_line_of_its_own(books: Books) -> None:
    assert books.dollars("hedge_residual", MON) == {
        # sold 100 oz to the client at 2000.00, 2010.00 at the close
        ("A", "XAUUSD"): "-1000",
        # 100,000 sold too much at 1.10060: -40; 7,000 bought for nobody at 1.10000: +7
        ("A", "EURUSD"): "-33",
        # 60,000 sold to the client at 1.10020, 1.10100 at the close
        ("C", "EURUSD"): "-48",
    }
    assert books.dollars("hedge_residual", TUE) == {
        ("A", "XAUUSD"): "500",
        # -100,000 + 7,000 over 0.00100
        ("A", "EURUSD"): "-93",
        ("C", "EURUSD"): "-60",
    }


def test_mark_up_residual_and_valuation_are_the_providers_less_the_clients(books: Books) -> None:
    # The platform states no floating result of 201 and 202, so it is all the provider's:
    # EURUSD 60,000 x 0.00100 + 40,000 x 0.00098 - 200,000 x 0.00040 + 30,000 x 0.00080 + 7,000 x
    # 0.00100 in the A book, 40,000 x 0.00090 in the C book.
    names = ("mark_up", "hedge_residual", "valuation")
    total: dict[tuple[str, str], Decimal] = {}
    for name in names:
        for key, amount in books.dollars(name, MON).items():
            total[key] = total.get(key, Decimal(0)) + Decimal(amount)
    assert total["A", "EURUSD"] == Decimal("50.2")
    assert total["C", "EURUSD"] == 36
    assert total["A", "XAUUSD"] == Decimal("1010")
    # short 100,000 from 150.010 to 150.500: -49,000 yen at 1.10 / 160
    assert total["A", "USDJPY"] == Decimal("-336.875")


def test_providers_costs(books: Books) -> None:
    # 500 yen, stated by fill and by statement, counted once
    assert books.dollars("lp_commission", MON) == {("A", "USDJPY"): "-3.4375"}
    assert books.dollars("lp_swap", MON) == {("A", "EURUSD"): "-2.5"}
    found = books.rows(
        """
        SELECT balance_date, currency, expected_balance_amount, closing_balance_amount,
            balance_difference_amount, break_type
        FROM lake.finance.fct_lp_balances
        ORDER BY ALL
        """
    )
    assert found == [
        (MON, "JPY", "-500", "-500", "0", None),
        (MON, "USD", "997.5", "997.5", "0", None),
        (TUE, "USD", "1007.5", "1006.5", "-1", "missing_line"),
    ]


def test_differences_with_a_provider_are_breaks_that_people_answer_for(books: Books) -> None:
    query = """
        SELECT break_key, break_type, amount, unit, status, age_days, assigned_to, resolved_by
        FROM lake.finance.fct_counterparty_breaks
        WHERE kind <> 'lp_deals'
        ORDER BY ALL
    """
    missing = f"demo/lp/HL/USD/lp_balance/{TUE}"
    # F8 hedges nobody, F5 twice what it had to; gold is hedged by half
    fills = f"demo/lp/pencil/A/EURUSD/lp_fills/{MON}"
    assert books.rows(query) == [
        (missing, "missing_line", "1", "USD", "open", 0, None, None),
        (fills, "unmatched_fill", "-107000", "units", "open", 2, None, None),
    ]
    assert books.rows(query.replace("<>", "=")) == [
        (f"demo/pencil/A/XAUUSD/lp_deals/{MON}", "unhedged_deal", "100", "units", "open", 2,
         None, None),
    ]  # fmt: skip
    told = {"break_key": missing, "acted_by": "ada", "reason": "they credit it tomorrow"}
    for action, amount, whose in (("assigned", "1", "bob"), ("resolved", "1", None)):
        act_on_break(
            books.settings, action=action, amount=Decimal(amount), assigned_to=whose, **told
        )
    _bring(books.settings)
    assert books.rows(query)[0] == (
        missing, "missing_line", "1", "USD", "resolved", 0, "bob", "ada"
    )  # fmt: skip
    act_on_break(books.settings, action="resolved", amount=Decimal("0.99"), **told)
    _bring(books.settings)
    assert books.rows(query)[0] == (missing, "missing_line", "1", "USD", "open", 0, "bob", None)


def test_a_balance_at_a_provider_is_explained_with_its_lines(books: Books) -> None:
    key = f"demo/lp/HL/USD/{TUE}"
    found = explain(books.settings, "fct_lp_balances", [key], column="balance_difference_amount")
    # 1006.50 are stated, 997.50 and 10.00 are 1007.50
    assert [
        (part.kind, part.name, part.adds["balance_difference_amount"]) for part in found.parts
    ] == [
        ("statement line", "4", Decimal(-10)),
        ("stated balance", str(TUE), Decimal(9)),
    ]
    (figure,) = found.figures
    assert (figure.adds_up, figure.value, figure.currency) == (True, Decimal(-1), "USD")
    with connect("read", settings=books.settings) as con:
        assert not_re_added(con, "finance.fct_lp_balances") == []


def made_of(books: Books, figure: str, *key: str) -> list[tuple[str, str, Decimal | None, str]]:
    """Kind, name, what it adds, and the source rows of each row behind a line of the P&L."""
    found = explain(books.settings, "fct_broker_pnl", key, column=figure)
    assert found.adds_up
    return [
        (
            part.kind,
            part.name,
            part.adds[figure],
            ", ".join(f"{source.raw_table} {source.source_key}" for source in part.sources),
        )
        for part in found.parts
    ]


def test_lines_of_the_pnl_are_explained_with_their_source_rows(books: Books) -> None:
    day = f"business_date={MON}"
    # 500 yen at 1.10 / 160
    assert made_of(books, "amount_reporting", "line=lp_commission", day) == [
        ("fill", f"demo/lp//{MON}/F3", Decimal("-3.4375"), f"raw.lp_fills {MON}//F3"),
    ]
    assert made_of(books, "amount", "line=lp_swap", day) == [
        ("liquidity provider line", "2", Decimal("-2.5"), "raw.lp_statement_lines HL/2"),
    ]
    # the account's fills of the day, without those that hedge nothing
    key = f"mark_up|{MON}|demo|pencil|Pencil Ltd|A|one|demo/pencil/201|EURUSD|EURUSD|-|-|-|lp|-|USD"
    assert [
        (name, amount, source) for _, name, amount, source in made_of(books, "amount", key)
    ] == [
        (f"demo/lp//{MON}/{fill}", Decimal(amount), f"raw.lp_fills {MON}//{fill}")
        for fill, amount in (("F1", "6"), ("F2", "3.2"), ("F5", "10"), ("F6", "3"))
    ]
    realised = [f"business_date={TUE}", "line=dealing_realised"]
    assert made_of(books, "amount_reporting", *realised) == [
        ("deal", "demo/pencil/33", Decimal(-51), "raw.mt5_deals 33"),  # 42.50 EUR at 1.20
    ]
    floating = [f"business_date={TUE}", "line=dealing_floating", "instrument=EURUSD"]
    assert [row[:3] for row in made_of(books, "amount_reporting", *floating)] == [
        ("open position", "demo/pencil/31", Decimal(99)),  # 90.00 EUR at 1.10
        ("open position", "demo/pencil/31", Decimal(-306)),  # 255.00 EUR at 1.20
    ]
    residual = [day, "line=hedge_residual", "book=C"]
    of_the_book = "demo/pencil/Pencil Ltd/C/one/EURUSD"
    assert made_of(books, "amount", *residual) == [
        # sold to the client at 1.10020, 1.10100 at the close
        ("reconciliation row", f"{of_the_book}/", Decimal(-80), ""),
        # 40,000 bought at 1.10010, without the mark-up of 4.00
        ("reconciliation row", f"{of_the_book}/lp", Decimal(32), ""),
    ]


def test_every_line_of_the_pnl_is_re_added(books: Books) -> None:
    with connect("read", settings=books.settings) as con:
        assert not_re_added(con, "finance.fct_broker_pnl") == []


def _bring(settings: Settings) -> None:
    with connect("write", settings=settings) as con:
        load_control_state(con, settings)


def test_slippage_and_mark_outs_where_somebody_quoted(books: Books) -> None:
    query = """
        SELECT client_slippage_price, lp_slippage_price, mark_out_1s_price, mark_out_10s_price,
            mark_out_60s_price, mark_out_300s_price, missing_quote_count
        FROM lake.finance.fct_lp_fills
        WHERE fill_key LIKE '%/{}'
    """
    # bought at 1.10010 by the client and 1.10000 by us, when the market asked 1.10005; 1.10010
    # after a second, 1.10050 after a minute, and no quote near 10 seconds and 5 minutes
    assert books.rows(query.format("F1")) == [
        ("0.00005", "-0.00005", "0.0001", None, "0.0005", None, 2)
    ]
    # a sale at 1.10060: what the market gains after it, we lose
    assert books.rows(query.format("F5")) == [
        ("-0.00055", "-0.00065", "0.0005", None, "0.0001", None, 2)
    ]
    assert books.rows(query.format("F4")) == [(None, None, None, None, None, None, 5)]


def test_a_day_is_explained(books: Books) -> None:
    found = books.rows(
        f"""
        SELECT new_trades_reporting, price_move_reporting, fx_move_reporting, remainder_reporting,
            total_reporting
        FROM lake.finance.rpt_pnl_explain
        WHERE book = 'B' AND business_date = DATE '{TUE}'
        """
    )
    # new: -42.50 x 1.20. Price: 200 dollars of the client at 0.85, x 1.20. Rates: the client's 90
    # euros rise by 0.10 dollars each, and shrink by 5 euros at the platform's own rate.
    assert found == [("-51", "-204", "-3", "0", "-258")]


def test_the_identities_hold(books: Books) -> None:
    found = books.rows(
        """
        SELECT identity_id, sum(population) > 0, sum(broken)
        FROM lake.meta.identities_liquidity
        GROUP BY ALL ORDER BY ALL
        """
    )
    assert [(name, checked, int(broken)) for name, checked, broken in found] == [
        ("broker_pnl_has_rates", True, 0),
        ("broker_pnl_is_daily_pnl", True, 0),
        ("hedged_lines_make_result", True, 0),
        ("hedges_are_marked", True, 0),
        ("lp_balance_rolls_forward", True, 0),
        ("lp_fills_are_booked", True, 0),
        ("lp_volume_is_allocated", True, 0),
        ("payment_costs_are_in_the_pnl", False, 0),
        ("pnl_explain_adds_up", True, 0),
    ]


def test_a_later_load_changes_what_a_full_build_would(books: Books) -> None:
    """F7 is cancelled, F4 corrected, deal 11 edited, a deal and a fill arrive late; 203 moves."""
    books.broker.load(
        {
            "mt5_deals": [
                trade(11, 201, "buy", 1, "EURUSD", 1.1002),
                trade(17, 202, "sell", 0.1, "EURUSD", 1.1),
            ],
            "lp_fills": [
                fill("F7X", "buy", 40_000, "EUR/USD", 1.1001, 16, kind="cancel", ref_fill_id="F7"),
                fill("F4X", "buy", 100, "XAU/USD", 1999.8, 13, kind="correct", ref_fill_id="F4"),
                fill("F9", "sell", 10_000, "EUR/USD", 1.10005, 17,
                     executed_at=UTC_NOON + dt.timedelta(seconds=2)),
            ],
            "lp_statement_lines": [line("5", TUE, "fee", -1.0)],
            "mt5_users": [{"login": 203, "group": "real\\A-EUR"}],
            "psp_transactions": [
                {
                    "psp_account": "m1", "event_id": "d1", "provider": "someone",
                    "event_type": "deposit", "status": "settled", "gross_currency": "EUR",
                    "gross_amount": 500.0, "net_currency": "EUR", "fee_amount": 10.0,
                    # half past midnight on the server's clock
                    "event_at": dt.datetime.combine(TUE, dt.time(22, 30)), "event_zone": "UTC",
                }
            ],
            "mt5_daily": [report(203, WED, 42.5, 42.5, 255.0) | {"group": "real\\A-EUR"}],
        }
    )  # fmt: skip
    books.build()
    # 100,000 x 0.00010 more on deal 11; 40,000 less of F7, 10,000 x 0.00005 of F9
    assert books.dollars("mark_up", MON) == {
        ("A", "EURUSD"): "32.2",
        ("A", "USDJPY"): "6.875",
        ("A", "XAUUSD"): "20",
        ("C", "EURUSD"): "0.5",
    }
    # 203 has its result in the B book until Tuesday; on Wednesday the A book takes its 100,000
    # over at Tuesday's 1.10300, nobody hedges them, and 1.10250 is the close: +50. The 100,000 sold
    # too much and the 7,000 bought for nobody make -46.50 from 1.10200.
    assert set(books.dollars("dealing_floating", TUE)) == {("B", "EURUSD")}
    assert books.dollars("dealing_floating", WED) == {}
    assert books.dollars("hedge_residual", WED)["A", "EURUSD"] == "3.5"
    # 10.00 EUR at 1.25
    assert books.dollars("psp_fees", WED) == {("unmapped", ""): "-12.5"}
    assert made_of(books, "amount_reporting", "line=psp_fees") == [
        ("payment", "d1", Decimal("-12.5"), "raw.psp_transactions m1/d1"),
    ]
    with connect("read", settings=books.settings) as con:
        assert not_re_added(con, "finance.fct_broker_pnl") == []
    incremental = books.marts()
    books.build(full_refresh=True)
    assert books.marts() == incremental
