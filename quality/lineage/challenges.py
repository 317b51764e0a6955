"""finance.fct_challenges: a phase of a challenge as it stands after its last day."""

from __future__ import annotations

from quality.lineage.challenge_deals import DEAL_AMOUNTS
from quality.lineage.challenge_decisions import DECISIONS, PHASE_OF_DAY
from quality.lineage.challenge_parts import (
    FLOATING_AMOUNTS,
    FLOATING_BEFORE_AMOUNTS,
    PLAN_AMOUNTS,
    RULES,
    START_AMOUNTS,
    challenge_parts,
)
from quality.lineage.declaration import Lineage, Part, Rule

_OF_THE_DAY = ("trading_days", "profit_amount", "profit_reporting", "target_amount")
_SPLIT = ("payable_amount", "trader_amount", "house_amount")


def _of_the_phase(amounts: dict[str, str]) -> dict[str, str]:
    """What a row adds to the phase's figures, from what it adds to those of its last day: the
    floor and the lowest amount are told of a day that broke one."""
    daily = amounts.get("daily_floor_amount", "0")
    total = amounts.get("total_floor_amount", "0")
    lowest = amounts.get("lowest_amount", "0")
    return {
        **{name: amounts[name] for name in _OF_THE_DAY if name in amounts},
        "floor_amount": (
            f"CASE failed_by WHEN 'daily_loss' THEN {daily} WHEN 'total_loss' THEN {total} "
            "ELSE 0 END"
        ),
        "lowest_amount": f"CASE WHEN failed_by IN ('daily_loss', 'total_loss') THEN {lowest} "
        "ELSE 0 END",
    }


_START = {
    **_of_the_phase(START_AMOUNTS),
    "initial_balance_amount": START_AMOUNTS["initial_balance_amount"],
    "allocated_balance_amount": "stated_balance",
}

# Each month and each review is a row of its own mart.
_PAYOUTS = """
SELECT s.subject_key, p.challenge_phase_key || '/' || CAST(p.payout_month AS VARCHAR) AS payout_key,
    p.payout_month, p.state, p.payable_amount, p.trader_amount, p.house_amount, p.payout_currency
FROM subject AS s
JOIN lake.finance.fct_challenge_payouts AS p ON p.challenge_phase_key = s.challenge_phase_key
"""
_REVIEWS = """
SELECT s.subject_key, r.review_number, r.last_date, r.profit_amount, r.required_profit_amount,
    r.is_passed, r.allocated_balance_amount - lag(
        r.allocated_balance_amount, 1, s.stated_balance
    ) OVER (PARTITION BY s.subject_key ORDER BY r.review_number) AS raised_amount
FROM subject AS s
JOIN lake.finance.fct_challenge_reviews AS r ON r.challenge_phase_key = s.challenge_phase_key
"""

LINEAGE = Lineage(
    table="finance.fct_challenges",
    key=("challenge_phase_key",),
    key_text="s.challenge_phase_key",
    currencies={
        **dict.fromkeys(
            (
                "initial_balance_amount",
                "floor_amount",
                "lowest_amount",
                "profit_amount",
                "target_amount",
                "allocated_balance_amount",
            ),
            "account_currency",
        ),
        **dict.fromkeys(_SPLIT, "payout_currency"),
        "profit_reporting": "reporting_currency",
    },
    subject=f"""
SELECT c.*, c.last_date AS business_date, {DECISIONS}
FROM lake.finance.fct_challenges AS c
LEFT JOIN lake.finance.fct_challenge_days AS d
    ON d.challenge_phase_key = c.challenge_phase_key AND d.business_date = c.last_date
{PHASE_OF_DAY.format(mart="c")}
""",
    parts=(
        *challenge_parts(
            _START,
            _of_the_phase(PLAN_AMOUNTS),
            _of_the_phase(DEAL_AMOUNTS),
            _of_the_phase(FLOATING_AMOUNTS),
            _of_the_phase(FLOATING_BEFORE_AMOUNTS),
            ("s.failed_by",),
        ),
        Part(
            "payout",
            _PAYOUTS,
            "payout_key",
            ("payout_month", "state", *_SPLIT, "payout_currency"),
            {name: name for name in _SPLIT},
        ),
        Part(
            "review",
            _REVIEWS,
            "review_number",
            ("last_date", "profit_amount", "required_profit_amount", "is_passed"),
            {"allocated_balance_amount": "raised_amount"},
        ),
    ),
    rules=(
        *RULES,
        Rule("A phase stands as its last day: profit, trading days, and the floor that broke."),
        Rule(
            "Each payout is explained by itself: `daybook explain finance.fct_challenge_payouts "
            "--key` with its name."
        ),
        Rule(
            "A passed review raises the allocated balance by the plan's step, up to its cap (D55)."
        ),
    ),
)
