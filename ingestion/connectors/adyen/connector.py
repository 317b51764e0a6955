"""One pass over a folder of Adyen files: settlement detail reports, and webhooks as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ingestion.connectors.adyen.contract import NOTIFICATIONS, SETTLEMENT_LINES
from ingestion.connectors.adyen.notifications import read_notifications
from ingestion.connectors.adyen.settlement_reports import read_settlement_report
from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import FileRead
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.held_rows import held, query_held, report_standing
from ingestion.connectors.source_options import mapping_option
from ingestion.contracts import TableContract
from ingestion.problems import Problem

PATTERNS = ("*.csv", "*.xlsx", "*.xls", "*.json", "*.jsonl", "*.ndjson")
_MONEY = pl.Decimal(24, 8)
_JSON = (".json", ".jsonl", ".ndjson")


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before, then see whether batches net.

    Raises:
        SourceError: the folder cannot be read.
        SettingsError: ``options.time_zones`` is no table of names.
    """
    zones = mapping_option(context, "time_zones")

    def read(file: DroppedFile) -> Sequence[TableRows]:
        if file.path.suffix.lower() in _JSON:
            notified = read_notifications(file.path, file.sha256)
            return _rows(NOTIFICATIONS, notified)
        report = read_settlement_report(file.path, file.sha256, zones)
        if report is not None and report.frame is not None:
            doubled = _other_version(context, file.name, report.frame)
            if doubled is not None:
                return [TableRows(SETTLEMENT_LINES, None, [doubled])]
        return _rows(SETTLEMENT_LINES, report)

    sync_dropped_files(context, read, PATTERNS)
    report_standing(context, (SETTLEMENT_LINES,), open_batches)


def open_batches(context: PassContext) -> list[Problem]:
    """Batches whose net credits and debits do not cancel: lines of the report are missing.

    A batch ends in a payout or is carried over, so what went in has come out (Adyen: settlement
    detail report, "Net Debit"/"Net Credit" of a batch sum up to nothing).
    """
    rows = query_held(
        context,
        f"""
        SELECT merchant_account, batch_number, upper(net_currency) AS currency,
            sum(coalesce(net_credit, 0)) - sum(coalesce(net_debit, 0)) AS difference,
            min(_source_table) AS file
        FROM {held(SETTLEMENT_LINES)}
        GROUP BY ALL
        HAVING sum(coalesce(net_credit, 0)) <> sum(coalesce(net_debit, 0))
        ORDER BY merchant_account, batch_number, currency
        """,
    )
    return [
        Problem(
            SETTLEMENT_LINES.table,
            "error",
            f"Batch {batch} of {account} does not net to zero: credits less debits come to "
            f"{difference.normalize():f} {currency} ({file}).",
            "its lines are loaded, but some are missing: see quarantine, or deliver the report of "
            "that batch again, complete",
        )
        for account, batch, currency, difference, file in rows
    ]


def _other_version(context: PassContext, name: str, frame: pl.DataFrame) -> Problem | None:
    """A whole batch that is held whole already, under other references: it would count twice.

    A workbook whose long references lost digits, after the CSV of the same batch: both net, so
    nothing else would show it.
    """
    place = ["merchant_account", "batch_number"]
    moved = pl.col("net_credit").cast(_MONEY, strict=False).fill_null(0) - pl.col("net_debit").cast(
        _MONEY, strict=False
    ).fill_null(0)
    whole = frame.group_by(place).agg(moved.sum().alias("net"), "line_key").filter(net=0)
    if not whole.height:
        return None
    rows = query_held(
        context,
        f"""
        SELECT merchant_account, batch_number::VARCHAR, list(line_key), min(_source_table)
        FROM {held(SETTLEMENT_LINES)}
        GROUP BY ALL
        HAVING sum(coalesce(net_credit, 0)) = sum(coalesce(net_debit, 0))
        """,
    )
    known = {(account, batch): (set(keys), file) for account, batch, keys, file in rows}
    for account, batch, keys in whole.select(*place, "line_key").iter_rows():
        held_keys, file = known.get((account, batch), (set(keys), ""))
        if held_keys != set(keys):
            return Problem(
                SETTLEMENT_LINES.table,
                "error",
                f"{name} holds batch {batch} of {account} with other lines or references than "
                f"{file}, which was loaded before; both net, so it would count twice.",
                "nothing of it was loaded; keep Adyen's own CSV, and take this file away",
            )
    return None


def _rows(contract: TableContract, read: FileRead | None) -> Sequence[TableRows]:
    return [] if read is None else [TableRows(contract, read.frame, read.problems)]
