"""Closing and minute quotes, CSV or Parquet: columnar from the file to the load.

The time of a quote is UTC where the file says so (Z, an offset); else it is of the zone that
``options.quotes.zone`` names: an IANA zone, or ``server`` for the trading server's clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from warehouse.settings import SourceSettings

# Rows of one load: what bounds the memory of the comparison with what is held.
CHUNK_ROWS = 500_000
_COLUMNS = ("symbol", "time", "bid", "ask")
_OFFSET = r"([+-])(\d{2}):?(\d{2})$"
_SERVER = "server"


class QuotesError(ValueError):
    """The file has quotes and cannot be taken."""


@dataclass(frozen=True)
class QuotesLayout:
    """How a file of quotes is written.

    Attributes:
        zone: of times that state none.
        columns: our name -> the file's, where they differ.
        closing_files: pattern of the names of files that hold closing quotes.
    """

    zone: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    closing_files: str = "*clos*"
    delimiter: str = ","

    def header(self, name: str) -> str:
        """The file's name of a column."""
        return self.columns.get(name, name)


def quotes_layout(given: Mapping[str, Any]) -> QuotesLayout:
    """The layout of ``options.quotes``.

    Raises:
        QuotesError: it cannot be used.
    """
    unknown = sorted(set(given) - {"zone", "columns", "closing_files", "delimiter"})
    if unknown:
        raise QuotesError(f"options.quotes.{unknown[0]} is not known")
    layout = QuotesLayout(**given)
    if layout.zone not in (None, _SERVER):
        try:
            ZoneInfo(str(layout.zone))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise QuotesError(f"options.quotes.zone {layout.zone} is no time zone") from error
    return layout


def holds_quotes(header: list[str], layout: QuotesLayout) -> bool:
    """Whether a header is that of quotes."""
    return {layout.header(name).lower() for name in _COLUMNS} <= {name.lower() for name in header}


def read_quotes(
    path: Path, name: str, layout: QuotesLayout, source: SourceSettings
) -> Iterator[pl.DataFrame]:
    """The rows of a file, in frames of at most ``CHUNK_ROWS``, ordered by time.

    Raises:
        QuotesError: times state no zone and none is configured.
    """
    scanned = (
        pl.scan_parquet(path)
        if path.suffix.lower() == ".parquet"
        else pl.scan_csv(path, separator=layout.delimiter, infer_schema=False)
    )
    held = {column.lower(): column for column in scanned.collect_schema().names()}
    taken = scanned.select(
        pl.col(held[layout.header(column).lower()]).alias(column) for column in _COLUMNS
    )
    # The first row of a CSV is its header.
    numbered = taken.with_row_index(
        SOURCE_ROW, offset=1 if path.suffix.lower() == ".parquet" else 2
    )
    kind = "closing" if fnmatch(name.lower(), layout.closing_files) else "minute"
    batches = numbered.collect_batches(chunk_size=CHUNK_ROWS, engine="streaming")
    read = False
    for rows in batches:
        read = True
        yield _ready(rows, name, kind, layout, source)
    if not read:
        yield _ready(numbered.head(0).collect(), name, kind, layout, source)


def _ready(
    rows: pl.DataFrame, name: str, kind: str, layout: QuotesLayout, source: SourceSettings
) -> pl.DataFrame:
    """The rows under our names, in the order they are kept in."""
    dated = _with_utc(rows, layout, source).sort("quoted_at_utc", "symbol", nulls_last=True)
    return dated.select(
        pl.col("symbol").cast(pl.String).str.strip_chars(),
        pl.lit(kind).alias("quote_kind"),
        "quoted_at",
        "quoted_zone",
        "quoted_at_utc",
        *(_price(rows, side) for side in ("bid", "ask")),
        pl.lit(name).alias(SOURCE_TABLE),
        pl.col(SOURCE_ROW).cast(pl.Int64),
    )


def _price(rows: pl.DataFrame, side: str) -> pl.Expr:
    if rows.schema[side] in (pl.Float32, pl.Float64):
        # A double carries 15 digits: eight decimals first, or 65000.1 ends in ...006.
        return pl.col(side).cast(pl.Decimal(24, 8), strict=False).cast(pl.Decimal(24, 12))
    return pl.col(side)


def _with_utc(rows: pl.DataFrame, layout: QuotesLayout, source: SourceSettings) -> pl.DataFrame:
    held = rows.schema["time"]
    if isinstance(held, pl.Datetime) and held.time_zone:
        utc = pl.col("time").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return rows.with_columns(
            utc.alias("quoted_at"), pl.lit("UTC").alias("quoted_zone"), utc.alias("quoted_at_utc")
        ).drop("time")
    if held == pl.String:
        # MetaTrader writes 2026.10.30 23:59; a bare day has no time to convert.
        rows = rows.with_columns(
            pl.col("time")
            .str.strip_chars()
            .str.replace(r"^(\d{4})\.(\d{2})\.(\d{2})", "$1-$2-$3")
            .str.replace(r"Z$", "+00:00")
        )
        offset = pl.col("time").str.extract_groups(_OFFSET)
        rows = rows.with_columns(
            (
                pl.when(offset.struct[0] == "-").then(-1).otherwise(1)
                * (offset.struct[1].cast(pl.Int64) * 60 + offset.struct[2].cast(pl.Int64))
            ).alias("offset"),
        ).with_columns(
            pl.when(pl.col("offset").is_not_null())
            .then(pl.col("time").str.replace(_OFFSET, ""))
            .otherwise(pl.col("time"))
            .alias("time")
        )
        moment = pl.coalesce(
            pl.col("time").str.replace("T", " ", literal=True).str.to_datetime(
                form, strict=False, time_unit="us"
            )
            for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")
        )  # fmt: skip
    else:
        rows = rows.with_columns(pl.lit(None, dtype=pl.Int64).alias("offset"))
        moment = pl.col("time").cast(pl.Datetime("us"), strict=False)
    rows = rows.with_columns(moment.alias("moment"))
    stated = pl.col("offset").is_not_null()
    bare = rows.filter(~stated & pl.col("moment").is_not_null()).height
    if bare and layout.zone is None:
        raise QuotesError(
            f"{bare} times state no zone: set options.quotes.zone to theirs (UTC, an IANA zone, or "
            "server)"
        )
    zone, shift = layout.zone or "UTC", 0
    if zone == _SERVER:
        zone, shift = source.clock_zone, source.clock_shift_minutes
    local = (pl.col("moment") - pl.duration(minutes=shift)).dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    in_zone = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    # A time that cannot be read goes on as it is, so that its row is refused with it.
    unread = rows.filter(pl.col("moment").is_null() & pl.col("time").is_not_null()).height
    kept = pl.col("moment")
    if unread:
        kept = pl.coalesce(
            kept.dt.to_string("%Y-%m-%d %H:%M:%S%.6f"), pl.col("time").cast(pl.String)
        )
    return rows.with_columns(
        kept.alias("quoted_at"),
        pl.when(stated).then(pl.lit("UTC offset")).otherwise(pl.lit(layout.zone)).alias(
            "quoted_zone"
        ),
        pl.when(stated)
        .then(pl.col("moment") - pl.duration(minutes=pl.col("offset")))
        .otherwise(in_zone)
        .alias("quoted_at_utc"),
    ).drop("time", "moment", "offset")  # fmt: skip
