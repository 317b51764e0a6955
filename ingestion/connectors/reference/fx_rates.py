"""Exchange rates of a bank as CSV under a mapping: an alternative to the ECB's."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.bank.localized_columns import date_text, decimal_text

_FIELDS = ("date", "base", "quote", "pair", "rate", "units")
_KEYS = frozenset({
    "files", "delimiter", "encoding", "decimal", "thousands", "date_format", "skip_rows",
    "footer_rows", "layout", "base", "quote", "columns",
})  # fmt: skip


class FxLayoutError(ValueError):
    """The mapping cannot be used, or the file does not fit it."""


@dataclass(frozen=True)
class FxLayout:
    """How a bank writes its rates.

    A rate is so many units of the quote currency for ``units`` (one, where not stated) of the base.

    Attributes:
        files: pattern of the names of the bank's files.
        layout: ``long``, a row a pair and day; ``wide``, a row a day and a column a currency.
        columns: ``date`` and ``rate``, and ``pair``, ``base``, ``quote``, ``units`` where the file
            has them -> header in the file.
        base, quote: the side that is the same for all. In a wide file the columns are the other.
    """

    columns: Mapping[str, str]
    files: str = "*.csv"
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal: str = "."
    thousands: str = ""
    date_format: str = "%Y-%m-%d"
    skip_rows: int = 0
    footer_rows: int = 0
    layout: Literal["long", "wide"] = "long"
    base: str | None = None
    quote: str | None = None


def fx_layout(given: Mapping[str, Any]) -> FxLayout:
    """The layout of ``options.fx``.

    Raises:
        FxLayoutError: it cannot be used.
    """
    unknown = sorted(set(given) - _KEYS) or sorted(set(given.get("columns", {})) - set(_FIELDS))
    if unknown:
        raise FxLayoutError(f"options.fx names {unknown[0]}, which is not known")
    columns = given.get("columns", {})
    wide = given.get("layout", "long") == "wide"
    lacking = [name for name in ("date", *(() if wide else ("rate",))) if name not in columns]
    if lacking:
        raise FxLayoutError(f"options.fx.columns lacks {lacking[0]}")
    sides = [side for side in ("base", "quote") if side in columns or given.get(side)]
    if "pair" not in columns and len(sides) < (1 if wide else 2):
        raise FxLayoutError("options.fx says neither the pair nor both its currencies")
    return FxLayout(**given)


def read_fx_rates(content: bytes, name: str, layout: FxLayout) -> pl.DataFrame:
    """One row for each day and pair.

    Raises:
        FxLayoutError: the file does not fit the mapping.
    """
    frame = _table(content, layout)
    if layout.layout == "wide":
        frame = _long(frame, layout)
    columns = set(frame.columns)
    if "pair" in columns:
        letters = pl.col("pair").str.to_uppercase().str.replace_all(r"[^A-Z]", "")
        base, quote = letters.str.slice(0, 3), letters.str.slice(3, 3)
    else:
        base = pl.col("base") if "base" in columns else pl.lit(layout.base)
        quote = pl.col("quote") if "quote" in columns else pl.lit(layout.quote)
    units = pl.col("units") if "units" in columns else pl.lit("1")
    return frame.with_columns(
        decimal_text("rate", layout.decimal, layout.thousands),
        date_text("date", layout.date_format),
    ).select(
        pl.col("date").alias("rate_date"),
        base.str.strip_chars().str.to_uppercase().alias("base_currency"),
        quote.str.strip_chars().str.to_uppercase().alias("quote_currency"),
        units.alias("base_units"),
        "rate",
        pl.lit(name).alias(SOURCE_TABLE),
        SOURCE_ROW,
    )


def _table(content: bytes, layout: FxLayout) -> pl.DataFrame:
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        raise FxLayoutError(f"it is not {layout.encoding}: set options.fx.encoding") from error
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter))
    numbered = [
        (row, line)
        for row, line in list(enumerate(lines, start=1))[layout.skip_rows :]
        if any(cell.strip() for cell in line)
    ]
    if not numbered:
        raise FxLayoutError("it has no header")
    header = [cell.strip() for cell in numbered[0][1]]
    missing = [theirs for theirs in layout.columns.values() if theirs not in header]
    if missing:
        raise FxLayoutError(f"it has no column {', '.join(missing)}; its header is {header}")
    body = numbered[1 : len(numbered) - layout.footer_rows]
    ragged = [str(row) for row, line in body if len(line) < len(header)]
    if ragged:
        raise FxLayoutError(f"rows with fewer fields than the header: {', '.join(ragged[:10])}")
    ours = {theirs: name for name, theirs in layout.columns.items()}
    data = {
        ours.get(head, head): [line[place].strip() or None for _, line in body]
        for place, head in enumerate(header)
        if head
    }
    return pl.DataFrame(data, schema=dict.fromkeys(data, pl.String())).with_columns(
        pl.Series(SOURCE_ROW, [row for row, _ in body], dtype=pl.Int64)
    )


def _long(frame: pl.DataFrame, layout: FxLayout) -> pl.DataFrame:
    currencies = [name for name in frame.columns if len(name) == 3 and name.isupper()]
    if not currencies:
        raise FxLayoutError("none of its columns is a currency code")
    other = "quote" if layout.base else "base"
    turned = frame.unpivot(
        on=currencies, index=["date", SOURCE_ROW], variable_name=other, value_name="rate"
    )
    # A currency without a rate on a day is not quoted that day.
    return turned.filter(pl.col("rate").is_not_null() & ~pl.col("rate").is_in(["N/A", "-", "n/a"]))
