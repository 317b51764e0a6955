"""What a partner statement is made of, read from the commission ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.errors import UnknownSubjectError
from exports.publication import Publication, covering_publication, month_of, read_at
from warehouse.connection import AsOf
from warehouse.settings import Settings


@dataclass(frozen=True)
class LedgerLine:
    """One paying line: the trade it came from, the rule and rate that gave it; unrounded."""

    business_date: dt.date
    executed_at_utc: dt.datetime | None
    entry_type: str
    deal_id: int
    account_key: str
    client_key: str
    symbol: str | None
    level: int
    partner_path: str
    agreement_id: str | None
    model: str | None
    tier: int | None
    base_quantity: Decimal
    rate: Decimal
    withheld: Decimal
    """What was carved out, capped and rounded away."""
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class GroupTotal:
    """Commission of one client, or of one path of sub-partners, in one currency."""

    name: str
    level: int
    lines: int
    base_quantity: Decimal
    model: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class UnpaidReason:
    """Why trades of the period paid nothing, and how many."""

    reason: str
    lines: int


@dataclass(frozen=True)
class PartnerRecords:
    """Everything a partner statement shows, unrounded."""

    partner_key: str
    name: str
    lines: tuple[LedgerLine, ...]
    by_client: tuple[GroupTotal, ...]
    by_path: tuple[GroupTotal, ...]
    unpaid: tuple[UnpaidReason, ...]
    earned_before: dict[str, Decimal]
    """All commission booked on days before the period, by currency."""
    client_masking: str
    """none, digits or hidden: how clients appear, as the payout terms of the last day say."""


def find_partner(con: duckdb.DuckDBPyConnection, tenant: str, partner: str) -> str:
    """The partner_key of a partner given by key or id.

    Raises:
        UnknownSubjectError: no partner answers to it.
    """
    row = con.execute(
        """
        SELECT $tenant || '/' || partners.partner_id
        FROM lake.pii.crm_partners AS partners
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = partners._row_id
        WHERE partners._tenant_id = $tenant AND newer.superseded_row_id IS NULL
            AND NOT partners._is_deleted
            AND (partners.partner_id = $partner
                OR $tenant || '/' || partners.partner_id = $partner)
        """,
        {"tenant": tenant, "partner": partner},
    ).fetchone()
    if row is None:
        raise UnknownSubjectError(
            f"No partner {partner!r} is known.",
            where=f"tenant {tenant}",
            todo="give a partner id or a partner key (tenant/partner)",
        )
    return str(row[0])


def partner_servers(con: duckdb.DuckDBPyConnection, tenant: str) -> list[str]:
    """Servers of the tenant on which anything was traded."""
    rows = con.execute(
        "SELECT DISTINCT server_id FROM lake.meta.published WHERE tenant_id = $1 ORDER BY 1",
        [tenant],
    ).fetchall()
    return [server for (server,) in rows]


def read_partners_at(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    tenant: str,
    period: str,
    as_of: AsOf = None,
) -> Publication:
    """Make the connection read what covers a month of all of the tenant's servers.

    Raises:
        UnclosedPeriodError: days of the month are not published.
    """
    first, last = month_of(period)
    publication = covering_publication(
        con,
        tenant=tenant,
        servers=partner_servers(con, tenant),
        period_from=first,
        period_to=last,
        as_of=as_of,
    )
    read_at(con, settings, publication)
    return publication


def read_partner_records(
    con: duckdb.DuckDBPyConnection,
    partner_key: str,
    *,
    period_from: dt.date,
    period_to: dt.date,
) -> PartnerRecords:
    """Read all data sets of one partner as of the connection's snapshot."""
    tenant, _, partner_id = partner_key.partition("/")
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE booked AS
        SELECT *, business_date >= $first AS in_period
        FROM lake.partners.fct_commission_ledger
        WHERE tenant_id = $tenant AND partner_key = $partner AND business_date <= $last
        """,
        {"tenant": tenant, "partner": partner_key, "first": period_from, "last": period_to},
    )
    name = con.execute(
        """
        SELECT partners.name
        FROM lake.pii.crm_partners AS partners
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = partners._row_id
        WHERE partners._tenant_id = $1 AND partners.partner_id = $2
            AND newer.superseded_row_id IS NULL AND NOT partners._is_deleted
        ORDER BY partners._row_id DESC
        LIMIT 1
        """,
        [tenant, partner_id],
    ).fetchone()
    masking = con.execute(
        """
        SELECT client_masking
        FROM lake.staging.stg_crm__partner_payout_terms
        WHERE tenant_id = $1 AND partner_id = $2
            AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)
        ORDER BY valid_from DESC
        LIMIT 1
        """,
        [tenant, partner_id, period_to],
    ).fetchone()
    return PartnerRecords(
        partner_key=partner_key,
        name=str(name[0]) if name and name[0] else partner_id,
        lines=tuple(LedgerLine(*row) for row in con.execute(_LINES).fetchall()),
        by_client=tuple(GroupTotal(*row) for row in con.execute(_totals("client_key")).fetchall()),
        by_path=tuple(GroupTotal(*row) for row in con.execute(_totals("partner_path")).fetchall()),
        unpaid=tuple(UnpaidReason(*row) for row in con.execute(_UNPAID).fetchall()),
        earned_before=dict(
            con.execute(
                "SELECT amount_currency, sum(amount) FROM booked "
                "WHERE NOT in_period AND amount_currency IS NOT NULL "
                "GROUP BY amount_currency ORDER BY amount_currency"
            ).fetchall()
        ),
        client_masking=str(masking[0]) if masking else "digits",
    )


_LINES = """
    SELECT
        business_date, executed_at_utc, entry_type, deal_id, account_key, client_key, symbol,
        level, coalesce(partner_path, ''), agreement_id, model, tier, coalesce(base_quantity, 0),
        coalesce(rate, 0),
        coalesce(carved_amount, 0) + coalesce(capped_amount, 0) + coalesce(rounding_amount, 0),
        amount, amount_currency
    FROM booked
    WHERE in_period AND reason IS NULL AND amount_currency IS NOT NULL
    ORDER BY amount_currency, business_date, executed_at_utc, deal_id, level, ledger_line_key
"""

# One line a kind of reason: its day, symbol and account group are left out, the last because the
# name of a group is the broker's own business.
_UNPAID = r"""
    SELECT summary, count(*)
    FROM (
        SELECT
            regexp_replace(
                regexp_replace(reason, ' on \d{4}-\d{2}-\d{2}', ''),
                ' do not cover .*$',
                ' do not cover the symbol in the account''s group'
            ) AS summary
        FROM booked
        WHERE in_period AND reason IS NOT NULL
    ) AS reasons
    GROUP BY summary
    ORDER BY count(*) DESC, summary
"""


def _totals(column: str) -> str:
    return f"""
        SELECT
            coalesce({column}, ''), level, count(*), sum(coalesce(base_quantity, 0)),
            coalesce(model, ''), sum(amount), amount_currency
        FROM booked
        WHERE in_period AND reason IS NULL AND amount_currency IS NOT NULL
        GROUP BY {column}, level, model, amount_currency
        ORDER BY amount_currency, level, {column}, model
    """
