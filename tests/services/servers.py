"""Real database servers on loopback, in a folder of the test session's own.

PostgreSQL and MariaDB refuse to run as root: started by root, they run as the user their package
made. Binaries come from PATH or Debian's places; without them the tests are skipped, saying so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

_START_SECONDS = 60


class ServerMissingError(Exception):
    """The server cannot run here: no binaries, or no user to run them as."""


@dataclass
class Server:
    """A running server.

    Attributes:
        url: SQLAlchemy URL of its administrator, without a database where that is possible.
        process: its process; None while it is stopped.
    """

    kind: str
    url: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerMissingError: it did not come up.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with sa.create_engine(self.url, poolclass=sa.NullPool).connect():
                    return
            except sa.exc.OperationalError:
                time.sleep(0.2)
        self.stop()
        raise ServerMissingError(f"{self.kind} did not start: {self.log.read_text()[-500:]}")

    def stop(self) -> None:
        """Stop it at once; its data stays."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)
            self.process = None

    def database(self) -> str:
        """Create an empty database; its SQLAlchemy URL."""
        name = f"t{uuid.uuid4().hex[:12]}"
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return sa.make_url(self.url).set(database=name).render_as_string(hide_password=False)


def postgresql(folder: Path) -> Server:
    """A PostgreSQL cluster in ``folder``, started.

    Raises:
        ServerMissingError: PostgreSQL is not installed or does not start.
    """
    binaries = _postgresql_binaries()
    user = _user("postgres", folder)
    data = folder / "data"
    subprocess.run(
        [*user, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"],
        check=True,
        capture_output=True,
    )
    port = _free_port()
    # Durability of a test's database is worth nothing.
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
    server = Server(
        "PostgreSQL",
        f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres",
        [
            *user,
            str(binaries / "postgres"),
            "-D",
            str(data),
            "-p",
            str(port),
            *(part for option in options for part in ("-c", option)),
        ],
        folder / "log",
    )
    server.start()
    return server


def mariadb(folder: Path) -> Server:
    """A MariaDB server in ``folder``, started.

    Raises:
        ServerMissingError: MariaDB is not installed or does not start.
    """
    daemon = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if daemon is None or install is None:
        raise ServerMissingError("MariaDB is not installed (apt-get install mariadb-server)")
    user = _user("mysql", folder)
    data = folder / "data"
    subprocess.run(
        [
            *user,
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=True,
        capture_output=True,
    )
    port = _free_port()
    server = Server(
        "MariaDB",
        f"mysql+pymysql://root@127.0.0.1:{port}/",
        [
            *user,
            daemon,
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder / 's.sock'}",
            f"--pid-file={folder / 'pid'}",
            "--innodb-flush-log-at-trx-commit=0",
        ],
        folder / "log",
    )
    server.start()
    return server


def _postgresql_binaries() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").is_file():
            return folder
    raise ServerMissingError("PostgreSQL is not installed (apt-get install postgresql)")


def _user(name: str, folder: Path) -> list[str]:
    """What to put before a command so that it does not run as root."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return []
    try:
        entry = pwd.getpwnam(name)
    except KeyError as error:
        raise ServerMissingError(f"there is no user {name} to run the server as") from error
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerMissingError("setpriv is missing: the server cannot be started as root")
    return [setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
