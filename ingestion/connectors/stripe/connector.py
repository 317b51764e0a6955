"""One pass over a folder of Stripe files: API objects and events as JSON, reports as CSV.

Files are merged by id: a transaction that turns from pending to available is a new version.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import read_csv
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.held_rows import report_standing
from ingestion.connectors.stripe.contract import REPORT_LINES
from ingestion.connectors.stripe.objects import read_objects
from ingestion.connectors.stripe.payouts import TABLES, payouts_that_do_not_net

PATTERNS = ("*.json", "*.jsonl", "*.ndjson", "*.csv")
# The report's name for the payout that took a line along.
_RENAMED = {"automatic_payout_id": "payout_id"}


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before, then see whether payouts net.

    Raises:
        SourceError: the folder cannot be read.
    """
    sync_dropped_files(context, read_file, PATTERNS)
    report_standing(context, TABLES, payouts_that_do_not_net)


def read_file(file: DroppedFile) -> Sequence[TableRows]:
    """The rows of one file."""
    if file.path.suffix.lower() == ".csv":
        report = read_csv(file.path, REPORT_LINES, _RENAMED)
        return [TableRows(REPORT_LINES, report.frame, report.problems)]
    return read_objects(file.path)
