"""Properties of the daily books, each tried on brokers that hypothesis makes up.

What is expected is added up here from the made-up deals, never by the books' SQL.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.dbt.memory_books import MemoryBooks, memory_books
from tests.dbt.pencil_broker import Row, deal, filetime, first_load, position, report

pytestmark = pytest.mark.dbt

D = Decimal
# Monday to Friday of a week in which nobody's clock changes.
DAYS = [dt.date(2026, 3, day) for day in range(2, 7)]
RATES = {"USD": D("1.10"), "JPY": D(160)}
# Login, currency of the account, digits, units of the account in one of its main currency.
ACCOUNTS = {101: ("USD", 2, 1), 102: ("EUR", 2, 1), 103: ("JPY", 0, 1), 104: ("USC", 2, 100)}
LOT = 100_000_000
BUY, SELL = 0, 1
IN, OUT, IN_OUT, OUT_BY = range(4)
# Action, whether it moves the balance or the credit, and the column of the roll-forward.
OPERATIONS = {
    4: ("balance", "charges"),
    5: ("balance", "corrections"),
    7: ("balance", "commission"),
    8: ("balance", "commission_round"),
    10: ("balance", "agent_commission"),
    12: ("balance", "interest"),
    15: ("balance", "dividends"),
    17: ("balance", "taxes"),
    3: ("credit", ""),
}

tried = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def books(staged_empty_home: Path) -> MemoryBooks:
    """The pencil broker's accounts, groups and rates, without a deal."""
    made = memory_books(staged_empty_home)
    first = first_load()
    kept = ("mt5_users", "mt5_groups", "mt5_symbols", "broker_groups")
    made.fill({table: first[table] for table in kept})
    made.fill(
        {
            "ecb_rates": [
                {"rate_date": day, "currency": currency, "rate_per_eur": str(rate)}
                for day in DAYS
                for currency, rate in RATES.items()
            ]
        }
    )
    made.settle(DAYS)
    return made


def in_dollars(amount: Decimal, login: int) -> Decimal:
    """An amount of an account in the reporting currency, at the one rate of this module."""
    currency, _, divisor = ACCOUNTS[login]
    per_euro = {"EUR": D(1), "USC": RATES["USD"]} | RATES
    return amount / divisor / per_euro[currency] * RATES["USD"]


def near(left: Decimal | None, right: Decimal, rows: int = 1) -> bool:
    """Equal but for the eighth decimal of so many rows."""
    return left is not None and abs(left - right) <= D("0.00000001") * rows * 4


@st.composite
def amounts(draw: st.DrawFn, login: int) -> Decimal:
    """An amount in the smallest unit of the account's currency."""
    digits = ACCOUNTS[login][1]
    return D(draw(st.integers(-(10**7), 10**7))).scaleb(-digits)


@dataclass(frozen=True)
class Booked:
    """A made-up deal and what it must do."""

    row: Row
    login: int
    day: dt.date
    balance: Decimal
    credit: Decimal
    component: str


@st.composite
def bookings(draw: st.DrawFn) -> list[Booked]:
    """Deals of every kind, on any account and day, in the order of their numbers."""
    found: list[Booked] = []
    for number in range(1, draw(st.integers(1, 25)) + 1):
        login = draw(st.sampled_from(sorted(ACCOUNTS)))
        day = draw(st.sampled_from(DAYS))
        amount = draw(amounts(login))
        kind = draw(st.sampled_from(["trade", "trade", "transfer", *OPERATIONS]))
        if kind == "trade":
            swap, commission, fee = (draw(amounts(login)) for _ in range(3))
            row = deal(
                number, login, day, draw(st.sampled_from([BUY, SELL])), float(amount),
                entry=draw(st.sampled_from([IN, OUT, IN_OUT, OUT_BY])),
                storage=float(swap), commission=float(commission), fee=float(fee),
                volume_ext=LOT, price=1.1,
            )  # fmt: skip
            found.append(
                Booked(row, login, day, amount + swap + commission + fee, D(0), "closed_pnl")
            )
        elif kind == "transfer":
            component = "deposits" if amount >= 0 else "withdrawals"
            found.append(
                Booked(deal(number, login, day, 2, float(amount)), login, day, amount, D(0),
                       component)
            )  # fmt: skip
        else:
            action = int(str(kind))
            moves, component = OPERATIONS[action]
            row = deal(number, login, day, action, float(amount))
            credit = amount if moves == "credit" else D(0)
            found.append(Booked(row, login, day, amount - credit, credit, component))
    return found


