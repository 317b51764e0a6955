"""An activity or statement download: any language, either decimal mark, either order of dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.localized_text import (
    DateOrder,
    date_order,
    date_text,
    decimal_mark,
    decimal_text,
    iana_zone,
)
from ingestion.connectors.paypal.contract import BALANCE_CHECKS, TRANSACTIONS
from ingestion.connectors.paypal.headers import MEMO, NAMES, REQUIRED, STATUSES, columns_of
from ingestion.connectors.running_balance import checked_balances
from ingestion.connectors.table_files import Line, UnreadableTableError, read_table
from ingestion.problems import Problem

_MONEY = ("gross", "fee", "net", "balance")
# So many of PayPal's names make a row its header.
_HEADER_NAMES = 5
_TABLE = TRANSACTIONS.table


@dataclass(frozen=True)
class Locale:
    """How the account writes; None or empty: told by the file itself, or the file is refused."""

    date_order: DateOrder | None = None
    decimal: str | None = None
    encoding: str = "utf-8-sig"
    columns: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    filtered: bool = False


class _RefusedError(Exception):
    """The file cannot be loaded; carries the problem."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.problem = Problem(_TABLE, "error", what, todo)


def read_download(file: DroppedFile, locale: Locale) -> Sequence[TableRows]:
    """The rows of a download and its checked balances; nothing where it is no download."""
    try:
        return _read(file, locale)
    except _RefusedError as refused:
        return [TableRows(TRANSACTIONS, None, [refused.problem])]


def _read(file: DroppedFile, locale: Locale) -> Sequence[TableRows]:
    try:
        lines = read_table(file.path, locale.encoding, delimiters=",;\t")
    except UnreadableTableError as error:
        raise _RefusedError(f"{file.name} {error.what}.", error.todo) from error
    header = lines[0].cells
    while header and not header[-1]:
        header = header[:-1]
    places = columns_of(header, dict(locale.columns))
    if len(places) < _HEADER_NAMES:
        return []
    missing = [name for name in REQUIRED if name not in places]
    if missing:
        names = ", ".join(f"{NAMES[name][0]} ({' or '.join(NAMES[name][1:3])})" for name in missing)
        raise _RefusedError(
            f"{file.name} has no column {names}.",
            "export that column too, or name the file's own word for it in options.columns; "
            "nothing of the file was loaded",
        )
    problems = _unloaded(file.name, header, places)
    texts = _texts(file.name, lines[1:], len(header), places)
    mark, told = _decimal(file.name, texts, locale)
    order = _order(file.name, texts["date"], mark, locale, problems) if texts.height else "ymd"
    frame = _typed(texts, mark, order, locale)
    _check_zones(file.name, frame)
    statement = "status" not in places
    severity = "none" if locale.filtered else "error" if statement else "warning"
    balances = checked_balances(_balance_rows(frame), file.name, severity)
    return [
        TableRows(TRANSACTIONS, frame, problems + told),
        TableRows(BALANCE_CHECKS, balances),
    ]


def _unloaded(name: str, header: list[str], places: dict[str, int]) -> list[Problem]:
    extra = [cell for place, cell in enumerate(header) if place not in places.values() and cell]
    if not extra:
        return []
    return [
        Problem(
            _TABLE,
            "warning",
            f"{name} has columns that are not loaded: {', '.join(extra)}.",
            "nothing, unless one of them is wanted: then name it in options.columns",
        )
    ]


def _texts(name: str, body: list[Line], width: int, places: dict[str, int]) -> pl.DataFrame:
    ragged = [
        str(line.number) for line in body if len(line.cells) < width or any(line.cells[width:])
    ]
    if ragged:
        raise _RefusedError(
            f"{name}: rows without {width} fields: {', '.join(ragged[:10])} ({len(ragged)} in "
            "all); nothing of the file was loaded.",
            "export the file again; a spreadsheet may have changed it",
        )
    return pl.DataFrame(
        {
            ours: pl.Series([line.cells[place] or None for line in body], dtype=pl.String)
            for ours, place in places.items()
        }
    ).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [line.number for line in body], dtype=pl.Int64),
    )


