"""A provider's texts as Daybook's fields: amounts, signs, times, statuses and types.

What cannot be read keeps its text, followed by why, so that the contract's check refuses the row
and quarantine shows what the file said.
"""

from __future__ import annotations

import re

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.exact_amounts import exact_columns
from ingestion.connectors.psp.mapping import Mapping
from ingestion.connectors.psp.text_tables import CELL_TIME
from ingestion.connectors.psp.vocabulary import DIRECTIONS

_TEXT_FIELDS = (
    "event_id", "parent_id", "merchant_reference", "client_reference", "batch_id", "payout_id",
    "method", "payer_name", "payer_email", "payer_account", "details",
)  # fmt: skip
_AMOUNTS = ["gross_amount", "net_amount", "fee_amount", "reserve_amount"]
_NUMBER = r"^-?\d+(\.\d+)?$"
_SUM = pl.Decimal(38, 18)


def wanted_columns(mapping: Mapping) -> list[str]:
    """The provider's columns that the mapping names, each once."""
    names = [
        name
        for value in mapping.columns.model_dump(exclude_none=True).values()
        for name in (value if isinstance(value, list) else [value])
    ]
    return list(dict.fromkeys(names))


def fields_of(
    mapping: Mapping, texts: pl.DataFrame, file_name: str, account: str, digits: dict[str, int]
) -> pl.DataFrame:
    """The common shape of a file's rows.

    Args:
        texts: the provider's columns, as :func:`read_table` gives them.
        account: what the account at the provider is called where the file does not say.
        digits: decimals of each currency, for providers that state minor units.
    """
    columns, constants = mapping.columns, mapping.constants
    frame = texts.select(
        *(_joined(getattr(columns, name)).alias(name) for name in _TEXT_FIELDS),
        _joined(columns.psp_account)
        .fill_null(pl.lit(constants.psp_account or account))
        .alias("psp_account"),
        _joined(columns.status).alias("source_status"),
        _joined(columns.event_type).alias("source_event_type"),
        *_currencies(mapping),
        *_raw_amounts(mapping),
        _joined(columns.event_time, " ").alias("event_time_text"),
        _named(columns.event_zone).alias("stated_zone"),
        _named(columns.value_date).alias("stated_value_date"),
        pl.lit(mapping.provider).alias("provider"),
        pl.lit(mapping.numbers.unit).alias("amount_unit"),
        pl.lit(file_name).alias(SOURCE_TABLE),
        SOURCE_ROW,
    )
    frame = frame.with_columns(
        _translated("source_status", mapping.statuses, constants.status).alias("status"),
        _translated("source_event_type", mapping.types, constants.event_type).alias("event_type"),
        *_times(mapping),
    )
    return exact_columns(_amounts(mapping, frame, digits), _AMOUNTS)


def _named(name: str | None) -> pl.Expr:
    return pl.col(name) if name else pl.lit(None, dtype=pl.String)


def _joined(names: list[str] | None, separator: str = "/") -> pl.Expr:
    if not names:
        return pl.lit(None, dtype=pl.String)
    if len(names) == 1:
        return pl.col(names[0])
    joined = pl.concat_str(names, separator=separator, ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _currencies(mapping: Mapping) -> list[pl.Expr]:
    columns = mapping.columns
    gross = (
        _joined(columns.gross_currency)
        .fill_null(pl.lit(mapping.constants.gross_currency, dtype=pl.String))
        .str.to_uppercase()
    )
    return [
        gross.alias("gross_currency"),
        _joined(columns.net_currency).str.to_uppercase().alias("net_currency"),
        _joined(columns.fee_currency).str.to_uppercase().alias("fee_currency"),
    ]


def _translated(column: str, table: dict[str, str], constant: str | None) -> pl.Expr:
    """Ours for theirs, without regard to case; NULL for what the mapping does not name."""
    if constant is not None:
        return pl.lit(constant)
    folded = {theirs.strip().casefold(): ours for theirs, ours in table.items()}
    return (
        pl.col(column)
        .str.to_lowercase()
        .replace_strict(list(folded), list(folded.values()), default=None, return_dtype=pl.String)
    )


def _raw_amounts(mapping: Mapping) -> list[pl.Expr]:
    columns = mapping.columns
    named = {
        "gross_amount": columns.gross_amount, "gross_debit": columns.debit_amount,
        "gross_credit": columns.credit_amount, "net_amount": columns.net_amount,
        "net_debit": columns.net_debit_amount, "net_credit": columns.net_credit_amount,
        "reserve_amount": columns.reserve_amount, "fx_rate": columns.fx_rate,
    }  # fmt: skip
    numbers = {name: _number(mapping, _named(theirs)) for name, theirs in named.items()}
    fees = {
        f"fee_{n}": _number(mapping, pl.col(theirs))
        for n, theirs in enumerate(columns.fee_amounts or [])
    }
    return [expression.alias(name) for name, expression in {**numbers, **fees}.items()]


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


def _amounts(mapping: Mapping, frame: pl.DataFrame, digits: dict[str, int]) -> pl.DataFrame:
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


def _times(mapping: Mapping) -> list[pl.Expr]:
    """The event's time as the file states it, its zone, and the value date."""
    text = pl.col("event_time_text")
    naive: list[pl.Expr] = []
    instants: list[pl.Expr] = []
    for form in mapping.time.formats:
        if form in ("epoch_seconds", "epoch_milliseconds"):
            unit = 1_000_000 if form == "epoch_seconds" else 1_000
            microseconds = text.cast(pl.Int64, strict=False) * unit
            instants.append(microseconds.cast(pl.Datetime("us")))
        elif "%z" in form or "%:z" in form:
            aware = text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")
            instants.append(aware.dt.replace_time_zone(None))
        else:
            naive.append(_local(text, form))
    if mapping.file.format == "xlsx":
        naive.append(_local(text, CELL_TIME))
    nothing = pl.lit(None, dtype=pl.Datetime("us"))
    instant, local = pl.coalesce(*instants, nothing), pl.coalesce(*naive, nothing)
    read = pl.coalesce(instant, local)
    zones = mapping.time.zones
    stated = pl.col("stated_zone")
    named = stated.replace_strict(
        list(zones), list(zones.values()), default=stated, return_dtype=pl.String
    )
    zone = named.fill_null(pl.lit(mapping.time.zone, dtype=pl.String))
    value_date = pl.col("stated_value_date")
    dates = [
        value_date.str.to_date(form, strict=False) for form in mapping.time.value_date_formats or []
    ]
    if mapping.file.format == "xlsx":
        dates.append(value_date.str.to_datetime(CELL_TIME, strict=False).dt.date())
    day = pl.coalesce(*dates, pl.lit(None, dtype=pl.Date))
    return [
        pl.when(text.is_not_null() & read.is_null())
        .then(pl.format("{} (in none of the formats of [time])", text))
        .otherwise(read.dt.to_string("%Y-%m-%d %H:%M:%S%.6f"))
        .alias("event_at"),
        pl.when(instant.is_not_null()).then(pl.lit("UTC")).otherwise(zone).alias("event_zone"),
        pl.when(value_date.is_not_null() & day.is_null())
        .then(pl.format("{} (in none of the formats of time.value_date_formats)", value_date))
        .otherwise(day.dt.to_string("%Y-%m-%d"))
        .alias("value_date"),
    ]


def _local(text: pl.Expr, form: str) -> pl.Expr:
    if any(mark in form for mark in ("%H", "%I", "%T", "%R")):
        return text.str.to_datetime(form, strict=False, time_unit="us")
    return text.str.to_date(form, strict=False).cast(pl.Datetime("us"))
