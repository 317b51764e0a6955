"""The terminal's Trade History Report as xlsx: one account, one sheet, a section for each list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.mt5_files import ties
from ingestion.connectors.mt5_files.contract import (
    DEALS,
    OPEN_POSITIONS,
    ORDERS,
    POSITIONS,
    REPORTS,
    TERMINAL_HISTORY,
    WORKING_ORDERS,
)
from ingestion.connectors.mt5_files.workbook import Grid, read_grid
from ingestion.connectors.number_texts import plain_number
from ingestion.connectors.refusals import FileRefusedError
from ingestion.contracts import TableContract
from ingestion.problems import Problem

TITLE = "Trade History Report"
_SECTIONS = {c.source_table: c for c in (POSITIONS, ORDERS, DEALS, OPEN_POSITIONS, WORKING_ORDERS)}
_ENDS = ("Results",)
_ID_COLUMNS = {
    "Positions": "Position",
    "Orders": "Order",
    "Deals": "Deal",
    "Open Positions": "Position",
    "Working Orders": "Order",
}
_OTHER_NAMES = {"direction": "Entry", "s/l": "S / L", "t/p": "T / P"}
# 57174315 (USD, Server, demo, Hedge)
_ACCOUNT = re.compile(
    r"^(\d+) \(([a-z]{3,4}), ?(.*?)(?:, ?(real|demo|contest))?(?:, ?(\w+))?\)$", re.IGNORECASE
)
_DATE = r"^(\d{4})\.(\d{2})\.(\d{2})"
_TITLE_ROWS = 5
_SUMMARY = {
    "balance": "Balance:",
    "credit": "Credit Facility:",
    "floating_profit": "Floating P/L:",
    "equity": "Equity:",
    "margin": "Margin:",
    "margin_free": "Free Margin:",
    "total_net_profit": "Total Net Profit:",
}


@dataclass
class _Section:
    """One list of the report: its header, its rows, and the totals printed under it."""

    contract: TableContract
    header: list[str]
    rows: list[tuple[int, list[str | None]]] = field(default_factory=list)
    totals: list[tuple[int, list[str | None]]] = field(default_factory=list)


def read_history_report(file: DroppedFile, server: str | None = None) -> Sequence[TableRows]:
    """Every list of a report, for the tables they go to.

    Args:
        server: the platform's name of the server; a report of another one is refused.

    Raises:
        FileRefusedError: no such report, a column that must be is missing, or its deals do not
            come to the balances it prints.
    """
    grid = read_grid(file.name, file.path)
    account = _account(file.name, grid)
    if server is not None and account["platform_server"] != server:
        raise FileRefusedError(
            f"{file.name} is of server {account['platform_server']}, this source of {server}.",
            "put it into the folder of its own source; nothing of the file was loaded",
        )
    sections, labels = _sections(file.name, grid)
    tables: list[TableRows] = []
    held: dict[str, pl.DataFrame] = {}
    for name, section in sections.items():
        frame = _frame(file.name, section, account)
        held[name] = frame
        problems = _unknown_columns(file.name, name, section)
        tables.append(TableRows(section.contract, frame, problems))
    if "Deals" in sections:
        deals = sections["Deals"]
        ties.refuse_broken_balances(file.name, held["Deals"])
        for row, cells in deals.totals:
            printed = _numbers_under(deals.header, cells)
            ties.refuse_wrong_totals(file.name, row, held["Deals"], printed)
    report = _report(file.name, account, labels)
    problems = ties.summary_problems(file.name, report, held.get("Deals"))
    return [TableRows(REPORTS, report, problems), *tables]


def _account(name: str, grid: Grid) -> dict[str, str | None]:
    top = [row[0] for row in grid[:_TITLE_ROWS] if row]
    if TITLE not in top:
        told = next((text for text in top if text), "nothing")
        raise FileRefusedError(
            f"{name} is no {TITLE}: it begins with {told!r}.",
            "save the account's history in a terminal set to English (History, context menu, "
            "Report, Open XML); nothing of the file was loaded",
        )
    labels = _labels(grid[: _TITLE_ROWS + 1])
    stated = labels.get("Account:", "")
    found = _ACCOUNT.match(stated)
    if found is None:
        raise FileRefusedError(
            f"{name} does not state its account as login (currency, server, type, mode): "
            f"{stated or 'nothing'}.",
            "save the report again in the terminal; nothing of the file was loaded",
        )
    login, currency, server, kind, mode = found.groups()
    return {
        "login": login,
        "currency": currency.upper(),
        "platform_server": server.strip() or None,
        "account_type": kind.lower() if kind else None,
        "accounting_mode": mode,
        "company": labels.get("Company:"),
        "name": labels.get("Name:"),
        "reported_at": re.sub(_DATE, r"\1-\2-\3", labels.get("Date:", "")) or None,
    }


def _labels(rows: Grid) -> dict[str, str]:
    """What stands right of each cell that ends in a colon."""
    found: dict[str, str] = {}
    for row in rows:
        label = None
        for cell in row:
            if cell is None:
                continue
            if cell.endswith(":"):
                label = cell
            elif label is not None:
                found.setdefault(label, cell)
                label = None
    return found


def _sections(name: str, grid: Grid) -> tuple[dict[str, _Section], dict[str, str]]:
    """The lists of a report, and the labelled figures outside of them."""
    sections: dict[str, _Section] = {}
    current: _Section | None = None
    outside: Grid = []
    awaited: str | None = None
    for number, row in enumerate(grid[_TITLE_ROWS:], start=_TITLE_ROWS + 1):
        filled = [cell for cell in row if cell is not None]
        if not filled:
            continue
        title = row[0] if len(filled) == 1 else None
        if awaited is not None:
            current = _Section(_SECTIONS[awaited], _header(row))
            _refuse_missing_columns(name, awaited, current)
            sections[awaited], awaited = current, None
        elif title in _SECTIONS:
            awaited, current = title, None
        elif title in _ENDS or (row[0] or "").endswith(":"):
            current = None
            outside.append(row)
        elif current is None:
            outside.append(row)
        else:
            id_at = current.header.index(_ID_COLUMNS[current.contract.source_table])
            is_total = row[0] is None and (len(row) <= id_at or row[id_at] is None)
            (current.totals if is_total else current.rows).append((number, row))
    if awaited is not None:
        raise FileRefusedError(
            f"{name} breaks off under the title {awaited}.",
            "deliver the whole file; nothing of it was loaded",
        )
    return sections, _labels(outside)


def _header(row: list[str | None]) -> list[str]:
    """Header names, the second of one name as ``Time (2)``; unnamed columns are empty."""
    names: list[str] = []
    for cell in row:
        text = _OTHER_NAMES.get((cell or "").lower(), cell or "")
        names.append(f"{text} (2)" if text and text in names else text)
    return names


def _refuse_missing_columns(name: str, title: str, section: _Section) -> None:
    present = {text.lower() for text in section.header}
    given = {"login", "reported_at"}
    missing = [
        column.source
        for column in section.contract.columns
        if column.required and column.target not in given and column.source.lower() not in present
    ]
    if missing:
        raise FileRefusedError(
            f"{name}, section {title}, has no column {', '.join(missing)}.",
            "save the report in a terminal set to English, with all columns; "
            "nothing of the file was loaded",
        )


def _unknown_columns(name: str, title: str, section: _Section) -> list[Problem]:
    # Orders state their volume in one cell, for two columns of ours.
    known = {column.source.lower() for column in section.contract.columns} | {"volume"}
    extra = [text for text in section.header if text and text.lower() not in known]
    if not extra:
        return []
    return [
        Problem(
            section.contract.table,
            "warning",
            f"{name}, section {title}, has columns that are not loaded: {', '.join(extra)}.",
            "nothing, unless one of them is wanted: then add it to the contract",
        )
    ]


def _frame(name: str, section: _Section, account: dict[str, str | None]) -> pl.DataFrame:
    """The rows of a section under our names, as texts."""
    width = len(section.header)
    padded = [(row + [None] * width)[:width] for _, row in section.rows]
    columns = dict(zip(section.header, zip(*padded, strict=True), strict=True)) if padded else {}
    by_source = {text.lower(): values for text, values in columns.items() if text}
    frame = pl.DataFrame(
        {
            c.target: pl.Series(
                by_source.get(c.source.lower(), [None] * len(padded)), dtype=pl.String
            )
            for c in section.contract.columns
        }
    ).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [number for number, _ in section.rows], dtype=pl.Int64),
    )
    if "volume_initial" in frame.columns:
        frame = _with_order_volumes(frame, by_source.get("volume", ()))
    stated = {c.target for c in section.contract.columns} & account.keys() - {"name"}
    times = [c.target for c in section.contract.columns if c.type == "TIMESTAMP"]
    money = [c.target for c in section.contract.columns if c.type == "DECIMAL(24,8)"]
    frame = frame.with_columns(
        *(pl.lit(account[column], dtype=pl.String).alias(column) for column in sorted(stated)),
        pl.col(set(times) - {"reported_at"}).str.replace(_DATE, "$1-$2-$3"),
        *(plain_number(pl.col(column), ".") for column in money),
    )
    if section.contract is DEALS:
        frame = frame.with_columns(pl.lit(TERMINAL_HISTORY).alias("report"))
    lowered = {"type", "entry", "state"} & set(frame.columns)
    return frame.with_columns(pl.col(lowered).str.to_lowercase())


def _with_order_volumes(frame: pl.DataFrame, volumes: Sequence[str | None]) -> pl.DataFrame:
    """``0.1 / 0.05``: asked for and filled. A price of ``market`` is none."""
    parts = pl.Series(volumes, dtype=pl.String).str.split("/")
    return frame.with_columns(
        parts.list.get(0, null_on_oob=True).alias("volume_initial"),
        parts.list.get(1, null_on_oob=True).alias("volume_filled"),
        (pl.col("price") == "market").fill_null(False).cast(pl.String).alias("is_market"),
        pl.when(pl.col("price") != "market").then(pl.col("price")).alias("price"),
    )


def _numbers_under(header: list[str], cells: list[str | None]) -> dict[str, str]:
    """What a totals row prints, by column."""
    return {name.lower(): cell for name, cell in zip(header, cells, strict=False) if name and cell}


def _report(name: str, account: dict[str, str | None], labels: dict[str, str]) -> pl.DataFrame:
    row: dict[str, str | None] = dict(account)
    row |= {column: labels.get(label) for column, label in _SUMMARY.items()}
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    return frame.with_columns(
        *(plain_number(pl.col(column), ".") for column in _SUMMARY),
        pl.lit(name).alias(SOURCE_TABLE),
        pl.lit(3, dtype=pl.Int64).alias(SOURCE_ROW),
    )
