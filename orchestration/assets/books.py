"""dbt's models as assets, their tests as asset checks."""

from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration.assets.loading import raw_key
from orchestration.assets.partitions import WRITER_POOL
from orchestration.build import BuildTestsFailedError, ModelsFailedError, build
from orchestration.dbt_runner import DBT_PROJECT, NodeResult, run_dbt, target_path
from warehouse.settings import Settings


class _Translator(DagsterDbtTranslator):
    """Sources of dbt are the loaded tables; models are grouped by their folder."""

    def get_asset_key(self, dbt_resource_props: Any) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return raw_key(dbt_resource_props["name"])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Any) -> str | None:
        return str(dbt_resource_props["schema"])


def manifest_path(settings: Settings) -> Path:
    """dbt's manifest of this installation, parsed where it is missing or older than the project."""
    path = target_path(settings) / "manifest.json"
    newest = max(
        (
            file.stat().st_mtime
            for folder in ("models", "macros", "seeds", "tests")
            for file in (DBT_PROJECT / folder).rglob("*")
        ),
        default=0.0,
    )
    if not path.is_file() or path.stat().st_mtime < newest:
        run_dbt(settings, ["parse"])
    return path


def books_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Every dbt model, built as `daybook build` builds them."""

    @dbt_assets(
        manifest=manifest_path(settings),
        name="books",
        dagster_dbt_translator=_Translator(),
        pool=WRITER_POOL,
    )
    def books(context: dg.AssetExecutionContext) -> Iterator[Any]:
        keys = context.selected_asset_keys
        only = sorted(key.path[-1] for key in keys) if context.is_subset else []
        try:
            nodes = build(settings, only=only, told=context.log.info).nodes
        except (ModelsFailedError, BuildTestsFailedError) as error:
            yield from _events(context, error.nodes)
            raise
        yield from _events(context, nodes)

    return [books]


def _events(context: dg.AssetExecutionContext, nodes: list[NodeResult]) -> Iterator[Any]:
    """What Dagster is told of models and tests: a model after those it reads, and only then.

    What the build left as it was made before, as it does with views, is as new as the rest.
    """
    results = {node.name: node for node in nodes}
    selected, new = context.selected_asset_keys, set[dg.AssetKey]()
    parents = {key: context.assets_def.asset_deps[key] & selected for key in sorted(selected)}
    for key in TopologicalSorter(parents).static_order():
        node = results.get(key.path[-1])
        if not parents[key] <= new:
            continue
        if node is None or node.status == "success":
            new.add(key)
            yield dg.MaterializeResult(
                asset_key=key, metadata={"seconds": round(node.seconds, 3)} if node else {}
            )
    for check in sorted(context.selected_asset_check_keys):
        node = results.get(check.name)
        if node is not None and node.status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=node.status in ("pass", "warn"),
                metadata={"seconds": round(node.seconds, 3), "failures": node.failures or 0},
            )
