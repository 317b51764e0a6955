"""A provider's amounts: plain decimals in major units, signed from the broker's balance.

What is no number as the mapping writes one keeps its text, followed by why, so that the contract's
check refuses the row and quarantine shows what the file said.
"""

from __future__ import annotations

import re

import polars as pl

from ingestion.connectors.psp.mapping import Mapping
from ingestion.connectors.psp.vocabulary import DIRECTIONS

AMOUNTS = ["gross_amount", "net_amount", "fee_amount", "reserve_amount"]
_NUMBER = r"^-?\d+(\.\d+)?$"
_SUM = pl.Decimal(38, 18)


def stated_amounts(mapping: Mapping) -> list[pl.Expr]:
    """The amounts as the file has them, as plain decimal texts, before sign and unit."""
    columns = mapping.columns
    named = {
        "gross_amount": columns.gross_amount, "gross_debit": columns.debit_amount,
        "gross_credit": columns.credit_amount, "net_amount": columns.net_amount,
        "net_debit": columns.net_debit_amount, "net_credit": columns.net_credit_amount,
        "reserve_amount": columns.reserve_amount, "fx_rate": columns.fx_rate,
    }  # fmt: skip
    numbers = {name: _number(mapping, named_column(theirs)) for name, theirs in named.items()}
    fees = {
        f"fee_{n}": _number(mapping, pl.col(theirs))
        for n, theirs in enumerate(columns.fee_amounts or [])
    }
    return [expression.alias(name) for name, expression in {**numbers, **fees}.items()]


def named_column(name: str | None) -> pl.Expr:
    """A column of the file; NULL where the mapping names none."""
    return pl.col(name) if name else pl.lit(None, dtype=pl.String)


def _number(mapping: Mapping, text: pl.Expr) -> pl.Expr:
    """A plain decimal text; thousands are accepted where they part groups of three digits only.

    Otherwise ``1.50`` under a comma mapping would become one hundred and fifty.
    """
    point, group = re.escape(mapping.numbers.decimal), re.escape(mapping.numbers.thousands)
    bare = text.str.replace_all("\u2212", "-", literal=True).str.replace(r"^\+", "")
    form = rf"^-?\d+({point}\d+)?$"
    if group:
        form = rf"{form}|^-?\d{{1,3}}({group}\d{{3}})+({point}\d+)?$"
    plain = bare.str.replace_all(group, "") if group else bare
    return (
        pl.when(bare.str.contains(form))
        .then(plain.str.replace(point, "."))
        .otherwise(pl.format("{} (written otherwise than [numbers] of the mapping says)", text))
    )


def signed_amounts(mapping: Mapping, frame: pl.DataFrame, digits: dict[str, int]) -> pl.DataFrame:
    """The four amounts: in major units, signed from the broker's balance at the provider."""
    fees = [name for name in frame.columns if re.fullmatch(r"fee_\d+", name)]
    if mapping.numbers.unit == "minor":
        known = digits | mapping.numbers.minor_units
        gross = ("gross_amount", "gross_debit", "gross_credit", "reserve_amount")
        net = ("net_amount", "net_debit", "net_credit")
        currencies = (
            dict.fromkeys(gross, "gross_currency")
            | dict.fromkeys(net, "net_currency")
            | dict.fromkeys(fees, "fee_currency")
        )
        frame = frame.with_columns(
            _major(name, pl.col(currency).fill_null(pl.col("gross_currency")), known)
            for name, currency in currencies.items()
        )
    direction = _direction(mapping)
    gross_sum, net_sum = pl.col("gross_amount"), pl.col("net_amount")
    if mapping.columns.debit_amount is not None:
        gross_sum = _difference("gross_credit", "gross_debit")
    elif direction is not None:
        gross_sum = _signed("gross_amount", direction)
    if mapping.columns.net_debit_amount is not None:
        net_sum = _difference("net_credit", "net_debit")
    elif direction is not None:
        net_sum = _signed("net_amount", direction)
    return frame.with_columns(
        gross_sum.alias("gross_amount"),
        net_sum.alias("net_amount"),
        _fee_total(fees, mapping.sign.fees == "negative").alias("fee_amount"),
        (_negated("reserve_amount") if mapping.sign.reserve == "negative"
         else pl.col("reserve_amount")).alias("reserve_amount"),
    )  # fmt: skip


