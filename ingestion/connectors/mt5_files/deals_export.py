"""The Manager's deals export: a text file of deals of many accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.mt5_files.contract import DEALS, MANAGER_DEALS
from ingestion.connectors.mt5_files.text_rows import TextRows, decode, read_rows
from ingestion.connectors.number_texts import Mark, decimal_mark, plain_number
from ingestion.connectors.refusals import FileRefusedError, refuse_shortened_ids
from ingestion.problems import Problem

# Other spellings of a header: builds, translations of a column's tooltip, re-exports.
_NAMES = {
    "deal": "deal", "deal id": "deal", "ticket": "deal", "login": "login", "account": "login",
    "time": "time", "type": "type", "action": "type", "entry": "entry", "direction": "entry",
    "symbol": "symbol", "volume": "volume", "price": "price", "s/l": "price_sl", "sl": "price_sl",
    "s / l": "price_sl", "t/p": "price_tp", "tp": "price_tp", "t / p": "price_tp",
    "order": "order", "position": "position", "position id": "position", "reason": "reason",
    "dealer": "dealer", "commission": "commission", "fee": "fee", "fees": "fee", "swap": "swap",
    "swaps": "swap", "storage": "swap", "profit": "profit", "cost": "cost", "balance": "balance",
    "currency": "currency", "group": "group", "country": "country", "comment": "comment",
    "external id": "external_id", "externalid": "external_id", "id": "external_id",
    "server": "platform_server", "name": "name",
}  # fmt: skip
_IDS = ("deal", "login", "order", "position", "dealer")
_AMOUNTS = ("volume", "commission", "fee", "swap", "profit", "cost", "balance")
_PRICES = ("price", "price_sl", "price_tp")
_SHORTENED = r"^\s*\d+([.,]\d+)?[eE]\+?\d+\s*$"
_CURRENCY = re.compile(r"\b[A-Z]{3}\b")
_SHOWN = 10


def read_deals_export(file: DroppedFile, mark: Mark | None = None) -> Sequence[TableRows]:
    """The deals of a file.

    Args:
        mark: the decimal mark, where the broker states it; None tells it from the numbers.

    Raises:
        FileRefusedError: not to be read, damaged, or its decimal mark cannot be told.
    """
    text = decode(file.name, file.path.read_bytes())
    rows = read_rows(file.name, text, _renamed, ("deal", "login", "time"))
    problems = _header_problems(file.name, rows.header)
    everything = _frame(file.name, rows)
    deals, totals = _without_totals(everything)
    refuse_shortened_ids(file.name, deals, _IDS, _SHORTENED, "export")
    mark = mark or _mark_of(file.name, everything)
    deals, totals = _plain(deals, mark), _plain(totals, mark)
    problems += totals_problems(file.name, deals, totals)
    if rows.joined:
        joined = ", ".join(map(str, sorted(set(rows.joined))[:_SHOWN]))
        problems.append(
            Problem(
                DEALS.table,
                "warning",
                f"{file.name}: rows that a line break inside a field had cut were joined: {joined} "
                f"({len(rows.joined)} in all).",
                "nothing; correct the name or comment on the platform to be rid of this message",
            )
        )
    return [TableRows(DEALS, deals, problems)]


def _renamed(header: str) -> str:
    return _NAMES.get(" ".join(header.split()).lower(), header)


def _header_problems(name: str, header: Sequence[str]) -> list[Problem]:
    missing = [c.source for c in DEALS.columns if c.required and c.target not in header]
    if missing:
        raise FileRefusedError(
            f"{name} has no column {', '.join(missing)}.",
            "export these columns too (Manager, Deals, context menu, Columns); "
            "nothing of the file was loaded",
        )
    known = {column.target for column in DEALS.columns}
    extra = [part for part in header if part and part not in known]
    if not extra:
        return []
    return [
        Problem(
            DEALS.table,
            "warning",
            f"{name} has columns that are not loaded: {', '.join(extra)}.",
            "nothing, unless one of them is wanted: then add it to the contract",
        )
    ]


def _frame(name: str, rows: TextRows) -> pl.DataFrame:
    """Every row as texts under our names, blanks as NULL."""
    columns = list(zip(*(fields for _, fields in rows.rows), strict=True))
    columns = columns or [()] * len(rows.header)
    known = {column.target for column in DEALS.columns}
    texts = {
        header: pl.Series(column, dtype=pl.String)
        for header, column in zip(rows.header, columns, strict=True)
        if header in known
    }
    frame = pl.DataFrame(texts).with_columns(
        pl.when(pl.all().str.strip_chars() != "").then(pl.all().str.strip_chars())
    )
    return frame.with_columns(
        pl.col("time").str.replace(r"^(\d{4})[./](\d{2})[./](\d{2})", "$1-$2-$3"),
        pl.col("type", "entry").str.to_lowercase(),
        pl.lit(MANAGER_DEALS).alias("report"),
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [number for number, _ in rows.rows], dtype=pl.Int64),
    )


def _without_totals(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deals, and the rows below the last of them that only add up: no account, time or type."""
    adds_up = (
        ~pl.col("login").str.contains(r"^\d").fill_null(False)
        & pl.col("time").is_null()
        & (pl.col("type").is_null() | ~pl.col("deal").str.contains(r"^\d").fill_null(False))
    )
    last = frame.select((~adds_up).arg_true().max()).item()
    height = 0 if last is None else last + 1
    return frame.head(height), frame.slice(height)


