"""The one door to the lake: every connection of every process is made here."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.errors import DaybookError, SnapshotError
from warehouse.extensions import engine_with
from warehouse.settings import Settings, load_settings
from warehouse.sql_text import literal

LAKE = "lake"

AsOf = int | str | dt.date | None


def catalog_address(settings: Settings) -> str:
    """What ATTACH names: the SQLite catalog in the home, or PostgreSQL by setting."""
    if settings.catalog_url is None:
        return f"ducklake:sqlite:{settings.catalog_path}"
    url = settings.catalog_url.get_secret_value()
    return "ducklake:postgres:" + url.replace("postgresql+psycopg://", "postgresql://")


def attach_options(settings: Settings) -> dict[str, str | int]:
    """The ATTACH options of this installation's lake, without mode or snapshot."""
    options: dict[str, str | int] = {
        "DATA_PATH": str(settings.lake_data) + "/",
        # No rows in the catalog, however few: a table there for each of ours slows all else (0011).
        "DATA_INLINING_ROW_LIMIT": 0,
        # The catalog keeps file names relative to this: a copied or restored home just works.
        "OVERRIDE_DATA_PATH": 1,
    }
    if settings.catalog_url is None:
        options["META_JOURNAL_MODE"] = "WAL"
        options["META_BUSY_TIMEOUT"] = 30000
    return options


def extensions_needed(settings: Settings) -> tuple[str, ...]:
    """Names of the DuckDB extensions that this installation's lake needs."""
    if settings.catalog_url is None:
        return ("sqlite_scanner", "ducklake")
    return ("postgres_scanner", "ducklake")


def attach_statement(settings: Settings, *, read_only: bool, snapshot: int | None = None) -> str:
    """The ATTACH statement for the lake."""
    options = [
        f"{name} {value}" if isinstance(value, int) else f"{name} {literal(value)}"
        for name, value in attach_options(settings).items()
    ]
    if read_only:
        options.append("READ_ONLY")
    if snapshot is not None:
        options.append(f"SNAPSHOT_VERSION {snapshot}")
    return f"ATTACH {literal(catalog_address(settings))} AS {LAKE} ({', '.join(options)})"


def _engine(settings: Settings) -> duckdb.DuckDBPyConnection:
    con = engine_with(*extensions_needed(settings))
    con.execute("SET TimeZone = 'UTC'")
    spill = settings.warehouse_path / "spill"
    con.execute(f"SET temp_directory = {literal(str(spill))}")
    if settings.duckdb_memory_limit:
        con.execute(f"SET memory_limit = {literal(settings.duckdb_memory_limit)}")
    if settings.duckdb_threads:
        con.execute(f"SET threads = {settings.duckdb_threads}")
    return con


def lake_exists(settings: Settings) -> bool:
    """Whether something was ever written here."""
    return settings.catalog_url is not None or settings.catalog_path.is_file()


def connect(
    mode: Literal["read", "write"] = "read",
    as_of: AsOf = None,
    settings: Settings | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the lake, attached as ``lake`` and made the current catalog.

    A cursor of the connection does not inherit the current catalog: write ``lake.schema.table``
    there. Writers take :func:`warehouse.writer.transaction` for each change.

    Args:
        mode: ``read`` attaches read only.
        as_of: a snapshot id, or a date (the last snapshot published by the end of that UTC day);
            None reads the head.
        settings: the installation; None loads it.

    Raises:
        DaybookError: there is no lake to read, or the catalog does not answer.
        SnapshotError: as_of names no published snapshot, or a writer asked for the past.
    """
    settings = settings or load_settings()
    if mode == "read" and not lake_exists(settings):
        raise DaybookError(
            "There is no warehouse here yet.",
            where=str(settings.warehouse_path),
            todo="run `daybook sync --once`, then `daybook build`",
        )
    snapshot: int | None = None
    if as_of is not None:
        if mode == "write":
            raise SnapshotError("The past cannot be written.", todo="leave out as_of")
        from warehouse.publishing import resolve_snapshot

        snapshot = resolve_snapshot(as_of, settings)
    if mode == "write":
        settings.lake_data.mkdir(parents=True, exist_ok=True)
    con = _engine(settings)
    try:
        if mode == "write" and not lake_exists(settings):
            _create_lake(con, settings)
        else:
            con.execute(attach_statement(settings, read_only=mode == "read", snapshot=snapshot))
        con.execute(f"USE {LAKE}")
        if mode == "write":
            from warehouse.schema import ensure

            ensure(con, settings)
    except duckdb.Error as error:
        con.close()
        raise DaybookError(
            f"The lake cannot be opened: {_first_line(error)}",
            where=str(Path(settings.catalog_path)),
            todo="run `daybook doctor`; check that the catalog database runs and the disk has room",
        ) from error
    except BaseException:
        con.close()
        raise
    return con


def thread_cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A second connection to the same open lake, for one thread of its own.

    What :func:`connect` set for the first one holds here too, but the current catalog.
    """
    cursor = con.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    leave_lake(cursor)
    return cursor


def leave_lake(con: duckdb.DuckDBPyConnection) -> None:
    """Make memory the current catalog: names without one are not looked up in the lake first.

    For those who write ``lake.schema.table`` anyway: registering a frame or naming a temporary
    table takes 0.3 ms then, and 10 to 40 ms with the lake as current catalog.
    """
    con.execute("USE memory")


def _create_lake(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    # Two processes that start at once must not both lay the catalog's tables.
    from warehouse.writer import writer_lock

    with writer_lock(settings):
        con.execute(attach_statement(settings, read_only=False))


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
