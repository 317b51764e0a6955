"""`daybook sync | build | close | check`: the daily work."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.output import print_json, print_table, progress, working
from warehouse.errors import UsageError
from warehouse.settings import Settings, load_settings

if TYPE_CHECKING:
    from ingestion.batch import LoadResult
    from ingestion.reports import SourceReport

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def sync(
    once: Annotated[
        bool, typer.Option("--once", help="Load every source once, then stop.")
    ] = False,
    source: Annotated[str | None, typer.Option(help="Only the source of this name.")] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Show how each source fares; load nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load what is new in the sources: once, or as a service until Ctrl-C or SIGTERM.

    A source that cannot be read is reported and the others go on; the exit code is then 3.
    With --status the exit code is 1 when a source is not well.
    """
    from ingestion.sync import sync_once

    settings = load_settings()
    if status:
        from orchestration.cli.sources_health import show_health

        if not show_health(settings, source, as_json):
            raise typer.Exit(1)
        return
    if not once:
        _serve(settings, source)
        return
    with progress() as display:
        names = [item.name for item in settings.sources if source in (None, item.name)]
        task = display.add_task("loading", total=None)
        loaded = 0

        def advance(result: LoadResult) -> None:
            nonlocal loaded
            loaded += result.new + result.changed
            display.update(
                task, description=f"loading {result.source}: {result.table}", completed=loaded
            )

        report = sync_once(settings, source=source, progress=advance)
    if as_json:
        print_json(report.as_dict())
    else:
        print_table(
            f"loaded {len(names)} sources",
            ["source", "loads", "read", "new", "changed", "deleted", "quarantined", "seconds"],
            [
                (
                    item.source,
                    item.loads,
                    item.read,
                    item.new,
                    item.changed,
                    item.deleted,
                    item.quarantined,
                    f"{item.seconds:.1f}",
                )
                for item in report.sources
            ],
        )
    for item in report.sources:
        _tell_report(item, only_problems=True)
    if report.failed:
        raise typer.Exit(3)


def _serve(settings: Settings, source: str | None) -> None:
    """Poll until told to stop; Dagster is told of the loads where it runs."""
    from ingestion.sync import sync_forever
    from orchestration.load_reports import LoadReporter

    reporter = LoadReporter(settings)

    def on_load(result: LoadResult) -> None:
        _tell_load(result)
        reporter(result)

    with reporter.running():
        left = sync_forever(settings, source=source, on_load=on_load, on_report=_tell_report)
    if left:
        print(f"left behind, still waiting for its source: {', '.join(left)}", file=sys.stderr)
        sys.stderr.flush()
        # Their threads cannot be ended; nothing of theirs is committed.
        os._exit(0)


def _tell_load(result: LoadResult) -> None:
    print(
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}  {result.source}  {result.table}: "
        f"{result.new:,} new, {result.changed:,} changed, {result.deleted:,} deleted, "
        f"{result.quarantined:,} quarantined",
        flush=True,
    )


def _tell_report(report: SourceReport, only_problems: bool = False) -> None:
    if report.error:
        print(f"{report.source}: {report.error}", file=sys.stderr, flush=True)
    for problem in report.problems:
        place = f"{report.source}.{problem.table}" if problem.table else report.source
        print(
            f"{problem.severity}: {place}: {problem.what} ({problem.todo})",
            file=sys.stderr,
            flush=True,
        )
    if not only_problems and not report.failed and not report.loads:
        print(f"{report.source}: nothing new", flush=True)


def build(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild everything from the source rows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild the books from what was loaded since the last build."""
    from orchestration.build import build as run

    with working("building the books"):
        result = run(load_settings(), full_refresh=full_refresh)
    if as_json:
        print_json(result)
        return
    print(
        f"build {result.build_id}: {result.models_built} models, {result.tests_passed} tests "
        f"passed, snapshot {result.snapshot_id}, {result.seconds:.1f} s"
    )


def close(
    date: Annotated[
        str | None, typer.Option(help="Close this business date (YYYY-MM-DD) only.")
    ] = None,
    through: Annotated[
        str | None, typer.Option(help="Close every business date up to this one.")
    ] = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0, help="Minutes to wait for sources that were not read since a day ended."
        ),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Close business days: build, run the gates, publish. Without a date: all that are over.

    A day stays open while its platform, the rates or the broker's groups were not read since it
    ended.
    """
    from orchestration.close import CloseRefusedError
    from orchestration.close import close as run

    if date and through:
        raise UsageError("--date and --through exclude each other.", todo="give one of them")
    with working("closing"):
        try:
            result = run(
                load_settings(),
                through=_day(through),
                only=_day(date),
                wait_seconds=wait * 60,
                told=lambda item: print(f"waiting: {item}", file=sys.stderr, flush=True),
            )
        except CloseRefusedError as refusal:
            if as_json:
                print_json(refusal.result)
            raise
    if as_json:
        print_json(result)
        return
    if not result.days:
        print("nothing to close: every day that is over is published in its newest form")
        return
    print_table(
        "published",
        ["server", "days", "from", "to", "restated", "snapshot"],
        [
            (
                f"{tenant}/{server}",
                len(days),
                str(days[0]),
                str(days[-1]),
                sum(day[:2] == (tenant, server) for day in result.republished),
                result.snapshot_id,
            )
            for tenant, server in sorted({day[:2] for day in result.days})
            for days in [[day[2] for day in result.days if day[:2] == (tenant, server)]]
        ],
    )


def check(as_json: AsJson = False) -> None:
    """Every identity with the population it was checked on; exit 1 if anything is broken."""
    from quality.checks import any_broken, run_checks

    with working("checking"):
        checks = run_checks(load_settings())
    if as_json:
        print_json(checks)
    else:
        print_table(
            "checks",
            ["", "id", "what", "population", "broken", "worst"],
            [
                (
                    "broken" if item.broken else "ok",
                    item.id,
                    item.what,
                    item.population,
                    item.broken,
                    item.worst,
                )
                for item in checks
            ],
        )
    if any_broken(checks):
        raise typer.Exit(1)


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", todo="write it as YYYY-MM-DD") from None
