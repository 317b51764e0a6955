"""dbt's models as assets, their tests as asset checks."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from orchestration.assets.loading import raw_key
from orchestration.assets.partitions import WRITER_POOL
from orchestration.build import BUILD_COMMAND, begin_build, finish_build
from orchestration.dbt_runner import DBT_PROJECT, dbt_environment, run_dbt, target_path
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


def dbt_resource(settings: Settings) -> DbtCliResource:
    """dbt as Dagster calls it, on this installation's lake."""
    return DbtCliResource(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
        target="embedded" if settings.catalog_url is None else "server",
    )


def books_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Every dbt model, built in one dbt command that is recorded like `daybook build`."""

    @dbt_assets(
        manifest=manifest_path(settings),
        name="books",
        dagster_dbt_translator=_Translator(),
        pool=WRITER_POOL,
    )
    def books(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        start = begin_build(settings)
        os.environ.update(dbt_environment(settings, start.watermark_to))
        variables = yaml.safe_dump(start.variables, default_flow_style=True, width=10**6)
        status = "failed"
        try:
            invocation = dbt.cli(
                [*BUILD_COMMAND, "--vars", variables],
                context=context,
                target_path=target_path(settings) / "dagster",
            )
            yield from invocation.stream()
            # A selection of models leaves the rest at their old watermark.
            status = "done" if not context.is_subset else "partial"
        finally:
            finish_build(settings, start, status)

    return [books]
