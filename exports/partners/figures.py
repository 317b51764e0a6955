"""What partners are owed by the end of a month, read from the commission ledger and the journal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.errors import FiguresDisagreeError


@dataclass(frozen=True)
class PayoutTerms:
    """How a partner is paid on the last day of the month, and to whom."""

    partner_key: str
    payout_currency: str
    method: str
    conversion_date: str
    hold_days: int
    minimum_payout: Decimal
    carries_negative: bool
    payee_name: str | None
    iban: str | None
    bic: str | None
    wallet_address: str | None


@dataclass(frozen=True)
class LedgerTotal:
    """Commission of one partner in one ledger currency up to the end of the month, unrounded.

    Converted figures are in the partner's payout currency, each line at the rate of its trade's
    day; None where a rate is missing.
    """

    partner_key: str
    ledger_currency: str
    released: Decimal
    earned: Decimal
    """Released, of trades of the month, clawbacks left out."""
    clawed_back: Decimal
    held: Decimal
    released_converted: Decimal | None
    earned_converted: Decimal
    clawed_back_converted: Decimal
    held_converted: Decimal


def payout_terms(
    con: duckdb.DuckDBPyConnection, tenant: str, last: dt.date
) -> dict[str, PayoutTerms]:
    """The terms in force on the last day, by partner_key."""
    rows = con.execute(_TERMS, {"tenant": tenant, "last": last}).fetchall()
    return {row[0]: PayoutTerms(*row) for row in rows}


def ledger_totals(
    con: duckdb.DuckDBPyConnection,
    tenant: str,
    first: dt.date,
    last: dt.date,
    since: dt.datetime | None,
) -> list[LedgerTotal]:
    """Every partner's ledger up to ``last``, per currency.

    Args:
        since: clawbacks of earlier months count as news where they were booked after this.
    """
    rows = con.execute(
        _TOTALS, {"tenant": tenant, "first": first, "last": last, "since": since}
    ).fetchall()
    return [LedgerTotal(*row) for row in rows]


def closing_rates(con: duckdb.DuckDBPyConnection, last: dt.date) -> dict[str, Decimal]:
    """What one of each currency is worth in the reporting currency at the month's last rate."""
    return dict(con.execute(_RATES, {"last": last}).fetchall())


def tie_to_journal(con: duckdb.DuckDBPyConnection, tenant: str, last: dt.date) -> int:
    """Prove that the journal owes every partner what the ledger booked; how many were compared.

    Raises:
        FiguresDisagreeError: with the partners whose figures differ.
    """
    rows = con.execute(_TIES, {"tenant": tenant, "last": last}).fetchall()
    wrong = [row for row in rows if row[2] != row[3]]
    if wrong:
        told = "; ".join(
            f"{partner}: ledger {booked} {currency}, journal {owed} {currency}"
            for partner, currency, booked, owed in wrong[:5]
        )
        raise FiguresDisagreeError(
            f"The commission ledger and the journal disagree for {len(wrong)} partners: {told}.",
            where=f"tenant {tenant}, up to {last}",
            todo="run `daybook build` and `daybook check`",
        )
    return len(rows)


def _exact_ratio(numerator: str, denominator: str) -> str:
    """A quotient with eight right decimals: DuckDB divides decimals as doubles (macro `ratio`)."""
    first = f"CAST(({numerator}) / {denominator} AS DECIMAL(24, 8))"
    rest = f"(({numerator}) - {first} * {denominator}) / {denominator}"
    return f"CAST({first} + CAST({rest} AS DECIMAL(24, 8)) AS DECIMAL(24, 8))"


_TERMS = """
    SELECT
        terms.tenant_id || '/' || terms.partner_id, terms.payout_currency, terms.method,
        terms.conversion_date, terms.hold_days, terms.minimum_payout_amount,
        terms.carries_negative, payees.payee_name, payees.iban, payees.bic,
        payees.wallet_address
    FROM lake.staging.stg_crm__partner_payout_terms AS terms
    LEFT JOIN (
        SELECT held.*
        FROM lake.pii.crm_partner_payout_terms AS held
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = held._row_id
        WHERE newer.superseded_row_id IS NULL AND NOT held._is_deleted
    ) AS payees
        ON payees._tenant_id = terms.tenant_id
        AND payees.partner_id = terms.partner_id
        AND payees.valid_from = terms.valid_from
    WHERE terms.tenant_id = $tenant
        AND terms.valid_from <= $last
        AND (terms.valid_to IS NULL OR terms.valid_to > $last)
    ORDER BY terms.valid_from
"""

