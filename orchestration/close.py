"""Closing business days: build, let the gates look, publish or refuse."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from ingestion.source_state import NEWEST_LOAD
from orchestration.build import BuildResult, build, is_built
from orchestration.sources_behind import Behind, ServerDay, sources_behind, wait_for_sources
from warehouse.connection import connect
from warehouse.errors import CheckFailedError, DaybookError
from warehouse.lake_columns import columns_held
from warehouse.publishing import current_snapshot, publish
from warehouse.settings import Settings

if TYPE_CHECKING:
    from quality.gates import GateReport


@dataclass(frozen=True)
class BrokenIdentity:
    """An identity that does not hold on a server."""

    identity_id: str
    what: str
    tenant_id: str | None
    server_id: str | None
    broken: int


@dataclass(frozen=True)
class CloseResult:
    """What a close published, and what it left open with the reason."""

    build: BuildResult | None
    published: list[ServerDay] = field(default_factory=list)
    republished: list[ServerDay] = field(default_factory=list)
    refused: list[ServerDay] = field(default_factory=list)
    broken: list[BrokenIdentity] = field(default_factory=list)
    behind: list[Behind] = field(default_factory=list)
    gates: GateReport | None = None
    snapshot_id: int | None = None

    @property
    def days(self) -> list[ServerDay]:
        """All days this close published, first time or again."""
        return sorted(self.published + self.republished)


# A day can be closed once the platform itself has closed it: its daily rows are there. A server
# that exports none, as cTrader, closes a day when a later day has begun.
_CLOSABLE = """
WITH reported AS (
    SELECT DISTINCT _tenant_id AS tenant_id, _source AS server_id, _business_date AS business_date
    FROM ({reports})
    WHERE NOT _is_deleted AND _load_id <= $watermark
),
traded AS (
    SELECT DISTINCT _tenant_id AS tenant_id, _source AS server_id, _business_date AS business_date
    FROM ({trades})
    WHERE NOT _is_deleted AND _load_id <= $watermark AND _business_date IS NOT NULL
),
closable AS (
    SELECT tenant_id, server_id, business_date FROM reported
    UNION
    SELECT t.tenant_id, t.server_id, t.business_date
    FROM traded AS t
    LEFT JOIN (SELECT DISTINCT tenant_id, server_id FROM reported) AS r
        ON r.tenant_id = t.tenant_id AND r.server_id = t.server_id
    WHERE r.server_id IS NULL AND t.business_date < $today
),
published AS (
    SELECT p.tenant_id, p.server_id, p.business_date, max(b.watermark_to) AS watermark
    FROM lake.meta.published AS p
    LEFT JOIN lake.meta.builds AS b ON b.build_id = p.build_id
    GROUP BY ALL
),
touched AS (
    SELECT tenant_id, server_id, business_date, max(load_id) AS load_id
    FROM lake.meta.touched_days
    WHERE load_id <= $watermark
    GROUP BY ALL
)
SELECT c.tenant_id, c.server_id, c.business_date, p.watermark IS NOT NULL AS is_restated
FROM closable AS c
LEFT JOIN published AS p
    ON p.tenant_id = c.tenant_id AND p.server_id = c.server_id AND p.business_date = c.business_date
LEFT JOIN touched AS t
    ON t.tenant_id = c.tenant_id AND t.server_id = c.server_id AND t.business_date = c.business_date
WHERE
    ($through::DATE IS NULL OR c.business_date <= $through)
    AND ($only::DATE IS NULL OR c.business_date = $only)
    AND (p.watermark IS NULL OR t.load_id > p.watermark)
