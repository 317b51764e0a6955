"""Which published figures a new snapshot shows otherwise, by how much, why, and who was told.

A day's figures can move without a load of that day: by a rate, a mapping, or a deal of an earlier
day that the balance carries. What counts is therefore what readers of the new snapshot will see.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb
import polars as pl

from quality.comparison.changes import Compared, compare
from quality.comparison.loads import lay_loads, watermark_at
from quality.comparison.money import currency_of, is_figure
from quality.lake_tables import tables_at
from quality.restatements.causes import lay_causes
from quality.restatements.papers import lay_papers
from warehouse.settings import Settings

# The marts whose figures are published to people; others follow from these.
PUBLISHED_MARTS = (
    "finance.fct_account_days",
    "finance.fct_daily_pnl",
    "finance.fct_open_positions",
    "partners.fct_commission_ledger",
)

ServerDay = tuple[str, str, dt.date]

_LINES = """
SELECT
    m.tenant_id, m.server_id, m.business_date, m.mart AS mart_name, m.row_key, m.account_key,
    m.client_key, l.column_name, l.currency, m.status AS row_change, l.old_value, l.new_value,
    coalesce(l.new_value, 0) - coalesce(l.old_value, 0) AS difference, l.old_text, l.new_text,
    coalesce(c.causes, '') AS causes, coalesce(c.details, '') AS cause_details,
    coalesce(w.load_ids, '') AS load_ids, coalesce(p.statements, '') AS statements,
    coalesce(p.filings, '') AS filings, m.old_snapshot_id, m.new_snapshot_id
