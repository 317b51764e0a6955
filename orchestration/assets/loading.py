"""Source tables as assets: one multi-asset a kind of source, one asset a table."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from ingestion.contracts import tables_of_kind
from ingestion.sync import sync_once
from orchestration.assets.partitions import WRITER_POOL
from warehouse.errors import SourceError
from warehouse.settings import Settings


def raw_key(table: str) -> dg.AssetKey:
    """The key of a source table; dbt's source of the same name has it too."""
    return dg.AssetKey(["raw", table])


def loading_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """An asset for every source table of every kind of source that is configured."""
    kinds = sorted({source.kind for source in settings.sources})
    return [_kind_assets(settings, kind) for kind in kinds]


def _kind_assets(settings: Settings, kind: str) -> dg.AssetsDefinition:
    names = [source.name for source in settings.sources if source.kind == kind]

    @dg.multi_asset(
        name=f"load_{kind}",
        specs=[
            dg.AssetSpec(
                raw_key(table),
                group_name="sources",
                kinds={kind, "ducklake"},
                description=f"Rows of {table} as the source hands them over, append only.",
            )
            for table in tables_of_kind(kind)
        ],
        pool=WRITER_POOL,
    )
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        reports = [sync_once(settings, source=name) for name in names]
        for table in tables_of_kind(kind):
            loaded = [item for report in reports for item in report.tables if item.table == table]
            yield dg.MaterializeResult(
                asset_key=raw_key(table),
                metadata={
                    "rows_new": sum(item.rows_new for item in loaded),
                    "rows_changed": sum(item.rows_changed for item in loaded),
                    "rows_deleted": sum(item.rows_deleted for item in loaded),
                    "rows_quarantined": sum(item.rows_quarantined for item in loaded),
                    "sources": ", ".join(names),
                },
            )
        failed = [str(problem) for report in reports for problem in report.failures]
        if failed:
            raise SourceError("; ".join(failed), where=kind, todo="see daybook doctor")

    return load