ORDER BY c.tenant_id, c.server_id, c.business_date
"""


def closable_days(
    con: duckdb.DuckDBPyConnection,
    watermark: int,
    *,
    through: dt.date | None = None,
    only: dt.date | None = None,
) -> list[tuple[ServerDay, bool]]:
    """Days that are over and not published in their newest form; True where one is restated."""
    held = _raw_tables(con)
    query = _CLOSABLE.format(
        reports=_rows_of(("mt5_daily", "mt4_daily"), held),
        trades=_rows_of(("mt5_deals", "mt4_trades", "ctrader_deals", "ctrader_cash_flows"), held),
    )
    rows = con.execute(
        query,
        {
            "watermark": watermark,
            "through": through,
            "only": only,
            "today": dt.datetime.now(dt.UTC).date(),
        },
    ).fetchall()
    return [((tenant, server, day), bool(restated)) for tenant, server, day, restated in rows]


def _rows_of(tables: tuple[str, ...], held: set[str]) -> str:
    columns = "_tenant_id, _source, _business_date, _is_deleted, _load_id"
    return " UNION ALL ".join(
        f"SELECT {columns} FROM lake.raw.{table}" for table in tables if table in held
    )


def _raw_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    held = {name.removeprefix("raw.") for name in columns_held(con, "raw")}
    if not held & {"mt5_deals", "mt4_trades", "ctrader_deals"}:
        raise CheckFailedError(
            "No trading platform is loaded, so no business day can be closed.",
            todo="configure a source of kind mt5, mt4 or ctrader and run `daybook sync --once`",
        )
    return held


def close(
    settings: Settings,
    *,
    through: dt.date | None = None,
    only: dt.date | None = None,
    closed_by: str | None = None,
    wait_seconds: float = 0,
    told: Callable[[Behind], None] = lambda _: None,
) -> CloseResult:
    """Build what is not built yet, check once, publish every day that is over.

    Args:
        settings: the installation.
        through: the last business date to close; None closes all that are over.
        only: close this one date.
        closed_by: who or what closes; None takes the user's name.
        wait_seconds: how long to wait for sources that were not read since a day ended; a day
            that still waits then stays open.
        told: called once for each source that is waited for.

    Raises:
        CloseRefusedError: an identity or a gate is broken on a server, and nothing of that server
            is published; or a day waits for a source. The error carries the result as ``result``.
    """

    def open_days() -> list[ServerDay]:
        with connect("read", settings=settings) as con:
            loaded = con.execute(NEWEST_LOAD).fetchall()
            found = closable_days(con, loaded[0][0], through=through, only=only)
        return [day for day, restated in found if not restated]

    # Before the build: what is read while it runs is not in it.
    behind = wait_for_sources(settings, open_days, wait_seconds, told)
    built = None if is_built(settings) else build(settings)
    return publish_built(
        settings, through=through, only=only, closed_by=closed_by, built=built, behind=behind
    )


def publish_built(
    settings: Settings,
    *,
    through: dt.date | None = None,
    only: dt.date | None = None,
    closed_by: str | None = None,
    built: BuildResult | None = None,
    behind: list[Behind] | None = None,
) -> CloseResult:
    """Check what the last finished build made, and publish the days that are over.

    Raises:
        CloseRefusedError: as :func:`close`.
        DaybookError: no build has finished yet.
    """
    from quality.gates import run_gates
    from quality.restatements import moved_figures

    with connect("read", settings=settings) as con:
        last = last_build(con)
        snapshot_id = built.snapshot_id if built else current_snapshot(con)
        candidates = closable_days(con, last.watermark_to, through=through, only=only)
        # A published day that the snapshot shows otherwise is published again, whatever moved it:
        # its readers get this snapshot too.
        moved = moved_figures(con, settings, snapshot_id)
        held = {day for day, _ in candidates}
        candidates = sorted(candidates + [(day, True) for day in moved.days if day not in held])
        broken = _broken_identities(con)
    if not candidates:
        return CloseResult(build=built, broken=broken)
    blocked = {(item.tenant_id, item.server_id) for item in broken}

    def is_blocked(day: ServerDay) -> bool:
        # An identity without a server speaks of its tenant, or of the whole house.
        return bool({(day[0], day[1]), (day[0], None), (None, None)} & blocked)

    if behind is None:
        behind = sources_behind(settings, [day for day, restated in candidates if not restated])
    waiting = {item.day for item in behind}
    refused = [day for day, _ in candidates if is_blocked(day) or day in waiting]
    ready = [(day, restated) for day, restated in candidates if day not in set(refused)]
    gates: GateReport | None = None
    if ready:
        gates = run_gates(settings, [day for day, _ in ready], snapshot_id)
        if not gates.passed:
            refused += [day for day, _ in ready]
            ready = []
    if ready:
        with connect("write", settings=settings) as con:
            publish(
                con,
                [day for day, _ in ready],
                snapshot_id=snapshot_id,
                build_id=last.build_id,
                checks={
                    "tests_passed": built.tests_passed if built else None,
                    "gates": gates.summary() if gates else {},
                },
                published_by=closed_by or getpass.getuser(),
                settings=settings,
                restated=moved.of([day for day, _ in ready]),
            )
    result = CloseResult(
        build=built,
        published=[day for day, restated in ready if not restated],
        republished=[day for day, restated in ready if restated],
        refused=refused,
        broken=broken,
        behind=behind,
        gates=gates,
        snapshot_id=snapshot_id if ready else None,
    )
    if refused:
        raise _refusal(result)
    return result


@dataclass(frozen=True)
class LastBuild:
    """The newest finished build."""

    build_id: int
    watermark_to: int


def last_build(con: duckdb.DuckDBPyConnection) -> LastBuild:
    """The newest finished build.

    Raises:
        DaybookError: there is none.
    """
    rows = con.execute(
        """
        SELECT build_id, watermark_to FROM lake.meta.builds
        WHERE status = 'done' ORDER BY build_id DESC LIMIT 1
        """
    ).fetchall()
    if not rows:
        raise DaybookError("No build has finished yet.", todo="run `daybook build`")
    return LastBuild(*rows[0])


class CloseRefusedError(CheckFailedError):
    """Days were left unpublished; ``result`` tells which and why."""

    result: CloseResult


def _refusal(result: CloseResult) -> CloseRefusedError:
    causes = [
        f"{item.identity_id} ({item.broken} broken on {item.server_id or 'all servers'})"
        for item in result.broken
    ]
    if result.gates is not None and not result.gates.passed:
        causes.append("gates of Great Expectations failed")
    # One line a source, not one a day.
    causes += [str(item) for item in {item.source: item for item in result.behind}.values()]
    error = CloseRefusedError(
        f"{len(result.refused)} days were not published: {', '.join(causes)}.",
        where=", ".join(sorted({f"{tenant}/{server}" for tenant, server, _ in result.refused})),
        todo="`daybook check` and `daybook breaks` name the rows; "
        "explain a break with `daybook breaks explain`, or correct the source"
        if result.broken or not result.behind
        else "`daybook sync --once` reads them, `daybook close --wait 30` waits for a running "
        "sync; a source that is gone for good is taken out of daybook.toml",
    )
    error.result = result
    return error


def _broken_identities(con: duckdb.DuckDBPyConnection) -> list[BrokenIdentity]:
    rows = con.execute(
        """
        SELECT identity_id, any_value(what), tenant_id, server_id, sum(broken)::BIGINT
        FROM lake.meta.identities
        GROUP BY identity_id, tenant_id, server_id
        HAVING sum(broken) > 0
        ORDER BY ALL
        """
    ).fetchall()
    return [BrokenIdentity(*row) for row in rows]
