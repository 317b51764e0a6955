"""One pass over the broker's cTrader web service: over HTTP, or a folder of its answers."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.connectors.ctrader_ws.answer_files import PATTERNS, read_file
from ingestion.connectors.ctrader_ws.live import sync_live
from ingestion.connectors.dropped_files import sync_dropped_files


def sync(context: PassContext) -> None:
    """Load what is new; ``url`` asks the service, ``path`` reads a folder of its answers.

    Raises:
        SourceError: the service or the folder cannot be read; what was committed stays.
    """
    if context.source.url or context.source.url_env:
        sync_live(context)
    else:
        sync_dropped_files(context, read_file, PATTERNS)
