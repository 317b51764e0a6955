"""The rates that figures are converted at, crossed again from those that were published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from quality.lineage.declaration import Lineage, Part
from quality.lineage.explanation import RateUsed
from quality.lineage.tracing import rate_sources

WATERMARK = "daybook_watermark"

# The quotient right in all of its twelve decimals.
_FIRST = "CAST(p.rate_per_eur / r.rate_per_eur AS DECIMAL(24, 12))"
_CROSSED = f"""
CREATE OR REPLACE TEMP TABLE rates AS
SELECT r.build_id, r.business_date, r.currency, p.currency AS reporting_currency, r.rate_set,
    r.rate_date, r.age_days,
    CAST(
        {_FIRST} + CAST(
            (p.rate_per_eur - {_FIRST} * r.rate_per_eur) / r.rate_per_eur AS DECIMAL(24, 12)
        ) AS DECIMAL(24, 12)
    ) AS rate
FROM published_rates AS r
JOIN published_rates AS p
    ON p.build_id = r.build_id AND p.business_date = r.business_date AND p.currency = $1
"""
_HELD = """
CREATE OR REPLACE TEMP TABLE published_rates AS
SELECT 0::BIGINT AS build_id, business_date, currency, rate_per_eur, rate_set, rate_date,
    age_days, load_id
FROM lake.canonical.can_fx_rates
"""
# What the builds of these loads converted at: the last rate published up to the day, unless it was
# too old. The euro is one by definition.
_AS_BOOKED = """
INSERT INTO published_rates
WITH wanted AS (
    SELECT DISTINCT build_id, business_date FROM subject WHERE list_contains($builds, build_id)
),
published AS (
    SELECT currency, rate_date, arg_max(CAST(rate_per_eur AS DECIMAL(24, 12)), load_id)
        AS rate_per_eur, max(load_id) AS load_id
    FROM lake.staging.stg_ecb__rates
    GROUP BY currency, rate_date
    UNION ALL
    SELECT 'EUR', rate_date, 1, max(load_id)
    FROM lake.staging.stg_ecb__rates WHERE currency <> 'EUR'
    GROUP BY rate_date
)
SELECT w.build_id, w.business_date, p.currency, arg_max(p.rate_per_eur, p.rate_date), 'ecb',
    max(p.rate_date), (w.business_date - max(p.rate_date))::INTEGER,
    arg_max(p.load_id, p.rate_date)
FROM wanted AS w
JOIN published AS p ON p.rate_date <= w.business_date
    AND p.rate_date >= w.business_date - $max_age
GROUP BY w.build_id, w.business_date, p.currency
"""


def lay_rates(con: duckdb.DuckDBPyConnection, lineage: Lineage, max_age_days: int) -> None:
    """Make the temporary table ``rates`` for the rows of ``subject``.

    Args:
        con: a connection with ``subject`` laid and the watermark set.
        lineage: the mart; one that keeps the rates of its builds gets those of each build.
        max_age_days: how old a rate of a build may have been.
    """
    con.execute(_HELD)
    if lineage.keeps_rates_of_builds:
        con.execute("DELETE FROM published_rates")
        [(now,)] = con.execute(f"SELECT getvariable('{WATERMARK}')").fetchall()
        seen = con.execute(
            """
            SELECT coalesce(b.watermark_to, $now), list(DISTINCT s.build_id)
            FROM (SELECT DISTINCT build_id FROM subject) AS s
            LEFT JOIN lake.meta.builds AS b ON b.build_id = s.build_id
            GROUP BY ALL
            """,
            {"now": now},
        ).fetchall()
        try:
            for watermark, builds in seen:
                con.execute(f"SET VARIABLE {WATERMARK} = {int(watermark)}")
                con.execute(_AS_BOOKED, {"builds": builds, "max_age": max_age_days})
        finally:
            con.execute(f"SET VARIABLE {WATERMARK} = {int(now)}")
    row = con.execute("SELECT any_value(reporting_currency) FROM subject").fetchone()
    con.execute(_CROSSED, [row[0] if row else None])


def rate_of(lineage: Lineage) -> str:
    """The condition that joins ``rates`` to a row of a part."""
    build = "part.build_id" if lineage.keeps_rates_of_builds else "0"
    return (
        f"rates.build_id = {build} AND rates.business_date = part.rate_date "
        "AND rates.currency = part.main_currency"
    )


def rates_used(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    laid: Sequence[tuple[int, Part]],
    figures: Sequence[str],
    held: frozenset[str],
) -> Iterator[RateUsed]:
    """Each rate that the parts laid were converted at, with the source rows it was crossed from."""
    build = "build_id" if lineage.keeps_rates_of_builds else "0"
    converted = [
        f"SELECT {build} AS build_id, rate_date, main_currency FROM part_{index} "
        f'WHERE "*{name}" AND ("+{name}" IS NULL OR "+{name}" <> 0)'
        for index, part in laid
        for name in figures
        if part.converts(name)
    ]
    if not converted:
        return
    rows = con.execute(
        f"""
        SELECT DISTINCT used.rate_date, used.main_currency,
            (SELECT any_value(reporting_currency) FROM subject) AS reporting_currency,
            r.rate, r.rate_set, r.rate_date, r.age_days
        FROM ({" UNION ".join(converted)}) AS used
        LEFT JOIN rates AS r
            ON r.build_id = used.build_id AND r.business_date = used.rate_date
            AND r.currency = used.main_currency
        ORDER BY ALL
        """
    ).fetchall()
    for day, currency, reporting, rate, rate_set, rate_date, age in rows:
        yield RateUsed(
            business_date=day,
            currency=currency,
            reporting_currency=reporting,
            rate=rate,
            rate_set=rate_set,
            rate_date=rate_date,
            age_days=age,
            sources=tuple(rate_sources(con, day, (currency, reporting), held)),
        )
