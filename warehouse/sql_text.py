"""Names and texts as SQL reads them, where a value cannot be bound."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A DuckDB identifier; ``order``, ``group`` and ``timestamp`` are column names here."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text between quotes."""
    return "'" + text.replace("'", "''") + "'"
