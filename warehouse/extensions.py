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


# Files whose signature DuckDB has checked in this process, each as it was then.
_CHECKED: set[tuple[str, int, int, int]] = set()


def engine_with(*names: str) -> duckdb.DuckDBPyConnection:
    """A new engine in memory with extensions loaded.

    DuckDB checks the signature of a file with every load: 0.2 s of processor time for each of 35
    MB. Here it is checked once a process; a file that changed since is checked again. What else
    is loaded later must be signed, whoever asks.
    """
    files = {name: _as_it_is(extension_file(name)) for name in names}
    is_checked = _CHECKED.issuperset(files.values())
    con = duckdb.connect(":memory:", config={"allow_unsigned_extensions": is_checked})
    load_extension(con, *names)
    con.execute("SET allow_unsigned_extensions = false")
    _CHECKED.update(files.values())
    return con


def _as_it_is(file: Path) -> tuple[str, int, int, int]:
    state = file.stat()
    return str(file), state.st_ino, state.st_mtime_ns, state.st_size


def load_extension(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions straight from their wheels into a connection."""
    # A load must never be answered by a download.
    con.execute("SET autoinstall_known_extensions = false")
    for name in names:
        con.execute(f"LOAD {literal(str(extension_file(name)))}")
