"""The engine: lays the parts of a mart's rows side by side, re-adds them, traces them back.

It knows no mart: all it does follows from the declaration. The parts are read from canonical and
source rows as they stood when the figures were built, by another way than the mart took.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from quality.lake_tables import held_at
from quality.lineage.declaration import Lineage, Part
from quality.lineage.explanation import Explanation, Figure, PartRow, RuleSaid
from quality.lineage.keys import lay_every_subject, lay_subject, parse_key
from quality.lineage.laid_parts import ADDED_TYPE, lay_parts, totals_of
from quality.lineage.rates import WATERMARK, rates_used
from quality.lineage.registry import lineage_of
from quality.lineage.tracing import sources_behind
from warehouse.connection import AsOf, connect
from warehouse.errors import DaybookError, UsageError
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings

# A mart keeps each converted amount to eight decimals, off by half a unit at most; a total has up
# to four of them a row: dealing, commission, swap and fees.
_CONVERSION_UNIT = Decimal("0.00000002")
FX_MAX_AGE_DAYS: int = Settings.model_fields["fx_max_age_days"].default


@dataclass(frozen=True)
class NotReAdded:
    """A figure that its parts do not come to."""

    key_text: str
    column: str
    value: Decimal | None
    total: Decimal | None
    rows: int


def explain(
    settings: Settings,
    table: str,
    key: Sequence[str],
    *,
    column: str | None = None,
    as_of: AsOf = None,
) -> Explanation:
    """Explain one row of a mart.

    Args:
        settings: the installation.
        table: ``schema.table``, or the table alone.
        key: ``column=value`` pairs, or the key as one text.
        column: only this figure; None explains every one.
        as_of: a snapshot id or a date; None reads the head.

    Raises:
        UsageError: unknown table, column or key, or a key that several rows answer to.
        DaybookError: the books were not built yet.
    """
    lineage = lineage_of(table)
    with connect("read", as_of=as_of, settings=settings) as con:
        snapshot = as_of_snapshot(con, settings, as_of)
        return explain_row(
            con,
            lineage,
            parse_key(key),
            snapshot_id=snapshot,
            column=column,
            fx_max_age_days=settings.fx_max_age_days,
        )


def as_of_snapshot(con: duckdb.DuckDBPyConnection, settings: Settings, as_of: AsOf) -> int:
    """The id of the snapshot that a connection reads."""
    if as_of is None:
        return current_snapshot(con)
    from warehouse.publishing import resolve_snapshot

    return resolve_snapshot(as_of, settings)


def explain_row(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    key: Mapping[str, str],
    *,
    snapshot_id: int,
    column: str | None = None,
    fx_max_age_days: int = FX_MAX_AGE_DAYS,
) -> Explanation:
    """Explain one row over an open connection; see :func:`explain`."""
    figures = _wanted(lineage, column)
    held = held_at(con, snapshot_id)
    _must_be_built(lineage, held)
    with _watermark(con) as watermark:
        key_text = lay_subject(con, lineage, key)
        row = _subject_row(con)
        laid = lay_parts(con, lineage, figures, fx_max_age_days)
        totals = {
            (name, total_of): rest
            for name, total_of, *rest in con.execute(totals_of(laid, figures)).fetchall()
        }
        return Explanation(
            table=lineage.table,
            key={name: row[name] for name in lineage.key},
            key_text=key_text,
            snapshot_id=snapshot_id,
            watermark=watermark,
            figures=tuple(
                _figure(name, lineage, row, totals.get((key_text, name))) for name in figures
            ),
            parts=tuple(
                part_row
                for index, part in laid
                for part_row in _part_rows(con, index, part, figures, held)
            ),
            rates=tuple(rates_used(con, lineage, laid, figures, held)),
            rules=tuple(_rules_said(con, lineage, held)),
        )


def not_re_added(
    con: duckdb.DuckDBPyConnection,
    table: str,
    column: str | None = None,
    *,
    fx_max_age_days: int = FX_MAX_AGE_DAYS,
) -> list[NotReAdded]:
    """Every figure of a mart that its parts do not come to, read in one pass over all rows."""
    lineage = lineage_of(table)
    figures = _wanted(lineage, column)
    with _watermark(con):
        lay_every_subject(con, lineage)
        laid = lay_parts(con, lineage, figures, fx_max_age_days)
        con.execute(f"CREATE OR REPLACE TEMP TABLE totals AS {totals_of(laid, figures)}")
        values = " UNION ALL ".join(
            f"SELECT subject_key, '{name}' AS figure, CAST(\"{name}\" AS {ADDED_TYPE}) AS value "
            "FROM subject"
            for name in figures
        )
        rows = con.execute(
            f"""
            SELECT s.subject_key, s.figure, s.value, t.total, coalesce(t.added_rows, 0)
            FROM ({values}) AS s
            LEFT JOIN totals AS t
                ON t.subject_key = s.subject_key AND t.figure = s.figure AND t.added_rows > 0
            WHERE CASE
                WHEN t.added_rows IS NULL THEN coalesce(s.value, 0) <> 0
                WHEN s.value IS NULL OR t.total IS NULL
                THEN s.value IS NOT NULL OR t.total IS NOT NULL
                ELSE abs(s.value - t.total) > t.converted_rows * {_CONVERSION_UNIT:f}
            END
            ORDER BY ALL
            """
        ).fetchall()
    return [NotReAdded(*row) for row in rows]


def _wanted(lineage: Lineage, column: str | None) -> tuple[str, ...]:
    if column is None:
        return lineage.figures
    if column not in lineage.figures:
        raise UsageError(
            f"{lineage.table} has no explained figure {column}.",
            todo=f"its figures are {', '.join(lineage.figures)}",
        )
    return (column,)


def _must_be_built(lineage: Lineage, held: frozenset[str]) -> None:
    if lineage.table not in held:
        raise DaybookError(
            f"{lineage.table} is not built in this snapshot.",
            todo="run `daybook build`, or name a later snapshot",
        )


@contextmanager
def _watermark(con: duckdb.DuckDBPyConnection) -> Iterator[int]:
    """Read staging as the build saw it whose figures these are."""
    row = con.execute(
        """
        SELECT coalesce(
            (
                SELECT watermark_to FROM lake.meta.builds
                WHERE status = 'done' ORDER BY build_id DESC LIMIT 1
            ),
            9223372036854775807
        )
        """
    ).fetchone()
    assert row is not None
    con.execute(f"SET VARIABLE {WATERMARK} = {int(row[0])}")
    try:
        yield int(row[0])
    finally:
        con.execute(f"RESET VARIABLE {WATERMARK}")


def _subject_row(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    cursor = con.execute("SELECT * FROM subject")
    names = [item[0] for item in cursor.description or []]
    return dict(zip(names, cursor.fetchall()[0], strict=True))


def _figure(
    name: str, lineage: Lineage, row: Mapping[str, Any], found: Sequence[Any] | None
) -> Figure:
    value = None if row[name] is None else Decimal(row[name])
    total, rows, converted = found if found else (None, 0, 0)
    if rows == 0:
        # Nothing adds: the figure is zero, or there is none.
        total = None if value is None else Decimal(0)
    if value is None or total is None:
        difference = None if (value is None) != (total is None) else Decimal(0)
    else:
        difference = value - total
    allowed = converted * _CONVERSION_UNIT
    currency = lineage.currencies.get(name)
    return Figure(
        column=name,
        currency=row[currency] if currency else None,
        value=value,
        total=total,
        rows=rows,
        difference=difference,
        adds_up=difference is not None and abs(difference) <= allowed,
    )


def _part_rows(
    con: duckdb.DuckDBPyConnection,
    index: int,
    part: Part,
    figures: Sequence[str],
    held: frozenset[str],
) -> Iterator[PartRow]:
    adding = [name for name in figures if name in part.adds]
    counts = " OR ".join(f'("+{name}" IS NULL OR "+{name}" <> 0)' for name in adding)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE behind AS "
        f"SELECT *, row_number() OVER () AS part_row FROM part_{index} WHERE {counts}"
    )
    if con.execute("SELECT 1 FROM behind LIMIT 1").fetchone() is None:
        return
    columns = [part.names, *part.shows, *(f"+{name}" for name in adding)]
    sorted_by = f'"{part.shows[0]}", "{part.names}", part_row'
    listed = ", ".join(f'"{name}"' for name in columns)
    sources = sources_behind(con, part.sources, held)
    for number, named, *values in con.execute(
        f"SELECT part_row, {listed} FROM behind ORDER BY {sorted_by}"
    ).fetchall():
        yield PartRow(
            kind=part.kind,
            name=str(named),
            shows=dict(zip(part.shows, values, strict=False)),
            adds={
                name: value
                for name, value in zip(adding, values[len(part.shows) :], strict=True)
                if value is None or value != 0
            },
            sources=tuple(sources.get(number, ())),
        )


def _rules_said(
    con: duckdb.DuckDBPyConnection, lineage: Lineage, held: frozenset[str]
) -> Iterator[RuleSaid]:
    for rule in lineage.rules:
        if not rule.rows:
            yield RuleSaid(rule.what, None, ())
            continue
        con.execute(
            "CREATE OR REPLACE TEMP TABLE behind AS SELECT *, row_number() OVER () AS part_row, "
            "(SELECT tenant_id FROM subject) AS tenant_id "
            f"FROM ({rule.rows}) AS said ORDER BY what_it_said"
        )
        sources = sources_behind(con, (rule.source,) if rule.source else (), held)
        for number, said in con.execute(
            "SELECT part_row, what_it_said FROM behind ORDER BY part_row"
        ).fetchall():
            yield RuleSaid(rule.what, said, tuple(sources.get(number, ())))
