"""Session fixtures of the servers: import them where a test needs a real database."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.servers import Server, ServerMissingError, mariadb, postgresql


@contextmanager
def _running(make: Callable[[Path], Server]) -> Iterator[Server]:
    # Not under pytest's folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="daybook-server-"))
    try:
        try:
            server = make(folder)
        except ServerMissingError as error:
            pytest.skip(str(error))
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL server for the session."""
    with _running(postgresql) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """A MariaDB server for the session."""
    with _running(mariadb) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Server) -> str:
    """An empty PostgreSQL database."""
    return postgresql_server.database()


@pytest.fixture
def mariadb_url(mariadb_server: Server) -> str:
    """An empty MariaDB database."""
    return mariadb_server.database()
