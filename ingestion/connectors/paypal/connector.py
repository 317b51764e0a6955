"""One pass over a folder of PayPal downloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.held_rows import report_standing
from ingestion.connectors.localized_text import DateOrder
from ingestion.connectors.paypal.contract import BALANCE_CHECKS, TRANSACTIONS
from ingestion.connectors.paypal.downloads import Locale, read_download
from ingestion.connectors.running_balance import broken_balances
from ingestion.connectors.source_options import choice_option, mapping_option
from ingestion.problems import Problem

PATTERNS = ("*.csv", "*.tsv", "*.txt")


def sync(context: PassContext) -> None:
    """Load every download of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
        SettingsError: an option is not what it should be.
    """
    locale = _locale(context)

    def read(file: DroppedFile) -> Sequence[TableRows]:
        return read_download(file, locale)

    sync_dropped_files(context, read, PATTERNS)
    report_standing(context, (BALANCE_CHECKS,), _broken)


def _broken(context: PassContext) -> list[Problem]:
    return broken_balances(context, BALANCE_CHECKS, TRANSACTIONS.table)


def _locale(context: PassContext) -> Locale:
    order = choice_option(context, "date_order", ("dmy", "mdy", "ymd"))
    return Locale(
        date_order=cast(DateOrder | None, order),
        decimal=choice_option(context, "decimal", (",", ".")),
        encoding=str(context.source.options.get("encoding", "utf-8-sig")),
        columns=mapping_option(context, "columns"),
        zones=mapping_option(context, "time_zones"),
        filtered=choice_option(context, "files", ("complete", "filtered")) == "filtered",
    )
