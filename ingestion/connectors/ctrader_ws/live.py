"""One pass over the web service: names and accounts on a sweep, positions on every poll.

Closed positions are asked for in windows of at most two days, from the cursor less an overlap to
now. Windows that were read before are read for changes: what the service no longer lists of them is
buried, unless it lists nothing at all.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from ingestion.batch import Batch, Completeness, CursorMove
from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import FileRead
from ingestion.connectors.ctrader_ws.answers import lacks_columns, read_list, read_positions
from ingestion.connectors.ctrader_ws.contract import (
    CLOSED_POSITIONS,
    OPEN_POSITIONS,
    SYMBOLS,
    TRADER_GROUPS,
    TRADERS,
)
from ingestion.connectors.ctrader_ws.web_service import BrokenAnswerError, WebService
from ingestion.contracts import TableContract
from warehouse.errors import SettingsError

# The service refuses a longer window of closed positions.
LONGEST_WINDOW = dt.timedelta(days=2)
CURSOR = "closedPositions"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
# Before the platform existed: every account was registered after it.
_FIRST = dt.datetime(2011, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_EDGE = dt.timedelta(minutes=1)
_ROWS_OF_A_LOAD = 5_000
_WINDOWS_OF_A_LOAD = 45


def sync_live(context: PassContext) -> None:
    """Load what changed on the service.

    Raises:
        SettingsError: an option or the token is missing.
        SourceError: the service cannot be reached or refuses; what was committed stays.
    """
    service = _service(context)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    if context.sweep:
        _load_list(context, service, "tradergroups", TRADER_GROUPS, {})
        _load_list(context, service, "symbols", SYMBOLS, {})
        window = {"from": _text(_FIRST), "to": _text(now + dt.timedelta(days=1))}
        group = context.source.options.get("group_id")
        _load_list(
            context,
            service,
            "traders",
            TRADERS,
            window if group is None else {**window, "groupId": str(group)},
            complete=Completeness(everything=True) if group is None else None,
        )
    if context.stopping():
        return
    login = context.source.options.get("login")
    narrowed = {} if login is None else {"login": str(login)}
    _load_closed(context, service, now, narrowed)
    if context.stopping():
        return
    read = _ask(context, service, "openPositions", OPEN_POSITIONS, narrowed)
    if read is not None:
        complete = Completeness(everything=True) if login is None else None
        _load(context, OPEN_POSITIONS, read, complete=complete)


def _load_list(
    context: PassContext,
    service: WebService,
    name: str,
    contract: TableContract,
    fields: dict[str, str],
    complete: Completeness | None = None,
) -> None:
    if context.stopping():
        return
    read = _ask(context, service, name, contract, fields)
    if read is not None:
        # An empty list says nothing of what was there before.
        _load(context, contract, read, complete=complete if read.height else None)


def _ask(
    context: PassContext,
    service: WebService,
    name: str,
    contract: TableContract,
    fields: dict[str, str],
) -> pl.DataFrame | None:
    """The rows of an answer; None for one that lacks a column, which is a problem of its table."""
    is_csv = contract in (CLOSED_POSITIONS, OPEN_POSITIONS)

    def read(content: bytes) -> FileRead:
        made = (read_positions if is_csv else read_list)(content, name, contract)
        # A layout of another version is whole: asking again gives the same.
        if made.frame is None and not (is_csv and lacks_columns(content, contract)):
            raise BrokenAnswerError("; ".join(problem.what for problem in made.problems))
        return made

    answer = service.ask(name, fields, read)
    context.problems.extend(p for p in answer.problems if p not in context.problems)
    refused = any(problem.severity == "error" for problem in answer.problems)
    return None if refused else answer.frame


@dataclass
class _Pending:
    """Windows read and not loaded yet."""

    frames: list[pl.DataFrame] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(frame.height for frame in self.frames)


def _load_closed(
    context: PassContext, service: WebService, now: dt.datetime, narrowed: dict[str, str]
) -> None:
    stored = context.state.cursors.get(CURSOR)
    known = None if stored is None else _EPOCH + dt.timedelta(milliseconds=stored[0])
    pending = _Pending()
    for low, high in _windows(_start(context, known), now):
        if context.stopping():
            return
        fields = {"from": _text(low), "to": _text(high), **narrowed}
        rows = _ask(context, service, CURSOR, CLOSED_POSITIONS, fields)
        if rows is None:
            return
        cursor = CursorMove(CURSOR, int((high - _EPOCH).total_seconds() * 1000))
        if known is not None and low < known:
            seen = Completeness(low=low + _EDGE, high=high - _EDGE)
            complete = seen if rows.height and not narrowed else None
            moved = (cursor,) if high > known else ()
            _load(context, CLOSED_POSITIONS, rows, complete=complete, cursors=moved)
            continue
        pending.frames.append(rows)
        full = pending.rows >= _ROWS_OF_A_LOAD or len(pending.frames) >= _WINDOWS_OF_A_LOAD
        if full or high >= now:
            _load(context, CLOSED_POSITIONS, pl.concat(pending.frames), cursors=(cursor,))
            pending = _Pending()


def _start(context: PassContext, known: dt.datetime | None) -> dt.datetime:
    if known is not None:
        seconds = context.integer_option("overlap_seconds", 3600)
        days = context.integer_option("reread_days", 7)
        return known - (dt.timedelta(days=days) if context.sweep else dt.timedelta(seconds=seconds))
    named = context.source.options.get("history_from")
    if named is not None:
        try:
            moment = dt.datetime.fromisoformat(str(named))
            return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except ValueError as error:
            raise SettingsError(
                f"options.history_from is no date: {named}.",
                where=f"source {context.source.name}",
                todo='give it as "2026-01-31", or leave it out for the first registration',
            ) from error
    row = context.con.execute(
        "SELECT min(registration_timestamp) FROM lake.raw.ctrader_ws_traders "
        "WHERE _tenant_id = ? AND _source = ?",
        [context.source.tenant, context.source.name],
    ).fetchall()
    first = row[0][0]
    return _FIRST if first is None else _EPOCH + dt.timedelta(milliseconds=first)


def _windows(start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    while start < end:
        stop = min(start + LONGEST_WINDOW, end)
        yield start, stop
        start = stop


def _load(
    context: PassContext,
    contract: TableContract,
    frame: pl.DataFrame,
    *,
    complete: Completeness | None = None,
    cursors: tuple[CursorMove, ...] = (),
) -> None:
    context.load(
        Batch(
            contract=contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=frame,
            complete=complete,
            cursors=cursors,
            detail={"rows": frame.height},
        )
    )


def _text(moment: dt.datetime) -> str:
    """yyyy-MM-ddTHH:mm:ss.SSS, UTC without saying so: how the service reads times."""
    return moment.isoformat(timespec="milliseconds")


def _service(context: PassContext) -> WebService:
    options = context.source.options
    name = options.get("token_env")
    if not isinstance(name, str) or not name:
        raise SettingsError(
            "The source has no options.token_env.",
            where=f"source {context.source.name}",
            todo="name the variable of the environment that holds the token, never the token",
        )
    token = os.environ.get(name)
    if not token:
        raise SettingsError(
            f"The environment variable {name} is not set.",
            where=f"source {context.source.name}, options.token_env",
            todo=f"export {name}=<the manager's token>",
        )
    ca_file = options.get("ca_file")
    return WebService(
        address=(context.source.database_url() or "").rstrip("/"),
        token=token,
        timeout_seconds=max(context.integer_option("timeout_seconds", 30), 1),
        attempts=max(context.integer_option("attempts", 5), 1),
        backoff_seconds=context.integer_option("backoff_milliseconds", 500) / 1000,
        ca_file=str(ca_file) if ca_file else None,
    )
