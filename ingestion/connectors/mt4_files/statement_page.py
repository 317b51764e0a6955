"""The page of a MetaTrader 4 statement as rows of cells, section by section.

The terminal writes one table: the account, then Closed Transactions, Open Trades, Working Orders,
Summary and sometimes Details, each under a bold label. Cells that span columns are spread here, so
that a cell lies under its heading whatever its row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import lxml.html
from lxml.etree import ParserError

SECTIONS = {
    "closed transactions:": "closed",
    "open trades:": "open",
    "working orders:": "working",
    "summary:": "summary",
    "details:": "details",
}


@dataclass(frozen=True)
class PageRow:
    """One row of the page.

    Attributes:
        number: its place among the page's rows, from 1, as a reader counts them.
        cells: texts, blanks collapsed, as the page has them.
        spread: the same, each repeated over the columns it spans.
        title: what the first cell shows when pointed at; magic number and comment of a trade.
    """

    number: int
    cells: list[str]
    spread: list[str]
    title: str


@dataclass
class StatementPage:
    """A statement taken apart: the rows above the first section, and those of each section."""

    company: str = ""
    account: list[PageRow] = field(default_factory=list)
    sections: dict[str, list[PageRow]] = field(default_factory=dict)


def read_page(text: str) -> StatementPage | None:
    """The page's sections; None where it is no statement."""
    try:
        document = lxml.html.document_fromstring(text.encode(), parser=_parser())
    except ParserError:
        return None
    page = StatementPage()
    headline = document.xpath("//body//b[not(ancestor::table)]")
    page.company = _text(headline[0]) if headline else ""
    current = page.account
    for number, element in enumerate(document.iter("tr"), start=1):
        row = _row(number, element)
        if not row.cells:
            continue
        section = SECTIONS.get(row.cells[0].lower()) if len(row.cells) == 1 else None
        if section is not None:
            current = page.sections.setdefault(section, [])
        else:
            current.append(row)
    return page if "closed" in page.sections else None


def _parser() -> lxml.html.HTMLParser:
    # What the page declares was weighed before; the text handed over is UTF-8.
    return lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)


def _row(number: int, element: lxml.html.HtmlElement) -> PageRow:
    cells: list[str] = []
    spread: list[str] = []
    title = ""
    for cell in element.iterchildren("td", "th"):
        text = _text(cell)
        if not cells:
            title = str(cell.get("title") or "").strip()
        cells.append(text)
        span = str(cell.get("colspan") or "1")
        spread += [text] * max(int(span) if span.isdigit() else 1, 1)
    return PageRow(number, cells, spread, title)


def _text(element: lxml.html.HtmlElement) -> str:
    # A no-break space is a blank here: between thousands, or alone in an empty cell.
    return " ".join(str(element.text_content()).split())
