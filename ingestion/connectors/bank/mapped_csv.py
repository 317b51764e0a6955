"""A bank's CSV export under a mapping: which column is what, in which spelling.

A CSV export is a stretch of the account's history, not a statement: exports overlap, and the last
day may be incomplete. Each booking day becomes a statement of its own; a later export adds to it
and takes nothing away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from itertools import groupby
from typing import Any, Literal

import polars as pl

from ingestion.connectors.bank.localized_columns import date_text, decimal_text
from ingestion.connectors.bank.options import BankOptions
from ingestion.connectors.bank.statements import (
    Balance,
    Detail,
    Entry,
    Money,
    Statement,
    account_of,
)

Sign = Literal["signed", "indicator", "columns"]

_FIELDS = (
    "booking_date", "value_date", "amount", "debit", "credit", "indicator", "balance", "currency",
    "account", "reference", "customer_reference", "type", "name", "counterparty_account",
)  # fmt: skip
_KEYS = frozenset({
    "delimiter", "encoding", "decimal", "thousands", "date_format", "skip_rows", "footer_rows",
    "sign", "debit_values", "account", "currency", "order", "columns", "text_columns",
})  # fmt: skip


class CsvLayoutError(ValueError):
    """The mapping cannot be used, or the file does not fit it."""


@dataclass(frozen=True)
class CsvLayout:
    """How a bank writes its CSV.

    Attributes:
        columns: our field (see ``_FIELDS``) -> header in the file.
        text_columns: headers whose texts are the payment's text, joined in this order.
        sign: ``signed`` amounts; a column with an ``indicator`` (``debit_values`` are debits); or
            ``columns`` of their own for debit and credit.
        order: ``oldest_first`` or ``newest_first``; ``dates`` sees it by the booking dates.
        account, currency: for files that do not state them.
    """

    columns: dict[str, str]
    text_columns: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    decimal: str = "."
    thousands: str = ""
    date_format: str = "%Y-%m-%d"
    skip_rows: int = 0
    footer_rows: int = 0
    sign: Sign = "signed"
    debit_values: tuple[str, ...] = ("D", "DBIT", "DEBIT")
    account: str | None = None
    currency: str | None = None
    order: Literal["oldest_first", "newest_first", "dates"] = "dates"


def csv_layout(given: Mapping[str, Any]) -> CsvLayout:
    """The layout of ``options.csv``.

    Raises:
        CsvLayoutError: it names what is not known, or lacks what every file needs.
    """
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise CsvLayoutError(f"options.csv.{unknown[0]} is not known; use {sorted(_KEYS)}")
    columns = dict(given.get("columns", {}))
    strange = sorted(set(columns) - set(_FIELDS))
    if strange:
        raise CsvLayoutError(f"options.csv.columns.{strange[0]} is not known; use {_FIELDS}")
    sign = given.get("sign", "signed")
    wanted = {
        "signed": ("amount",), "indicator": ("amount", "indicator"),
        "columns": ("debit", "credit"),
    }.get(sign)  # fmt: skip
    if wanted is None:
        raise CsvLayoutError(f"options.csv.sign is {sign}; use signed, indicator or columns")
    for name in ("booking_date", *wanted):
        if name not in columns:
            raise CsvLayoutError(f"options.csv.columns lacks {name}")
    for name in ("account", "currency"):
        if name not in columns and not given.get(name):
            raise CsvLayoutError(f"options.csv gives no {name}, and no column of it")
    decimal = given.get("decimal", ".")
    layout = {key: given[key] for key in given if key not in ("columns", "text_columns")}
    layout["debit_values"] = tuple(given.get("debit_values", CsvLayout.debit_values))
    layout["thousands"] = given.get("thousands", {",": ".", ".": ","}[decimal])
    return CsvLayout(columns, tuple(given.get("text_columns", ())), **layout)


def read_mapped_csv(content: bytes, options: BankOptions) -> list[Statement]:
    """One statement for each account, currency and booking day of the file.

    Raises:
        CsvLayoutError: the file does not fit the mapping: charset, header, fields of a row.
    """
    layout = csv_layout(options.csv or {})
    frame = _rows(content, layout)
    rows = frame.rows(named=True)
    if layout.order == "newest_first" or (layout.order == "dates" and _falls(rows)):
        rows.reverse()
    days = sorted(rows, key=lambda row: (row["account"], row["currency"], row["booking_date"]))
    statements: list[Statement] = []
    for (account, currency, day), group in groupby(
        days, key=lambda row: (row["account"], row["currency"], row["booking_date"])
    ):
        statements.append(_statement(account, currency, day, list(group), options))
    return statements


def _rows(content: bytes, layout: CsvLayout) -> pl.DataFrame:
    """The rows under our names, decimals and dates in plain spelling, with their row."""
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise CsvLayoutError(
            f"row {row} is not {layout.encoding}: set options.csv.encoding"
        ) from error
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter))
    numbered = list(enumerate(lines, start=1))[layout.skip_rows :]
    numbered = [(number, line) for number, line in numbered if any(cell.strip() for cell in line)]
    if not numbered:
        raise CsvLayoutError(f"it has no header after {layout.skip_rows} rows")
    header = [name.strip() for name in numbered[0][1]]
    wanted = [*layout.columns.values(), *layout.text_columns]
    missing = [name for name in wanted if name not in header]
    if missing:
        raise CsvLayoutError(
            f"it has no column {', '.join(missing)}; its header (row {numbered[0][0]}) is "
            f"{layout.delimiter.join(header)}"
        )
    body = numbered[1 : len(numbered) - layout.footer_rows]
    # Some banks end each row, or only the header, with a delimiter.
    ragged = [number for number, line in body if len(line) < len(header) - (header[-1] == "")]
    if ragged:
        raise CsvLayoutError(
            f"rows with fewer fields than the header: {', '.join(map(str, ragged[:10]))}; "
            "rows below the table are told by options.csv.footer_rows"
        )
    place = {name: header.index(name) for name in wanted}
    data = {
        ours: [line[place[theirs]].strip() or None for _, line in body]
        for ours, theirs in layout.columns.items()
    }
    data["remittance"] = [
        "\n".join(line[place[name]].strip() for name in layout.text_columns
                  if line[place[name]].strip()) or None
        for _, line in body
    ]  # fmt: skip
    schema = dict.fromkeys(data, pl.String())
    frame = pl.DataFrame(data, schema=schema).with_columns(
        pl.Series("row", [number for number, _ in body], dtype=pl.Int64),
        *(
            pl.lit(None, dtype=pl.String).alias(name)
            for name in (*_FIELDS,)
            if name not in layout.columns
        ),
    )
    amounts = [c for c in ("amount", "debit", "credit", "balance") if c in layout.columns]
    dates = [c for c in ("booking_date", "value_date") if c in layout.columns]
    frame = frame.with_columns(
        *(decimal_text(name, layout.decimal, layout.thousands) for name in amounts),
        *(date_text(name, layout.date_format) for name in dates),
    )
    return frame.with_columns(
        _signed(layout).alias("amount"),
        pl.col("account").fill_null(pl.lit(layout.account)),
        pl.col("currency").fill_null(pl.lit(layout.currency)).str.to_uppercase(),
        pl.col("booking_date").fill_null(""),
    )


def _signed(layout: CsvLayout) -> pl.Expr:
    if layout.sign == "indicator":
        debit = pl.col("indicator").is_in(list(layout.debit_values))
        bare = pl.col("amount").str.replace(r"^-", "")
        return pl.when(debit).then("-" + bare).otherwise(bare)
    if layout.sign == "columns":
        # Some banks write the debit with its sign, some without; zero stands for nothing.
        debit = pl.col("debit").str.replace(r"^-", "")
        nothing = debit.is_null() | debit.str.contains(r"^0*\.?0*$")
        return pl.when(nothing).then(pl.col("credit")).otherwise("-" + debit)
    return pl.col("amount")


def _falls(rows: list[dict[str, Any]]) -> bool:
    return bool(rows) and rows[0]["booking_date"] > rows[-1]["booking_date"]


def _statement(
    account: str, currency: str, day: str, rows: list[dict[str, Any]], options: BankOptions
) -> Statement:
    seen: dict[str, int] = {}
    entries = tuple(_entry(row, seen, options) for row in rows)
    first, last = entries[0].amount, rows[-1]
    opening = _money(rows[0]["balance"])
    closing = _money(last["balance"])
    opened = None
    if isinstance(opening, Decimal) and isinstance(first, Decimal):
        # The running balance is the one after the line.
        opened = Balance(opening - first, None, currency)
    return Statement(
        row=rows[0]["row"],
        kind="statement",
        format="csv",
        account_id=account_of(account or "", currency, options.accounts),
        currency=currency,
        statement_id=f"csv/{day}",
        from_date=day or None,
        to_date=day or None,
        opening=opened,
        closing=Balance(closing, None, currency) if closing is not None else None,
        entries=entries,
        adds_up=False,
    )


def _entry(row: dict[str, Any], seen: dict[str, int], options: BankOptions) -> Entry:
    amount = _money(row["amount"])
    content = "\x1f".join(
        str(row[name]) for name in ("booking_date", "value_date", "amount", "balance", "reference")
    )
    # Where the bank gives no reference: what the line says, and which of several alike it is.
    seen[content] = seen.get(content, 0) + 1
    made = f"{sha256(content.encode()).hexdigest()[:16]}/{seen[content]}"
    return Entry(
        row=row["row"],
        amount=amount if amount is not None else "no amount",
        booking_date=row["booking_date"] or None,
        value_date=row["value_date"],
        bank_reference=row["reference"],
        customer_reference=row["customer_reference"],
        proprietary_code=row["type"],
        details=(
            Detail(
                amount=amount,
                amount_currency=row["currency"],
                bank_reference=row["reference"],
                payment_reference=options.reference_in(
                    row["customer_reference"], row["remittance"]
                ),
                counterparty_name=row["name"],
                counterparty_account=row["counterparty_account"],
                remittance=row["remittance"],
            ),
        ),
        entry_id=row["reference"] or made,
    )


def _money(text: str | None) -> Money:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return text
