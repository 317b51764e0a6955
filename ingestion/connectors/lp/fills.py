"""Fills of a mapped CSV in the shape that drop copies have too."""

from __future__ import annotations

import polars as pl

from ingestion.connectors.lp.contract import FILLS, NOT_STATED
from ingestion.connectors.lp.mapped_csv import formatted
from ingestion.connectors.lp.mapping import MappedFile, Volume


def mapped_fills(frame: pl.DataFrame, mapped: MappedFile) -> pl.DataFrame:
    """Rows of lp_fills from the texts of a file.

    Without a side the sign of the quantity is the side; without a kind every row is a trade.
    """
    fills = formatted(frame, FILLS, mapped)
    if "side" not in fills.columns:
        sells = pl.col("quantity").str.starts_with("-")
        fills = fills.with_columns(
            pl.when(sells).then(pl.lit("sell")).otherwise(pl.lit("buy")).alias("side"),
            pl.col("quantity").str.strip_prefix("-"),
        )
    if "kind" not in fills.columns:
        fills = fills.with_columns(pl.lit("trade").alias("kind"))
    if "commission" in fills.columns and "commission_currency" not in fills.columns:
        currency = pl.col("currency") if "currency" in fills.columns else pl.lit(None, pl.String)
        fills = fills.with_columns(currency.alias("commission_currency"))
    return with_volume(fills, mapped).with_columns(
        pl.col("executed_at").str.slice(0, 10).alias("executed_on"),
        pl.lit("").alias("session"),
        pl.lit("UTC" if "%z" in mapped.time_format else mapped.time_zone).alias("time_zone"),
        pl.lit("csv").alias("format"),
        pl.lit(NOT_STATED).alias("integrity"),
    )


def with_volume(fills: pl.DataFrame, volume: Volume) -> pl.DataFrame:
    """What the quantity counts, and how many units a lot of the symbol has, where it is stated."""
    sizes = {symbol: str(size) for symbol, size in volume.units_per_lot.items()}
    default = sizes.pop("default", None)
    return fills.with_columns(
        pl.lit(volume.volume_unit).alias("volume_unit"),
        pl.col("symbol")
        .replace_strict(sizes, default=default, return_dtype=pl.String)
        .alias("units_per_lot"),
    )
