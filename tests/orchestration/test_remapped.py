"""A changed mapping restates the days it touches, and only those, without a full refresh."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.sync import sync_once
from orchestration.close import close
from quality.checks import run_checks
from quality.restatements import restatement_lines
from tests.orchestration.daily import figures, rebuild_whole, rows
from warehouse.connection import connect
from warehouse.settings import Settings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

LEDGER = (
    "finance.fct_journal_entries",
    "finance.fct_ledger_days",
    "finance.fct_lp_fills",
    "finance.fct_lp_reconciliation",
    "metrics.fct_traded_days",
    "meta.identities",
)


def groups_file(settings: Settings) -> Path:
    """The broker's own file that says which group belongs to which book."""
    assert settings.config_path is not None
    return next(settings.config_path.parent.rglob("groups.csv"))


def everything(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """The daily books and what else is filed by book, entity or instrument."""
    found = figures(settings)
    with connect("read", settings=settings) as con:
        for table in LEDGER:
            found[table] = con.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
    return found


def test_a_remapped_group_restates_its_days_from_the_day_it_says(broker: Settings) -> None:
    [(last,)] = rows(broker, "SELECT max(business_date) FROM meta.published")
    moved = last - dt.timedelta(days=9)
    path = groups_file(broker)
    with path.open(encoding="utf-8", newline="") as file:
        header, *held = list(csv.reader(file))
    [old] = [row for row in held if row[:2] == ["mt5_live", "real\\B-%"]]
    new = dict(zip(header, old, strict=True)) | {
        "book": "A", "legal_entity": "Harbour Lane Prime Ltd", "valid_from": moved.isoformat(),
    }  # fmt: skip
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow([new[name] for name in header])
    by_book = f"""
        SELECT business_date < DATE '{moved}', book, count(*) FROM finance.fct_daily_pnl
        WHERE server_id = 'mt5_live' AND account_key IN (
            SELECT account_key FROM canonical.can_accounts WHERE group_name LIKE 'real\\B-%'
                AND group_name NOT LIKE 'real\\B-cent-%'
        ) GROUP BY ALL ORDER BY ALL
    """
    before = rows(broker, by_book)
    assert {book for _, book, _ in before} == {"B"}
    sync_once(broker)
    result = close(broker)
    assert {book for earlier, book, _ in rows(broker, by_book) if earlier} == {"B"}
    assert {book for earlier, book, _ in rows(broker, by_book) if not earlier} == {"A"}
    # days before the new mapping's first are not published again
    assert min(day for _, _, day in result.republished) >= moved
    # what the simulator knows of a book is from before the mapping
    broken = {check.id for check in run_checks(broker) if check.broken}
    assert {name for name in broken if not name.startswith("truth_")} == set()
    lines = restatement_lines(broker).filter(pl.col("mart_name") == "finance.fct_daily_pnl")
    assert set(lines["causes"]) == {"mapping_change"}
    incremental = everything(broker)
    rebuild_whole(broker)
    again = everything(broker)
    moved = {
        name: (set(again[name]) - set(incremental[name]), set(incremental[name]) - set(again[name]))
        for name in again
        if again[name] != incremental[name]
    }
    assert moved == {}