def _mark_of(name: str, frame: pl.DataFrame) -> Mark:
    present = [column for column in (*_AMOUNTS, *_PRICES) if column in frame.columns]
    if frame.is_empty():
        return "."
    cells = frame.unpivot(present, index=SOURCE_ROW, variable_name="column")
    evidence = decimal_mark(cells["value"])

    def place(found: tuple[int, str]) -> str:
        row, column = cells.row(found[0])[:2]
        return f"row {row} {column} {found[1]}"

    if evidence.mark is not None:
        return evidence.mark
    if evidence.dot and evidence.comma:
        raise FileRefusedError(
            f"{name} has a decimal point ({place(evidence.dot)}) and a decimal comma "
            f"({place(evidence.comma)}).",
            "export it again with one setting of the region; nothing of the file was loaded",
        )
    unclear = place(evidence.unclear) if evidence.unclear else ""
    raise FileRefusedError(
        f"{name} does not tell whether its comma is a decimal one ({unclear}).",
        'state options.decimal_mark = "." or "," for this source; nothing of the file was loaded',
    )


def _plain(frame: pl.DataFrame, mark: Mark) -> pl.DataFrame:
    return frame.with_columns(
        plain_number(pl.col(column), mark)
        for column in (*_AMOUNTS, *_PRICES)
        if column in frame.columns
    )


def totals_problems(name: str, deals: pl.DataFrame, totals: pl.DataFrame) -> list[Problem]:
    """Where a printed total is not the sum of the deals: the file is not the whole report.

    A totals row counts for the currency it names; one that names none only where all deals are of
    one currency, because the Manager converts it to a currency the file does not state.
    """
    currency = pl.col("currency") if "currency" in deals.columns else pl.lit("")
    held = deals.with_columns(
        currency.fill_null("").alias("currency"),
        *(pl.col(c).cast(pl.Decimal(38, 8), strict=False) for c in _AMOUNTS if c in deals.columns),
    )
    currencies = held["currency"].unique().to_list()
    problems: list[Problem] = []
    for row in totals.iter_rows(named=True):
        label = " ".join(str(row[c]) for c in ("currency", "deal", "login", "symbol") if row.get(c))
        named = [word for word in _CURRENCY.findall(label) if word in currencies]
        if not named and len(currencies) != 1:
            continue
        counted = held.filter(pl.col("currency") == named[0]) if named else held
        off = [
            f"{column} {row[column]} printed, {total} summed"
            for column in ("commission", "fee", "swap", "profit")
            if row.get(column) is not None
            and (total := _sum(counted, column)) != _number(row[column])
        ]
        if off:
            problems.append(
                Problem(
                    DEALS.table,
                    "warning",
                    f"{name} row {row[SOURCE_ROW]}: the deals do not add up to the printed totals"
                    f"{f' of {named[0]}' if named else ''}: {'; '.join(off)}.",
                    "the deals were loaded; deliver the whole report if rows were taken out of it",
                )
            )
    return problems


def _sum(deals: pl.DataFrame, column: str) -> Decimal:
    total = deals.select(pl.col(column).sum()).item()
    return Decimal(total or 0).normalize() + 0


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text).normalize() + 0
    except InvalidOperation:
        return None
