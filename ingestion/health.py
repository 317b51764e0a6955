"""How each source fares: when it was polled, when it last worked, what it waits for.

A poll loop writes this after each poll, so it is no table of the lake, where each change is a
snapshot: one small file a source, replaced whole. ``meta.source_health`` has the same once a state
changes, and every few minutes, for readers that see the lake only.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from ingestion.reports import SourceReport
from warehouse.settings import Settings, SourceSettings
from warehouse.writer import transaction

# A poll that has been due for so long is one that hangs.
_OVERDUE_SECONDS = 60.0
_TIMES = (
    "last_poll_at",
    "last_success_at",
    "last_success_began_at",
    "last_load_at",
    "polling_since",
    "next_try_at",
    "failing_since",
)


@dataclass(frozen=True)
class SourceHealth:
    """The health of one source. Times are UTC.

    Attributes:
        last_poll_at: when a poll ended last, well or not.
        last_success_began_at: when the last poll that worked began: what the source held by
            then was read.
        last_load_at: when something was written last.
        polling_since: when the poll that is under way began.
        consecutive_failures: polls that failed since the last that did not.
        next_try_at: when it is polled next; None where nothing polls it.
        last_load_rows: new and changed rows of the last poll that loaded any.
        total_rows: of all polls that are recorded here.
        process_id: of the process that polls it.
    """

    source: str
    tenant: str
    kind: str
    last_poll_at: dt.datetime | None = None
    last_success_at: dt.datetime | None = None
    last_success_began_at: dt.datetime | None = None
    last_load_at: dt.datetime | None = None
    polling_since: dt.datetime | None = None
    failing_since: dt.datetime | None = None
    consecutive_failures: int = 0
    next_try_at: dt.datetime | None = None
    last_load_rows: int = 0
    total_rows: int = 0
    last_error: str | None = None
    process_id: int | None = None

    def begun(self) -> SourceHealth:
        """A poll begins."""
        return replace(self, polling_since=_now(), process_id=os.getpid())

    def ended(self, report: SourceReport, next_in_seconds: float | None) -> SourceHealth:
        """A poll that had :meth:`begun` ended."""
        now = _now()
        rows = report.new + report.changed + report.deleted
        told = [report.error] if report.error else []
        told += [p.what for p in report.problems if p.severity == "error" and not report.error]
        return replace(
            self,
            last_poll_at=now,
            polling_since=None,
            last_success_at=self.last_success_at if report.error else now,
            last_success_began_at=self.last_success_began_at
            if report.error
            else self.polling_since,
            last_load_at=now if report.loads else self.last_load_at,
            consecutive_failures=self.consecutive_failures + 1 if report.error else 0,
            failing_since=(self.failing_since or now) if report.error else None,
            next_try_at=None
            if next_in_seconds is None
            else now + dt.timedelta(seconds=next_in_seconds),
            last_load_rows=rows if report.loads else self.last_load_rows,
            total_rows=self.total_rows + rows,
            last_error="; ".join(told) or None,
            process_id=os.getpid() if next_in_seconds is not None else None,
        )

    def state(self, now: dt.datetime | None = None) -> str:
        """``ok``, ``failing``, ``hanging``, ``stopped`` (its process is gone), ``starting``
        (its first poll is under way) or ``never``.
        """
        now = now or _now()
        if self.last_poll_at is None and self.polling_since is None:
            return "never"
        if self.process_id is not None and not _is_alive(self.process_id):
            return "stopped"
        due = self.polling_since or self.next_try_at
        if due is not None and (now - due).total_seconds() > _OVERDUE_SECONDS:
            return "hanging"
        if self.last_poll_at is None:
            return "starting"
        return "failing" if self.last_error else "ok"


def read_health(settings: Settings, source: SourceSettings) -> SourceHealth:
    """What is known of a source."""
    unknown = SourceHealth(source.name, source.tenant, source.kind)
    with suppress(OSError, ValueError, TypeError):
        held: dict[str, Any] = json.loads(_file(settings, source.name).read_text("utf-8"))
        for name in _TIMES:
            if held.get(name) is not None:
                held[name] = dt.datetime.fromisoformat(held[name])
        return replace(unknown, **held)
    return unknown


def write_health(settings: Settings, health: SourceHealth) -> None:
    """Keep it, for readers in other processes."""
    file = _file(settings, health.source)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(health), default=_iso), "utf-8")
    unfinished.replace(file)


def store_health(
    con: duckdb.DuckDBPyConnection, settings: Settings, healths: Iterable[SourceHealth]
) -> None:
    """Replace the rows of these sources in meta.source_health."""
    rows = [
        (
            health.tenant,
            health.source,
            health.kind,
            health.state(),
            health.last_poll_at,
            health.last_success_at,
            health.last_load_at,
            health.failing_since,
            health.consecutive_failures,
            health.next_try_at,
            health.last_load_rows,
            health.total_rows,
            health.last_error,
            _now(),
        )
        for health in healths
    ]
    if not rows:
        return
    with transaction(con, f"health of {len(rows)} sources", settings):
        con.execute(
            "DELETE FROM lake.meta.source_health "
            "WHERE list_contains(?, tenant_id || '/' || source)",
            [[f"{row[0]}/{row[1]}" for row in rows]],
        )
        lines = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
        con.execute(
            f"INSERT INTO lake.meta.source_health VALUES {lines}",
            [value for row in rows for value in row],
        )


def _file(settings: Settings, source: str) -> Path:
    return settings.home / "sync" / f"{source}.json"


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
