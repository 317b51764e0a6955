"""Examples that vendors and regulators published, reckoned by the project's own macros.

An example is told by the names of its inputs, never by its id. One that names an input nobody here
understands is not reckoned but listed with the reason: a half-understood example proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"
SOURCES = ("money.sql", "trading_formulas.sql", "portable/product.sql", "portable/ratio.sql")
# A lot of currencies where the example names none.
FX_LOT = Decimal(100_000)

Inputs = dict[str, Decimal]


@dataclass(frozen=True)
class Reckoned:
    """One example and what became of it; ``figure`` is None where it was not reckoned."""

    id: str
    topic: str
    figure: Decimal | None
    published: Decimal | None
    reason: str

    @property
    def ties(self) -> bool:
        """Whether the published figure is ours, rounded as it is published. A sign that the page
        leaves out (a loss told as a loss) is no difference."""
        assert self.figure is not None
        assert self.published is not None
        unit = Decimal(1).scaleb(self.published.as_tuple().exponent)  # type: ignore[arg-type]
        ours = self.figure.quantize(unit, rounding=ROUND_HALF_UP)
        return ours == self.published or (self.published > 0 and -ours == self.published)


def reckon(example: dict[str, Any]) -> Reckoned:
    """Reckon an example, or say why not."""
    topic = str(example.get("topic", ""))
    figure: Decimal | None = None
    published: Decimal | None = None
    reason = ""
    try:
        published = amount(example["published"])
        stated = {name.lower(): value for name, value in (example.get("inputs") or {}).items()}
        side = _side(stated)
        inputs = {
            SYNONYMS.get(name, name): amount(value)
            for name, value in stated.items()
            if name not in _WORDS and value is not None
        }
        if "floor" in topic:
            inputs |= _lost_part(topic, str(example.get("source", "")))
        figure = _rule(inputs, topic)(inputs, side, topic)
    except NotReckonedError as why:
        reason = _why_not(set(example.get("inputs") or {}), topic) or str(why)
    return Reckoned(str(example["id"]), topic, figure, published, reason)


class NotReckonedError(Exception):
    """The project has no calculation for an example, or cannot read it; the text says which."""


_WORDS = {"side", "direction", "type", "symbol", "instrument", "pair", "currency"}
SYNONYMS = {
    "open_price": "open", "entry": "open", "buy_price": "open",
    "close_price": "close", "exit": "close", "sell_price": "close",
    "contract_size": "contract", "lot": "lots", "volume": "lots", "quantity": "units",
    "points": "pts", "swap_points": "pts", "swap": "swap", "point_size": "point",
    "days": "nights", "interest": "annual_pct", "swap_pct": "annual_pct", "rate_pct": "annual_pct",
    "previous_balance": "opening", "prev_balance": "opening", "balance_prev_day": "opening",
    "opening_balance": "opening", "floating_pnl": "floating", "floating_pl": "floating",
}  # fmt: skip
# What moves a balance, by the words of statements; money out comes with its sign, or is a charge.
INFLOWS = {"deposit", "deposits", "closed_pnl", "closed_pl", "profit", "bonus", "interest_paid"}
SIGNED = {"swap", "commission", "fees", "corrections", "adjustment", "agent", "dividends", "taxes"}
OUTFLOWS = {"withdrawal", "withdrawals"}


def amount(value: Any) -> Decimal:
    """A number as it is printed: ``70 USD``, ``10%`` (0.10), ``1,234.50``."""
    if isinstance(value, float):
        value = format(Decimal(str(value)), "f")
    text = str(value).strip().replace(",", "").replace("\N{MINUS SIGN}", "-")
    found = re.fullmatch(r"[^\d+-]*([+-]?\d+(?:\.\d+)?)\s*(%)?\s*[A-Za-z$€£]*", text)
    if found is None:
        raise NotReckonedError(f"{value!r} is no single number")
    try:
        number = Decimal(found[1])
    except InvalidOperation as error:
        raise NotReckonedError(f"{value!r} is no number") from error
    return number / 100 if found[2] else number


def _lost_part(topic: str, source: str) -> Inputs:
    """The part of a daily loss limit: in the topic, or in the question that is answered."""
    found = re.search(r"(\d+(?:\.\d+)?)\s*%", topic) or re.search(
        r"-(\d+)-daily-loss-limit", source
    )
    return {"pct": Decimal(found[1]) / 100} if found else {}


def _side(stated: dict[str, Any]) -> str:
    side = str(stated.get("side", stated.get("direction", "buy"))).lower()
    return {"long": "buy", "short": "sell"}.get(side, side)


Rule = Callable[[Inputs, str, str], Decimal]


def _rule(inputs: Inputs, topic: str) -> Rule:
    names = set(inputs)
    for needed, rule in RULES:
        if needed <= names:
            return rule
    if not names:
        raise NotReckonedError("it publishes no inputs")
    raise NotReckonedError(f"no calculation of the books takes {', '.join(sorted(names))}")


def _why_not(names: set[str], topic: str) -> str:
    """The part of the business that an example belongs to, where the books have none of it."""
    text = topic.lower()
    for words, why in UNCOVERED:
        if any(word in text or word in names for word in words):
            return why
    return ""


# No macro alone gives it: tests/dbt_partners/test_published_ib_examples.py runs the models.
_BY_THE_ENGINE = "it takes the partner engine, which is tried with it on its own"

UNCOVERED = (
    (("spread",), _BY_THE_ENGINE),
    (("cpa",), _BY_THE_ENGINE),
    (("group lot", "group_lot_size"), _BY_THE_ENGINE),
    (("hedge netting", "hedge"), _BY_THE_ENGINE),
    (("revenue share", "gold", "tier"), _BY_THE_ENGINE),
    (("credit", "bonus", "forfeiture"), "what a withdrawal takes of a bonus is the CRM's rule"),
    (("challenge", "drawdown"), "it is no floor of a challenge's day"),
    (("margin", "leverage", "stop out"), "margin is taken from the platform, not reckoned"),
)


def _profit(inputs: Inputs, side: str, topic: str) -> Decimal:
    units = _units(inputs)
    used = {"open", "close", "lots", "contract", "units"}
    name = _conversion(inputs)
    _nothing_else(inputs, used | {name})
    result = _asked(
        "price_profit(\"'" + side + "'\", 'a', 'b', 'c')", inputs["open"], inputs["close"], units
    )
    return _in_account_currency(result, inputs, topic)


def _swap_points(inputs: Inputs, side: str, topic: str) -> Decimal:
    name = _conversion(inputs)
    _nothing_else(inputs, {"pts", "point", "lots", "contract", "units", "nights", name})
    nights = inputs.get("nights", Decimal(1))
    points = _asked(
        "swap_in_points('a', 'b', 'c', 'd')", inputs["pts"], inputs["point"], _units(inputs), nights
    )
    return _in_account_currency(points, inputs, topic)


def _swap_interest(inputs: Inputs, side: str, topic: str) -> Decimal:
    name = _conversion(inputs)
    known = {"annual_pct", "price", "lots", "contract", "units", "nights", "year_days", name}
    _nothing_else(inputs, known)
    percent = inputs["annual_pct"]
    # 2.5% was read as 0.025
    percent = percent * 100 if abs(percent) < 1 and "%" in topic else percent
    values = (
        percent, _units(inputs), inputs["price"], inputs.get("nights", Decimal(1)),
        inputs.get("year_days", Decimal(360)),
    )  # fmt: skip
    interest = _asked("swap_as_interest('a', 'b', 'c', 'd', 'e')", *values)
    return _in_account_currency(interest, inputs, topic)


def _revaluation(inputs: Inputs, side: str, topic: str) -> Decimal:
    # in the order of time; a figure counts from the rate that the books took last
    rates = [inputs[name] for name in ("booked", "reval", "paid") if name in inputs]
    foreign = [name for name in inputs if name not in ("booked", "reval", "paid")]
    if len(foreign) != 1 or len(rates) < 2:
        raise NotReckonedError("it needs one foreign amount and two rates")
    before, after = rates[-2:]
    held = inputs[foreign[0]]
    return _converted(held, after) - _converted(held, before)


def _exchange(inputs: Inputs, side: str, topic: str) -> Decimal:
    money = [name for name in inputs if name != "rate"]
    if len(money) != 1:
        raise NotReckonedError("it needs one amount and one rate")
    return _converted(inputs[money[0]], inputs["rate"])


def _commission_share(inputs: Inputs, side: str, topic: str) -> Decimal:
    _nothing_else(inputs, {"commission", "pct"})
    return _asked("accrued_commission('a', 'b')", inputs["commission"], inputs["pct"])


def _commission_per_lot(inputs: Inputs, side: str, topic: str) -> Decimal:
    _nothing_else(inputs, {"lots", "per_lot"})
    return _asked("accrued_commission('a', 'b')", inputs["lots"], inputs["per_lot"])


def _quotient(inputs: Inputs, side: str, topic: str) -> Decimal:
    _nothing_else(inputs, {"num", "den"})
    percent = Decimal(100) if "%" in topic else Decimal(1)
    return _asked("ratio('a', 'b')", inputs["num"], inputs["den"]) * percent


def _equity(inputs: Inputs, side: str, topic: str) -> Decimal:
    _nothing_else(inputs, {"balance", "credit", "floating", "swap"})
    values = [inputs.get(name, Decimal(0)) for name in ("balance", "credit", "floating", "swap")]
    return _asked("equity('a', 'b', 'c', 'd')", *values)


def _daily_floor(inputs: Inputs, side: str, topic: str) -> Decimal:
    """The floor of a day whose loss is a part of the balance it starts with."""
    _nothing_else(inputs, {"balance", "pct"})
    if "pct" not in inputs:
        raise NotReckonedError("it does not say which part of the balance may be lost")
    return _asked("loss_floor('a', 'a', 'b')", inputs["balance"], inputs["pct"])


def _roll_forward(inputs: Inputs, side: str, topic: str) -> Decimal:
    _nothing_else(inputs, {"opening"} | INFLOWS | SIGNED | OUTFLOWS)
    moved = [
        -abs(value) if name in OUTFLOWS else value
        for name, value in inputs.items()
        if name != "opening"
    ]
    letters = ", ".join(repr(chr(ord("b") + place)) for place in range(len(moved)))
    return _asked(f"rolled_forward('a', [{letters}])", inputs["opening"], *moved)


# The first whose inputs are all there.
RULES: tuple[tuple[set[str], Rule], ...] = (
    ({"open", "close"}, _profit),
    ({"pts", "point"}, _swap_points),
    ({"annual_pct", "price"}, _swap_interest),
    ({"booked", "reval"}, _revaluation),
    ({"reval", "paid"}, _revaluation),
    ({"booked", "paid"}, _revaluation),
    ({"commission", "pct"}, _commission_share),
    ({"lots", "per_lot"}, _commission_per_lot),
    ({"num", "den"}, _quotient),
    ({"opening"}, _roll_forward),
    ({"balance", "floating"}, _equity),
    ({"balance"}, _daily_floor),
    ({"rate"}, _exchange),
)


def _units(inputs: Inputs) -> Decimal:
    if "units" in inputs:
        return inputs["units"]
    return inputs.get("lots", Decimal(1)) * inputs.get("contract", FX_LOT)


def _in_account_currency(result: Decimal, inputs: Inputs, topic: str) -> Decimal:
    """A result in profit currency, at the rate that the example gives; without one it is the same.

    A rate named after a pair counts the second currency for one of the first: where the first is
    the profit currency of the topic's own pair it multiplies, where it is the second it divides.
    """
    name = _conversion(inputs)
    if name not in inputs:
        return result
    traded = re.search(r"\b([A-Z]{3})/?([A-Z]{3})\b", topic)
    if len(name) == 6 and traded is not None and traded[2].lower() == name[3:]:
        return _asked("ratio('a', 'b')", result, inputs[name])
    return _converted(result, inputs[name])


def _conversion(inputs: Inputs) -> str:
    """The input that converts: one named after a pair, else ``rate``."""
    pairs = [name for name in inputs if re.fullmatch(r"[a-z]{6}", name) and name not in _NO_PAIRS]
    if len(pairs) > 1:
        raise NotReckonedError(f"{' and '.join(pairs)}: which one converts is not said")
    return pairs[0] if pairs else "rate"


# Inputs of six letters that are words.
_NO_PAIRS = {"points", "nights", "profit", "credit", "equity", "margin", "volume", "spread"}


def _nothing_else(inputs: Inputs, known: set[str]) -> None:
    strange = sorted(set(inputs) - known)
    if strange:
        raise NotReckonedError(f"what {', '.join(strange)} does to it is not known")


def _converted(money: Decimal, rate: Decimal) -> Decimal:
    return _asked("to_reporting('a', 'fx', '1')", money, rate=rate)


def _asked(call: str, *values: Decimal, rate: Decimal = Decimal(1)) -> Decimal:
    """The value of a macro over columns a, b, c ... and fx.rate, in DECIMAL."""
    columns = ", ".join(
        f"CAST('{value}' AS DECIMAL({'18, 6' if call.startswith(_PRODUCTS) else '24, 8'})) "
        f"AS {chr(ord('a') + place)}"
        for place, value in enumerate(values)
    )
    query = f"""
        SELECT CAST({_rendered(call)} AS DECIMAL(38, 8))
        FROM (SELECT {columns}) AS given,
            (SELECT CAST('{rate}' AS DECIMAL(24, 12)) AS rate) AS fx
    """
    with duckdb.connect(":memory:") as con:
        row = con.execute(query).fetchone()
    assert row is not None
    return Decimal(row[0])


# Products of four or five factors would need more than 38 digits at eight decimals each.
_PRODUCTS = ("swap_",)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(MACROS), extensions=["jinja2.ext.do"])


def _rendered(call: str) -> str:
    """The SQL of a macro, as dbt renders it for DuckDB."""

    class Adapter:
        @staticmethod
        def dispatch(name: str, _package: str) -> Callable[..., str]:
            return lambda *args: _rendered(f"duckdb__{name}({', '.join(map(repr, args))})")

    sources = "".join((MACROS / name).read_text(encoding="utf-8") for name in SOURCES)
    template = _environment().from_string(sources + "{{ " + call + " }}")
    template.globals.update({"adapter": Adapter, "return": lambda text: text})
    return template.render().strip()
