"""The demo: a simulated broker taken from its source systems to a statement and a filing."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from orchestration.close import CloseResult, close
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

SEED, DAYS, ACCOUNTS = 7, 90, 200
STATEMENT_MONTH = "2026-09"
FILING_WINDOW_END = dt.date(2026, 9, 30)


@dataclass(frozen=True)
class DemoResult:
    """What the summary prints."""

    rows_loaded: int
    days_closed: int
    days_restated: int
    checks_held: int
    checks_broken: list[str]
    last_day: dt.date
    last_day_total: Decimal
    last_day_lines: dict[str, Decimal]
    currency: str
    statement: Path
    filing: list[Path]
    filing_headline: str
    seconds: float


def run_demo(folder: Path, console: Console) -> DemoResult:
    """Simulate, load, close, correct, close again, and make one statement and one filing."""
    from exports.filings import regime
    from exports.statements.client import make_client_statement
    from ingestion.simulator import simulate
    from ingestion.sync import sync_once
    from quality.checks import run_checks

    started = time.monotonic()

    def told(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {text}")

    # The other processor reads the dbt project meanwhile; the first close finds it read.
    reading = subprocess.Popen([sys.executable, "-m", "orchestration.dbt_runner"])
    told(f"simulating {ACCOUNTS} accounts over {DAYS} days")
    simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=folder)
    settings = load_settings(folder / "daybook.toml")
    told("loading every source")
    sync_once(settings)
    reading.wait()
    told("building the books and closing all days")
    first = close(settings, closed_by="demo")
    told(f"{len(first.days)} days published; now the platform corrects past days")
    simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=folder, corrections=True)
    sync_once(settings)
    told("restating what the corrections touched")
    second = close(settings, closed_by="demo")
    told("making a client statement and a filing")
    exports = settings.home / "exports"
    statement = make_client_statement(
        settings, _busiest_client(settings), STATEMENT_MONTH, "pdf", exports
    )
    filing = regime("losing_accounts").run(
        settings,
        window_to=FILING_WINDOW_END,
        tenant=settings.tenant,
        maker="demo",
        out=exports,
    )
    told("checking every identity")
    checks = run_checks(settings)
    last_day, lines = _last_day(settings)
    return DemoResult(
        rows_loaded=_rows_loaded(settings),
        days_closed=len(first.days),
        days_restated=_restated(second),
        checks_held=sum(not check.broken for check in checks),
        checks_broken=[check.id for check in checks if check.broken],
        last_day=last_day,
        last_day_total=lines["total"],
        last_day_lines=lines,
        currency=settings.reporting_currency,
        statement=statement.path,
        filing=[file.path for file in filing.files],
        filing_headline=filing.headline,
        seconds=time.monotonic() - started,
    )


def _restated(result: CloseResult) -> int:
    return len(result.republished)


def _rows_loaded(settings: Settings) -> int:
    with connect("read", settings=settings) as con:
        rows = con.execute("SELECT sum(rows_new + rows_changed) FROM meta.loads").fetchall()
    return int(rows[0][0])


def _busiest_client(settings: Settings) -> str:
    with connect("read", "latest", settings=settings) as con:
        rows = con.execute(
            """
            SELECT client_key, sum(deal_count) AS deals
            FROM finance.fct_daily_pnl
            WHERE tenant_id = ? AND client_key IS NOT NULL
                AND strftime(business_date, '%Y-%m') = ?
            GROUP BY client_key ORDER BY deals DESC, client_key LIMIT 1
            """,
            [settings.tenant, STATEMENT_MONTH],
        ).fetchall()
    return str(rows[0][0])


def _last_day(settings: Settings) -> tuple[dt.date, dict[str, Decimal]]:
    with connect("read", "latest", settings=settings) as con:
        day, dealing, commission, swap, fees, total = con.execute(
            """
            SELECT
                business_date, sum(dealing_pnl_reporting), sum(commission_income_reporting),
                sum(swap_income_reporting), sum(fee_income_reporting), sum(total_reporting)
            FROM finance.fct_daily_pnl
            WHERE tenant_id = $tenant AND business_date = (
                SELECT max(business_date) FROM finance.fct_daily_pnl WHERE tenant_id = $tenant
            )
            GROUP BY business_date
            """,
            {"tenant": settings.tenant},
        ).fetchall()[0]
    return day, {
        "dealing": dealing,
        "commission": commission,
        "swap": swap,
        "fees": fees,
        "total": total,
    }


def print_summary(result: DemoResult, console: Console) -> None:
    """The short summary `make demo` ends with."""
    table = Table(show_header=False, box=None, padding=(0, 2), expand=False)
    table.add_row("rows loaded", f"{result.rows_loaded:,}")
    table.add_row("days closed", f"{result.days_closed:,}, of them restated {result.days_restated}")
    broken = f", broken: {', '.join(result.checks_broken)}" if result.checks_broken else ""
    table.add_row("checks passed", f"{result.checks_held:,}{broken}")
    lines = result.last_day_lines
    table.add_row(
        f"P&L of {result.last_day}",
        f"{lines['total']:,.2f} {result.currency} (dealing {lines['dealing']:,.2f}, "
        f"commission {lines['commission']:,.2f}, swap {lines['swap']:,.2f}, "
        f"fees {lines['fees']:,.2f})",
    )
    table.add_row("client statement", _from_here(result.statement))
    table.add_row("filing", result.filing_headline)
    for path in result.filing:
        table.add_row("", _from_here(path))
    table.add_row("took", f"{result.seconds:.0f} s")
    table.add_row("open the screens", "make up")
    console.print()
    console.print(table)


def _from_here(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def main() -> None:
    """Run the demo into the folder named on the command line; exit 1 if a check is broken."""
    from orchestration.cli.output import WIDTH_WITHOUT_TERMINAL, print_failure
    from warehouse.errors import DaybookError

    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/demo")
    console = Console(width=WIDTH_WITHOUT_TERMINAL, highlight=False)
    try:
        result = run_demo(folder, console)
    except DaybookError as error:
        print_failure(error)
        sys.exit(error.exit_code)
    print_summary(result, console)
    if result.checks_broken:
        sys.exit(1)


if __name__ == "__main__":
    main()