@given(bookings(), st.randoms(use_true_random=False))
@tried
def test_balances_roll_by_what_was_booked_in_whatever_order_it_came(
    books: MemoryBooks, booked: list[Booked], order: random.Random
) -> None:
    rows = [item.row for item in booked]
    order.shuffle(rows)
    books.fill({"mt5_deals": rows, "mt5_daily": [], "mt5_daily_positions": []})
    held = {
        (login, day): found
        for login, day, *found in books.query("""
            SELECT login, business_date, opening_balance_amount, closing_balance_amount,
                closing_credit_amount,
                deposits_amount + withdrawals_amount + internal_transfers_amount
                + closed_pnl_amount + swap_amount + commission_amount + commission_round_amount
                + fees_amount + agent_commission_amount + interest_amount + dividends_amount
                + taxes_amount + charges_amount + corrections_amount + bonus_amount
                + stop_out_compensation_amount
            FROM finance.fct_account_days
        """)
    }
    assert set(held) == {(item.login, item.day) for item in booked}
    for login in {item.login for item in booked}:
        own = [item for item in booked if item.login == login]
        before = D(0)
        for day in sorted({item.day for item in own}):
            opening, closing, credit, moved = held[login, day]
            until = [item for item in own if item.day <= day]
            assert opening == before
            assert closing == sum(item.balance for item in until)
            assert credit == sum(item.credit for item in until)
            assert opening + moved == closing
            before = closing


@given(bookings())
@tried
def test_each_kind_of_operation_has_its_own_column(
    books: MemoryBooks, booked: list[Booked]
) -> None:
    books.fill({"mt5_deals": [item.row for item in booked]})
    expected: dict[tuple[int, str], Decimal] = defaultdict(D)
    for item in booked:
        if item.component and item.row["action"] > 1:
            expected[item.login, item.component] += item.balance
    columns = ["deposits", "withdrawals", *(name for _, name in OPERATIONS.values() if name)]
    # Commissions of trades share the column of commissions booked by themselves.
    for item in booked:
        if item.row["action"] <= 1:
            expected[item.login, "commission"] += D(str(item.row["commission"]))
    held = books.query(f"""
        SELECT login, {", ".join(f"sum({name}_amount)" for name in columns)}
        FROM finance.fct_account_days GROUP BY login
    """)
    assert {login for login, *_ in held} == {item.login for item in booked}
    for login, *sums in held:
        assert dict(zip(columns, sums, strict=True)) == {
            name: expected[login, name] for name in columns
        }


@given(bookings())
@tried
def test_what_clients_lose_in_the_b_book_is_the_brokers(
    books: MemoryBooks, booked: list[Booked]
) -> None:
    """Total and lines, in dollars, of accounts in dollars, euros, yen and cents."""
    books.fill({"mt5_deals": [item.row for item in booked]})
    dealing: dict[int, Decimal] = defaultdict(D)
    other: dict[int, Decimal] = defaultdict(D)
    for item in booked:
        row = item.row
        charged = [D(str(row[name])) for name in ("storage", "commission") if row["action"] <= 1]
        if row["action"] <= 1:
            charged.append(D(str(row.get("fee", 0))))
            if item.login != 102:  # the euro account is in the A book
                dealing[item.login] -= D(str(row["profit"]))
        elif item.component in ("commission", "commission_round", "charges"):
            charged.append(item.balance)
        other[item.login] -= sum(charged, D(0))
    held = {
        login: (deals, rest, total)
        for login, deals, rest, total in books.query("""
            SELECT login, sum(dealing_pnl_reporting),
                sum(commission_income_reporting + swap_income_reporting + fee_income_reporting),
                sum(total_reporting)
            FROM finance.fct_daily_pnl GROUP BY login
        """)
    }
    for login in ACCOUNTS:
        deals, rest, total = held.get(login, (D(0), D(0), D(0)))
        assert near(deals, in_dollars(dealing[login], login), len(booked))
        assert near(rest, in_dollars(other[login], login), 3 * len(booked))
        assert deals + rest == total


