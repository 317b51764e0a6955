"""A full build by dbt into the lake, against the same SQL by hand in one DuckDB process, and the
daily books of it against the same SQL on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from benchmarks.hand_sql import (
    HandRun,
    Statement,
    check_agreement,
    copy_lake,
    first_build,
    run_by_hand,
)
from benchmarks.measurement import RUNS, Measurement, median, spread, timed, told
from benchmarks.postgres import postgresql, postgresql_binaries
from benchmarks.postgres_books import BOOKS, TUNED, run_books
from benchmarks.workspace import Size, Workspace, load_all
from warehouse.settings import Settings

DEALS = 1_000_000
SOURCE_SCHEMAS = ("raw", "pii", "meta")
# The smallest thing dbt can be asked to build.
SMALLEST = "ref_mt5_deal_entries"


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """Seconds of ``daybook build`` from nothing, of its parts, and against the SQL by hand."""
    from orchestration.build import build
    from orchestration.dbt_runner import target_path

    size = Size(deals or DEALS)
    loaded = work.settings(work.broker(size))
    told(f"build: loading {size.deals:,} deals")
    load_all(loaded)
    # The first start of a process imports dbt and reads the project; later ones keep both.
    cold, *starts = [_start_in_a_copy(work, loaded) for _ in range(1 + RUNS)]
    builds: list[float] = []
    models: list[float] = []
    tests: list[float] = []
    hands: list[HandRun] = []
    against: list[Measurement] = []
    for number in range(RUNS):
        told(f"build: run {number + 1} of {RUNS}")
        settings = work.copy(loaded)
        seconds, built = timed(lambda settings=settings: build(settings))  # type: ignore[misc]
        builds.append(seconds)
        statements = first_build(settings, target_path(settings))
        models.append(sum(item.seconds for item in statements if item.kind == "model"))
        tests.append(sum(item.seconds for item in statements if item.kind == "test"))
        told(f"build: {seconds:.1f} s, now the same SQL by hand")
        file = work.folder("plain") / "plain.duckdb"
        copy_lake(loaded, file, schemas=SOURCE_SCHEMAS)
        copy_lake(settings, file, schemas=("reference",))
        hands.append(run_by_hand(file, statements, settings, built.watermark_to))
        check_agreement(settings, file)
        if number == RUNS - 1:
            against = _against_postgresql(work, file, statements, settings)
        work.drop(settings)
        work.drop_folder(file.parent)
    work.drop(loaded)
    return [
        *_figures(size, starts, builds, models, tests, hands),
        *against,
        Measurement(
            "dbt_cold_start_seconds",
            cold,
            "s",
            1,
            "the same, the first time in a process: dbt is imported and reads the project",
        ),
    ]


def _against_postgresql(
    work: Workspace, file: Path, statements: list[Statement], settings: Settings
) -> list[Measurement]:
    binaries = postgresql_binaries()
    if binaries is None:
        told("build: PostgreSQL is not installed, left out")
        return []
    with postgresql(work.folder("postgresql"), binaries, TUNED) as url:
        books = run_books(file, statements, settings, url)
    what = (
        f"{books.rows:,} rows of {len(BOOKS)} models: deals, open positions, traded days, account "
        "days, daily P&L; same inputs as tables, same results"
    )
    return [
        Measurement(
            "build_books_vs_postgresql",
            books.postgresql / books.duckdb,
            "ratio",
            1,
            f"seconds of the same SQL on PostgreSQL ({', '.join(TUNED)}) / in one DuckDB process; "
            f"{what}",
        ),
        Measurement("build_books_seconds", books.duckdb, "s", 1, f"in DuckDB; {what}"),
        Measurement("postgresql_books_seconds", books.postgresql, "s", 1, "in PostgreSQL"),
    ]


def _start_in_a_copy(work: Workspace, loaded: Settings) -> float:
    settings = work.copy(loaded)
    seconds = dbt_start_seconds(settings)
    work.drop(settings)
    return seconds


def dbt_start_seconds(settings: Settings) -> float:
    """What a build costs before and after its models: dbt reads the project, opens the lake."""
    from orchestration.dbt_runner import run_dbt

    seconds, result = timed(
        lambda: run_dbt(settings, ["build", "--select", SMALLEST], variables={"build_id": 0})
    )
    return seconds - sum(node.seconds for node in result.nodes)


def _figures(
    size: Size,
    starts: list[float],
    builds: list[float],
    models: list[float],
    tests: list[float],
    hands: list[HandRun],
) -> list[Measurement]:
    data = f"{size.deals:,} deals, {size.accounts} accounts, {size.days} days"
    start = median(starts)
    by_hand = median([hand.whole for hand in hands])
    models_by_hand = median([hand.models for hand in hands])
    return [
        Measurement(
            "build_vs_raw_sql",
            (median(builds) - start) / by_hand,
            "ratio",
            RUNS,
            "a full build less dbt's fixed start / the same models and tests as plain SQL in one "
            f"DuckDB process; same rows, same results; {data}",
        ),
        Measurement(
            "build_models_vs_raw_sql",
            median(models) / models_by_hand,
            "ratio",
            RUNS,
            f"models alone, without tests / the same by hand; {data}",
        ),
        Measurement(
            "dbt_start_seconds",
            start,
            "s",
            RUNS,
            "a build of one seed less the seed, in a process that has read the project: dbt's "
            f"fixed cost; {spread(starts)} s",
        ),
        Measurement(
            "build_seconds", median(builds), "s", RUNS, f"all of it; {data}; {spread(builds)} s"
        ),
        Measurement("build_models_seconds", median(models), "s", RUNS, "models of the build"),
        Measurement("build_tests_seconds", median(tests), "s", RUNS, "tests of the build"),
        Measurement(
            "raw_sql_seconds", by_hand, "s", RUNS, "models and tests by hand in one process"
        ),
        Measurement("raw_sql_models_seconds", models_by_hand, "s", RUNS, "models by hand"),
    ]
