"""One pass over a CRM: a folder of full CSV exports, its SQL tables, or its REST API."""

from __future__ import annotations

import polars as pl

from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.contract import CONTRACTS
from ingestion.connectors.crm.tables import sync_tables
from ingestion.connectors.full_exports import FileForm, sync_folder
from ingestion.connectors.mapping import mapping_of
from ingestion.contracts import TableContract


def sync(context: PassContext) -> None:
    """Load the CRM: by its API where ``url`` is http(s), by SQL where it is another, else files.

    Raises:
        SourceError: the folder, the database or the API cannot be read.
        SettingsError: the mapping cannot be used.
    """
    mapping = mapping_of(context, CONTRACTS)
    url = context.source.database_url()
    if url is not None and url.startswith(("http://", "https://")):
        # The reader's library takes a second to import: only where there is an API to read.
        from ingestion.connectors.crm.rest_api import sync_endpoints

        sync_endpoints(context, url, mapping)
        return
    if url is not None:
        sync_tables(context, url, mapping)
        return
    tables = {contract.table: mapping.of(contract) for contract in CONTRACTS}

    def shaped(contract: TableContract, frame: pl.DataFrame) -> pl.DataFrame:
        return tables[contract.table].shaped(frame)

    form = FileForm(mapping.delimiter, shaped, mapping.fingerprint)
    sync_folder(context, tuple(table.contract for table in tables.values()), form)