@given(
    st.sampled_from(sorted(ACCOUNTS)),
    st.lists(st.integers(1, 50), min_size=1, max_size=8),
    st.booleans(),
    st.data(),
)
@tried
def test_a_position_closed_in_parts_is_one_position(
    books: MemoryBooks, login: int, parts: list[int], by: bool, data: st.DataObject
) -> None:
    """Lots opened equal lots closed, and the parts' results are the position's."""
    results = [data.draw(amounts(login)) for _ in parts]
    opened = deal(1, login, DAYS[0], BUY, 0.0, volume_ext=sum(parts) * LOT // 100, position_id=7)
    closed = [
        deal(
            number, login, DAYS[number % 5], SELL, float(result),
            entry=OUT_BY if by and number == 2 else OUT, position_id=7,
            volume_ext=part * LOT // 100, volume_closed_ext=part * LOT // 100,
        )
        for number, (part, result) in enumerate(zip(parts, results, strict=True), start=2)
    ]  # fmt: skip
    books.fill({"mt5_deals": [opened, *closed]})
    [(opened_lots, closed_lots, result, lots)] = books.query("""
        SELECT sum(volume_lots) FILTER (entry = 'in'), sum(volume_closed_lots),
            sum(closed_pnl_amount),
            (SELECT sum(volume_lots) FROM finance.fct_daily_pnl)
        FROM canonical.can_deals
    """)
    assert opened_lots == closed_lots == D(sum(parts)) / 100
    assert result == sum(results)
    assert lots == 2 * opened_lots


@given(st.integers(1, 300), st.integers(1, 300), st.data())
@tried
def test_a_reversal_closes_what_was_open_and_opens_the_rest(
    books: MemoryBooks, held: int, reversed_by: int, data: st.DataObject
) -> None:
    """Netting: one deal of more volume than is open; its whole volume is turnover, once."""
    result = data.draw(amounts(101))
    whole = held + reversed_by
    books.fill(
        {
            "mt5_deals": [
                deal(1, 101, DAYS[0], BUY, 0.0, volume_ext=held * LOT // 100, position_id=1),
                deal(
                    2, 101, DAYS[1], SELL, float(result), entry=IN_OUT, position_id=1,
                    volume_ext=whole * LOT // 100, volume_closed_ext=held * LOT // 100,
                ),
            ]
        }
    )  # fmt: skip
    assert books.query("""
        SELECT business_date, volume_lots, client_closed_pnl_amount, dealing_pnl_reporting
        FROM finance.fct_daily_pnl ORDER BY business_date
    """) == [
        (DAYS[0], D(held) / 100, 0, 0),
        (DAYS[1], D(whole) / 100, result, -result),
    ]


@dataclass(frozen=True)
class Floated:
    """A position's result and accrued swap at each close; None where it is not open."""

    login: int
    number: int
    closes: list[tuple[Decimal, Decimal] | None]

    def at(self, day: int) -> tuple[Decimal, Decimal]:
        """What floats at a close; nothing before the first one."""
        return (self.closes[day] if day >= 0 else None) or (D(0), D(0))

    def rows(self) -> list[Row]:
        """What the platform reports of it."""
        return [
            position(day, 1.0, 1.1, float(held[0]), float(held[1]))
            | {"login": self.login, "position": self.number}
            for day, held in zip(DAYS, self.closes, strict=True)
            if held
        ]


@st.composite
def floated(draw: st.DrawFn, number: int, login: int | None = None) -> Floated:
    """A position of any account, open at any of the closes."""
    owner = draw(st.sampled_from(sorted(ACCOUNTS))) if login is None else login
    held = st.none() | st.tuples(amounts(owner), amounts(owner))
    return Floated(owner, number, [draw(held) for _ in DAYS])


def closes(logins: list[int], positions: list[Floated], group: dict[int, str]) -> list[Row]:
    """The platform's reports of every day; ``group`` names that of a day other than the usual."""
    rows = []
    for login in logins:
        for number, day in enumerate(DAYS):
            own = [item.at(number) for item in positions if item.login == login]
            row = report(
                login, day, 0, 0, profit=float(sum(pnl for pnl, _ in own)),
                profit_storage=float(sum(swap for _, swap in own)),
            )  # fmt: skip
            rows.append(row | ({"group": group[number]} if number in group else {}))
    return rows


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(*(floated(k + 1) for k in range(n)))))
@tried
def test_the_changes_of_what_floats_come_to_the_last_less_the_first(
    books: MemoryBooks, positions: tuple[Floated, ...]
) -> None:
    """From any close to any later one, by account, in its own money and in dollars."""
    books.fill(
        {
            "mt5_deals": [],
            "mt5_daily": closes(sorted(ACCOUNTS), list(positions), {}),
            "mt5_daily_positions": [row for item in positions for row in item.rows()],
        }
    )
    changes = {
        (login, day): found
        for login, day, *found in books.query("""
            SELECT login, business_date, client_floating_change_amount,
                client_floating_change_reporting, swap_income_reporting
            FROM finance.fct_daily_pnl
        """)
    }
    for login in {item.login for item in positions}:
        own = [item for item in positions if item.login == login]
        for first in range(-1, len(DAYS)):
            for last in range(first + 1, len(DAYS)):
                between = [
                    changes.get((login, day), [D(0)] * 3) for day in DAYS[first + 1 : last + 1]
                ]
                result, swap = (
                    sum((item.at(last)[part] - item.at(first)[part] for item in own), D(0))
                    for part in (0, 1)
                )
                assert sum(found[0] for found in between) == result
                rows = 2 * len(own) * len(between)
                assert near(sum(found[1] for found in between), in_dollars(result, login), rows)
                assert near(sum(found[2] for found in between), -in_dollars(swap, login), rows)
    books.fill({"mt5_daily": [], "mt5_daily_positions": []})


