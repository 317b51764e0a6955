"""DuckDB's extensions come from their wheels, and only signed ones load."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from warehouse import extensions
from warehouse.extensions import engine_with, extension_file


@pytest.fixture
def tampered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an extension in which one byte of its code is another, taken for the real one."""
    file = tmp_path / "sqlite_scanner.duckdb_extension"
    shutil.copy(extension_file("sqlite_scanner"), file)
    with file.open("r+b") as content:
        content.seek(1_000_000)
        byte = content.read(1)
        content.seek(1_000_000)
        content.write(bytes([byte[0] ^ 1]))
    monkeypatch.setattr(extensions, "extension_file", lambda name: file)
    return file


def test_a_later_engine_has_the_same_extensions() -> None:
    for _ in range(2):
        with engine_with("sqlite_scanner", "ducklake") as con:
            loaded = con.execute(
                "SELECT extension_name FROM duckdb_extensions() WHERE loaded"
            ).fetchall()
            assert {("sqlite_scanner",), ("ducklake",)} <= set(loaded)


def test_a_file_that_was_not_checked_must_be_signed(tampered: Path) -> None:
    with pytest.raises(duckdb.Error, match="signature"):
        engine_with("sqlite_scanner")


def test_nobody_loads_an_unsigned_file_into_a_later_engine(tmp_path: Path) -> None:
    engine_with("sqlite_scanner").close()
    with engine_with("sqlite_scanner") as con:
        file = tmp_path / "ducklake.duckdb_extension"
        content = bytearray(extension_file("ducklake").read_bytes())
        content[1_000_000] ^= 1
        file.write_bytes(content)
        with pytest.raises(duckdb.Error, match="signature"):
            con.execute(f"LOAD '{file}'")
        with pytest.raises(duckdb.Error, match="Cannot change allow_unsigned_extensions"):
            con.execute("SET allow_unsigned_extensions = true")
