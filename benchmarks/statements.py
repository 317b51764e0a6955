"""Client statements as PDF: how many a second, from the published books to the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from benchmarks.child import Cost, cost_of
from benchmarks.measurement import RUNS, BenchmarkError, Measurement, median, spread, told
from benchmarks.workspace import Size, Workspace, load_all
from warehouse.connection import connect
from warehouse.publishing import current_snapshot, publish
from warehouse.settings import Settings
from warehouse.writer import transaction

DEALS = 9_000
"""Of the broker whose months are copied: about thirty a month and account, two pages."""
ACCOUNTS = 100
MONTH = "2026-09"
STATEMENTS = 1_000
SAMPLE = 50


@dataclass(frozen=True)
class Asked:
    """What a measured process makes."""

    settings: Settings
    workers: int


def run(work: Workspace, statements: int | None) -> list[Measurement]:
    """PDFs a second of a whole run over all clients, on one and on two threads, and its memory.

    Args:
        work: where to work.
        statements: how many to make in a run.
    """
    from orchestration.close import close

    size = Size(DEALS, accounts=ACCOUNTS)
    settings = work.settings(work.broker(size))
    told(f"statements: closing the days of {size.deals:,} deals")
    load_all(settings)
    close(settings, closed_by="benchmarks")
    wanted = statements or STATEMENTS
    clients = _copy_clients(settings, wanted)
    figures: list[Measurement] = []
    for workers in (1, 2):
        costs: list[Cost] = []
        for number in range(RUNS if wanted <= STATEMENTS else 1):
            told(f"statements: run {number + 1}, {clients:,} statements, {workers} threads")
            home = work.copy(settings)
            costs.append(cost_of(_prepared, _made, home, workers))
            if costs[-1].rows != clients:
                raise BenchmarkError(f"{costs[-1].rows} of {clients} statements were made")
            pages = _pages(home)
            work.drop(home)
        figures += _figures(costs, workers, pages)
    work.drop(settings)
    return figures


def _figures(costs: list[Cost], workers: int, pages: float) -> list[Measurement]:
    note = (
        f"{costs[0].rows:,} monthly statements of {pages:.1f} pages, read, proved, typeset, "
        f"archived and registered, {workers} threads"
    )
    runs = len(costs)

    def figure(name: str, unit: str, of: Callable[[Cost], float]) -> Measurement:
        values = [of(cost) for cost in costs]
        return Measurement(name, median(values), unit, runs, f"{note}; {spread(values)}")

    made = [
        figure(
            f"statements_pdf_per_second_{workers}_threads",
            "PDFs/s",
            lambda cost: cost.rows / cost.wall_seconds,
        )
    ]
    if workers == 1:
        made += [
            figure(
                "statements_pdf_per_core_second",
                "PDFs/s",
                lambda cost: cost.rows / cost.cpu_seconds,
            ),
            figure("statements_peak_mib", "MiB", lambda cost: cost.peak_mib),
        ]
    return made


def _prepared(settings: Settings, workers: int) -> Asked:
    import_module("exports.statements.paper_run")
    import_module("exports.statements.pdf_writer")
    return Asked(settings, workers)


def _made(asked: Asked) -> int:
    from exports.statements.client import CLIENT
    from exports.statements.paper_run import run_papers

    result = run_papers(asked.settings, CLIENT, MONTH, ("pdf",), workers=asked.workers)
    if result.exit_code:
        raise BenchmarkError(f"the run ended with {result.exit_code}: {result.left_out[:3]}")
    return result.made


def _pages(settings: Settings) -> float:
    """Mean number of pages of some of the statements."""
    import pypdf

    files = sorted(settings.archive_path.rglob("*.pdf"))[:SAMPLE]
    return sum(len(pypdf.PdfReader(path).pages) for path in files) / len(files)


def _copy_clients(settings: Settings, wanted: int) -> int:
    """Copy the busy clients of the one server, each with its month, until there are so many."""
    con = connect("write", settings=settings)
    try:
        with transaction(con, "clients of the benchmark", settings):
            con.execute(
                f"""
                CREATE TEMP TABLE copied AS
                WITH busy AS (
                    SELECT accounts.account_key, accounts.login
                    FROM lake.canonical.can_accounts AS accounts
                    JOIN lake.canonical.can_deals AS deals
                        ON deals.account_key = accounts.account_key
                    WHERE accounts.server_id = 'mt5_live' AND NOT accounts.is_excluded
                        AND accounts.client_key IS NOT NULL
                        AND strftime(deals.business_date, '%Y-%m') = '{MONTH}'
                    GROUP BY accounts.account_key, accounts.login
                    HAVING count(*) BETWEEN 15 AND 45
                ),
                numbered AS (SELECT *, row_number() OVER (ORDER BY login) AS n FROM busy)
                SELECT numbered.account_key, copies.n
                FROM range(1, {wanted} + 1) AS copies(n)
                JOIN numbered
                    ON numbered.n = 1 + copies.n % (SELECT count(*) FROM numbered)
                """
            )
            key = "'demo/mt5_live/' || (90000000 + copied.n)"
            keys = f"90000000 + copied.n AS login, {key} AS account_key"
            for table, columns in (
                ("canonical.can_deals", keys),
                ("finance.fct_account_days", f"{keys}, 'demo/K' || copied.n AS client_key"),
                ("finance.fct_open_positions", f"{keys}, 'demo/K' || copied.n AS client_key"),
                ("canonical.can_accounts", f"{keys}, 'demo/K' || copied.n AS client_key"),
            ):
                con.execute(
                    f"INSERT INTO lake.{table} SELECT held.* REPLACE ({columns}) "
                    f"FROM lake.{table} AS held JOIN copied USING (account_key)"
                )
            # Only the copies are clients now: the broker's own have too little or too much.
            con.execute("UPDATE lake.canonical.can_accounts SET client_key = NULL "
                        "WHERE login < 90000000")  # fmt: skip
        days = con.execute(
            "SELECT DISTINCT tenant_id, server_id, business_date FROM lake.meta.published "
            f"WHERE server_id = 'mt5_live' AND strftime(business_date, '%Y-%m') = '{MONTH}'"
        ).fetchall()
        publish(
            con,
            [(tenant, server, date) for tenant, server, date in days],
            snapshot_id=current_snapshot(con),
            build_id=1,
            checks={"benchmark": True},
            published_by="benchmarks",
            settings=settings,
        )
        row = con.execute("SELECT count(*) FROM copied").fetchone()
        assert row is not None
        return int(row[0])
    finally:
        con.close()