@given(
    floated(1, login=101),
    st.integers(1, len(DAYS) - 1),
    st.lists(st.tuples(st.integers(0, 4), amounts(101), amounts(101)), max_size=6),
)
@tried
def test_a_position_moved_to_another_book_leaves_each_book_its_part(
    books: MemoryBooks, held: Floated, moved: int, closed: list[tuple[int, Decimal, Decimal]]
) -> None:
    """B book before the day of the move, A book after: nothing is lost or counted twice."""
    a_book = dict.fromkeys(range(moved, len(DAYS)), "real\\A-EUR")
    books.fill(
        {
            "mt5_deals": [
                deal(
                    number, 101, DAYS[day], SELL, float(result), entry=OUT,
                    commission=float(commission), volume_ext=LOT, volume_closed_ext=LOT,
                )
                for number, (day, result, commission) in enumerate(closed, start=1)
            ],
            "mt5_daily": closes([101], [held], a_book),
            "mt5_daily_positions": held.rows(),
        }
    )  # fmt: skip
    books.settle_again("can_account_books")
    parts = {
        book: found
        for book, *found in books.query("""
            SELECT book, sum(client_closed_pnl_amount + client_floating_change_amount),
                sum(dealing_pnl_reporting), sum(commission_income_reporting)
            FROM finance.fct_daily_pnl GROUP BY book
        """)
    }
    of_b = held.at(moved - 1)[0] + sum((r for day, r, _ in closed if day < moved), D(0))
    whole = held.at(len(DAYS) - 1)[0] + sum((r for _, r, _ in closed), D(0))
    nothing = [D(0)] * 3
    assert parts.get("B", nothing)[0] == of_b
    assert parts.get("A", nothing)[0] == whole - of_b
    assert parts.get("B", nothing)[1] == -of_b
    assert parts.get("A", nothing)[1] == 0
    # commission stays where it was charged
    for book in ("B", "A"):
        charged = sum((c for day, _, c in closed if (day < moved) == (book == "B")), D(0))
        assert parts.get(book, nothing)[2] == -charged
    books.fill({"mt5_daily": [], "mt5_daily_positions": []})
    books.settle_again("can_account_books")


ZONES = [("America/New_York", 420), ("Europe/Athens", 0), ("Europe/London", 0), ("UTC", 180)]


@given(
    st.sampled_from(ZONES),
    st.one_of(
        st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 12, 31)),
        # The nights in which one of these clocks changes.
        st.sampled_from([(3, 8), (3, 29), (10, 25), (11, 1)]).flatmap(
            lambda day: st.datetimes(
                dt.datetime(2026, *day), dt.datetime(2026, *day) + dt.timedelta(hours=12)
            )
        ),
    ).map(lambda at: at.replace(microsecond=0)),
)
@settings(parent=tried, max_examples=50)
def test_a_time_on_a_servers_clock_is_the_same_instant_in_utc(
    books: MemoryBooks, zone: tuple[str, int], at: dt.datetime
) -> None:
    """Through both changes of daylight saving of each zone."""
    name, ahead = zone
    local = (at - dt.timedelta(minutes=ahead)).replace(tzinfo=ZoneInfo(name))
    utc = local.astimezone(dt.UTC)
    # An hour that does not exist, or exists twice, has no one answer: int_deals tells those.
    assume(utc.astimezone(ZoneInfo(name)).replace(tzinfo=None) == local.replace(tzinfo=None))
    assume(local.replace(fold=1).utcoffset() == local.utcoffset())
    books.server(clock_zone=name, shift_minutes=ahead)
    row = deal(1, 101, at.date(), 2, 1.0, time=at, time_msc=at)
    row["timestamp"] = filetime(utc.replace(tzinfo=None))
    books.fill({"mt5_deals": [row]})
    assert books.query("SELECT executed_at_utc FROM canonical.can_deals") == [
        (utc.replace(tzinfo=None),)
    ]
    books.server()
