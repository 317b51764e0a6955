"""Whether a source can be loaded, found out by looking: what `daybook source test` says.

Each finding is about one part: secrets, address, clock, a table, an index. An ``error`` means that
something would not be loaded; a ``warning`` that it would be poorer, slower or in doubt.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ingestion.connectors.database import SourceDatabase
from ingestion.connectors.registry import connector_of
from ingestion.preview import Look, LookedAt, look
from ingestion.problems import Problem
from warehouse.errors import DaybookError
from warehouse.settings import Settings, SourceSettings

State = Literal["ok", "warning", "error"]

# Rows looked at in each table: enough to meet the usual kinds of bad rows.
ROWS = 100
# No server clock is further ahead of UTC than this; a row beyond it is dated in the future.
_FARTHEST_CLOCK = dt.timedelta(hours=15)
_CLOCK_TOLERANCE_SECONDS = 60.0
_UTC_NOW = {
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "postgresql": "SELECT now() AT TIME ZONE 'utc'",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    state: State
    detail: str
    todo: str = ""


def examine_source(settings: Settings, source: SourceSettings) -> list[Finding]:
    """Look at everything a load of the source needs. Nothing is loaded, no secret is shown."""
    secrets = list(_secrets(source))
    if any(finding.state == "error" for finding in secrets):
        return secrets
    found = look(settings, source, rows=ROWS)
    findings = [*secrets]
    if found.error is not None and not found.tables:
        return [*findings, _failure("address", found.error), *map(_problem, found.problems)]
    findings.append(Finding("address", "ok", f"{address(source)} answers"))
    if found.error is not None:
        findings.append(_failure("reading", found.error))
    findings += _tables(source, found)
    findings += map(_problem, found.problems)
    findings += _of_database(source, found)
    return findings


def address(source: SourceSettings) -> str:
    """Where a source is read from, without user, password or query."""
    if source.path is not None:
        return str(source.path)
    url = os.environ.get(source.url_env, "") if source.url_env else source.url or ""
    named = f"${source.url_env}" if source.url_env else ""
    if not url:
        return named or "comes with the package"
    try:
        full = make_url(url)
        bare = URL.create(full.drivername, host=full.host, port=full.port, database=full.database)
        shown = bare.render_as_string()
    except (ArgumentError, ValueError):
        shown = ""
    return f"{named} {shown}".strip()


def secret_variables(source: SourceSettings) -> list[str]:
    """Environment variables that the source names for its secrets."""
    named = [source.url_env] if source.url_env else []
    return [*named, *_named_variables(source.options)]


def _named_variables(options: dict[str, Any]) -> Iterator[str]:
    for key, value in options.items():
        if isinstance(value, dict):
            yield from _named_variables(value)
        elif isinstance(value, str) and value and (key == "env" or key.endswith("_env")):
            yield value


def _secrets(source: SourceSettings) -> Iterator[Finding]:
    for name in secret_variables(source):
        if os.environ.get(name):
            yield Finding("secrets", "ok", f"{name} is set")
        else:
            yield Finding(
                "secrets", "error", f"The environment variable {name} is not set.", f"export {name}"
            )


def _failure(part: str, error: DaybookError) -> Finding:
    where = f" ({error.where})" if error.where else ""
    return Finding(part, "error", f"{error.what}{where}", error.todo)


def _problem(problem: Problem) -> Finding:
    return Finding(problem.table or "source", problem.severity, problem.what, problem.todo)


def _tables(source: SourceSettings, found: Look) -> Iterator[Finding]:
    told = {problem.table for problem in found.problems}
    for contract in connector_of(source).contracts:
        seen = found.tables.get(contract.table)
        if seen is None:
            if contract.table not in told and found.error is None:
                yield Finding(contract.table, "ok", "the source has none")
            continue
        yield _rows(seen)
        if seen.refused_count:
            reason = seen.refused["reason"][0]
            yield Finding(
                contract.table,
                "warning",
                f"{seen.refused_count} of {seen.read} rows looked at would be quarantined, the "
                f"first one because {reason}",
                "correct them in the source, or the mapping; `daybook source preview` shows them",
            )
        if (late := _dated_ahead(seen)) is not None:
            yield late


def _rows(seen: LookedAt) -> Finding:
    absent = seen.absent
    lacks = f"; no {', '.join(absent)}: loaded as empty" if absent else ""
    count = "empty" if not seen.read else f"{seen.good_count} rows looked at are good"
    return Finding(seen.contract.table, "ok", f"{count}{lacks}")


def _dated_ahead(seen: LookedAt) -> Finding | None:
    limit = dt.datetime.now(dt.UTC).replace(tzinfo=None) + _FARTHEST_CLOCK
    for column in seen.contract.columns:
        if column.type != "TIMESTAMP" or column.target not in seen.good.columns:
            continue
        ahead = seen.good.filter(pl.col(column.target) > limit)
        if ahead.height and "expir" not in column.target and "ended" not in column.target:
            newest = str(ahead[column.target].max())
            return Finding(
                seen.contract.table,
                "warning",
                f"{column.source} lies in the future, up to {newest}.",
                "check the source's clock, and the zone that its options state",
            )
    return None


def _of_database(source: SourceSettings, found: Look) -> Iterator[Finding]:
    """The clock of the database, and an index on each column that tables are read by."""
    url = source.database_url()
    if url is None or url.startswith(("http://", "https://")):
        return
    try:
        with SourceDatabase(url, source.name, source.options.get("schema")) as database:
            yield from _clock(database)
            for seen in found.tables.values():
                marker = seen.contract.marker
                default = seen.contract.column(marker).source if marker else ""
                for table, named in seen.cursors.items():
                    yield from _index(database, seen, table, named or default)
    except DaybookError as error:
        yield _failure("indexes", error)


def _clock(database: SourceDatabase) -> Iterator[Finding]:
    query = _UTC_NOW.get(database.dialect.name)
    if query is None:
        return
    ((theirs,),) = database.rows(query)
    seconds = (theirs - dt.datetime.now(dt.UTC).replace(tzinfo=None)).total_seconds()
    if abs(seconds) <= _CLOCK_TOLERANCE_SECONDS:
        yield Finding("clock", "ok", f"{seconds:+.1f} s from ours")
    else:
        yield Finding(
            "clock",
            "warning",
            f"The database's clock is {seconds:+.0f} s from ours.",
            "set both by NTP; rows it writes may be read late",
        )


def _index(database: SourceDatabase, seen: LookedAt, table: str, column: str) -> Iterator[Finding]:
    if not column or column.lower() in database.indexed_columns(table):
        return
    dialect = database.dialect
    name = dialect.quote(f"daybook_{table}"[:60].lower())
    qualified = dialect.table(table, database.schema)
    yield Finding(
        seen.contract.table,
        "warning",
        f"{table} has no index on {column}: each poll scans the table.",
        f"ask the DBA for: CREATE INDEX {name} ON {qualified} ({dialect.quote(column)});",
    )
