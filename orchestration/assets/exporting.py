"""Statements and filings that fall due with a business day."""

import calendar
import datetime as dt

import dagster as dg

from orchestration.assets.closing import PUBLISHED_DAYS
from orchestration.assets.partitions import DAYS
from warehouse.connection import connect
from warehouse.settings import Settings

QUARTER_ENDS = (3, 6, 9, 12)


def is_month_end(day: dt.date) -> bool:
    """Whether a calendar month ends with this day."""
    return day.day == calendar.monthrange(day.year, day.month)[1]


def is_quarter_end(day: dt.date) -> bool:
    """Whether a calendar quarter ends with this day: the losing percentage is recomputed then."""
    return is_month_end(day) and day.month in QUARTER_ENDS


def exporting_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Monthly client statements and the quarterly losing percentage."""

    @dg.asset(
        key=dg.AssetKey(["exports", "client_statements"]),
        deps=[PUBLISHED_DAYS],
        partitions_def=DAYS,
        group_name="exports",
        description="PDF statements of every client, on the last day of a month.",
    )
    def client_statements(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from exports.statements.client import CLIENT
        from exports.statements.paper_run import run_papers

        day = dt.date.fromisoformat(context.partition_key)
        if not is_month_end(day):
            return dg.MaterializeResult(metadata={"statements": 0, "due": "at month end"})
        period = f"{day:%Y-%m}"
        out = settings.home / "statements" / period
        made, left_out = 0, []
        for tenant in _clients(settings, day):
            result = run_papers(
                settings,
                CLIENT,
                period,
                tenant=tenant,
                out=out,
                actor="dagster",
                told=lambda done, due: (
                    context.log.info("%s of %s statements", f"{done:,}", f"{due:,}")
                    if done % 100 == 0
                    else None
                ),
            )
            made += result.made + result.already
            left_out += result.left_out
            if any(check.broken for check in result.ties):
                raise dg.Failure(f"Statements of {tenant} do not tie to the account roll-forward.")
        for row in left_out:
            context.log.error("%s was left out: %s", row.subject_key, row.error.describe())
        return dg.MaterializeResult(
            metadata={
                "statements": made,
                "left_out": len(left_out),
                "folder": dg.MetadataValue.path(str(out)),
            }
        )

    @dg.asset(
        key=dg.AssetKey(["exports", "filing_losing_accounts"]),
        deps=[PUBLISHED_DAYS, dg.AssetKey(["filings", "fil_losing_accounts__account_days"])],
        partitions_def=DAYS,
        group_name="exports",
        description="The percentage of losing retail accounts, on the last day of a quarter.",
    )
    def filing_losing_accounts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from exports.filings import regime

        day = dt.date.fromisoformat(context.partition_key)
        if not is_quarter_end(day):
            return dg.MaterializeResult(metadata={"filings": 0, "due": "at quarter end"})
        made = [
            regime("losing_accounts").run(settings, window_to=day, tenant=tenant, maker="dagster")
            for tenant in _clients(settings, day)
        ]
        return dg.MaterializeResult(
            metadata={
                "filings": len(made),
                "results": dg.MetadataValue.json(
                    {filing.filing_id: filing.headline for filing in made}
                ),
            }
        )

    return [client_statements, filing_losing_accounts]


def _clients(settings: Settings, day: dt.date) -> dict[str, list[str]]:
    """Keys of the clients that had an account by ``day``, by tenant."""
    with connect("read", "latest", settings=settings) as con:
        rows = con.execute(
            """
            SELECT tenant_id, list(DISTINCT client_key ORDER BY client_key)
            FROM finance.fct_account_days
            WHERE client_key IS NOT NULL AND NOT is_excluded AND business_date <= ?
            GROUP BY tenant_id
            ORDER BY tenant_id
            """,
            [day],
        ).fetchall()
    return dict(rows)
