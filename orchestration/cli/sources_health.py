"""`daybook sync --status`: how each source fares."""

from __future__ import annotations

import datetime as dt

from ingestion.health import read_health
from orchestration.cli.output import print_json, print_table
from warehouse.settings import Settings


def show_health(settings: Settings, source: str | None, as_json: bool) -> bool:
    """Print the health of the sources, or of the one named; whether all are well.

    Raises:
        SettingsError: no source has that name.
    """
    chosen = settings.sources if source is None else [settings.source(source)]
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    healths = [read_health(settings, one) for one in chosen]
    if as_json:
        print_json([{**vars(health), "state": health.state(now)} for health in healths])
    else:
        print_table(
            f"sources at {now:%Y-%m-%d %H:%M:%S} UTC",
            ["source", "state", "last poll", "last success", "last load", "rows", "failures",
             "next try", "error"],
            [
                (
                    health.source,
                    health.state(now),
                    health.last_poll_at,
                    health.last_success_at,
                    health.last_load_at,
                    health.last_load_rows,
                    health.consecutive_failures,
                    health.next_try_at,
                    health.last_error,
                )
                for health in healths
            ],
        )  # fmt: skip
    return all(health.state(now) == "ok" for health in healths)
