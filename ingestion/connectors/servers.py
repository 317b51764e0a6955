"""The clock and the habits of each server, as staging joins them: meta.servers."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from warehouse.errors import SettingsError
from warehouse.settings import SourceSettings
from warehouse.writer import transaction


def require_clock(source: SourceSettings) -> None:
    """A server that does not tell its clock needs one in the settings.

    Raises:
        SettingsError: ``clock_zone`` is empty.
    """
    if not source.clock_zone:
        raise SettingsError(
            "MetaTrader 4 does not tell the clock of its server.",
            where=f"source {source.name}",
            todo="give clock_zone and clock_shift_minutes of the server",
        )


def record_server(context: PassContext, time_zone_minutes: int | None = None) -> None:
    """Replace the server's row by what the settings say, when that differs.

    Args:
        time_zone_minutes: what the server itself says its clock is ahead of UTC; None where it
            does not tell.
    """
    source = context.source
    place = [source.tenant, source.name]
    wanted = (
        *place,
        source.clock_zone,
        source.clock_shift_minutes,
        source.end_of_day_minutes,
        source.bonus_moves,
        source.internal_transfer_prefix,
        time_zone_minutes,
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
