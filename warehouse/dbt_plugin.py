"""How dbt comes through the one door: extensions from wheels, the load watermark, the lock.

dbt-duckdb loads this module by its name in profiles.yml.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from warehouse.connection import extensions_needed
from warehouse.extensions import load_extension
from warehouse.settings import Settings, load_settings
from warehouse.sql_text import literal
from warehouse.writer import only_writer

WATERMARK_VARIABLE = "DAYBOOK_WATERMARK"
_HELD = "_daybook_writer_lock"


class Plugin(BasePlugin):
    """Configures dbt's DuckDB connection like one of our own."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Called once by dbt-duckdb when the environment is made."""
        self.settings = load_settings()
        lock_transactions(self.settings)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Nothing to add: settings are made on the connection."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Load the extensions before dbt attaches the lake."""
        load_extension(conn, *extensions_needed(self.settings))
        spill = str(self.settings.warehouse_path / "spill")
        conn.execute(f"SET temp_directory = {literal(spill)}")
        if self.settings.duckdb_memory_limit:
            conn.execute(f"SET memory_limit = '{self.settings.duckdb_memory_limit}'")
        if self.settings.duckdb_threads:
            conn.execute(f"SET threads = {self.settings.duckdb_threads}")

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Pin what the build reads: loads after the watermark are invisible to it."""
        cursor.execute("SET TimeZone = 'UTC'")
        watermark = os.environ.get(WATERMARK_VARIABLE)
        if watermark:
            cursor.execute(f"SET VARIABLE daybook_watermark = {int(watermark)}")


def lock_transactions(settings: Settings) -> None:
    """Make every dbt transaction that writes hold the writer lock from BEGIN to COMMIT, no longer.

    dbt has no hook around its transactions, so the adapter's own BEGIN, COMMIT and ROLLBACK are
    wrapped. Between two models other writers (a running sync, another thread of dbt) get their
    turn. A test only reads, and waits for nobody.
    """
    if getattr(DuckDBConnectionManager, "_daybook_locked", False):
        DuckDBConnectionManager._daybook_settings = settings  # type: ignore[attr-defined]
        return
    manager: Any = DuckDBConnectionManager
    manager._daybook_locked = True
    manager._daybook_settings = settings
    begin, commit = manager.begin, manager.commit
    rollback, close = manager._rollback, manager.close.__func__

    def give_back(connection: Any) -> None:
        held = connection.__dict__.pop(_HELD, None)
        if held is not None:
            held.close()

    def locked_begin(self: Any) -> Any:
        connection = self.get_thread_connection()
        only_reads = (connection.name or "").startswith("test.")
        if only_reads or connection.transaction_open:
            return begin(self)
        held = ExitStack()
        held.enter_context(only_writer(manager._daybook_settings))
        connection.__dict__[_HELD] = held
        try:
            return begin(self)
        except BaseException:
            give_back(connection)
            raise

    def locked_commit(self: Any) -> Any:
        # A failing COMMIT is rolled back by dbt, and locked_rollback gives the lock back.
        connection = commit(self)
        give_back(connection)
        return connection

    def locked_rollback(cls: Any, connection: Any) -> None:
        try:
            rollback.__func__(cls, connection)
        finally:
            give_back(connection)

    def locked_close(cls: Any, connection: Any) -> Any:
        try:
            return close(cls, connection)
        finally:
            give_back(connection)

    manager.begin = locked_begin
    manager.commit = locked_commit
    manager._rollback = classmethod(locked_rollback)
    manager.close = classmethod(locked_close)