FROM moved_lines AS l
JOIN moved_rows AS m ON m.line_no = l.line_no
LEFT JOIN (
    SELECT line_no, string_agg(DISTINCT cause, ', ' ORDER BY cause) AS causes,
        string_agg(DISTINCT detail, '; ' ORDER BY detail) AS details
    FROM causes_of_rows GROUP BY line_no
) AS c ON c.line_no = l.line_no
LEFT JOIN (
    SELECT mart, row_no,
        string_agg(DISTINCT CAST(load_id AS VARCHAR), ', ' ORDER BY CAST(load_id AS VARCHAR))
        AS load_ids
    FROM loads_of_rows GROUP BY mart, row_no
) AS w ON w.mart = m.mart AND w.row_no = m.row_no
LEFT JOIN papers_of_rows AS p ON p.line_no = l.line_no
ORDER BY m.tenant_id, m.server_id, m.business_date, m.mart, m.row_key, l.column_name
"""


@dataclass(frozen=True)
class Restatements:
    """Published figures that a snapshot shows otherwise than before.

    Attributes:
        lines: one a figure: the columns of meta.restatements but the publication's.
    """

    lines: pl.DataFrame

    @property
    def days(self) -> list[ServerDay]:
        """The days they belong to."""
        if self.lines.is_empty():
            return []
        days = self.lines.select("tenant_id", "server_id", "business_date").unique().sort(pl.all())
        return [(str(tenant), str(server), day) for tenant, server, day in days.iter_rows()]

    def of(self, days: list[ServerDay]) -> pl.DataFrame:
        """The lines of these days."""
        if self.lines.is_empty():
            return self.lines
        wanted = pl.DataFrame(
            days,
            schema={"tenant_id": pl.String, "server_id": pl.String, "business_date": pl.Date},
            orient="row",
        )
        return self.lines.join(wanted, on=["tenant_id", "server_id", "business_date"], how="semi")


def moved_figures(
    con: duckdb.DuckDBPyConnection, settings: Settings, snapshot_id: int
) -> Restatements:
    """Compare each server's published days with a new snapshot.

    Args:
        con: a connection to the lake's head.
        settings: the installation, for the registers of statements and filings.
        snapshot_id: what is about to be published.
    """
    since = con.execute(
        """
        SELECT snapshot_id, list(DISTINCT tenant_id || '/' || server_id) AS servers
        FROM (
            SELECT tenant_id, server_id, max(snapshot_id) AS snapshot_id
            FROM lake.meta.published GROUP BY tenant_id, server_id
        )
        WHERE snapshot_id < $1
        GROUP BY snapshot_id ORDER BY snapshot_id
        """,
        [snapshot_id],
    ).fetchall()
    frames = [
        frame
        for old, servers in since
        if not (frame := _moved_since(con, settings, int(old), snapshot_id, servers)).is_empty()
    ]
    return Restatements(pl.concat(frames) if frames else pl.DataFrame())


def _moved_since(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    old: int,
    new: int,
    servers: list[str],
) -> pl.DataFrame:
    _lay_empty_tables(con, servers)
    watermarks = watermark_at(con, old), watermark_at(con, new)
    sides = tables_at(con, old), tables_at(con, new)
    for table in PUBLISHED_MARTS:
        if table in sides[0] and table in sides[1]:
            compared = compare(
                con,
                table,
                old,
                new,
                changed=f"changed_{table.partition('.')[2]}",
                where=_PUBLISHED,
                is_same_table=sides[0][table] == sides[1][table],
            )
            _add_rows(con, compared, old, new)
            lay_loads(con, compared, watermarks, new, sides[1])
    row = con.execute("SELECT count(*) FROM moved_lines").fetchone()
    if not row or not row[0]:
        return pl.DataFrame()
    lay_causes(con, old, new, sides)
    lay_papers(con, settings, new)
    return con.execute(_LINES).pl()


# Days that were never published have no reader to tell.
_PUBLISHED = (
    "(tenant_id, server_id, business_date) IN "
    "(SELECT (tenant_id, server_id, business_date) FROM published_before)"
)


def _lay_empty_tables(con: duckdb.DuckDBPyConnection, servers: list[str]) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE published_before AS
        SELECT DISTINCT tenant_id, server_id, business_date
        FROM lake.meta.published
        WHERE list_contains($1::VARCHAR[], tenant_id || '/' || server_id)
        """,
        [servers],
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE moved_rows (
            line_no BIGINT, mart VARCHAR, row_no BIGINT, row_key VARCHAR, status VARCHAR,
            tenant_id VARCHAR, server_id VARCHAR, login BIGINT, business_date DATE,
            previous_close_date DATE, account_key VARCHAR, client_key VARCHAR,
            partner_key VARCHAR, legal_entity VARCHAR, reporting_currency VARCHAR,
            platform_moved BOOLEAN, old_snapshot_id BIGINT, new_snapshot_id BIGINT
        )
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE moved_lines (
            line_no BIGINT, column_name VARCHAR, currency VARCHAR, old_value DECIMAL(38, 8),
            new_value DECIMAL(38, 8), old_text VARCHAR, new_text VARCHAR
        )
        """
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE loads_of_rows (mart VARCHAR, row_no BIGINT, load_id BIGINT)"
    )


def _add_rows(con: duckdb.DuckDBPyConnection, compared: Compared, old: int, new: int) -> None:
    def either(name: str) -> str:
        return f"coalesce(n.{name}, o.{name})" if name in compared.columns else "NULL"

    platform = [name for name in compared.columns if name.startswith("platform_")]
    platform_moved = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in platform)
    # A row and its lines share a number over all marts.
    offset = "(SELECT coalesce(max(line_no), 0) FROM moved_rows)"
    row = con.execute(f"SELECT {offset}").fetchone()
    assert row is not None
    first = int(row[0])
    con.execute(
        f"""
        INSERT INTO moved_rows
        SELECT {first} + c.row_no, '{compared.table}', c.row_no, c.row_key, c.status, c.tenant_id,
            c.server_id, c.login, c.business_date, k.previous_close_date,
            coalesce(
                {either("account_key")}, c.tenant_id || '/' || c.server_id || '/' || c.login
            ),
            {either("client_key")}, {either("partner_key")}, {either("legal_entity")},
            {either("reporting_currency")}, {platform_moved or "false"}, {old}, {new}
        FROM {compared.changed} AS c
        LEFT JOIN lake.intermediate.int_server_closes AS k
            ON k.tenant_id = c.tenant_id AND k.server_id = c.server_id
            AND k.business_date = c.business_date
        """
    )
    for name in compared.compared:
        kind = compared.columns[name]
        differs = f'o."{name}" IS DISTINCT FROM n."{name}"'
        if is_figure(kind):
            currency = currency_of(name, compared.columns)
            unit = f'coalesce(n."{currency}", o."{currency}")' if currency else "NULL"
            # A row that came or went tells its figures, not its zeros.
            con.execute(
                f"""
                INSERT INTO moved_lines
                SELECT {first} + row_no, '{name}', {unit}, o."{name}", n."{name}", NULL, NULL
                FROM {compared.changed}
                WHERE {differs} AND (
                    status = 'changed' OR coalesce(o."{name}", 0) <> coalesce(n."{name}", 0)
                )
                """
            )
        else:
            con.execute(
                f"""
                INSERT INTO moved_lines
                SELECT {first} + row_no, '{name}', NULL, NULL, NULL,
                    CAST(o."{name}" AS VARCHAR), CAST(n."{name}" AS VARCHAR)
                FROM {compared.changed} WHERE {differs} AND status = 'changed'
                """
            )
    # A row that came or went without a figure still did.
    con.execute(
        f"""
        INSERT INTO moved_lines
        SELECT m.line_no, 'row', NULL, NULL, NULL,
            CASE m.status WHEN 'removed' THEN m.row_key END,
            CASE m.status WHEN 'added' THEN m.row_key END
        FROM moved_rows AS m
        LEFT JOIN moved_lines AS l ON l.line_no = m.line_no
        WHERE m.mart = '{compared.table}' AND l.line_no IS NULL
        """
    )
