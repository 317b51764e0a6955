"""One pass over one source: its lock, its state, its connector, and what is wrong with it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ingestion import problems as source_problems
from ingestion.connectors.context import PassContext
from ingestion.connectors.registry import connector_of
from ingestion.problems import Problem
from ingestion.reports import SourceReport
from ingestion.source_state import SourceState, read_state
from warehouse.errors import ContractError, LockTimeoutError, SettingsError, SourceError


def run_pass(context: PassContext) -> SourceReport:
    """One pass over one source; its failure is recorded and reported, not raised.

    Raises:
        DaybookError: the lake itself cannot be written (lock, full disk).
    """
    started = time.monotonic()
    source = context.source
    error: str | None = None
    try:
        with _only_pass(context) as token:
            context.state = _state(context, token)
            connector_of(source).sync(context)
    except (SourceError, ContractError, SettingsError) as failure:
        error = failure.describe()
        context.problems.append(
            Problem("", "error", failure.what, failure.todo or "see the message of the sync")
        )
    if context.memory.get("problems") != context.problems:
        source_problems.store(context.con, source, context.problems, context.settings)
        context.memory["problems"] = list(context.problems)
    return SourceReport.of(
        source.name,
        source.kind,
        context.results,
        context.problems,
        round(time.monotonic() - started, 3),
        error,
    )


def forget(memory: dict[str, object]) -> None:
    """Empty a poll loop's memory of a source, closing what it kept open."""
    for kept in memory.values():
        close = getattr(kept, "close", None)
        if close is not None:
            with suppress(Exception):
                close()
    memory.clear()


def _state(context: PassContext, token: Path) -> SourceState:
    """The state of the last pass of this loop, as long as nobody else has passed since."""
    remembered = context.memory.get("state")
    with suppress(OSError):
        if isinstance(remembered, _Remembered) and token.read_text("utf-8") == remembered.token:
            return remembered.state
    state = read_state(context.con, context.source.tenant, context.source.name)
    mine = uuid.uuid4().hex
    token.write_text(mine, "utf-8")
    context.memory["state"] = _Remembered(mine, state)
    return state


class _Remembered:
    """A state with the mark that its pass left in the source's token file."""

    def __init__(self, token: str, state: SourceState) -> None:
        self.token = token
        self.state = state


@contextmanager
def _only_pass(context: PassContext) -> Iterator[Path]:
    """No two passes over one source at once: what one reads, the other must not outdate.

    Gives the file in which each process that reads the source's state leaves its mark.
    """
    folder = context.settings.warehouse_path
    name = f"source-{context.source.tenant}-{context.source.name}"
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=context.settings.lock_timeout_seconds, poll_interval=0.05)
    except Timeout as error:
        raise LockTimeoutError(
            f"Another process has been loading {context.source.name} for too long.",
            where=str(folder / f"{name}.lock"),
            todo="wait for it, or stop it",
        ) from error
    try:
        yield folder / f"{name}.token"
    finally:
        lock.release()
