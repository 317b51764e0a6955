"""A partner's commission ledger; which account a line came from, never whose it is."""

from __future__ import annotations

import datetime as dt

import polars as pl

from dashboards.reading import Lake, Value

_PARTNERS = """
SELECT p.partner_key, p.partner_id, p.status, p.parent_partner_id
FROM lake.partners.dim_partners AS p
WHERE p.tenant_id = $tenant
ORDER BY p.partner_id
"""

_DAY_RANGE = """
SELECT min(business_date) AS first_date, max(business_date) AS last_date
FROM lake.partners.rpt_partners__ledger_lines
WHERE tenant_id = $tenant AND partner_key = $partner
"""

_LINES = """
SELECT
    business_date, executed_at_utc, deal_id, masked_account, symbol, level,
    trim(split_part(partner_path, '>', 1)) AS direct_partner, partner_path, agreement_id, model,
    base_quantity, rate, amount, amount_currency, amount_reporting, entry_type,
    coalesce(reason, adjustment_reason) AS reason, booked_at
FROM lake.partners.rpt_partners__ledger_lines
WHERE
    tenant_id = $tenant
    AND partner_key = $partner
    AND business_date BETWEEN $first AND $last
ORDER BY business_date DESC, deal_id DESC, level, booked_at
"""

# How a line is grouped in the summary.
SUMMARY_KEYS = {
    "Level": ["level"],
    "Sub-partner": ["level", "direct_partner"],
    "Client account": ["level", "direct_partner", "masked_account"],
}


def partners(lake: Lake, snapshot: int, tenant: str) -> pl.DataFrame:
    """Partners with their id, status and parent."""
    return lake.rows(snapshot, _PARTNERS, {"tenant": tenant})


def day_range(
    lake: Lake, snapshot: int, tenant: str, partner_key: str
) -> tuple[dt.date, dt.date] | None:
    """First and last business day of a partner's ledger; None while it is empty."""
    found = lake.rows(snapshot, _DAY_RANGE, {"tenant": tenant, "partner": partner_key})
    first, last = found.row(0)
    return None if first is None else (first, last)


def lines(
    lake: Lake, snapshot: int, tenant: str, partner_key: str, first: dt.date, last: dt.date
) -> pl.DataFrame:
    """Every ledger line of one partner on business days from ``first`` to ``last``, newest first:
    what it pays, or the reason it pays nothing."""
    parameters: dict[str, Value] = {
        "tenant": tenant,
        "partner": partner_key,
        "first": first,
        "last": last,
    }
    return lake.rows(snapshot, _LINES, parameters)


def summary(held: pl.DataFrame, by: str) -> pl.DataFrame:
    """Lines counted and summed by one of ``SUMMARY_KEYS`` and the currency they pay in."""
    keys = SUMMARY_KEYS[by]
    paying = pl.col("amount") != 0
    return (
        held.group_by([*keys, "amount_currency"])
        .agg(
            pl.len().alias("lines"),
            paying.sum().alias("paying_lines"),
            pl.col("amount").sum(),
            pl.col("amount_reporting").sum(),
        )
        .filter(pl.col("amount_currency").is_not_null() | (pl.col("lines") > 0))
        .sort([*keys, "amount_currency"], nulls_last=True)
    )
