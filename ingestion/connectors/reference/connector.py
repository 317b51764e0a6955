"""One pass over a folder of reference data: quotes, lists of codes, a bank's exchange rates."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

import polars as pl

from ingestion.batch import Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.published_lists import list_tables, refused, version_of
from ingestion.connectors.reference.code_lists import (
    contract_of,
    is_currency_header,
    is_currency_list,
    is_delta,
    missing_columns,
    read_currency_csv,
    read_currency_xml,
    read_leis,
    read_mics,
)
from ingestion.connectors.reference.contract import (
    CURRENCIES,
    FX_RATES,
    LEIS,
    LIST_VERSIONS,
    MICS,
    QUOTES,
)
from ingestion.connectors.reference.fx_rates import (
    FxLayout,
    FxLayoutError,
    fx_layout,
    read_fx_rates,
)
from ingestion.connectors.reference.quotes import (
    CHUNK_ROWS,
    QuotesError,
    QuotesLayout,
    holds_quotes,
    quotes_layout,
    read_quotes,
)
from ingestion.connectors.safe_xml import UnreadableXmlError, parse_xml
from warehouse.errors import SettingsError

_PATTERNS = ("*.csv", "*.xml", "*.parquet")
_LARGEST_SHRINK_PCT = 20
_WHOLE = Completeness(everything=True)


@dataclass(frozen=True)
class _Options:
    quotes: QuotesLayout
    fx: FxLayout | None
    shrink_pct: int


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SettingsError: an option cannot be used.
        SourceError: the folder cannot be read.
    """
    given = context.source.options
    try:
        options = _Options(
            quotes_layout(given.get("quotes", {})),
            fx_layout(given["fx"]) if "fx" in given else None,
            context.integer_option("largest_shrink_pct", _LARGEST_SHRINK_PCT),
        )
    except (QuotesError, FxLayoutError, TypeError) as error:
        raise SettingsError(
            f"The options cannot be used: {error}.",
            where=f"source {context.source.name}",
            todo="ingestion/connectors/reference/README.md shows them",
        ) from error
    sync_dropped_files(context, lambda file: read_file(context, file, options), _PATTERNS)


def read_file(context: PassContext, file: DroppedFile, options: _Options) -> Sequence[TableRows]:
    """The rows of one file; none when it holds nothing of this kind."""
    suffix = file.path.suffix.lower()
    if suffix == ".xml":
        return _currency_xml(context, file, options)
    try:
        header = _parquet_header(file) if suffix == ".parquet" else _csv_header(file, options)
    except pl.exceptions.PolarsError as error:
        return [refused(QUOTES, file.name, f"it cannot be read: {error}", "export it again")]
    if holds_quotes(header, options.quotes):
        return _quotes(context, file, options)
    if suffix == ".parquet":
        return []
    if is_currency_header(header):
        frame = read_currency_csv(file.path, file.name)
        version = version_of(file, "ISO 4217", "whole", None, frame.height)
        tables = [TableRows(CURRENCIES, frame, complete=_WHOLE)]
        return list_tables(context, LIST_VERSIONS, version, tables, options.shrink_pct)
    contract = contract_of(header)
    if contract is not None:
        missing = missing_columns(contract, header)
        if missing:
            what = f"it has no column {', '.join(missing)}"
            return [refused(contract, file.name, what, "download it again")]
        return _mics(context, file, options) if contract is MICS else _leis(context, file, options)
    if options.fx is not None and fnmatch(file.name.lower(), options.fx.files.lower()):
        return _fx_rates(file, options.fx)
    return []


def _quotes(context: PassContext, file: DroppedFile, options: _Options) -> Sequence[TableRows]:
    try:
        frames = list(read_quotes(file.path, file.name, options.quotes, context.source))
    except QuotesError as error:
        return [refused(QUOTES, file.name, str(error), "correct the options")]
    except pl.exceptions.PolarsError as error:
        return [refused(QUOTES, file.name, f"it cannot be read: {error}", "export it again")]
    return [TableRows(QUOTES, frame) for frame in frames]


def _currency_xml(
    context: PassContext, file: DroppedFile, options: _Options
) -> Sequence[TableRows]:
    try:
        root = parse_xml(file.path.read_bytes())
    except UnreadableXmlError as error:
        return [refused(CURRENCIES, file.name, f"it is no XML: {error}", "download it again")]
    if not is_currency_list(root):
        return []
    frame, published = read_currency_xml(root, file.name)
    version = version_of(file, "ISO 4217", "whole", published, frame.height)
    tables = [TableRows(CURRENCIES, frame, complete=_WHOLE)]
    return list_tables(context, LIST_VERSIONS, version, tables, options.shrink_pct)


def _mics(context: PassContext, file: DroppedFile, options: _Options) -> Sequence[TableRows]:
    frame = read_mics(file.path, file.name)
    version = version_of(file, "ISO 10383", "whole", None, frame.height)
    tables = [TableRows(MICS, frame, complete=_WHOLE)]
    return list_tables(context, LIST_VERSIONS, version, tables, options.shrink_pct)


def _leis(context: PassContext, file: DroppedFile, options: _Options) -> Sequence[TableRows]:
    """LEIs are never taken off the list: one that is not in a file is left as it is."""
    frames = list(read_leis(file.path, file.name, CHUNK_ROWS))
    part = "delta" if is_delta(file.name) else "whole"
    rows = sum(frame.height for frame in frames)
    version = version_of(file, "GLEIF", part, None, rows)
    tables = [TableRows(LEIS, frame) for frame in frames]
    # A delta may be of any size.
    shrink = 100 if part == "delta" else options.shrink_pct
    return list_tables(context, LIST_VERSIONS, version, tables, shrink)


def _fx_rates(file: DroppedFile, layout: FxLayout) -> Sequence[TableRows]:
    try:
        return [TableRows(FX_RATES, read_fx_rates(file.path.read_bytes(), file.name, layout))]
    except FxLayoutError as error:
        return [refused(FX_RATES, file.name, str(error), "correct options.fx")]


def _csv_header(file: DroppedFile, options: _Options) -> list[str]:
    with file.path.open("rb") as opened:
        first = opened.readline(1 << 20)
    line = first.decode("utf-8-sig", errors="replace").strip("\r\n")
    cells = next(csv.reader([line]), [])
    if holds_quotes(cells, options.quotes) or len(cells) > 1:
        return cells
    return next(csv.reader([line], delimiter=options.quotes.delimiter), [])


def _parquet_header(file: DroppedFile) -> list[str]:
    return list(pl.read_parquet_schema(file.path))
