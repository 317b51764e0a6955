"""One pass over a folder of Onfido webhooks and API objects: JSON, one a file or a line."""

from __future__ import annotations

from functools import partial

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import sync_dropped_files
from ingestion.connectors.onfido.events import read_events

PATTERNS = ("*.json", "*.jsonl", "*.ndjson")


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
    """
    sync_dropped_files(context, partial(read_events, context), PATTERNS)
