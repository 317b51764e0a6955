"""A provider's texts as Daybook's fields: statuses, types, times, and the amounts.

What cannot be read keeps its text, followed by why, so that the contract's check refuses the row
and quarantine shows what the file said.
"""

from __future__ import annotations

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.exact_amounts import exact_columns
from ingestion.connectors.psp.amounts import (
    AMOUNTS,
    named_column,
    signed_amounts,
    stated_amounts,
)
from ingestion.connectors.psp.mapping import Mapping
from ingestion.connectors.psp.text_tables import CELL_TIME

_TEXT_FIELDS = (
    "event_id", "parent_id", "merchant_reference", "client_reference", "batch_id", "payout_id",
    "method", "payer_name", "payer_email", "payer_account", "details",
)  # fmt: skip


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
        *stated_amounts(mapping),
        _joined(columns.event_time, " ").alias("event_time_text"),
        named_column(columns.event_zone).alias("stated_zone"),
        named_column(columns.value_date).alias("stated_value_date"),
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
    return exact_columns(signed_amounts(mapping, frame, digits), AMOUNTS)


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
