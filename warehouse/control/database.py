"""Connections to the control database and its schema's migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from warehouse.errors import DaybookError
from warehouse.settings import Settings

HEAD_REVISION = "0004"
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 60
# Any constant will do, as long as every Daybook process uses the same one.
_MIGRATION_LOCK = 7_302_018_796


class ControlDatabaseError(DaybookError):
    """The control database cannot be reached or has another shape than this code expects."""


def _engine(settings: Settings, *, writes: bool) -> Engine:
    url = make_url(settings.control_url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _own_transactions(connection: Any, _record: Any) -> None:
        # The driver would open transactions late; a writer must hold the lock before it reads.
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _migrate_sqlite(settings: Settings, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.migration-lock"):
        engine = _engine(settings, writes=True)
        with engine.connect() as connection:
            # Readers and the writer do not block each other in this mode; it stays with the file.
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
            with connection.begin():
                if _revision(connection) != HEAD_REVISION:
                    _upgrade(connection)


def _migrate_server(settings: Settings) -> None:
    with _engine(settings, writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        if _revision(connection) != HEAD_REVISION:
            _upgrade(connection)


def migrate(settings: Settings) -> None:
    """Bring the control database to this code's schema, creating it where there is none.

    Called by every other function here, so nobody has to remember it. Safe to call from several
    processes at once.

    Raises:
        ControlDatabaseError: the database does not answer, or a newer Daybook wrote it.
    """
    url = make_url(settings.control_url)
    where = url.render_as_string(hide_password=True)
    is_sqlite = url.get_backend_name() == "sqlite"
    try:
        held: str | None = None
        if not is_sqlite or (url.database and Path(url.database).is_file()):
            with _engine(settings, writes=False).connect() as connection:
                held = _revision(connection)
        if held == HEAD_REVISION:
            return
        if held is not None and held > HEAD_REVISION:
            raise ControlDatabaseError(
                f"The control database has schema {held}, this code knows {HEAD_REVISION}.",
                where=where,
                todo="install the newer Daybook that wrote it",
            )
        if is_sqlite:
            assert url.database is not None
            _migrate_sqlite(settings, Path(url.database))
        else:
            _migrate_server(settings)
    except (SQLAlchemyError, OSError) as error:
        raise _unreachable(settings, error) from error


def exists(settings: Settings) -> bool:
    """Whether there is a control database to look at; a server is taken to have one."""
    url = make_url(settings.control_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _unreachable(settings: Settings, error: BaseException) -> ControlDatabaseError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return ControlDatabaseError(
        f"The control database refused: {first}.",
        where=make_url(settings.control_url).render_as_string(hide_password=True),
        todo="check that its server runs, the user may write, and the disk has room",
    )


@contextmanager
def writing(settings: Settings) -> Iterator[Session]:
    """One transaction that may change the control database: all of it or nothing.

    On SQLite the write lock is taken at once, waiting up to a minute for another writer.

    Raises:
        ControlDatabaseError: the database does not answer or refuses.
    """
    migrate(settings)
    try:
        with (
            _engine(settings, writes=True).begin() as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            yield session
            session.flush()
    except SQLAlchemyError as error:
        raise _unreachable(settings, error) from error


@contextmanager
def reading(settings: Settings) -> Iterator[Session]:
    """A consistent view of the control database.

    Raises:
        ControlDatabaseError: the database does not answer.
    """
    migrate(settings)
    try:
        with (
            _engine(settings, writes=False).connect() as connection,
            Session(connection) as session,
        ):
            yield session
    except SQLAlchemyError as error:
        raise _unreachable(settings, error) from error
