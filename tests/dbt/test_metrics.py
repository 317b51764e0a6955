"""The metrics of the pencil broker: ranges, days, dimensions, and the three ways to ask.

Client C1 owns logins 101 and 104 and was referred by P1, who earns 7.00 a closed lot; C2 owns 102;
nobody owns 103. The tests of this module run in order: the last ones add loads.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from dashboards.queries import finance
from dashboards.queries.scope import Choice, Scope
from dashboards.reading import Lake
from orchestration.cli.app import app
from tests.dbt.conftest import PencilBooks
from tests.dbt.pencil_broker import MON, TUE, WED, PencilBroker, Row, deal, first_load
from warehouse.connection import connect
from warehouse.errors import UsageError
from warehouse.guard import run_guarded_query
from warehouse.metrics import definitions, metric, read_metric
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction

pytestmark = pytest.mark.dbt

D = Decimal
APRIL = dt.date(2026, 4, 1)
MODELS = (
    "+rpt_metrics__periods",
    "+rpt_metrics__cohorts",
    "+identities_metrics",
    "+fct_account_days",
)


def _load() -> dict[str, list[Row]]:
    """The pencil broker's systems, with prices, the market's quotes and a CRM."""
    tables = first_load()
    prices: dict[int, Row] = {
        2: {"market_bid": 1.0998, "market_ask": 1.1},
        3: {"market_bid": 1.102, "market_ask": 1.1022},
        5: {"price": 1.1},
        9: {"price": 1.2},
        11: {"price": 1.2},
    }
    tables["mt5_deals"] = [row | prices.get(row["deal"], {}) for row in tables["mt5_deals"]]
    since = dt.date(2026, 1, 1)
    owners = {101: "C1", 104: "C1", 102: "C2"}
    return tables | {
        "crm_clients": [
            {"client_id": client, "country": country, "registered_at": dt.datetime(2026, 3, day)}
            for client, country, day in (("C1", "CY", 1), ("C2", "DE", 2), ("C3", "DE", 3))
        ],
        "crm_client_accounts": [
            {"client_id": client, "server_id": "pencil", "login": login, "valid_from": since}
            for login, client in owners.items()
        ],
        "crm_partners": [{"partner_id": "P1", "status": "active"}],
        "crm_partner_tree": [
            {
                "child_kind": "client",
                "child_id": "C1",
                "parent_partner_id": "P1",
                "valid_from": since,
            }
        ],
        "crm_partner_agreements": [
            {
                "agreement_id": "A1",
                "partner_id": "P1",
                "level": 0,
                "model": "per_lot",
                "rate": D(7),
                "currency": "USD",
                "symbol_pattern": "%",
                "account_group_pattern": "%",
                "valid_from": since,
            }
        ],
    }


@dataclass
class MetricBooks(PencilBooks):
    """The pencil broker with its metrics, read over one connection: opening it is the slow part."""

    def __post_init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None

    def frame(self, name: str, *by: str, first: dt.date = MON, last: dt.date = WED) -> pl.DataFrame:
        """A metric from Monday to Wednesday."""
        if self._con is None:
            self._con = connect("read", settings=self.settings)
        return read_metric(self._con, name, by=by, first=first, last=last, tenant="demo")

    def total(self, name: str, first: dt.date = MON, last: dt.date = WED) -> Any:
        """One figure of the whole broker."""
        return self.frame(name, first=first, last=last)["value"][0]

    def by(self, name: str, *dimensions: str, last: dt.date = WED) -> dict[Any, Any]:
        """Values by the values of the dimensions."""
        frame = self.frame(name, *dimensions, last=last)
        keys = frame.select(dimensions).rows()
        return {
            key[0] if len(key) == 1 else key: value
            for key, value in zip(keys, frame["value"], strict=True)
        }


@pytest.fixture(scope="module")
def books(staged_empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> MetricBooks:
    """The broker as of Wednesday evening, with its metrics."""
    settings = Settings(home=tmp_path_factory.mktemp("metrics") / "home")
    shutil.copytree(staged_empty_home, settings.home)
    made = MetricBooks(settings, PencilBroker(settings), models=MODELS)
    made.broker.load(_load())
    made.build(tests=True)
    return made


# Monday: dealing -100.00, commission 5.00 + 4.00 EUR at 1.10, swap 2.00.
# Tuesday: dealing -150.00 + 1,234 yen at 1.20 / 162 - 2.50, commission 2.50 + 0.10, swap 1.00.
# Wednesday: dealing 125.00, swap 1.00. Partner: half a lot at 7.00, on Tuesday.
YEN = D("9.14074074")
REVENUE = D("-93") + D("4.4") + D("-146.5") + YEN + D("-2.4") + D(126)
NET = REVENUE - D("3.5")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trading_revenue", REVENUE),
        ("dealing_pnl", D(-100) + D(-150) + YEN - D("2.5") + D(125)),
        ("commission_income", D(12)),
        ("swap_income", D(4)),
        ("partner_commission", D("3.5")),
        ("net_revenue", NET),
        ("spread_cost", D(15)),  # half of 0.0002 x 100,000, and of 0.0002 x 50,000
        ("gross_client_income", D(31)),
        ("client_income_retention", REVENUE / 31),
        ("active_clients", D(3)),
        ("new_clients", D(3)),
        ("registrations", D(2)),  # C1 registered the day before
        ("deposits", D("2337.5")),  # 1,000.00 + 500 EUR + 100,000 JPY at 1.10 / 160 + 10,000 cents
        ("withdrawals", D(125)),
        ("net_deposits", D("2212.5")),
        ("deals", D(5)),
        ("traded_lots", D("4.5")),
        ("traded_notional", D(396300)),  # 110,000 + 110,000 + 55,100 + 120,000 + 1,200
        ("traded_millions", D("0.3963")),
        ("quoted_volume", D("1.5") / D("4.5")),
        ("revenue_per_million", NET * 1_000_000 / 396_300),
        ("revenue_per_active_client", NET / 3),
        ("lifetime_value", NET / 3),
        ("deposit_to_first_trade_days", D(1) / 3),  # 0, 0 and 103's one day
    ],
)
def test_figures_of_the_three_days(books: MetricBooks, name: str, value: Decimal) -> None:
    assert books.total(name) == round(value, 8)


def test_days_of_sums_add_up_and_clients_are_counted_once(books: MetricBooks) -> None:
    for one in definitions().values():
        if one.is_additive:
            assert sum(books.by(one.name, "day").values()) == books.total(one.name), one.name
    assert books.by("active_clients", "day") == {MON: D(2), TUE: D(2)}
    assert books.total("active_clients") == 3
    assert books.total("active_clients", TUE, TUE) == 2  # C1's two accounts are one client
    assert books.by("active_clients", "month") == {dt.date(2026, 3, 1): D(3)}
    assert books.by("active_clients", "week") == {MON: D(3)}


def test_dimensions(books: MetricBooks) -> None:
    assert books.by("trading_revenue", "book") == {"A": D("4.4"), "B": REVENUE - D("4.4")}
    assert books.by("active_clients", "book") == {"A": D(1), "B": D(2)}
    assert books.by("net_revenue", "partner") == {
        "demo/P1": D("-119.4"),
        None: REVENUE + D("115.9"),
    }
    assert books.by("deposits", "client") == {
        "demo/C1": D(1100),
        "demo/C2": D(550),
        None: D("687.5"),
    }
    assert books.by("registrations", "country") == {"DE": D(2)}
    assert books.by("new_clients", "day", "book") == {
        (MON, "A"): D(1),
        (MON, "B"): D(1),
        (TUE, "B"): D(1),
    }
    every = books.by("traded_lots", "legal_entity", "server", "desk", "instrument")
    assert every == {("Pencil Ltd", "pencil", "one", "EURUSD"): D("4.5")}


def test_a_ratio_is_the_ratio_of_the_sums_over_its_grain(books: MetricBooks) -> None:
    days = books.by("revenue_per_active_client", "day")
    assert days[MON] == D("-44.3")
    assert days[WED] is None  # nobody traded
    assert books.total("revenue_per_active_client") != sum(value or 0 for value in days.values())
    frame = books.frame("client_income_retention", "day")
    assert frame.row(0, named=True) == {
        "day": MON,
        "value": round(D("-88.6") / D("21.4"), 8),
        "numerator": D("-88.6"),
        "denominator": D("21.4"),  # spread 10.00, commission 9.40, swap 2.00
    }


def test_lifetime_value_runs_from_the_first_day(books: MetricBooks) -> None:
    tuesday = round((D("-88.6") - D("143.25925926")) / 3, 8)
    assert books.by("lifetime_value", "day") == {
        MON: D("-44.3"),
        TUE: tuesday,
        WED: round(NET / 3, 8),
    }
    assert books.total("lifetime_value", WED, WED) == round(NET / 3, 8)
    assert books.total("lifetime_value", TUE, TUE) == tuesday
    by_book = books.by("lifetime_value", "day", "book")
    assert by_book[MON, "A"] == D("4.4")
    assert by_book[TUE, "B"] == round((D(-93) + D("-143.25925926")) / 2, 8)


def test_what_cannot_be_asked(books: MetricBooks) -> None:
    for name, dimensions in (
        ("deposits", ["instrument"]),
        ("active_clients", ["client"]),
        ("deals", ["day", "month"]),
        ("revenue", []),
    ):
        with pytest.raises(UsageError):
            metric(name, settings=books.settings, by=dimensions, first=MON, last=WED)
    with pytest.raises(UsageError):
        metric("deals", settings=books.settings, first=WED, last=MON)


def test_the_view_has_the_same_figures(books: MetricBooks) -> None:
    for grain, dimension in (("day", "total"), ("month", "partner")):
        held = books.rows(f"""
            SELECT metric, period_start, dimension_value, value
            FROM lake.metrics.rpt_metrics__periods
            WHERE tenant_id = 'demo' AND grain = '{grain}' AND dimension = '{dimension}'
                AND period_start BETWEEN '2026-03-01' AND '2026-03-31'
        """)
        view = {(name, when, value): figure for name, when, value, figure in held}
        asked = [grain] if dimension == "total" else [grain, dimension]
        for one in definitions().values():
            if one.kind in ("cumulative", "cohort") or (
                dimension != "total" and dimension not in one.dimensions
            ):
                continue
            first = dt.date(2026, 3, 1)
            frame = books.frame(one.name, *asked, first=first)
            for row in frame.iter_rows(named=True):
                key = (one.name, row[grain], row.get(dimension))
                figure = row["value"]
                assert view.pop(key) == (None if figure is None else figure.normalize()), key
        # What is left belongs to other inputs: nothing happened there.
        assert not any(view.values())


def test_screen_and_command_line_have_the_same_figures(
    books: MetricBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect("read", settings=books.settings) as con:
        head = current_snapshot(con)
    scope = Scope("demo", Choice(MON, WED), None, head, ())
    with Lake(books.settings) as lake:
        shown = finance.breakdown(lake, scope)
    for key, name in finance.FIGURES.items():
        assert shown["total"][key][0] == books.total(name), name
        daily = dict(zip(shown["day"]["business_date"], shown["day"][key], strict=True))
        assert daily == books.by(name, "day"), name
    config = books.settings.home / "daybook.toml"
    config.write_text(f'home = "{books.settings.home}"\n', encoding="utf-8")
    monkeypatch.setenv("DAYBOOK_CONFIG", str(config))
    asked = ["metrics", "net_revenue", "--by", "day,book", "--to", "2026-03-04", "--json"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    printed = json.loads(answer.stdout)
    assert (printed["unit"], printed["first"]) == ("USD", "2026-03-02")
    assert {
        (dt.date.fromisoformat(row["day"]), row["book"]): D(row["value"]) for row in printed["rows"]
    } == books.by("net_revenue", "day", "book")
    listed = CliRunner().invoke(app, ["metrics", "--json"])
    assert [one["name"] for one in json.loads(listed.stdout)] == list(definitions())
    table = CliRunner().invoke(app, ["metrics", "client_income_retention"])
    assert "-3.3019" in table.stdout


def test_identities_hold(books: MetricBooks) -> None:
    assert books.rows("""
        SELECT identity_id, sum(population)::BIGINT, sum(broken)::BIGINT
        FROM lake.meta.identities_metrics GROUP BY ALL ORDER BY ALL
    """) == [
        ("metric_lots_are_pnl_lots", 3, 0),
        ("metric_revenue_is_pnl", 3, 0),
        ("traded_amounts_have_a_rate", 5, 0),
    ]


def test_a_missing_rate_is_no_figure_until_it_comes(books: MetricBooks) -> None:
    sold = deal(
        20, 102, APRIL, 1, 0.0, entry=1, price=1.25, volume_ext=100_000_000, commission=-4.0
    )
    books.broker.load({"mt5_deals": [sold]})
    books.build()
    assert books.total("trading_revenue", last=APRIL) is None
    assert books.by("trading_revenue", "month", last=APRIL) == {
        dt.date(2026, 3, 1): REVENUE,
        APRIL: None,
    }
    assert books.by("trading_revenue", "book", last=APRIL)["B"] == REVENUE - D("4.4")
    assert books.total("client_income_retention", last=APRIL) is None
    assert books.total("lifetime_value", last=APRIL) is None
    assert books.total("traded_lots", last=APRIL) == D("5.5")
    assert books.total("deposits", last=APRIL) == D("2337.5")
    with connect("read", settings=books.settings) as con:
        head = current_snapshot(con)
    with Lake(books.settings) as lake:
        shown = finance.breakdown(lake, Scope("demo", Choice(MON, APRIL), None, head, ()))
    assert shown["total"].select("total", "deals", "unconverted").row(0) == (None, 6, 1)
    rates = {"rate_date": APRIL, "currency": "USD", "rate_per_eur": "1.25"}
    books.broker.load({"ecb_rates": [rates]})
    books.build()
    assert books.total("trading_revenue", last=APRIL) == REVENUE + 5
    assert books.total("traded_notional", APRIL, APRIL) == D(125_000)


def test_an_incremental_build_gives_the_rows_of_a_full_one(books: MetricBooks) -> None:
    query = "SELECT * FROM lake.metrics.fct_traded_days ORDER BY business_date, login, symbol"
    before = books.rows(query)
    books.build(full_refresh=True)
    assert books.rows(query) == before
    assert len(before) == 6


def test_cohorts(books: MetricBooks) -> None:
    frame = books.frame("client_retention", last=APRIL)
    march = dt.date(2026, 3, 1)
    assert frame.rows() == [
        (march, 0, 3, 3, D("1.00000000")),
        (march, 1, 3, 1, D("0.33333333")),
    ]
    by_book = books.frame("client_retention", "book", last=APRIL)
    assert by_book.select("book", "months_since", "cohort_clients", "active_clients").rows() == [
        ("A", 0, 1, 1),
        ("A", 1, 1, 1),
        ("B", 0, 2, 2),
        ("B", 1, 2, 0),
    ]
    assert books.rows("""
        SELECT cohort_month, months_since, cohort_clients, active_clients, retention_ratio,
            cumulative_net_revenue_reporting, revenue_per_client_reporting
        FROM lake.metrics.rpt_metrics__cohorts ORDER BY months_since
    """) == [
        (march, 0, 3, 3, D(1), NET, round(NET / 3, 8).normalize()),
        (march, 1, 3, 1, D("0.33333333"), NET + 5, round((NET + 5) / 3, 8).normalize()),
    ]


def test_another_tenant_is_another_figure(books: MetricBooks) -> None:
    with connect("write", settings=books.settings) as con, transaction(con, "copy a tenant"):
        for table in ("finance.fct_daily_pnl", "metrics.fct_traded_days"):
            con.execute(f"""
                INSERT INTO lake.{table}
                SELECT * REPLACE ('other' AS tenant_id, 'other/x' AS account_key)
                FROM lake.{table} WHERE business_date = DATE '2026-03-02'
            """)
    assert books.total("trading_revenue") == REVENUE
    assert books.total("active_clients") == 3
    other = metric("traded_lots", settings=books.settings, first=MON, last=WED, tenant="other")
    assert other["value"].to_list() == [D(2)]
    query = "SELECT DISTINCT tenant_id FROM metrics.rpt_metrics__periods"
    for tenant in ("demo", "other"):
        answer = run_guarded_query(query, settings=books.settings, tenant=tenant)
        assert answer.frame["tenant_id"].to_list() == [tenant]
    bound = run_guarded_query(
        "SELECT sum(value) AS lots FROM metrics.rpt_metrics__periods "
        "WHERE metric = 'traded_lots' AND grain = 'month' AND dimension = 'total'",
        settings=books.settings,
        tenant="other",
    )
    assert bound.frame.equals(pl.DataFrame({"lots": [D(2)]}, schema={"lots": pl.Decimal(38, 8)}))
