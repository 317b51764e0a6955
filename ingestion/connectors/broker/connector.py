"""One pass over the broker's own reference files."""

from __future__ import annotations

from ingestion.connectors.broker.contract import CONTRACTS, SYMBOLS
from ingestion.connectors.context import PassContext
from ingestion.connectors.full_exports import holds_rows, sync_folder


def sync(context: PassContext) -> None:
    """Load groups.csv, desks.csv and, where a platform needs it, symbols.csv.

    Raises:
        SourceError: the folder cannot be read.
    """
    folder = context.source.path
    is_needed = folder is None or (folder / f"{SYMBOLS.source_table}.csv").is_file()
    if is_needed or holds_rows(context, SYMBOLS):
        sync_folder(context, CONTRACTS)
    else:
        # Most platforms export their symbols: a file that nobody needs is not missed.
        sync_folder(context, tuple(c for c in CONTRACTS if c is not SYMBOLS))
