"""The rows of one section of a statement: trades, money operations, cancelled orders.

A trade fills every column. A money operation has its comment over the columns between its type
and its amount, a cancelled order the word ``cancelled`` over the four amounts. A second row may
follow a trade: nothing, its magic number, its comment; elsewhere both are what the ticket's cell
shows when pointed at (``#<magic> <comment>``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingestion.connectors.mt4_files.contract import CASH_TYPES
from ingestion.connectors.mt4_files.statement_page import PageRow
from ingestion.connectors.mt4_files.texts import amount, plain_number, plain_time

_MONEY = ("commission", "taxes", "swap", "profit")
_HEADINGS = {
    "ticket": "ticket", "opentime": "open_time", "type": "type", "size": "size", "item": "symbol",
    "s/l": "stop_loss", "t/p": "take_profit", "closetime": "close_time",
    "marketprice": "close_price", "commission": "commission", "taxes": "taxes", "swap": "swap",
    "profit": "profit",
}  # fmt: skip
_NUMBERS = ("ticket", "size", "open_price", "stop_loss", "take_profit", "close_price")
_REQUIRED = {
    "closed": ("ticket", "open_time", "type", "size", "symbol", "open_price", "close_time",
               "close_price", "profit"),
    "open": ("ticket", "open_time", "type", "size", "symbol", "open_price", "profit"),
    "working": ("ticket", "open_time", "type", "size", "symbol", "open_price"),
}  # fmt: skip
_TITLE = re.compile(r"^#(\d+)(?: +(.*))?$", re.DOTALL)
_NOTHING = "no transactions"


class StatementError(Exception):
    """A statement that cannot be taken: what is wrong, and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass
class SectionRows:
    """Rows as texts under our names, their numbers on the page, and what was left out."""

    rows: list[dict[str, str | None]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_section(section: str, rows: list[PageRow]) -> SectionRows:
    """The rows of a section.

    Raises:
        StatementError: the heading lacks a column, a row does not fit it, or an amount is none.
    """
    found = SectionRows()
    heading: list[str] = []
    after_trade = False
    for row in rows:
        first = row.cells[0]
        if first.lower() == "ticket":
            heading = _heading(section, row, found)
            after_trade = False
        elif first.isdigit():
            if not heading:
                raise StatementError(
                    f"row {row.number} comes before the heading of its section.",
                    "save the statement again",
                )
            found.rows.append(_trade(row, heading))
            found.numbers.append(row.number)
            after_trade = True
        elif after_trade and _is_second_row(row):
            _add_second_row(found.rows[-1], row)
        else:
            after_trade = False
            if not _is_known(row):
                found.warnings.append(f"row {row.number} is not understood: {row.cells}.")
    return found


def _heading(section: str, row: PageRow, found: SectionRows) -> list[str]:
    """Our name of each column; the first Price is that of the opening, the second of the close."""
    names: list[str] = []
    prices = ["open_price", "close_price"]
    for text in row.spread:
        plain = text.replace(" ", "").lower()
        if plain == "price":
            names.append(prices.pop(0) if prices else "")
        else:
            names.append(_HEADINGS.get(plain, ""))
            if plain and not names[-1]:
                found.warnings.append(f"column {text} of the {section} rows is not loaded.")
    missing = [name for name in _REQUIRED[section] if name not in names]
    if missing:
        raise StatementError(
            f"the {section} rows have no column {', '.join(missing)} (row {row.number}).",
            "save the statement as the terminal writes it",
        )
    return names


def _trade(row: PageRow, heading: list[str]) -> dict[str, str | None]:
    if len(row.spread) != len(heading):
        raise StatementError(
            f"row {row.number} has {len(row.spread)} columns, its heading {len(heading)}.",
            "save the statement again",
        )
    by_name: dict[str, str] = {}
    for name, text in zip(heading, row.spread, strict=True):
        # Market Price spans two columns: the first one is it.
        if name:
            by_name.setdefault(name, text)
    magic, comment = _from_title(row.title)
    kind = by_name["type"].lower()
    cells: dict[str, str | None] = {
        "ticket": by_name["ticket"], "open_time": plain_time(by_name["open_time"]), "type": kind,
        "magic": magic, "comment": comment,
    }  # fmt: skip
    if kind in CASH_TYPES:
        # The comment lies over the columns between.
        return {
            **cells,
            "comment": by_name["size"] or comment,
            "profit": _money(row, "profit", by_name["profit"]),
        }
    cells["symbol"] = by_name["symbol"] or None
    cells["close_time"] = plain_time(by_name.get("close_time"))
    for name in _NUMBERS:
        cells[name] = plain_number(by_name.get(name))
    stated = {name: by_name[name] for name in _MONEY if name in by_name}
    if len(set(stated.values())) == 1 and amount(stated.get("profit")) is None:
        return {**cells, "outcome": stated["profit"]}
    return {**cells, **{name: _money(row, name, text) for name, text in stated.items()}}


def _money(row: PageRow, name: str, text: str) -> str | None:
    if amount(text) is None:
        raise StatementError(
            f"row {row.number}: {name} {text!r} is no number.", "save the statement again"
        )
    return plain_number(text)


def _from_title(title: str) -> tuple[str | None, str | None]:
    found = _TITLE.match(title)
    if found is None:
        return None, title or None
    return found[1], (found[2] or "").strip() or None


def _is_second_row(row: PageRow) -> bool:
    return (
        len(row.cells) == 3
        and not row.cells[0]
        and not any(cell.endswith(":") for cell in row.cells)
        and (row.cells[1].isdigit() or not row.cells[1])
    )


def _add_second_row(trade: dict[str, str | None], row: PageRow) -> None:
    _, magic, comment = row.cells
    trade["magic"] = magic or trade.get("magic")
    trade["comment"] = comment or trade.get("comment")


def _is_known(row: PageRow) -> bool:
    """Blank rows, "No transactions", the sums of a section and its labelled result."""
    texts = [cell for cell in row.cells if cell]
    if not texts or texts[0].lower() == _NOTHING or any(cell.endswith(":") for cell in texts):
        return True
    return not row.cells[0] and all(amount(text) is not None for text in texts)
