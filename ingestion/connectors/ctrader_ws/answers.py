"""What the web service answers, whether it came over HTTP or as a file: CSV tables, JSON lists."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.csv_files import FileRead, parse_csv
from ingestion.connectors.ctrader_ws.contract import (
    CLOSED_POSITIONS,
    OPEN_POSITIONS,
    SYMBOLS,
    TRADER_GROUPS,
    TRADERS,
)
from ingestion.contracts import TableContract
from ingestion.problems import Problem

LISTS = (TRADERS, TRADER_GROUPS, SYMBOLS)
# What closed positions have and open ones lack.
_CLOSING = frozenset({"dealid", "closetimestamp", "closeprice", "pnl"})
# A table with fewer of our columns is another table, not one that lacks some.
_FEWEST_KNOWN_COLUMNS = 5

# Fields of the service that are known and not loaded: settings of statements and IB schemes.
_NOT_LOADED = frozenset(
    {
        "defaultIbCommissionsType",
        "defaultIntroducingBrokerCommissionRate",
        "defaultPocketCommissionRate",
        "defaultPocketMarkupRate",
        "defaultRebateRate",
        "defaultSplitRevenue",
        "description",
        "frenchRisk",
        "ibCommissionsType",
        "isLimitedRisk",
        "lastConnectionTimestamp",
        "limitedRisk",
        "limitedRiskMarginCalculationStrategy",
        "maxLeverage",
        "pocketCommissionRate",
        "pocketMarkupRate",
        "ranks",
        "sendOwnStatement",
        "sendStatementToBroker",
        "splitRevenue",
        "totalMarginCalculationType",
    }
)


def contract_of_csv(content: bytes) -> TableContract | None:
    """Closed or open positions, told by the header; None for any other table."""
    header = _header(content)
    closed, opened = (
        len(header & {column.source.lower() for column in contract.columns})
        for contract in (CLOSED_POSITIONS, OPEN_POSITIONS)
    )
    if max(closed, opened) < _FEWEST_KNOWN_COLUMNS:
        return None
    return CLOSED_POSITIONS if header & _CLOSING else OPEN_POSITIONS


def lacks_columns(content: bytes, contract: TableContract) -> bool:
    """Whether a CSV answer has a header, and a required column is not in it."""
    header = _header(content)
    return bool(header) and any(
        column.required and column.source.lower() not in header for column in contract.columns
    )


def _header(content: bytes) -> set[str]:
    first = content.decode("utf-8-sig", "replace").split("\n", 1)[0]
    return {name.strip().lower() for name in next(csv.reader([first]), [])}


def read_positions(content: bytes, name: str, contract: TableContract) -> FileRead:
    """Rows of a CSV answer; the header names the columns, whatever their order."""
    return parse_csv(content, name, contract)


def contract_of_json(content: bytes) -> TableContract | None:
    """Which list a JSON answer holds; None for any other JSON.

    Raises:
        ValueError: it is no JSON.
    """
    whole = json.loads(content.decode("utf-8-sig"))
    found = [c for c in LISTS if isinstance(whole, dict) and c.source_table in whole]
    return found[0] if len(found) == 1 else None


def read_list(content: bytes, name: str, contract: TableContract) -> FileRead:
    """Rows of a JSON answer: ``{"trader": [...]}``; values stay the texts they were written as.

    The row number is the position in the list.
    """
    try:
        items = json.loads(content.decode("utf-8-sig"), parse_float=str)[contract.source_table]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise TypeError("it is no list of objects")
    except (ValueError, KeyError, TypeError) as error:
        what = f"{name} is no list of {contract.source_table}: {error}."
        todo = "ask for it again; nothing of it was loaded"
        return FileRead(None, "", [Problem(contract.table, "error", what, todo)])
    flat = [dict(_fields(item)) for item in items]
    columns = {c.target: [row.get(c.source) for row in flat] for c in contract.columns}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String())).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.Series(SOURCE_ROW, range(1, len(flat) + 1), dtype=pl.Int64),
    )
    return FileRead(frame, "", _problems(contract, name, items))


def _problems(contract: TableContract, name: str, items: list[dict[str, Any]]) -> list[Problem]:
    named = {field for item in items for field in item}
    known = {c.source.split(".")[0] for c in contract.columns} | _NOT_LOADED
    missing = [c.source for c in contract.columns if c.required and c.source not in named]
    problems = []
    if named - known:
        problems.append(
            Problem(
                contract.table,
                "warning",
                f"{name} has fields that are not loaded: {', '.join(sorted(named - known))}.",
                "nothing, unless one of them is wanted: then add it to the contract",
            )
        )
    if items and missing:
        problems.append(
            Problem(
                contract.table,
                "error",
                f"{name} has no field {', '.join(missing)}.",
                "check the version of the web service; nothing of it was loaded",
            )
        )
    return problems


def _fields(item: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in item.items():
        if isinstance(value, dict):
            yield name, json.dumps(value, sort_keys=True)
            for inner, text in _fields(value):
                yield f"{name}.{inner}", text
        elif isinstance(value, list):
            yield name, json.dumps(value, sort_keys=True)
        elif isinstance(value, bool):
            yield name, str(value).lower()
        else:
            yield name, None if value is None else str(value)
