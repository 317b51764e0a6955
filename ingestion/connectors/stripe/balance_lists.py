"""Balance transactions as the API lists them: a list object, a plain array, or JSON lines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.csv_files import FileRead
from ingestion.connectors.stripe.contract import BALANCE_TRANSACTIONS
from ingestion.problems import Problem


def read_balance_list(path: Path) -> FileRead:
    """The balance transactions of a file; ``frame`` is None when it cannot be parsed.

    The row number is the position in the list, or the line of a JSON lines file.
    """
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        objects = _objects(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
        return FileRead(
            None,
            sha256,
            [
                Problem(
                    BALANCE_TRANSACTIONS.table,
                    "error",
                    f"{path.name} is not a list of balance transactions: {error}.",
                    "export it again; nothing of the file was loaded",
                )
            ],
        )
    kept = [(row, o) for row, o in objects if o.get("object", "balance_transaction") == _KIND]
    problems = []
    if len(kept) < len(objects):
        problems.append(
            Problem(
                BALANCE_TRANSACTIONS.table,
                "warning",
                f"{path.name} holds {len(objects) - len(kept)} objects that are no balance "
                "transactions; they were not loaded.",
                "nothing, if they are expected there",
            )
        )
    columns = {
        column.target: [_text(o.get(column.source)) for _, o in kept]
        for column in BALANCE_TRANSACTIONS.columns
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())).with_columns(
        pl.lit(path.name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, [row for row, _ in kept], dtype=pl.Int64),
    )
    return FileRead(frame, sha256, problems)


_KIND = "balance_transaction"


def _objects(text: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        parsed = None
    if parsed is None:
        items = [
            (number, json.loads(line))
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        ]
    else:
        if isinstance(parsed, dict) and isinstance(parsed.get("data"), list):
            parsed = parsed["data"]
        items = list(enumerate(parsed if isinstance(parsed, list) else [parsed], start=1))
    for number, item in items:
        if not isinstance(item, dict):
            raise TypeError(f"entry {number} is no object")
    return items


def _text(value: object) -> str | None:
    if isinstance(value, dict):
        # An expanded reference: its id is what it stood for.
        value = value.get("id")
    return None if value is None else str(value)
