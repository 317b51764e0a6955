"""The parts of a mart's rows as temporary tables, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from quality.lineage.declaration import RATE, Lineage, Part
from quality.lineage.rates import lay_rates, rate_of

ADDED_TYPE = "DECIMAL(38, 18)"


def lay_parts(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    figures: Sequence[str],
    fx_max_age_days: int,
) -> list[tuple[int, Part]]:
    """Make a temporary table ``part_<n>`` of each part that adds to a figure and may have rows."""
    laid = []
    has_rates = any(part.converts(name) for part in lineage.parts for name in figures)
    if has_rates:
        lay_rates(con, lineage, fx_max_age_days)
    for index, part in enumerate(lineage.parts):
        adding = [name for name in figures if name in part.adds]
        if not adding or not _may_have_rows(con, part):
            continue
        amounts = ", ".join(
            f'{_added(part, name, "rate_to_reporting")} AS "+{name}", '
            f'{_is_converted(part, name)} AS "*{name}"'
            for name in adding
        )
        rated = f"SELECT * FROM ({part.rows}) AS part"
        if any(part.converts(name) for name in part.adds):
            # Money of a cent account is stated in hundredths.
            rated = f"""
            SELECT part.*, rates.rate * CAST(
                CASE part.money_divisor WHEN 100 THEN 0.01 ELSE 1 END AS DECIMAL(3, 2)
            ) AS rate_to_reporting
            FROM ({part.rows}) AS part
            LEFT JOIN rates ON {rate_of(lineage)}
            """
            if not has_rates:
                rated = (
                    "SELECT part.*, CAST(NULL AS DECIMAL(26, 14)) AS rate_to_reporting "
                    f"FROM ({part.rows}) AS part"
                )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE part_{index} AS SELECT *, {amounts} FROM ({rated}) AS p"
        )
        laid.append((index, part))
    return laid


def _may_have_rows(con: duckdb.DuckDBPyConnection, part: Part) -> bool:
    if not part.only_where:
        return True
    found = con.execute(f"SELECT 1 FROM subject AS s WHERE {part.only_where} LIMIT 1").fetchone()
    return found is not None


def _added(part: Part, figure: str, rate: str) -> str:
    return f"CAST({part.adds[figure].replace(RATE, rate)} AS {ADDED_TYPE})"


def _is_converted(part: Part, figure: str) -> str:
    """Whether a row needs a rate for what it adds: without one nobody knows it."""
    if not part.converts(figure):
        return "false"
    return f"{_added(part, figure, 'CAST(NULL AS DECIMAL(26, 14))')} IS NULL"


def totals_of(laid: Sequence[tuple[int, Part]], figures: Sequence[str]) -> str:
    """Per row and figure: what the parts come to, of how many rows, and how many of those were
    converted."""
    added = " UNION ALL ".join(
        (
            "SELECT subject_key, '' AS figure, 0 AS added, false AS is_converted FROM subject "
            "WHERE false",
            *(
                f"SELECT subject_key, '{name}' AS figure, \"+{name}\" AS added, "
                f'"*{name}" AS is_converted FROM part_{index}'
                for index, part in laid
                for name in figures
                if name in part.adds
            ),
        )
    )
    return f"""
    SELECT subject_key, figure,
        CASE WHEN count(added) = count(*) THEN sum(added) END AS total,
        count(*) FILTER (added IS NULL OR added <> 0) AS added_rows,
        count(*) FILTER (is_converted AND (added IS NULL OR added <> 0)) AS converted_rows
    FROM ({added})
    GROUP BY subject_key, figure
    """
