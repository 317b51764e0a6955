"""One pass over a folder of Stripe files: API lists as JSON, itemised reports as CSV.

Files are merged by id: a transaction that turns from pending to available is a new version.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import read_csv
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.stripe.balance_lists import read_balance_list
from ingestion.connectors.stripe.contract import BALANCE_TRANSACTIONS, REPORT_LINES

PATTERNS = ("*.json", "*.jsonl", "*.ndjson", "*.csv")
# The report's name for the payout that took a line along.
_RENAMED = {"automatic_payout_id": "payout_id"}


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
    """
    sync_dropped_files(context, read_file, PATTERNS)


def read_file(file: DroppedFile) -> Sequence[TableRows]:
    """The rows of one file."""
    if file.path.suffix.lower() == ".csv":
        report = read_csv(file.path, REPORT_LINES, _RENAMED)
        return [TableRows(REPORT_LINES, report.frame, report.problems)]
    listed = read_balance_list(file.path)
    return [TableRows(BALANCE_TRANSACTIONS, listed.frame, listed.problems)]
