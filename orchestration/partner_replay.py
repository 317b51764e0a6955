"""What a version of an agreement would have paid, line by line against what the ledger booked.

The models' own SQL runs again, over the same trades, with one agreement as a chosen version had it.
Nothing is written: where the other version is right, the agreement is corrected in the CRM, and the
next build books these differences as adjustments.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from orchestration.dbt_runner import conversion_variables, run_dbt, target_path
from warehouse.connection import connect
from warehouse.errors import UsageError
from warehouse.settings import Settings

# In the order they build on one another; what is not here does not depend on agreements.
_MODELS = (
    "stg_crm__partner_agreements",
    "int_partners__agreements_segmented",
    "int_partners__levels_covered",
    "int_partners__names_classed",
    "int_partners__terms_matched",
    "int_partners__chargebacks_dated",
    "int_partners__clawbacks_dated",
    "int_partners__deals_measured",
    "int_partners__tiers_reached",
    "int_partners__tiers_split",
    "int_partners__cpa_laddered",
    "int_partners__copy_fees_shared",
    "int_partners__lines_priced",
    "int_partners__lines_adjusted",
    "int_partners__commissions_targeted",
)
_DATED = (
    "int_partners__deals_measured",
    "int_partners__cpa_laddered",
    "int_partners__copy_fees_shared",
)
_RAW = '"lake"."raw"."crm_partner_agreements"'


@dataclass(frozen=True)
class AgreementVersion:
    """One version of an agreement that the CRM handed over."""

    number: int
    load_id: int
    loaded_at: dt.datetime
    model: str
    rate: Decimal
    currency: str | None
    valid_from: dt.date
    valid_to: dt.date | None
    is_current: bool


@dataclass(frozen=True)
class ReplayedLine:
    """A line that would be another: what is booked, and what the version gives."""

    business_date: dt.date
    deal_key: str
    client_key: str
    partner_key: str
    level: int
    agreement_id: str | None
    model: str | None
    tier: int | None
    currency: str | None
    booked: Decimal
    due: Decimal
    difference: Decimal
    reason: str | None


@dataclass(frozen=True)
class Replay:
    """The differences of one replay; none where the version changes nothing."""

    agreement_id: str
    version: int
    first: dt.date
    last: dt.date
    compared: int
    lines: tuple[ReplayedLine, ...]

    def totals(self) -> dict[tuple[str, str], Decimal]:
        """The difference of each partner and currency."""
        totals: dict[tuple[str, str], Decimal] = {}
        for line in self.lines:
            key = (line.partner_key, line.currency or "")
            totals[key] = totals.get(key, Decimal(0)) + line.difference
        return totals


def agreement_versions(
    settings: Settings, agreement: str, tenant: str | None = None
) -> list[AgreementVersion]:
    """Every version of an agreement, oldest first.

    Raises:
        UsageError: the CRM never handed over an agreement of that id.
    """
    with connect("read", settings=settings) as con:
        return _versions(con, tenant or settings.tenant, agreement)


def replay(
    settings: Settings,
    agreement: str,
    first: dt.date,
    last: dt.date,
    *,
    version: int | None = None,
    tenant: str | None = None,
) -> Replay:
    """Compare what is booked on trades of some days with what a version of an agreement gives.

    Args:
        settings: the installation.
        agreement: agreement_id.
        first: first business day of the trades.
        last: last business day of the trades.
        version: as `agreement_versions` numbers them; the newest by default.
        tenant: whose agreement; the configured tenant by default.

    Raises:
        UsageError: no such agreement or version, or the days are the wrong way round.
    """
    if last < first:
        raise UsageError(
            f"{last} is before {first}.", where="--from and --to", todo="swap the days"
        )
    tenant = tenant or settings.tenant
    compiled = _compiled(settings)
    with connect("read", settings=settings) as con:
        versions = _versions(con, tenant, agreement)
        number = version or versions[-1].number
        if not 1 <= number <= len(versions):
            raise UsageError(
                f"Agreement {agreement} has no version {number}.",
                todo=f"give one from 1 to {len(versions)}; `daybook partners versions` lists them",
            )
        _lay_agreements(con, tenant, agreement, versions[number - 1])
        # Tiers and caps go by the month: all of it is reckoned, the days asked for are compared.
        months = (
            first.replace(day=1),
            (last.replace(day=28) + dt.timedelta(days=4)).replace(day=1),
        )
        for model in _MODELS:
            _make(con, model, compiled[model], months)
        rows = con.execute(
            _DIFFERENCES, {"tenant": tenant, "first": first, "last": last}
        ).fetchall()
        [compared] = con.execute(
            _COMPARED, {"tenant": tenant, "first": first, "last": last}
        ).fetchall()
    return Replay(
        agreement, number, first, last, int(compared[0]), tuple(ReplayedLine(*row) for row in rows)
    )


def _compiled(settings: Settings) -> dict[str, str]:
    result = run_dbt(
        settings,
        ["compile", "--full-refresh", "--target-path", str(target_path(settings) / "replay"),
         "--select", *_MODELS],
        variables=dict(conversion_variables(settings)),
    )  # fmt: skip
    return {node.name: node.compiled for node in result.nodes if node.kind == "model"}


def _versions(
    con: duckdb.DuckDBPyConnection, tenant: str, agreement: str
) -> list[AgreementVersion]:
    rows = con.execute(
        """
        SELECT
            row_number() OVER (ORDER BY held._load_id, held._row_id), held._load_id,
            held._loaded_at, held.model, held.rate, held.currency, held.valid_from, held.valid_to,
            newer.superseded_row_id IS NULL
        FROM lake.raw.crm_partner_agreements AS held
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = held._row_id
        WHERE held._tenant_id = $tenant AND held.agreement_id = $agreement
            AND NOT held._is_deleted
        ORDER BY held._load_id, held._row_id
        """,
        {"tenant": tenant, "agreement": agreement},
    ).fetchall()
    if not rows:
        raise UsageError(
            f"No agreement {agreement!r} is known.",
            where=f"tenant {tenant}",
            todo="give an agreement_id of the CRM",
        )
    return [AgreementVersion(*row) for row in rows]


def _lay_agreements(
    con: duckdb.DuckDBPyConnection, tenant: str, agreement: str, version: AgreementVersion
) -> None:
    """All agreements as they stand, but the one as its version had it: a row nothing replaces."""
    con.execute(
        """
        CREATE OR REPLACE TABLE memory.main.replayed_agreements AS
        SELECT * FROM lake.raw.crm_partner_agreements
        WHERE NOT (_tenant_id = $tenant AND agreement_id = $agreement)
        UNION ALL
        SELECT * REPLACE (-1 AS _row_id)
        FROM lake.raw.crm_partner_agreements
        WHERE _tenant_id = $tenant AND agreement_id = $agreement AND _load_id = $load
            AND NOT _is_deleted
        """,
        {"tenant": tenant, "agreement": agreement, "load": version.load_id},
    )


def _make(
    con: duckdb.DuckDBPyConnection, model: str, text: str, months: tuple[dt.date, dt.date]
) -> None:
    text = text.replace(_RAW, "memory.main.replayed_agreements")
    for other in _MODELS:
        schema = "staging" if other.startswith("stg_") else "intermediate"
        text = text.replace(f'"lake"."{schema}"."{other}"', f"memory.main.{other}")
    days = (
        f"WHERE business_date >= DATE '{months[0]}' AND business_date < DATE '{months[1]}'"
        if model in _DATED
        else ""
    )
    con.execute(
        f"CREATE OR REPLACE TABLE memory.main.{model} AS SELECT * FROM ({text}) AS made {days}"
    )


_DIFFERENCES = """
    WITH sides AS (
        SELECT
            business_date, deal_key, client_key, partner_key, level, agreement_id, model, tier,
            amount_currency, 0 AS booked, amount AS due, reason
        FROM memory.main.int_partners__commissions_targeted
        WHERE tenant_id = $tenant AND business_date BETWEEN $first AND $last
        UNION ALL
        SELECT
            business_date, deal_key, client_key, partner_key, level, agreement_id, model, tier,
            amount_currency, amount, 0, NULL
        FROM lake.partners.fct_commission_ledger
        WHERE tenant_id = $tenant AND business_date BETWEEN $first AND $last
    )
    SELECT
        business_date, deal_key, client_key, partner_key, level, agreement_id, model, tier,
        amount_currency, sum(booked), sum(due), sum(due) - sum(booked), max(reason)
    FROM sides
    GROUP BY
        business_date, deal_key, client_key, partner_key, level, agreement_id, model, tier,
        amount_currency
    HAVING sum(booked) <> sum(due)
    ORDER BY business_date, deal_key, level, partner_key, agreement_id, tier
"""

_COMPARED = """
    SELECT count(*)
    FROM memory.main.int_partners__commissions_targeted
    WHERE tenant_id = $tenant AND business_date BETWEEN $first AND $last
"""
