"""What Dagster runs: source tables, dbt models, gates, statements and filings as assets."""

from __future__ import annotations

import dagster as dg


@dg.definitions
def daybook() -> dg.Definitions:
    """All assets, the daily job, and a schedule at each trading server's end of day."""
    from orchestration.assets.books import books_assets
    from orchestration.assets.closing import closing_assets
    from orchestration.assets.exporting import exporting_assets
    from orchestration.assets.loading import loading_assets
    from orchestration.schedules import daily_job, end_of_day_schedules
    from warehouse.settings import load_settings

    settings = load_settings()
    return dg.Definitions(
        assets=[
            *loading_assets(settings),
            *books_assets(settings),
            *closing_assets(settings),
            *exporting_assets(settings),
        ],
        jobs=[daily_job()],
        schedules=end_of_day_schedules(settings),
    )
