"""One pass over a MetaTrader 5 SQL export."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.connectors.database import source_database
from ingestion.connectors.mt5.contract import CONTRACTS, TIME
from ingestion.connectors.servers import record_server
from ingestion.connectors.sql_tables.passes import find_tables, read_tables
from warehouse.errors import SourceError


def sync(context: PassContext) -> None:
    """Load what changed; with ``context.sweep`` also reconcile and compare control totals.

    Raises:
        SourceError: the database cannot be reached or read; what was committed stays.
    """
    url = context.source.database_url()
    if url is None:
        raise SourceError("An mt5 source needs a database URL.", where=context.source.name)
    schema = context.source.options.get("schema")
    with source_database(context, url, schema) as database:
        tables = find_tables(context, database, CONTRACTS)
        read_tables(context, database, [tables[TIME.table]])
        if context.sweep:
            # After mt5_time, before the first row that is read by this clock.
            record_server(context, _time_zone_minutes(context))
        read_tables(context, database, [tables[c.table] for c in CONTRACTS if c is not TIME])


def _time_zone_minutes(context: PassContext) -> int | None:
    """What mt5_time says the server's clock is ahead of UTC without daylight saving."""
    row = context.con.execute(
        "SELECT min(time_zone) FROM lake.raw.mt5_time WHERE _tenant_id = ? AND _source = ?",
        [context.source.tenant, context.source.name],
    ).fetchone()
    return row[0] if row else None