_RATES = """
    SELECT currency, arg_max(rate, business_date)
    FROM lake.canonical.can_fx_to_reporting
    WHERE business_date <= $last AND business_date > $last::DATE - INTERVAL 7 DAY
    GROUP BY currency
"""

_RELEASED = "NOT is_held"
_EARNED = "NOT is_held AND NOT is_clawback AND business_date >= $first"
_CLAWED_BACK = "NOT is_held AND is_clawback AND (business_date >= $first OR is_new_clawback)"

_TOTALS = f"""
    WITH terms AS (
        SELECT
            tenant_id || '/' || partner_id AS partner_key, payout_currency, hold_days
        FROM lake.staging.stg_crm__partner_payout_terms
        WHERE tenant_id = $tenant
            AND valid_from <= $last AND (valid_to IS NULL OR valid_to > $last)
    ),
    days AS (
        SELECT
            partner_key, amount_currency, business_date,
            entry_type = 'clawback' AS is_clawback,
            entry_type = 'clawback' AND $since::TIMESTAMP IS NOT NULL AND booked_at > $since
                AS is_new_clawback,
            sum(amount) AS amount
        FROM lake.partners.fct_commission_ledger
        WHERE tenant_id = $tenant AND business_date <= $last AND amount <> 0
        GROUP BY ALL
    ),
    dated AS (
        SELECT
            days.partner_key, days.amount_currency, days.business_date, days.is_clawback,
            days.is_new_clawback, days.amount,
            days.business_date + CAST(coalesce(terms.hold_days, 0) AS INTEGER) > $last AS is_held,
            CASE
                WHEN days.amount_currency = terms.payout_currency THEN days.amount
                ELSE {
    _exact_ratio("CAST(days.amount AS DECIMAL(24, 8)) * earned_fx.rate", "paid_fx.rate")
}
            END AS converted
        FROM days
        LEFT JOIN terms ON terms.partner_key = days.partner_key
        LEFT JOIN lake.canonical.can_fx_to_reporting AS earned_fx
            ON earned_fx.business_date = days.business_date
            AND earned_fx.currency = days.amount_currency
        LEFT JOIN lake.canonical.can_fx_to_reporting AS paid_fx
            ON paid_fx.business_date = days.business_date
            AND paid_fx.currency = terms.payout_currency
    )
    SELECT
        dated.partner_key, dated.amount_currency,
        coalesce(sum(amount) FILTER (WHERE {_RELEASED}), 0),
        coalesce(sum(amount) FILTER (WHERE {_EARNED}), 0),
        coalesce(sum(amount) FILTER (WHERE {_CLAWED_BACK}), 0),
        coalesce(sum(amount) FILTER (WHERE is_held), 0),
        CASE WHEN bool_and(converted IS NOT NULL)
            THEN coalesce(sum(converted) FILTER (WHERE {_RELEASED}), 0) END,
        coalesce(sum(converted) FILTER (WHERE {_EARNED}), 0),
        coalesce(sum(converted) FILTER (WHERE {_CLAWED_BACK}), 0),
        coalesce(sum(converted) FILTER (WHERE is_held), 0)
    FROM dated
    GROUP BY dated.partner_key, dated.amount_currency
    ORDER BY dated.partner_key, dated.amount_currency
"""

_TIES = """
    SELECT partner_key, currency, sum(booked), sum(owed)
    FROM (
        SELECT partner_key, amount_currency AS currency, amount AS booked, 0 AS owed
        FROM lake.partners.fct_commission_ledger
        WHERE tenant_id = $tenant AND business_date <= $last AND amount <> 0
        UNION ALL
        SELECT partner_key, currency, 0, amount
        FROM lake.finance.fct_journal_entries
        WHERE tenant_id = $tenant AND business_date <= $last
            AND credited_account = 'ib_payable'
    ) AS sides
    GROUP BY partner_key, currency
    ORDER BY partner_key, currency
"""
