"""The clock and the habits of each server, as staging joins them: meta.servers."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from warehouse.writer import transaction


def record_server(context: PassContext) -> None:
    """Replace the server's row by what the settings and mt5_time say, when that differs."""
    source = context.source
    place = [source.tenant, source.name]
    zone = context.con.execute(
        "SELECT min(time_zone) FROM lake.raw.mt5_time WHERE _tenant_id = ? AND _source = ?", place
    ).fetchone()
    wanted = (
        *place,
        source.clock_zone,
        source.clock_shift_minutes,
        source.end_of_day_minutes,
        source.bonus_moves,
        source.internal_transfer_prefix,
        zone[0] if zone else None,
    )
    held = context.con.execute(
        "SELECT * FROM lake.meta.servers WHERE tenant_id = ? AND server_id = ?", place
    ).fetchall()
    if held == [wanted]:
        return
    with transaction(context.con, f"server {source.name}", context.settings, source=source.name):
        context.con.execute(
            "DELETE FROM lake.meta.servers WHERE tenant_id = ? AND server_id = ?", place
        )
        context.con.execute(
            "INSERT INTO lake.meta.servers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(wanted)
        )
