"""Source tables as assets: one multi-asset a kind of source, one asset a table."""

from collections.abc import Iterator

import dagster as dg

from ingestion.batch import LoadResult
from ingestion.connectors.registry import CONNECTORS
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
    tables = [contract.table for contract in CONNECTORS[kind].contracts]

    @dg.multi_asset(
        name=f"load_{kind}",
        specs=[
            dg.AssetSpec(
                raw_key(table),
                group_name="sources",
                kinds={kind, "ducklake"},
                description=f"Rows of {table} as the source hands them over, append only.",
            )
            for table in tables
        ],
        pool=WRITER_POOL,
    )
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        loads: list[LoadResult] = []
        reports = [
            report
            for name in names
            for report in sync_once(settings, source=name, progress=loads.append).sources
        ]
        for table in tables:
            of_table = [item for item in loads if item.table == table]
            yield dg.MaterializeResult(
                asset_key=raw_key(table),
                metadata={
                    "rows_new": sum(item.new for item in of_table),
                    "rows_changed": sum(item.changed for item in of_table),
                    "rows_deleted": sum(item.deleted for item in of_table),
                    "rows_quarantined": sum(item.quarantined for item in of_table),
                    "sources": ", ".join(names),
                },
            )
        failed = [f"{item.source}: {item.error}" for item in reports if item.error]
        if failed:
            raise SourceError("; ".join(failed), where=kind, todo="see `daybook doctor`")

    return load