def _decimal(name: str, texts: pl.DataFrame, locale: Locale) -> tuple[str, list[Problem]]:
    held = [column for column in _MONEY if column in texts.columns]
    amounts = pl.concat([texts[column].alias("amount") for column in held])
    told = decimal_mark(amounts)
    if told == "mixed":
        raise _RefusedError(
            f"{name} writes some amounts with a decimal comma and some with a decimal point.",
            "export the file again; nothing of it was loaded",
        )
    if locale.decimal and told and told != locale.decimal:
        raise _RefusedError(
            f'{name} writes amounts with a decimal "{told}", options.decimal says '
            f'"{locale.decimal}".',
            "correct options.decimal, or leave it out; nothing of the file was loaded",
        )
    mark = locale.decimal or told
    if not mark and bool(amounts.drop_nulls().str.contains("[.,]").any()):
        raise _RefusedError(
            f"{name}: whether its amounts have a decimal comma or a decimal point cannot be told "
            "from any of them.",
            'set options.decimal = "," or "."; nothing of the file was loaded',
        )
    return mark or ".", []


def _order(
    name: str, dates: pl.Series, mark: str, locale: Locale, problems: list[Problem]
) -> DateOrder:
    told = date_order(dates)
    if told == "mixed":
        raise _RefusedError(
            f"{name}: some dates can only be day first and some only month first.",
            "export the file again; nothing of it was loaded",
        )
    if locale.date_order and told and told != locale.date_order:
        raise _RefusedError(
            f"{name}: its dates are written {told}, options.date_order says {locale.date_order}.",
            "correct options.date_order, or leave it out; nothing of the file was loaded",
        )
    if locale.date_order or told:
        return cast(DateOrder, locale.date_order or told)
    if mark == ",":
        # The countries that write the month first write a decimal point.
        problems.append(
            Problem(
                _TABLE,
                "warning",
                f"{name}: no date shows whether the day or the month comes first; read day first, "
                "as accounts with a decimal comma write it.",
                'set options.date_order = "dmy" (or "mdy") to say so',
            )
        )
        return "dmy"
    raise _RefusedError(
        f"{name}: no date shows whether the day or the month comes first.",
        'set options.date_order = "dmy" or "mdy"; nothing of the file was loaded',
    )


def _typed(texts: pl.DataFrame, mark: str, order: DateOrder, locale: Locale) -> pl.DataFrame:
    thousands = "." if mark == "," else ","
    known = {word: code for code, words in STATUSES.items() for word in words}
    status = (
        pl.col("status").str.to_lowercase().replace(known).fill_null("none")
        if "status" in texts.columns
        else pl.lit("none")
    )
    time = pl.col("time").str.replace(r"^(\d):", "0$1:")
    frame = texts.with_columns(
        *(
            decimal_text(pl.col(column), mark, thousands).alias(column)
            for column in _MONEY
            if column in texts.columns
        ),
        pl.concat_str(date_text(pl.col("date"), order), time, separator=" ").alias("occurred_at"),
        iana_zone(pl.col("time_zone"), locale.zones).alias("iana_zone"),
        pl.col("currency").str.to_uppercase(),
        status.alias("status_code"),
    )
    # Where an id repeats in one currency and state, amount and time tell its rows apart.
    same = ["transaction_id", "currency", "status_code"]
    return (
        frame.sort("occurred_at", "net", SOURCE_ROW, nulls_last=True)
        .with_columns(pl.int_range(1, pl.len() + 1).over(same).alias("occurrence"))
        .sort(SOURCE_ROW)
    )


def _check_zones(name: str, frame: pl.DataFrame) -> None:
    unknown = frame.filter(pl.col("iana_zone").is_null())["time_zone"].drop_nulls().unique()
    if len(unknown):
        zone = sorted(unknown)[0]
        raise _RefusedError(
            f"{name}: the time zone {zone} is not known, or not the same everywhere.",
            f'say which one it is: options.time_zones = {{ {zone} = "Area/City" }}; nothing of '
            "the file was loaded",
        )


def _balance_rows(frame: pl.DataFrame) -> pl.DataFrame:
    memo = (
        pl.col("balance_impact").str.to_lowercase().is_in(MEMO).fill_null(False)
        if "balance_impact" in frame.columns
        else pl.lit(False)
    )
    balance = pl.col("balance") if "balance" in frame.columns else pl.lit(None, dtype=pl.String)
    unsettled = ~pl.col("status_code").is_in(["completed", "none"])
    return frame.select(
        pl.lit("").alias("balance_id"),
        "currency",
        pl.col("net").alias("amount"),
        balance.alias("balance"),
        (memo | unsettled).alias("may_rest"),
        pl.col("occurred_at").alias("moment"),
        SOURCE_ROW,
    )
