"""One pass over a folder of MT5 files: deals exports of the Manager, reports of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.mt5_files.contract import DEALS, REPORTS
from ingestion.connectors.mt5_files.deals_export import read_deals_export
from ingestion.connectors.mt5_files.history_report import read_history_report
from ingestion.connectors.number_texts import Mark
from ingestion.connectors.refusals import FileRefusedError
from ingestion.connectors.servers import record_server
from warehouse.errors import SettingsError

_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
_TEXTS = (".csv", ".txt", ".tsv")


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
        SettingsError: the clock or an option cannot be.
    """
    if not context.source.clock_zone:
        raise SettingsError(
            "A source of files cannot ask the platform for its clock: clock_zone is empty.",
            where=f"source {context.source.name}",
            todo="state clock_zone and clock_shift_minutes of the trading server",
        )
    record_server(context)
    reader = partial(
        read_file, mark=_decimal_mark(context), server=context.source.options.get("server")
    )
    sync_dropped_files(context, reader)


def read_file(
    file: DroppedFile, mark: Mark | None = None, server: object = None
) -> Sequence[TableRows]:
    """The rows of one file, or the reason why there are none.

    Args:
        mark: the decimal mark of text exports; None tells it from the file.
        server: the platform's name of the server; a report of another one is refused.
    """
    suffix = file.path.suffix.lower()
    if suffix in _WORKBOOKS:
        try:
            return read_history_report(file, None if server is None else str(server))
        except FileRefusedError as refusal:
            return [refusal.rows_of(REPORTS)]
    if suffix in _TEXTS:
        try:
            return read_deals_export(file, mark)
        except FileRefusedError as refusal:
            return [refusal.rows_of(DEALS)]
    return []


def _decimal_mark(context: PassContext) -> Mark | None:
    stated = context.source.options.get("decimal_mark")
    if stated is None:
        return None
    if stated == ".":
        return "."
    if stated == ",":
        return ","
    raise SettingsError(
        f"options.decimal_mark is neither a point nor a comma: {stated}.",
        where=f"source {context.source.name}",
        todo='give "." or ",", or leave it out: most files tell it themselves',
    )
