"""One writer at a time: the lock between processes and the transaction that carries its reason."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb
from filelock import FileLock, Timeout

from warehouse.code_version import code_version
from warehouse.errors import DaybookError, LockTimeoutError
from warehouse.settings import Settings, load_settings

# After this long the waiting process says what it waits for.
QUIET_SECONDS = 2.0

_HELD: dict[str, FileLock] = {}
# The file lock counts re-entry within a process: threads of one process take turns by these.
_TURNS: dict[str, threading.Lock] = {}
_HELD_GUARD = threading.Lock()


def _lock_of(settings: Settings) -> FileLock:
    # One lock object a process and warehouse: FileLock counts re-entry within it.
    path = str(settings.warehouse_path / "writer.lock")
    with _HELD_GUARD:
        if path not in _HELD:
            settings.warehouse_path.mkdir(parents=True, exist_ok=True)
            _HELD[path] = FileLock(path, thread_local=False)
        return _HELD[path]


def _turn_of(settings: Settings) -> threading.Lock:
    with _HELD_GUARD:
        return _TURNS.setdefault(str(settings.warehouse_path), threading.Lock())


@contextmanager
def only_writer(settings: Settings) -> Iterator[None]:
    """Hold the writer lock against other processes and against other threads of this one.

    Not re-entrant: for one change of the lake, as :func:`transaction` makes it.

    Raises:
        LockTimeoutError: it stayed taken for ``lock_timeout_seconds``.
    """
    turn = _turn_of(settings)
    if not turn.acquire(timeout=settings.lock_timeout_seconds):
        raise LockTimeoutError(
            "Another thread of this process has been writing for too long.",
            where=str(settings.warehouse_path),
            todo="raise lock_timeout_seconds, or stop and restart this process",
        )
    try:
        with writer_lock(settings):
            yield
    finally:
        turn.release()


def _holder(settings: Settings) -> str:
    try:
        return (settings.warehouse_path / "writer.holder").read_text(encoding="utf-8").strip()
    except OSError:
        return "another process"


@contextmanager
def writer_lock(settings: Settings | None = None) -> Iterator[None]:
    """Hold the writer lock, waiting for it with a message. Re-entrant within a process.

    The operating system frees the lock when its holder dies, so a crash never leaves it taken.

    Raises:
        LockTimeoutError: it stayed taken for ``lock_timeout_seconds``.
    """
    settings = settings or load_settings()
    _acquire(settings)
    try:
        yield
    finally:
        _lock_of(settings).release()


def _acquire(settings: Settings) -> None:
    lock = _lock_of(settings)
    started = time.monotonic()
    told = False
    while True:
        try:
            lock.acquire(timeout=QUIET_SECONDS, poll_interval=0.005)
            break
        except Timeout:
            waited = time.monotonic() - started
            if waited >= settings.lock_timeout_seconds:
                raise LockTimeoutError(
                    f"The writer lock was not free for {waited:.0f} seconds.",
                    where=f"{settings.warehouse_path / 'writer.lock'}, held by {_holder(settings)}",
                    todo="wait for that process, stop it, or raise lock_timeout_seconds",
                ) from None
            if not told:
                print(
                    f"waiting for the writer lock, held by {_holder(settings)} ...", file=sys.stderr
                )
                told = True
    (settings.warehouse_path / "writer.holder").write_text(
        f"process {os.getpid()}", encoding="utf-8"
    )


@contextmanager
def transaction(
    con: duckdb.DuckDBPyConnection,
    message: str,
    settings: Settings | None = None,
    **facts: str | int | None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """One change of the lake: lock, BEGIN, the caller's statements, COMMIT with its reason.

    Args:
        con: a connection of mode ``write``.
        message: what the snapshot holds, as ``daybook`` shows it in the history.
        settings: the installation; None loads it.
        facts: kept with the snapshot, e.g. ``load_id=17``; the code version is added.

    Raises:
        DaybookError: the disk is full; nothing was changed.
    """
    settings = settings or load_settings()
    with only_writer(settings):
        con.execute("BEGIN TRANSACTION")
        try:
            yield con
            extra = json.dumps({**facts, "code_version": code_version()}, sort_keys=True)
            con.execute(
                "CALL lake.set_commit_message('daybook', ?, extra_info => ?)", [message, extra]
            )
            con.execute("COMMIT")
        except BaseException as error:
            # The engine may have rolled back already; the first error is the one to tell.
            with suppress(duckdb.Error):
                con.execute("ROLLBACK")
            if _is_disk_full(error):
                raise DaybookError(
                    "The disk is full; nothing of this change was kept.",
                    where=str(settings.warehouse_path),
                    todo="free space, then run the same command again",
                ) from error
            raise


def _is_disk_full(error: BaseException) -> bool:
    text = str(error).lower()
    return isinstance(error, duckdb.Error | OSError) and (
        "no space left" in text or "disk is full" in text or "disk full" in text
    )
