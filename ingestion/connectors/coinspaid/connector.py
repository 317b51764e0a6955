"""One pass over a folder of CoinsPaid callbacks: JSON, one a file, a list, or one a line.

Every callback is kept. Which state an operation has come to is a matter of the order of statuses,
never of the order in which callbacks arrived: see stg_coinspaid__transactions.
"""

from __future__ import annotations

from functools import partial

from ingestion.connectors.coinspaid.callbacks import read_callbacks
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import sync_dropped_files

PATTERNS = ("*.json", "*.jsonl", "*.ndjson")


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
    """
    sync_dropped_files(context, partial(read_callbacks, context), PATTERNS)
