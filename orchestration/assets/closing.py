"""The gates and the publishing of one business day."""

import datetime as dt

import dagster as dg

from orchestration.assets.partitions import DAYS, WRITER_POOL
from orchestration.close import publish_built
from warehouse.settings import Settings

PUBLISHED_DAYS = dg.AssetKey(["meta", "published_days"])


def closing_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The published day: identities and gates pass, then readers may see it."""

    @dg.asset(
        key=PUBLISHED_DAYS,
        deps=[
            dg.AssetKey(["meta", "identities"]),
            dg.AssetKey(["finance", "fct_account_days"]),
            dg.AssetKey(["finance", "fct_daily_pnl"]),
            dg.AssetKey(["finance", "fct_open_positions"]),
            dg.AssetKey(["partners", "fct_commission_ledger"]),
            dg.AssetKey(["compliance", "fct_alerts"]),
        ],
        partitions_def=DAYS,
        group_name="closing",
        pool=WRITER_POOL,
        description="The business day, checked by the gates and published with its snapshot.",
    )
    def published_days(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        day = dt.date.fromisoformat(context.partition_key)
        result = publish_built(settings, through=day, closed_by="dagster")
        return dg.MaterializeResult(
            metadata={
                "days": len(result.days),
                "restated": len(result.republished),
                "snapshot": result.snapshot_id or 0,
            }
        )

    return [published_days]
