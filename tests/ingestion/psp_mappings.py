"""Mappings for tests, as Python tables, and a way to read a file under one."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl

from ingestion.checks import CheckedBatch, check_batch
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.connectors.psp.connector import MappedFiles
from ingestion.connectors.psp.contract import contract_of
from ingestion.connectors.psp.mapping_file import read_mapping
from warehouse.settings import Settings, SourceSettings

BASE: dict[str, Any] = {
    "provider": "purse",
    "file": {"format": "csv", "patterns": ["*.csv"]},
    "columns": {
        "event_id": "id",
        "event_type": "type",
        "status": "state",
        "gross_currency": "ccy",
        "gross_amount": "amount",
        "fee_amounts": ["fee"],
        "event_time": "time",
        "batch_id": "batch",
        "payer_email": "mail",
    },
    "time": {"formats": ["%Y-%m-%d %H:%M:%S"], "zone": "UTC"},
    "sign": {"rule": "signed"},
    "statuses": {"Done": "settled", "Paid": "paid_out", "Open": "pending", "No": "declined"},
    "types": {"in": "deposit", "out": "withdrawal", "payout": "payout", "fix": "adjustment"},
}
HEADER = "id,type,state,ccy,amount,fee,time,batch,mail"


def mapping(**parts: Any) -> dict[str, Any]:
    """The base mapping with some parts changed; None in a part takes the key out."""
    made = deepcopy(BASE)
    for name, changes in parts.items():
        if not isinstance(changes, dict):
            made[name] = changes
            continue
        made.setdefault(name, {}).update(changes)
        made[name] = {key: value for key, value in made[name].items() if value is not None}
    return made


def source(
    folder: Path, options: dict[str, Any], name: str = "purse", tenant: str = "demo"
) -> SourceSettings:
    """A source of a mapped provider."""
    return SourceSettings(name=name, kind="psp", path=folder, options=options, tenant=tenant)


def read(path: Path, options: dict[str, Any]) -> TableRows:
    """What a file holds under a mapping, without a lake."""
    settings = Settings(home=path.parent / "home")
    stated = read_mapping(settings, source(path.parent, options))
    reader = MappedFiles(stated, contract_of(stated.mapping), "purse")
    [table] = reader.read(DroppedFile(path.name, path, ""))
    return table


def checked(path: Path, options: dict[str, Any]) -> CheckedBatch:
    """The rows of a file after the contract's checks."""
    table = read(path, options)
    assert table.frame is not None, table.problems
    return check_batch(table.contract, table.frame)


def good(path: Path, options: dict[str, Any], *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the rows that pass; amounts and times as texts."""
    frame = checked(path, options).good.sort("_n").select(columns)
    decimals = pl.selectors.decimal() | pl.selectors.temporal()
    return frame.with_columns(decimals.cast(pl.String)).rows()
