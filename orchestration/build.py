"""Building the books: pin what was loaded, let dbt rebuild what it touched, record the build."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from orchestration.dbt_runner import DbtResult, run_dbt
from warehouse.code_version import code_version
from warehouse.connection import connect
from warehouse.errors import CheckFailedError, DaybookError
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction


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


def build(
    settings: Settings, *, full_refresh: bool = False, select: str | None = None
) -> BuildResult:
    """Rebuild what the loads since the last finished build touched.

    A build that was killed is done again from the same watermark: every incremental model deletes
    and inserts whole days or accounts, so doing it twice changes nothing.

    Args:
        settings: the installation.
        full_refresh: rebuild every table from the source rows (append-only ledgers excepted).
        select: a dbt selection, for a partial build; its watermark is not recorded as done.

    Raises:
        DaybookError: nothing is loaded, or a model failed.
        CheckFailedError: a test failed; what it checked stays unpublished.
    """
    started = dt.datetime.now(dt.UTC)
    con = connect("write", settings=settings)
    try:
        watermark_to = _scalar(con, "SELECT max(load_id) FROM lake.meta.loads")
        if watermark_to is None:
            raise DaybookError(
                "Nothing is loaded yet.",
                where=str(settings.warehouse_path),
                todo="run `daybook sync --once` first",
            )
        watermark_from = (
            _scalar(con, "SELECT max(watermark_to) FROM lake.meta.builds WHERE status = 'done'")
            or 0
        )
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
    finally:
        con.close()
    command = ["build", "--exclude-resource-type", "unit_test"]
    if full_refresh:
        command.append("--full-refresh")
    if select:
        command += ["--select", select]
    variables = {
        "build_id": build_id,
        "watermark_from": watermark_from,
        "watermark_to": watermark_to,
        "reporting_currency": settings.reporting_currency,
        "fx_max_age_days": settings.fx_max_age_days,
        "built_at": started.strftime("%Y-%m-%d %H:%M:%S"),
    }
    try:
        result = run_dbt(settings, command, variables=variables, watermark=watermark_to)
    except BaseException:
        _finish(settings, build_id, "failed")
        raise
    _finish(settings, build_id, "failed" if result.failed else "partial" if select else "done")
    _raise_failures(result)
    with connect("read", settings=settings) as reader:
        snapshot_id = current_snapshot(reader)
    return BuildResult(
        build_id=build_id,
        watermark_from=watermark_from,
        watermark_to=watermark_to,
        snapshot_id=snapshot_id,
        models_built=result.count("model", "success"),
        tests_passed=result.count("test", "pass"),
        seconds=(dt.datetime.now(dt.UTC) - started).total_seconds(),
    )


def _scalar(con: duckdb.DuckDBPyConnection, query: str) -> int | None:
    row = con.execute(query).fetchall()[0]
    return None if row[0] is None else int(row[0])


def _finish(settings: Settings, build_id: int, status: str) -> None:
    with (
        connect("write", settings=settings) as con,
        transaction(con, f"build {build_id} {status}", settings, build_id=build_id),
    ):
        con.execute(
            "UPDATE lake.meta.builds SET status = ?, finished_at = ? WHERE build_id = ?",
            [status, dt.datetime.now(dt.UTC).replace(tzinfo=None), build_id],
        )


def _raise_failures(result: DbtResult) -> None:
    if not result.failed:
        return
    broken = [node for node in result.failed if node.kind != "test"]
    listed = "; ".join(
        f"{node.name}: {node.message.strip().splitlines()[0] if node.message else node.status}"
        for node in (broken or result.failed)[:5]
    )
    if broken:
        raise DaybookError(
            f"{len(broken)} models could not be built: {listed}.",
            where="dbt build",
            todo="the last published figures are unchanged; correct the cause and build again",
        )
    raise CheckFailedError(
        f"{len(result.failed)} tests failed: {listed}.",
        where="dbt build",
        todo="nothing was published; `daybook check` and the test's SQL name the rows",
    )
