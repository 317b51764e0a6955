"""filings.fil_losing_accounts__account_days: an account's day as the filing counts it."""

from __future__ import annotations

from dataclasses import replace

from quality.lineage.account_parts import deals_of_the_day, what_floats
from quality.lineage.declaration import Lineage, Part
from quality.lineage.rules import GROUP_MAPPING, seed_rule

_COUNTED = ("closed_pnl", "swap", "commission", "fees", "charges", "dividends", "taxes")

_COUNTS = ", ".join(
    f"max(CASE WHEN parameter = 'counts_{name}' THEN CAST(value AS DECIMAL(1, 0)) END)"
    f" AS counts_{name}"
    for name in _COUNTED
)

# The filing's parameters in force on the row's day, beside each row of a part.
_RULED = f"""
SELECT part.*, c.* EXCLUDE (valid_from, valid_to)
FROM ({{rows}}) AS part
LEFT JOIN (
    SELECT valid_from, valid_to, {_COUNTS}
    FROM lake.reference.rul_losing_accounts
    GROUP BY valid_from, valid_to
) AS c
    ON c.valid_from <= part.rate_date AND (c.valid_to IS NULL OR c.valid_to > part.rate_date)
"""

_RESULT = (
    "(closed_pnl_amount * counts_closed_pnl"
    " + CASE WHEN component = 'dividend' THEN operation_amount ELSE 0 END * counts_dividends)"
)
_COSTS = (
    "(swap_amount * counts_swap"
    " + (commission_amount + CASE WHEN component IN ('commission', 'commission_round')"
    " THEN operation_amount ELSE 0 END) * counts_commission"
    " + fee_amount * counts_fees"
    " + CASE WHEN component = 'charge' THEN operation_amount ELSE 0 END * counts_charges"
    " + CASE WHEN component = 'tax' THEN operation_amount ELSE 0 END * counts_taxes)"
)


def _ruled(part: Part) -> Part:
    return replace(part, rows=_RULED.format(rows=part.rows))


LINEAGE = Lineage(
    table="filings.fil_losing_accounts__account_days",
    key=("account_key", "business_date"),
    key_text="s.account_key || '/' || CAST(s.business_date AS VARCHAR)",
    currencies=dict.fromkeys(
        ("result_reporting", "costs_reporting", "realised_reporting", "unrealised_reporting"),
        "reporting_currency",
    ),
    subject="""
SELECT d.*, a.login
FROM lake.filings.fil_losing_accounts__account_days AS d
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = d.tenant_id AND a.account_key = d.account_key
""",
    parts=(
        _ruled(
            deals_of_the_day(
                {
                    "result_reporting": f"{_RESULT} * :rate",
                    "costs_reporting": f"{_COSTS} * :rate",
                    "realised_reporting": f"({_RESULT} + {_COSTS}) * :rate",
                }
            )
        ),
        *(
            _ruled(part)
            for part in what_floats(
                {
                    "unrealised_reporting": (
                        "(floating_pnl_amount + floating_swap_amount * counts_swap) * :rate"
                    )
                }
            )
        ),
    ),
    rules=(
        GROUP_MAPPING,
        seed_rule(
            "What the filing counts as result and as cost.",
            "rul_losing_accounts",
            "r.parameter || ' = ' || r.value || ' (' || r.source || ')'",
            "r.parameter LIKE 'counts%'",
        ),
    ),
)
