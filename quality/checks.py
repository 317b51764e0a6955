"""`daybook check`: every rule the books must obey, with the population it was checked on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb

from quality.findings import Check, any_broken
from quality.lake_tables import held_tables
from quality.statement_checks import paper_checks
from quality.truth import truth_checks
from warehouse.connection import AsOf, connect
from warehouse.settings import Settings

__all__ = ["Check", "any_broken", "run_checks"]

# What a finished build leaves behind and the checks read.
BOOKS = (
    "meta.identities",
    "canonical.can_deals",
    "finance.fct_account_days",
    "finance.fct_breaks",
    "finance.fct_daily_pnl",
    "finance.fct_journal_postings",
    "finance.fct_open_positions",
    "partners.fct_commission_ledger",
    "compliance.fct_alerts",
)


@dataclass(frozen=True)
class _Rule:
    """A rule about what loading, building and publishing left behind.

    ``query`` gives one row: population, broken, worst.
    """

    id: str
    what: str
    needs: tuple[str, ...]
    query: str


_RULES = (
    _Rule(
        "control_totals",
        "Each table's newest load holds as many rows, and sums as large, as its source",
        ("meta.control_totals",),
        """
        SELECT count(*), count(*) FILTER (newest.difference <> 0), max(abs(newest.difference))
        FROM (
            SELECT arg_max(difference, load_id) AS difference
            FROM lake.meta.control_totals
            WHERE business_date IS NULL
            GROUP BY tenant_id, source, table_name, measure
        ) AS newest
        """,
    ),
    _Rule(
        "control_totals_by_day",
        "Each business day that was compared holds as many rows, and sums as large, as its source",
        ("meta.control_totals",),
        """
        SELECT count(*), count(*) FILTER (newest.difference <> 0), max(abs(newest.difference))
        FROM (
            SELECT arg_max(difference, load_id) AS difference
            FROM lake.meta.control_totals
            WHERE business_date IS NOT NULL
            GROUP BY tenant_id, source, table_name, measure, business_date
        ) AS newest
        """,
    ),
    _Rule(
        "source_problems",
        "The newest load of each source table met no error in the source",
        ("meta.loads", "meta.source_problems"),
        """
        WITH newest AS (
            SELECT tenant_id, source, table_name, max(load_id) AS load_id
            FROM (
                SELECT tenant_id, source, table_name, load_id FROM lake.meta.loads
                UNION ALL
                SELECT tenant_id, source, table_name, load_id FROM lake.meta.source_problems
            )
            GROUP BY ALL
        )
        SELECT
            count(DISTINCT (newest.tenant_id, newest.source, newest.table_name)),
            count(problem.what),
            0
        FROM newest
        LEFT JOIN lake.meta.source_problems AS problem
            ON problem.tenant_id = newest.tenant_id
            AND problem.source = newest.source
            AND problem.table_name = newest.table_name
            AND problem.load_id = newest.load_id
            AND problem.severity = 'error'
        """,
    ),
    _Rule(
        "quarantined_rows",
        "Every row read could be loaded: none waits in quarantine for its source to be repaired",
        ("meta.loads", "raw.quarantine"),
        # A load releases what it found repaired or gone, so what is held is unresolved.
        """
        SELECT
            (SELECT sum(rows_read) FROM lake.meta.loads),
            count(DISTINCT (tenant_id, source, table_name, row_number, row_key)),
            0
        FROM lake.raw.quarantine
        """,
    ),
    _Rule(
        "ctrader_balance_versions",
        "Every change of a cTrader balance is held once: no version is missing, none told twice",
        ("staging.stg_ctrader__balance_changes", "staging.stg_ctrader__traders"),
        """
        WITH last AS (
            SELECT tenant_id, server_id, account_id, max(balance_version) AS balance_version
            FROM lake.staging.stg_ctrader__balance_changes
            GROUP BY ALL
        ),
        behind AS (
            SELECT t.account_id
            FROM lake.staging.stg_ctrader__traders AS t
            INNER JOIN last USING (tenant_id, server_id, account_id)
            WHERE t.balance_version > last.balance_version
        )
        SELECT
            count(*),
            count(*) FILTER (missing_versions > 0 OR is_replay) + (SELECT count(*) FROM behind),
            max(missing_versions)
        FROM lake.staging.stg_ctrader__balance_changes
        """,
    ),
    _Rule(
        "differences_have_a_break",
        "Every difference between the platform and the books belongs to a break",
        ("finance.fct_account_days", "finance.fct_breaks"),
        """
        WITH differences AS (
            SELECT tenant_id, server_id, login, business_date, 'balance' AS kind,
                balance_break_amount AS amount
            FROM lake.finance.fct_account_days
            UNION ALL
            SELECT tenant_id, server_id, login, business_date, 'credit', credit_break_amount
            FROM lake.finance.fct_account_days
            UNION ALL
            SELECT tenant_id, server_id, login, business_date, 'floating', floating_break_amount
            FROM lake.finance.fct_account_days
        ),
        unrecorded AS (
            SELECT d.amount
            FROM differences AS d
            LEFT JOIN lake.finance.fct_breaks AS b
                ON b.tenant_id = d.tenant_id
                AND b.server_id = d.server_id
                AND b.login = d.login
                AND b.kind = d.kind
                AND b.business_date <= d.business_date
                AND coalesce(b.last_date, d.business_date) >= d.business_date
            WHERE d.amount <> 0 AND b.break_key IS NULL
        )
        SELECT
            (SELECT count(*) FROM differences WHERE amount IS NOT NULL),
            (SELECT count(*) FROM unrecorded),
            (SELECT max(abs(amount)) FROM unrecorded)
        """,
    ),
    _Rule(
        "breaks_are_explained",
        "Every break has a type that a rule gave it, or a person's explanation",
        ("finance.fct_breaks",),
        """
        SELECT count(*), count(*) FILTER (is_unknown), max(abs(amount)) FILTER (is_unknown)
        FROM (
            SELECT amount, break_type = 'unknown' AND explained_by IS NULL AS is_unknown
            FROM lake.finance.fct_breaks
        )
        """,
    ),
    _Rule(
        "published_days_have_evidence",
        "Every published day names what was checked and a snapshot that can still be read",
        ("meta.published",),
        """
        SELECT
            count(*),
            count(*) FILTER (
                s.snapshot_id IS NULL
                OR coalesce(p.checks_json, '') IN ('', '{}', 'null', '[]')
                OR coalesce(json_extract_string(p.checks_json, '$.gates.passed'), 'true')
                <> 'true'
            ),
            0
        FROM lake.meta.published AS p
        LEFT JOIN ducklake_snapshots('lake') AS s ON s.snapshot_id = p.snapshot_id
        """,
    ),
)


def run_checks(settings: Settings, as_of: AsOf = None) -> list[Check]:
    """Look at every rule, read only.

    The identities that the models compute come first, then what loading, building and publishing
    left behind, then, for a simulated broker, the comparison with its truth.

    Args:
        settings: the installation; ``truth_path`` adds the comparison with the truth.
        as_of: a snapshot id or a date; None reads the head.

    Raises:
        DaybookError: there is no lake to read.
        SnapshotError: no snapshot answers to ``as_of``.
    """
    with connect("read", as_of=as_of, settings=settings) as con:
        held = held_tables(con)
        missing = [name for name in BOOKS if name not in held]
        checks = [
            Check(
                id="books_are_built",
                what="Every table of the books that other checks read exists",
                population=len(BOOKS),
                broken=len(missing),
                worst=Decimal(0),
            )
        ]
        if "meta.identities" in held:
            checks += _identities(con)
        checks += [
            _measured(con, rule.id, rule.what, rule.query)
            for rule in _RULES
            if held.issuperset(rule.needs)
        ]
        if settings.truth_path is not None and settings.truth_path.is_dir():
            checks += truth_checks(con, settings.truth_path, held)
    return checks + paper_checks(settings)


def _identities(con: duckdb.DuckDBPyConnection) -> list[Check]:
    rows = con.execute(
        """
        SELECT
            identity_id,
            any_value(what),
            coalesce(sum(population), 0)::BIGINT,
            coalesce(sum(broken), 0)::BIGINT,
            coalesce(max(abs(worst)), 0)::DECIMAL(38, 8)
        FROM lake.meta.identities
        GROUP BY identity_id
        ORDER BY identity_id
        """
    ).fetchall()
    return [Check(*row) for row in rows]


def _measured(con: duckdb.DuckDBPyConnection, name: str, what: str, query: str) -> Check:
    [(population, broken, worst)] = con.execute(query).fetchall()
    return Check(
        id=name,
        what=what,
        population=int(population or 0),
        broken=int(broken or 0),
        worst=Decimal(worst or 0),
    )
