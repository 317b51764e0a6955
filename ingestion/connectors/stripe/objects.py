"""Objects of Stripe's API in files: lists, arrays, JSON lines, single objects, and events.

An event carries the object it is about in ``data.object``: a payout, dispute or refund is taken
from there too, as of the event's ``created``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.dropped_files import TableRows
from ingestion.connectors.json_files import UnreadableJsonError, object_of, read_json, text_of
from ingestion.connectors.stripe.contract import (
    BALANCE_TRANSACTIONS,
    DISPUTES,
    EVENTS,
    OBJECTS,
    PAYOUTS,
    REFUNDS,
)
from ingestion.contracts import TableContract
from ingestion.problems import Problem

_IN_EVENTS = {"payout": PAYOUTS, "dispute": DISPUTES, "refund": REFUNDS}
_FROM_A_LIST = "list"
Row = dict[str, str | int | None]


def read_objects(path: Path) -> Sequence[TableRows]:
    """The objects of a file by table; a refused table when it cannot be parsed.

    The row number is the position in the list, or the line of a JSON lines file.
    """
    try:
        objects = _objects(path)
    except (UnreadableJsonError, TypeError) as error:
        return [
            TableRows(
                BALANCE_TRANSACTIONS,
                None,
                [
                    Problem(
                        BALANCE_TRANSACTIONS.table,
                        "error",
                        f"{path.name} is not a list of Stripe objects: {error}.",
                        "export it again; nothing of the file was loaded",
                    )
                ],
            )
        ]
    rows: dict[str, list[Row]] = defaultdict(list)
    others: Counter[str] = Counter()
    for number, item in objects:
        kind = _kind(item)
        if kind not in OBJECTS:
            others[kind] += 1
            continue
        rows[kind].append(_row(OBJECTS[kind], item, number, _FROM_A_LIST, None))
        if kind == "event":
            carried = object_of(object_of(item.get("data")).get("object"))
            about = _IN_EVENTS.get(str(carried.get("object")))
            if about is not None:
                rows[about.source_table].append(
                    _row(about, carried, number, text_of(item.get("id")), item.get("created"))
                )
    problems = _left_out(path.name, others)
    # Events last: what they are about is held before the file counts as taken.
    tables = [contract for kind, contract in OBJECTS.items() if rows[kind]] or [EVENTS]
    return [
        TableRows(
            contract,
            _frame(path.name, contract, rows[contract.source_table]),
            problems if contract is tables[0] else (),
        )
        for contract in tables
    ]


def _objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    documents = read_json(path)
    if len(documents) == 1 and documents[0][0] == 1:
        only = documents[0][1]
        if isinstance(only, dict) and isinstance(only.get("data"), list):
            only = only["data"]
        items = list(enumerate(only if isinstance(only, list) else [only], start=1))
    else:
        items = documents
    for number, item in items:
        if not isinstance(item, dict):
            raise TypeError(f"entry {number} is no object")
    return items


def _kind(item: dict[str, Any]) -> str:
    kind = item.get("object")
    if kind is None:
        return "balance_transaction" if str(item.get("id")).startswith("txn_") else "without a kind"
    return str(kind)


def _row(
    contract: TableContract,
    item: dict[str, Any],
    number: int,
    stated_by: str | None,
    stated_at: object,
) -> Row:
    row: Row = {column.target: _value(item, column.source) for column in contract.columns}
    if contract.source_table in _IN_EVENTS:
        row |= {"stated_by": stated_by, "stated_at": text_of(stated_at)}
    return row | {SOURCE_ROW: number}


def _value(item: dict[str, Any], path: str) -> str | None:
    """The value at a dotted path; of an expanded object its id, of a list the ids in it."""
    value: object = item
    for name in path.split("."):
        value = object_of(value).get(name)
    if isinstance(value, dict):
        return text_of(value.get("id"))
    if isinstance(value, list):
        ids = [_value({"of": entry}, "of") or "" for entry in value]
        return ",".join(ids) or None
    return text_of(value)


def _frame(name: str, contract: TableContract, rows: list[Row]) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {c.target: pl.String() for c in contract.columns}
    schema[SOURCE_ROW] = pl.Int64()
    columns = {column: [row[column] for row in rows] for column in schema}
    return pl.DataFrame(columns, schema=schema).with_columns(pl.lit(name).alias(SOURCE_TABLE))


def _left_out(name: str, others: Counter[str]) -> list[Problem]:
    if not others:
        return []
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
    return [
        Problem(
            BALANCE_TRANSACTIONS.table,
            "warning",
            f"{name} holds objects that are not loaded: {counted}.",
            "nothing, if they are expected there",
        )
    ]
