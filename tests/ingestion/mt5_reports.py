"""Small MT5 files for tests: the terminal's xlsx with UTF-16 parts, the Manager's text export."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

Cell = str | int | float | None

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def write_xlsx(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    """Write a sheet as a terminal does: parts in UTF-16LE, a dimension that is one row short."""
    body = "".join(
        f'<row r="{y}">' + "".join(_cell(x, y, value) for x, value in enumerate(row)) + "</row>"
        for y, row in enumerate(rows, start=1)
    )
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1:P{len(rows) - 1}"/><sheetData>{body}</sheetData></worksheet>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in (_PARTS | {"xl/worksheets/sheet1.xml": sheet}).items():
            archive.writestr(name, ('<?xml version="1.0"?>\r\n' + xml).encode("utf-16"))
    return path


def _cell(x: int, y: int, value: Cell) -> str:
    if value is None:
        return ""
    place = f"{chr(ord('A') + x)}{y}"
    if isinstance(value, str) and value.startswith("="):
        return f'<c r="{place}"><f>{escape(value[1:])}</f></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


POSITIONS = [
    "Time", "Position", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "Price",
    "Commission", "Swap", "Profit",
]  # fmt: skip
ORDERS = [
    "Open Time", "Order", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "State",
    None, "Comment",
]  # fmt: skip
DEALS = [
    "Time", "Deal", "Symbol", "Type", "Direction", "Volume", "Price", "Order", "Commission", "Fee",
    "Swap", "Profit", "Balance", "Comment",
]  # fmt: skip
OPEN_POSITIONS = [
    "Time", "Position", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Market Price",
    "Swap", None, "Profit", "Comment",
]  # fmt: skip
WORKING_ORDERS = [
    "Open Time", "Order", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Market Price",
    "State", None, "Comment",
]  # fmt: skip

HEAD: list[list[Cell]] = [
    ["Trade History Report"],
    ["Name:", None, None, "Ada Secret"],
    ["Account:", None, None, "57000001\u00a0(EUR, Harbour-Live 2, real, Hedge)"],
    ["Company:", None, None, "Harbour Lane Ltd"],
    ["Date:", None, None, "2026.03.06 18:14"],
]
DEAL_ROWS: list[list[Cell]] = [
    ["2026.03.02 09:00:00", 101, None, "balance", None, None, None, None, 0, 0, 0, 1000.0, 1500.5,
     "Deposit"],
    ["2026.03.02 10:00:00", 102, "EURUSD", "buy", "in", "0.1", 1.1234, 201, -0.35, -0.05, 0, 0,
     1500.1],
    ["2026.03.03 11:00:00", 103, "EURUSD", "sell", "out", "0.1", 1.1334, 202, -0.35, -0.05, -1.2,
     89.29, 1587.79, "[tp 1.1334]"],
    ["2026.03.03 12:00:00", 104, None, "credit", None, None, None, None, 0, 0, 0, 50, 1587.79,
     "Bonus"],
    ["2026.03.04 12:00:00", 105, "USDJPY", "sell", "in", "1", 150.123, 203, 0, 0, 0, 0, 1587.79],
]  # fmt: skip


def report(
    deals: Sequence[Sequence[Cell]] = DEAL_ROWS, totals: Sequence[Cell] | None = None
) -> list[list[Cell]]:
    """A report with one row or more in every section."""
    printed = totals or [None] * 8 + ["=SUM(I16:I20)", "=SUM(J16:J20)", "=SUM(K16:K20)",
                                      1139.29, 1587.79]  # fmt: skip
    return [
        *HEAD,
        ["Positions"],
        POSITIONS,
        ["2026.03.02 10:00:00", 201, "EURUSD", "buy", "0.1", 1.1234, None, 1.1334,
         "2026.03.03 11:00:00", 1.1334, -0.8, -1.2, 89.29],
        ["Orders"],
        ORDERS,
        ["2026.03.02 09:59:59", 201, "EURUSD", "buy", "0.1 / 0.1", "market", None, 1.1334,
         "2026.03.02 10:00:00", "filled"],
        ["2026.03.02 12:00:00", 204, "EURUSD", "buy limit", "1 / 0", 1.05, None, None,
         "2026.03.02 13:00:00", "canceled", None, "second thoughts"],
        ["Deals"],
        DEALS,
        *[list(row) for row in deals],
        list(printed),
        ["Open Positions"],
        OPEN_POSITIONS,
        ["2026.03.04 12:00:00", 203, "USDJPY", "sell", "1", 150.123, None, None, 150.5, -0.4, None,
         -230.12],
        [None] * 10 + ["=SUM(K1:K2)", -230.12],
        ["Working Orders"],
        WORKING_ORDERS,
        ["2026.03.05 08:00:00", 205, "EURUSD", "buy limit", "0.5 / 0", 1.01, None, None, 1.12,
         "placed"],
        ["Balance:", None, None, 1587.79, None, None, "Free Margin:", None, None, 1300.0],
        ["Credit Facility:", None, None, 50, None, None, "Margin:", None, None, 107.67],
        ["Floating P/L:", None, None, -230.12],
        ["Equity:", None, None, 1407.67],
        [],
        ["Results"],
        ["Total Net Profit:", None, None, 87.29, "Gross Profit:", None, None, 87.69],
        ["Profit Factor:", None, None, 1.5],
    ]  # fmt: skip


HEADER = (
    "Deal", "Login", "Name", "Group", "Country", "Time", "Type", "Entry", "Symbol", "Volume",
    "Price", "Order", "Position", "Reason", "Commission", "Fee", "Swap", "Profit", "Currency",
    "Comment",
)  # fmt: skip


def deal_row(number: int, **fields: str) -> list[str]:
    """One row of a Manager export: a closing deal unless told otherwise."""
    row = {
        "Deal": str(number), "Login": "700001", "Name": "Ada Secret", "Group": r"real\B-USD",
        "Country": "", "Time": f"2026.03.02 10:{number % 60:02d}:00.250", "Type": "buy",
        "Entry": "out", "Symbol": "EURUSD", "Volume": "0.10", "Price": "1.12345",
        "Order": str(5000 + number), "Position": "4711", "Reason": "Client", "Commission": "-0.70",
        "Fee": "0.00", "Swap": "-0.10", "Profit": "12.50", "Currency": "USD", "Comment": "",
    }  # fmt: skip
    assert fields.keys() <= row.keys()
    return list((row | fields).values())


def export_text(
    rows: Sequence[Sequence[str]], delimiter: str = "\t", header: Sequence[str] = HEADER
) -> str:
    """The text of a Manager export; lines end as Windows ends them."""
    return "".join(delimiter.join(row) + "\r\n" for row in [header, *rows])