def _decimal(name: str) -> pl.Expr:
    return pl.col(name).cast(_SUM, strict=False)


def _plain(amount: pl.Expr) -> pl.Expr:
    """A sum as text without the zeros its type adds: more than 8 decimals must mean something."""
    return amount.cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1").str.replace(r"\.$", "")


def _unread(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & ~pl.col(name).str.contains(_NUMBER)


def _difference(credit: str, debit: str) -> pl.Expr:
    """Credit less debit; NULL where both are blank, the text where one of them is no number."""
    both = _decimal(credit).fill_null(0) - _decimal(debit).fill_null(0)
    return (
        pl.when(_unread(credit)).then(pl.col(credit))
        .when(_unread(debit)).then(pl.col(debit))
        .when(pl.col(credit).is_not_null() | pl.col(debit).is_not_null()).then(_plain(both))
    )  # fmt: skip


def _negated(name: str) -> pl.Expr:
    text = pl.col(name)
    return (
        pl.when(~text.str.contains(_NUMBER)).then(text)
        .when(text.str.starts_with("-")).then(text.str.strip_prefix("-"))
        .otherwise("-" + text)
    )  # fmt: skip


def _direction(mapping: Mapping) -> pl.Expr | None:
    """1 in, -1 out, by type; None where the amounts carry their sign."""
    if mapping.sign.rule != "by_type":
        return None
    ways = {ours: way for ours, way in DIRECTIONS.items() if way is not None}
    natural = pl.col("event_type").replace_strict(
        list(ways), list(ways.values()), default=None, return_dtype=pl.Int8
    )
    stated = {name.strip().casefold(): way for name, way in mapping.sign.directions.items()}
    if not stated:
        return natural
    own = pl.col("source_event_type").str.to_lowercase().replace_strict(
        list(stated), [1 if way == "in" else -1 for way in stated.values()],
        default=None, return_dtype=pl.Int8,
    )  # fmt: skip
    return own.fill_null(natural)


def _signed(name: str, direction: pl.Expr) -> pl.Expr:
    """The amount's size, in the direction of its type; a refund written as -5 goes out as -5."""
    size = pl.col(name).str.strip_prefix("-")
    return (
        pl.when(_unread(name)).then(pl.col(name)).when(direction < 0).then("-" + size)
        .otherwise(size)
    )  # fmt: skip


def _fee_total(fees: list[str], is_negative: bool) -> pl.Expr:
    """What the provider charges, above zero for a charge; NULL where no fee is stated."""
    if not fees:
        return pl.lit(None, dtype=pl.String)
    total = pl.sum_horizontal(_decimal(name).fill_null(0) for name in fees)
    expression: pl.Expr = pl.when(
        pl.any_horizontal(pl.col(name).is_not_null() for name in fees)
    ).then(_plain(-total if is_negative else total))
    for name in fees:
        expression = pl.when(_unread(name)).then(pl.col(name)).otherwise(expression)
    return expression


def _major(name: str, currency: pl.Expr, digits: dict[str, int]) -> pl.Expr:
    """Whole minor units as an amount: the decimal point moves, nothing is divided."""
    text = pl.col(name)
    expression: pl.Expr = pl.when(text.is_not_null()).then(
        pl.format("{} (no decimals known of {}: add them to [numbers.minor_units])", text, currency)
    )
    for places in sorted(set(digits.values())):
        codes = [code for code, held in digits.items() if held == places]
        padded = text.str.strip_prefix("-").str.zfill(places + 1)
        moved = padded.str.head(-places) + "." + padded.str.tail(places) if places else padded
        sign = pl.when(text.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
        expression = pl.when(currency.is_in(codes)).then(sign + moved).otherwise(expression)
    return (
        pl.when(_unread(name)).then(text)
        .when(text.str.contains(".", literal=True))
        .then(pl.format("{} (minor units are whole)", text))
        .otherwise(expression)
        .alias(name)
    )  # fmt: skip
