"""The gates before publishing: Great Expectations looks at the closed days' rows.

Rows are computed by DuckDB (identities in exact DECIMAL, orphans by join) and handed over as data
frames, some days at a time: Great Expectations has no DuckDB engine of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from quality.lake_tables import held_tables
from quality.suites import Suite
from quality.suites_books import BOOK_SUITES
from quality.suites_partners_compliance import ALERTS, COMMISSION_LEDGER
from warehouse.connection import connect
from warehouse.errors import DaybookError
from warehouse.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

SUITES = (*BOOK_SUITES, COMMISSION_LEDGER, ALERTS)

# Rows in memory at once; a table's days are looked at in runs of about this many.
ROWS_AT_ONCE = 200_000

ServerDay = tuple[str, str, dt.date]


@dataclass(frozen=True)
class Failure:
    """An expectation that does not hold.

    Attributes:
        table: the table looked at.
        expectation: name in Great Expectations.
        column: what it is about; empty where it is about the table.
        what: the rule as a sentence, or why it could not be evaluated.
        unexpected: how many values break it.
        examples: keys and values of some of them.
    """

    table: str
    expectation: str
    column: str
    what: str
    unexpected: int
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TableGate:
    """How many rows of a table were looked at, with how many expectations."""

    table: str
    rows: int
    expectations: int
    failed: int


@dataclass(frozen=True)
class GateReport:
    """What the gates saw on the days of one close.

    Attributes:
        snapshot_id: the snapshot looked at; None is the head.
        data_docs: the evidence, for a browser; None where there was nothing to look at.
    """

    days: int
    first_date: dt.date | None
    last_date: dt.date | None
    snapshot_id: int | None
    tables: list[TableGate]
    failures: list[Failure]
    data_docs: Path | None

    @property
    def passed(self) -> bool:
        """Whether every expectation holds on every table."""
        return not self.failures

    def summary(self) -> dict[str, Any]:
        """What is kept with each published day: plain values that JSON can hold."""
        return {
            "passed": self.passed,
            "snapshot_id": self.snapshot_id,
            "days": self.days,
            "first_date": None if self.first_date is None else self.first_date.isoformat(),
            "last_date": None if self.last_date is None else self.last_date.isoformat(),
            "expectations": sum(table.expectations for table in self.tables),
            "rows": {table.table: table.rows for table in self.tables},
            "failures": [
                {
                    "table": failure.table,
                    "expectation": failure.expectation,
                    "column": failure.column,
                    "what": failure.what,
                    "unexpected": failure.unexpected,
                    "examples": failure.examples,
                }
                for failure in self.failures
            ],
            "data_docs": None if self.data_docs is None else str(self.data_docs),
        }


def run_gates(
    settings: Settings, days: list[ServerDay], snapshot_id: int | None = None
) -> GateReport:
    """Look at the rows of closed days, before anybody else does.

    Args:
        settings: the installation; Data Docs go to ``evidence_path / 'data_docs'``.
        days: (tenant, server, business date) that are to be published.
        snapshot_id: the snapshot that would be published; None reads the head.

    Raises:
        DaybookError: a table that the gates read was never built.
    """
    dates = [day for _, _, day in days]
    if not days:
        return GateReport(0, None, None, snapshot_id, [], [], None)
    with connect("read", as_of=snapshot_id, settings=settings) as con:
        missing = sorted({suite.table for suite in SUITES} - held_tables(con))
        if missing:
            raise DaybookError(
                f"The gates find no table {', '.join(missing)}.",
                where=str(settings.warehouse_path),
                todo="run `daybook build`",
            )
        _lay_days(con, days)
        # Great Expectations takes seconds to import: only a gate that runs pays for it.
        from quality.great_expectations_run import GateRun

        run = GateRun(_evidence_folder(settings, snapshot_id))
        tables: list[TableGate] = []
        failures: list[Failure] = []
        for suite in SUITES:
            table, failed = _look(con, suite, run)
            tables.append(table)
            failures += failed
    return GateReport(
        days=len(days),
        first_date=min(dates),
        last_date=max(dates),
        snapshot_id=snapshot_id,
        tables=tables,
        failures=failures,
        data_docs=run.write_data_docs(),
    )


def _evidence_folder(settings: Settings, snapshot_id: int | None) -> Path:
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    seen = "head" if snapshot_id is None else f"snapshot-{snapshot_id}"
    return settings.evidence_path / "data_docs" / f"{stamp}-{seen}"


def _lay_days(con: duckdb.DuckDBPyConnection, days: list[ServerDay]) -> None:
    con.execute(
        """
        CREATE TEMP TABLE gate_days AS
        SELECT DISTINCT
            unnest($tenants::VARCHAR[]) AS tenant_id,
            unnest($servers::VARCHAR[]) AS server_id,
            unnest($dates::DATE[]) AS business_date
        """,
        {
            "tenants": [tenant for tenant, _, _ in days],
            "servers": [server for _, server, _ in days],
            "dates": [day for _, _, day in days],
        },
    )


def _look(
    con: duckdb.DuckDBPyConnection, suite: Suite, run: Any
) -> tuple[TableGate, list[Failure]]:
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE gate_rows AS {suite.rows}")
    except duckdb.BinderException:
        failures = _missing_columns(con, suite, run)
        if not failures:
            raise
        return TableGate(suite.table, 0, len(suite.expected), len(failures)), failures
    rows = 0
    found: dict[tuple[str, str, str], Failure] = {}
    for label, frame in _frames(con, suite):
        rows += len(frame)
        for failure in run.validate(suite, label, frame):
            # The same expectation may fail on several runs of days: one failure, counted up.
            place = (failure.expectation, failure.column, failure.what)
            before = found.get(place)
            found[place] = (
                failure
                if before is None
                else Failure(
                    failure.table,
                    *place,
                    before.unexpected + failure.unexpected,
                    before.examples,
                )
            )
    con.execute("DROP TABLE gate_rows")
    failures = list(found.values())
    return TableGate(suite.table, rows, len(suite.expected), len(failures)), failures


def _missing_columns(con: duckdb.DuckDBPyConnection, suite: Suite, run: Any) -> list[Failure]:
    """Of a table whose rows cannot be read as the gate needs them, only the columns are judged."""
    only_columns = replace(
        suite,
        expected=tuple(
            item for item in suite.expected if item.kind == "ExpectTableColumnsToMatchSet"
        ),
    )
    frame = con.execute(f"SELECT * FROM lake.{suite.table} LIMIT 0").df()
    found: list[Failure] = run.validate(only_columns, "columns", frame)
    return found


def _frames(con: duckdb.DuckDBPyConnection, suite: Suite) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows in runs of whole days, each with its name; one empty run where there are none."""
    counted = con.execute(
        f"SELECT {suite.date}, count(*) FROM gate_rows GROUP BY 1 ORDER BY 1"
    ).fetchall()
    runs: list[tuple[dt.date, dt.date, int]] = []
    for day, count in counted:
        if runs and runs[-1][2] + count <= ROWS_AT_ONCE:
            runs[-1] = (runs[-1][0], day, runs[-1][2] + count)
        else:
            runs.append((day, day, count))
    if not runs:
        yield "no rows", con.execute("SELECT * FROM gate_rows").df()
    for first, last, _ in runs:
        yield (
            f"{first} to {last}",
            con.execute(
                f"SELECT * FROM gate_rows WHERE {suite.date} BETWEEN ? AND ?", [first, last]
            ).df(),
        )
