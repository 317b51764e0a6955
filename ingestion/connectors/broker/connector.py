"""One pass over the broker's own reference files."""

from __future__ import annotations

from ingestion.connectors.broker.contract import CONTRACTS
from ingestion.connectors.context import PassContext
from ingestion.connectors.full_exports import sync_folder


def sync(context: PassContext) -> None:
    """Load groups.csv and desks.csv.

    Raises:
        SourceError: the folder cannot be read.
    """
    sync_folder(context, CONTRACTS)
