"""partners.fct_copy_fees: a fee of an investment with a strategy for a month, due and charged."""

from __future__ import annotations

from quality.lineage.copy_charges import what_was_charged
from quality.lineage.copy_results import SUBJECT, results
from quality.lineage.copy_terms import equity, subscription
from quality.lineage.declaration import Lineage, Rule

_IN_ACCOUNT_CURRENCY = (
    "due_amount",
    "charged_amount",
    "difference_amount",
    "average_equity_amount",
    "closing_equity_amount",
    "deposits_amount",
    "withdrawals_amount",
    "transfers_amount",
    "result_amount",
    "net_result_to_date_amount",
    "mark_before_amount",
    "mark_after_amount",
)
_IN_REPORTING_CURRENCY = (
    "due_amount_reporting",
    "charged_amount_reporting",
    "partners_amount_reporting",
    "left_amount_reporting",
)

LINEAGE = Lineage(
    table="partners.fct_copy_fees",
    key=("copy_fee_key",),
    key_text="s.copy_fee_key",
    currencies={
        **dict.fromkeys(_IN_ACCOUNT_CURRENCY, "account_currency"),
        **dict.fromkeys(_IN_REPORTING_CURRENCY, "reporting_currency"),
        "base_amount": "base_currency",
    },
    subject=SUBJECT,
    parts=(*what_was_charged(), *equity(), subscription(), *results()),
    rules=(
        Rule(
            "A management fee is on the equity of each calendar day, below zero as none, at the "
            "yearly rate of that day's terms."
        ),
        Rule(
            "A performance fee is on what the result to date, after management fees and "
            "subscriptions, lies above the highest of the months before."
        ),
        Rule(
            "A result is what was traded, closed and floating; what was paid in or out, and the "
            "fees themselves, are none."
        ),
        Rule("What is due is converted at the month's last day, what was charged at its own."),
        Rule(
            "Each day of the account, each partner's part and each fee due is explained by itself: "
            "`daybook explain finance.fct_account_days`, `partners.fct_commission_ledger`, "
            "`partners.fct_copy_fees`."
        ),
    ),
)
