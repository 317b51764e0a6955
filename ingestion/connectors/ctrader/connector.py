"""One pass over cTrader: the Open API itself, or a folder of its messages."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.connectors.ctrader.balance_versions import check_balance_versions
from ingestion.connectors.ctrader.live import sync_live
from ingestion.connectors.ctrader.message_files import PATTERNS, read_file
from ingestion.connectors.ctrader.references import check_references
from ingestion.connectors.dropped_files import sync_dropped_files
from ingestion.connectors.servers import record_server


def sync(context: PassContext) -> None:
    """Load what is new; ``url`` reads the Open API, ``path`` a folder of message files.

    Raises:
        SourceError: the server or the folder cannot be read; what was committed stays.
    """
    if context.source.url or context.source.url_env:
        sync_live(context)
    else:
        if context.sweep:
            record_server(context)
        sync_dropped_files(context, read_file, PATTERNS)
    if not context.stopping():
        check_balance_versions(context)
        check_references(context)
