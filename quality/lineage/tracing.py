"""From the rows a figure is made of to the rows of the source systems, and the loads of those."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import duckdb

from quality.lineage.declaration import SourceRows
from quality.lineage.explanation import SourceRow

_SOURCE_COLUMNS = """
    r._source, l.kind, r._source_table, r._source_row, r._load_id, r._loaded_at, l.source_detail,
    l.content_sha256
"""
# The rate of the euro is one by definition, so no source row states it.
_RATE_TABLES = {"ecb": ("ecb_rates", ("rate_date", "currency"))}


def sources_behind(
    con: duckdb.DuckDBPyConnection, places: Sequence[SourceRows], held: frozenset[str]
) -> dict[int, list[SourceRow]]:
    """Source rows of the temporary table ``behind``, by its ``part_row``.

    A row that is found by its key, and not by its id, is the version that the build saw.

    Args:
        con: a connection whose variable ``daybook_watermark`` is set.
        places: where to look.
        held: ``schema.table`` of what the lake holds.
    """
    found: dict[int, list[SourceRow]] = {}
    loaded: frozenset[str] = (
        _tables_loaded(con) if any("_load_id" in place.by for place in places) else frozenset()
    )
    for place in places:
        if f"raw.{place.table}" not in held:
            continue
        if loaded and "_load_id" in place.by and place.table not in loaded:
            continue
        on = " AND ".join(f'r."{raw}" = b."{ours}"' for raw, ours in place.by.items())
        is_id = "_row_id" in place.by
        rows = con.execute(
            f"""
            SELECT b.part_row, {_key_text(place.key)}, {_SOURCE_COLUMNS}
            FROM behind AS b
            JOIN lake.raw."{place.table}" AS r ON r._tenant_id = b.tenant_id AND {on}
            LEFT JOIN lake.meta.loads AS l ON l.load_id = r._load_id
            {"" if is_id else _NEWER}
            ORDER BY b.part_row, r._row_id
            """
        ).fetchall()
        for number, key, *rest in rows:
            found.setdefault(number, []).append(_source_row(place.table, key, rest))
    return found


def _tables_loaded(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The raw tables that the loads of ``behind`` wrote; none where the loads are not known."""
    rows = con.execute(
        "SELECT DISTINCT l.table_name FROM lake.meta.loads AS l "
        "SEMI JOIN behind AS b ON b.load_id = l.load_id"
    ).fetchall()
    return frozenset(str(name) for (name,) in rows)


_NEWER = """
LEFT JOIN lake.raw.superseded AS newer
    ON newer.superseded_row_id = r._row_id
    AND newer.superseded_by_load <= getvariable('daybook_watermark')
WHERE newer.superseded_row_id IS NULL AND NOT r._is_deleted
    AND r._load_id <= getvariable('daybook_watermark')
"""


def rate_sources(
    con: duckdb.DuckDBPyConnection,
    day: dt.date,
    currencies: Sequence[str],
    held: frozenset[str],
) -> list[SourceRow]:
    """The published rates, as laid for the explained rows, that a day's rate was crossed from."""
    found = []
    for rate_set, (table, key) in _RATE_TABLES.items():
        if f"raw.{table}" not in held:
            continue
        rows = con.execute(
            f"""
            SELECT {_key_text(key)}, {_SOURCE_COLUMNS}
            FROM published_rates AS f
            JOIN lake.raw."{table}" AS r
                ON r.rate_date = f.rate_date AND r.currency = f.currency
                AND r._load_id = f.load_id
            LEFT JOIN lake.meta.loads AS l ON l.load_id = r._load_id
            WHERE f.business_date = $1 AND f.rate_set = $2 AND list_contains($3, f.currency)
            ORDER BY ALL
            """,
            [day, rate_set, sorted(set(currencies))],
        ).fetchall()
        found += [_source_row(table, row[0], row[1:]) for row in rows]
    return found


def _key_text(columns: Sequence[str]) -> str:
    return "concat_ws('/', " + ", ".join(f'CAST(r."{name}" AS VARCHAR)' for name in columns) + ")"


def _source_row(table: str, key: str, rest: Sequence[Any]) -> SourceRow:
    source, kind, source_table, source_row, load_id, loaded_at, detail, sha256 = rest
    files = (json.loads(detail) if detail else {}).get("files") or {}
    # Rows of a load of several files name theirs; of one file, it is that one.
    file = source_table if source_table in files else next(iter(files), None)
    return SourceRow(
        source=source,
        kind=kind,
        raw_table=f"raw.{table}",
        source_table=source_table,
        source_key=key,
        source_row=source_row,
        load_id=load_id,
        loaded_at=loaded_at,
        origin=file or source_table,
        sha256=files[file] if file else sha256,
    )
