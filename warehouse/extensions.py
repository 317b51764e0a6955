"""DuckDB's extensions from their PyPI wheels: nothing is downloaded at run time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from warehouse.errors import DaybookError
from warehouse.sql_text import literal


def extension_file(name: str) -> Path:
    """The binary of an extension inside its wheel.

    Raises:
        DaybookError: the wheel is not installed, or not for this DuckDB version.
    """
    spec = find_spec(f"duckdb_extension_{name}")
    version = duckdb.__version__
    locations = list(spec.submodule_search_locations or []) if spec is not None else []
    for location in locations:
        path = Path(location) / "extensions" / f"v{version}" / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    raise DaybookError(
        f"DuckDB's extension {name} for version {version} is not installed.",
        where="the Python environment",
        todo=f"install duckdb-extension-{name.replace('_', '-')}=={version} (uv sync does)",
    )


def load_extension(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions straight from their wheels into a connection."""
    # A load must never be answered by a download.
    con.execute("SET autoinstall_known_extensions = false")
    for name in names:
        con.execute(f"LOAD {literal(str(extension_file(name)))}")
