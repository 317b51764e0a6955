"""Statements and filings that fall due with a business day."""

import calendar
import datetime as dt
from collections.abc import Callable

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


def month_ended(day: dt.date) -> str | None:
    """The month that ends with this day."""
    return f"{day:%Y-%m}" if is_month_end(day) else None


def month_before(day: dt.date) -> str | None:
    """The month before the one that ends with this day: what is posted later is in by then."""
    return f"{day.replace(day=1) - dt.timedelta(days=1):%Y-%m}" if is_month_end(day) else None


def year_ended(day: dt.date) -> str | None:
    """The year that ends with this day."""
    return f"{day:%Y}" if (day.month, day.day) == (12, 31) else None


PAPERS: tuple[tuple[str, str, Callable[[dt.date], str | None], str], ...] = (
    ("client_statements", "client", month_ended, "Statements of every client, at a month's end."),
    ("challenge_statements", "challenge", month_ended, "Of every challenge, at a month's end."),
    ("copy_statements", "copy", month_before, "Of every strategy, when its fees are posted."),
    ("depreciation_notices", "notice", dt.date.isoformat, "Falls by each 10 %, on their day."),
    ("costs_reports", "costs", year_ended, "Ex-post costs and charges, at a year's end."),
    ("tax_summaries", "tax", year_ended, "Tax summaries, at a year's end."),
)
"""Asset, kind of paper, the period that is due with a day, and what it is."""


def exporting_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Papers of every kind, when they fall due, and the quarterly losing percentage."""

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
            for tenant in _tenants(settings, day)
        ]
        return dg.MaterializeResult(
            metadata={
                "filings": len(made),
                "results": dg.MetadataValue.json(
                    {filing.filing_id: filing.headline for filing in made}
                ),
            }
        )

    return [*(_papers(settings, *paper) for paper in PAPERS), filing_losing_accounts]


def _papers(
    settings: Settings,
    name: str,
    kind: str,
    due: Callable[[dt.date], str | None],
    description: str,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(["exports", name]),
        deps=[PUBLISHED_DAYS],
        partitions_def=DAYS,
        group_name="exports",
        description=description,
    )
    def papers(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        from exports.statements.paper_run import run_papers
        from exports.statements.registered_kinds import registered_kind

        day = dt.date.fromisoformat(context.partition_key)
        period = due(day)
        if period is None:
            return dg.MaterializeResult(metadata={"papers": 0, "due": "not with this day"})
        out = settings.home / "statements" / name / period
        made, left_out = 0, []
        for tenant in _tenants(settings, day):
            result = run_papers(
                settings,
                registered_kind(kind),
                period,
                tenant=tenant,
                out=out,
                actor="dagster",
                told=lambda done, due: (
                    context.log.info("%s of %s papers", f"{done:,}", f"{due:,}")
                    if done % 100 == 0
                    else None
                ),
            )
            made += result.made + result.already
            left_out += result.left_out
            if any(check.broken for check in result.ties):
                raise dg.Failure(f"Papers of {tenant} do not tie to the books.")
        for row in left_out:
            context.log.error("%s was left out: %s", row.subject_key, row.error.describe())
        return dg.MaterializeResult(
            metadata={
                "papers": made,
                "period": period,
                "left_out": len(left_out),
                "folder": dg.MetadataValue.path(str(out)),
            }
        )

    return papers


def _tenants(settings: Settings, day: dt.date) -> list[str]:
    """The tenants whose clients had an account by ``day``."""
    with connect("read", "latest", settings=settings) as con:
        rows = con.execute(
            """
            SELECT DISTINCT tenant_id
            FROM finance.fct_account_days
            WHERE client_key IS NOT NULL AND NOT is_excluded AND business_date <= ?
            ORDER BY tenant_id
            """,
            [day],
        ).fetchall()
    return [tenant for (tenant,) in rows]
