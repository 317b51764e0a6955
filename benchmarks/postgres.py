"""A PostgreSQL server of the benchmark's own, where the binaries are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks.measurement import BenchmarkError

START_SECONDS = 60


def postgresql_binaries() -> Path | None:
    """The folder of initdb and postgres; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


@contextmanager
def postgresql(folder: Path, binaries: Path, tuned: Iterable[str] = ()) -> Iterator[str]:
    """A running server; its SQLAlchemy URL.

    Args:
        tuned: settings as ``name=value``; all others are PostgreSQL's own defaults.

    Raises:
        BenchmarkError: it cannot be started here.
    """
    user = _user(folder)
    data = folder / "data"
    made = subprocess.run(
        [*user, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise BenchmarkError(f"initdb failed: {made.stderr.strip()[-300:]}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *tuned)
    command = [*user, str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    for option in options:
        command += ["-c", option]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        _wait(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with sa.create_engine(url, poolclass=sa.NullPool).connect():
                return
        except sa.exc.OperationalError:
            time.sleep(0.2)
    raise BenchmarkError(f"PostgreSQL did not start: {log.read_text()[-300:]}")


def _user(folder: Path) -> list[str]:
    """What to put before a command: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = None
    if setpriv is None or entry is None:
        raise BenchmarkError("running as root, without a user postgres or without setpriv")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return [setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
