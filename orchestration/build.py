"""Building the books: pin what was loaded, let dbt rebuild what it touched, record the build."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingestion.maintenance import maintain
from ingestion.source_state import NEWEST_LOAD
from orchestration.control_state import is_control_state_held, load_control_state
from orchestration.dbt_runner import (
    DbtResult,
    NodeResult,
    conversion_variables,
    project_digest,
    run_dbt,
    target_path,
    tests_of_unchanged_rows,
)
from orchestration.live_views import ensure_live_views
from orchestration.views import make_views
from warehouse.code_version import code_version
from warehouse.connection import connect
from warehouse.errors import CheckFailedError, DaybookError
from warehouse.lake_statistics import note_empty_tables
from warehouse.live import LAST_BUILT
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction

_AT_ONCE = 2
"""Models and tests of one more day that run side by side."""
BUILD_COMMAND = ["build", "--exclude-resource-type", "unit_test"]


@dataclass(frozen=True)
class BuildStart:
    """A build that has begun: it sees loads up to ``watermark_to``, and those after
    ``watermark_from`` are what it has to work in."""

    build_id: int
    watermark_from: int
    watermark_to: int
    started_at: dt.datetime
    variables: dict[str, Any]


@dataclass(frozen=True)
class BuildResult:
    """One build: which loads it read and which snapshot holds what it made."""

    build_id: int
    watermark_from: int
    watermark_to: int
    snapshot_id: int
    models_built: int
    tests_passed: int
    seconds: float
    model_seconds: float
    nodes: list[NodeResult]


class ModelsFailedError(DaybookError):
    """Models could not be built; ``nodes`` has what became of each model and test."""

    nodes: list[NodeResult]


class BuildTestsFailedError(CheckFailedError):
    """Tests of what was built failed; ``nodes`` has what became of each model and test."""

    nodes: list[NodeResult]


def begin_build(settings: Settings) -> BuildStart:
    """Record that a build starts, and pin the loads it may see.

    Raises:
        DaybookError: nothing is loaded yet.
    """
    started = dt.datetime.now(dt.UTC)
    with connect("write", settings=settings) as con:
        load_control_state(con, settings)
        # Whoever loads without the service (a timer, Dagster) leaves small files too.
        try:
            maintain(con, settings)
        except (DaybookError, duckdb.Error, OSError) as failure:
            print(f"small files were not joined: {failure}", file=sys.stderr, flush=True)
        watermark_to = _scalar(con, "SELECT max(load_id) FROM lake.meta.loads")
        if watermark_to is None:
            raise DaybookError(
                "Nothing is loaded yet.",
                where=str(settings.warehouse_path),
                todo="run `daybook sync --once` first",
            )
        watermark_from = _scalar(con, f"SELECT {LAST_BUILT}") or 0
        with transaction(con, "start a build", settings):
            build_id = (_scalar(con, "SELECT max(build_id) FROM lake.meta.builds") or 0) + 1
            con.execute(
                "INSERT INTO lake.meta.builds VALUES (?, ?, NULL, ?, ?, 'running', ?)",
                [
                    build_id,
                    started.replace(tzinfo=None),
                    watermark_from,
                    watermark_to,
                    code_version(),
                ],
            )
    return BuildStart(
        build_id=build_id,
        watermark_from=watermark_from,
        watermark_to=watermark_to,
        started_at=started,
        variables={
            "build_id": build_id,
            "watermark_from": watermark_from,
            "watermark_to": watermark_to,
            **conversion_variables(settings),
            "built_at": started.strftime("%Y-%m-%d %H:%M:%S"),
        },
    )


def finish_build(settings: Settings, start: BuildStart, status: str) -> int:
    """Record how a build ended; returns the snapshot that holds what it made.

    After one that is done, the live views stand over its tables.
    """
    with connect("write", settings=settings) as con:
        with transaction(
            con, f"build {start.build_id} {status}", settings, build_id=start.build_id
        ):
            con.execute(
                "UPDATE lake.meta.builds SET status = ?, finished_at = ? WHERE build_id = ?",
                [status, dt.datetime.now(dt.UTC).replace(tzinfo=None), start.build_id],
            )
        snapshot_id = current_snapshot(con)
        note_empty_tables(con, settings)
    if status == "done":
        _make_live_views(settings)
    return snapshot_id


def _make_live_views(settings: Settings) -> None:
    """The build stands without them: the next one tries again."""
    try:
        ensure_live_views(settings)
    except (DaybookError, duckdb.Error, ValueError) as failure:
        print(f"the live views were not made: {failure}", file=sys.stderr, flush=True)


def build(
    settings: Settings,
    *,
    full_refresh: bool = False,
    only: Collection[str] = (),
    told: Callable[[str], None] | None = None,
) -> BuildResult:
    """Rebuild what the loads since the last finished build touched.

    A build that was killed is done again from the same watermark: every incremental model deletes
    and inserts whole days or accounts, so doing it twice changes nothing.

    Args:
        settings: the installation.
        full_refresh: rebuild every table from the source rows (append-only ledgers excepted).
        only: names of models; the rest stays at its old watermark, and the build is a partial one.
        told: called with a line for each model and test that ended.

    Raises:
        DaybookError: nothing is loaded.
        ModelsFailedError: a model failed.
        BuildTestsFailedError: a test failed; what it checked stays unpublished.
    """
    start = begin_build(settings)
    project = project_fingerprint(settings)
    as_built = start.watermark_from > 0 and built_project(settings) == project
    command = [*BUILD_COMMAND, "--exclude-resource-type", "seed"]
    # Without this the tests of what is left out would be left out too.
    command += ["--indirect-selection", "cautious" if only else "empty"]
    if only:
        command += ["--select", *only]
    standing: list[str] = []
    unchanged: list[str] = []
    if full_refresh:
        command.append("--full-refresh")
    else:
        unchanged = tests_of_unchanged_rows(
            settings, _loaded_tables(settings, start), with_seeds=as_built
        )
        if as_built:
            # Views and seeds stand as they were made; only what holds rows has work to do.
            command += ["--exclude", "config.materialized:view", "tag:whole_history"]
    try:
        if full_refresh or not as_built:
            # Of several commands of dbt only the last one's artifacts are anybody's.
            seed = ["seed", "--no-write-json", *(["--full-refresh"] if full_refresh else [])]
            raise_failures(run_dbt(settings, seed, watermark=start.watermark_to))
            standing = make_views(settings, start.variables, start.watermark_to).standing
        variables = start.variables | {"tests_look_at_all": full_refresh or not as_built}
        result = run_dbt(
            settings,
            command,
            variables=variables,
            watermark=start.watermark_to,
            without_tests=unchanged,
            without_views=standing,
            threads=_threads(settings) if as_built and not full_refresh else 1,
            told=told,
        )
    except BaseException:
        finish_build(settings, start, "failed")
        raise
    status = "failed" if result.failed else "partial" if only else "done"
    snapshot_id = finish_build(settings, start, status)
    raise_failures(
        result, is_new_project=not (as_built or full_refresh or start.watermark_from == 0)
    )
    if not only:
        _built_project_file(settings).write_text(project, encoding="utf-8")
    return BuildResult(
        build_id=start.build_id,
        watermark_from=start.watermark_from,
        watermark_to=start.watermark_to,
        snapshot_id=snapshot_id,
        models_built=result.count("model", "success"),
        tests_passed=result.count("test", "pass"),
        seconds=(dt.datetime.now(dt.UTC) - start.started_at).total_seconds(),
        model_seconds=sum(node.seconds for node in result.nodes if node.kind == "model"),
        nodes=result.nodes,
    )


def is_built(settings: Settings) -> bool:
    """Whether the last build is done and nothing that a build reads has changed since: no load, no
    file of the project, no variable, nothing that people said of breaks."""
    with connect("read", settings=settings) as con:
        last = con.execute(
            "SELECT status, watermark_to FROM lake.meta.builds ORDER BY build_id DESC LIMIT 1"
        ).fetchall()
        return (
            last == [("done", _scalar(con, NEWEST_LOAD))]
            and built_project(settings) == project_fingerprint(settings)
            and is_control_state_held(con, settings)
        )


def _threads(settings: Settings) -> int:
    """Small work leaves a processor alone; large work would want the memory of two models.

    Not where tables are dropped and made anew: dbt drops before it begins, outside of the lock.
    """
    return min(_AT_ONCE, settings.duckdb_threads or os.cpu_count() or 1)


def _loaded_tables(settings: Settings, start: BuildStart) -> set[str]:
    """Raw tables that were loaded since the last finished build."""
    with connect("read", settings=settings) as con:
        rows = con.execute(
            "SELECT DISTINCT table_name FROM lake.meta.loads WHERE load_id > ? AND load_id <= ?",
            [start.watermark_from, start.watermark_to],
        ).fetchall()
    return {table for (table,) in rows}


def project_fingerprint(settings: Settings) -> str:
    """What the lake's views and seeds were made of: the dbt project's files, the variables they
    read, and, where several homes may share one, which catalog they stand in."""
    address = settings.catalog_url.get_secret_value() if settings.catalog_url else ""
    catalog = hashlib.sha256(address.encode()).hexdigest()[:16]
    return f"{project_digest()} {conversion_variables(settings)} {catalog}"


def built_project(settings: Settings) -> str | None:
    """The fingerprint of the project that the last finished build in this home was made from."""
    try:
        return _built_project_file(settings).read_text(encoding="utf-8")
    except OSError:
        return None


def _built_project_file(settings: Settings) -> Path:
    return target_path(settings) / "built_project"


def raise_failures(result: DbtResult, *, is_new_project: bool = False) -> None:
    """Turn failed models or tests into one error that names them.

    Args:
        result: what dbt did.
        is_new_project: the tables were built by another version of the project, and may have its
            columns.

    Raises:
        ModelsFailedError: a model failed.
        BuildTestsFailedError: only tests failed.
    """
    if not result.failed:
        return
    broken = [node for node in result.failed if node.kind != "test"]
    listed = "; ".join(
        f"{node.name}: {' '.join(node.message.split())[:300] or node.status}"
        for node in (broken or result.failed)[:5]
    )
    error: ModelsFailedError | BuildTestsFailedError
    if broken:
        error = ModelsFailedError(
            f"{len(broken)} models could not be built: {listed}.",
            where="dbt build",
            todo="the last published figures are unchanged; "
            + (
                "where columns are not those of this version, `daybook build --full-refresh` makes "
                "the tables anew"
                if is_new_project
                else "correct the cause and build again"
            ),
        )
    else:
        error = BuildTestsFailedError(
            f"{len(result.failed)} tests failed: {listed}.",
            where="dbt build",
            todo="nothing was published; `daybook check` and the test's SQL name the rows",
        )
    error.nodes = result.nodes
    raise error


def _scalar(con: duckdb.DuckDBPyConnection, query: str) -> int | None:
    row = con.execute(query).fetchall()[0]
    return None if row[0] is None else int(row[0])
