"""finance.fct_challenge_payouts: what a month of a funded account pays, from its deals."""

from __future__ import annotations

from quality.lineage.challenge_deals import CLOSING, deals_of_the_phase
from quality.lineage.challenge_decisions import DECISIONS, PHASE_OF_DAY
from quality.lineage.challenge_parts import RULES
from quality.lineage.declaration import RATE, Lineage, Part, Rule
from quality.lineage.rounding import settled

_UNIT = "CASE money_divisor WHEN 100 THEN CAST(0.01 AS DECIMAL(3, 2)) ELSE 1 END"
# Profit since the last payout, where there is some; in the account's unit.
_NEW = f"CASE WHEN has_profit THEN {CLOSING} ELSE 0 END"
_DUE = f"CASE WHEN is_due THEN {_NEW} ELSE 0 END"
_TRADER = f"{_DUE} * split_rate"
_HOUSE = f"{_DUE} * (1 - split_rate)"
_DEALS = {
    "paid_out_amount": f"effect * paid * {_UNIT}",
    "profit_amount": f"{_NEW} * {_UNIT}",
    "payable_amount": f"{_DUE} * {_UNIT}",
    "trader_amount": f"{_TRADER} * {_UNIT}",
    "house_amount": f"{_HOUSE} * {_UNIT}",
    "payable_reporting": f"{_DUE} * {RATE}",
    "trader_reporting": f"{_TRADER} * {RATE}",
    "house_reporting": f"{_HOUSE} * {RATE}",
}

# Whole and trader's part are rounded to the currency's minor unit, the house has the rest.
_ROUNDED = f"""
SELECT r.*, r.payable_rounding - r.trader_rounding AS house_rounding
FROM (
    SELECT s.subject_key, s.payout_currency, s.business_date AS rate_date, s.main_currency,
        1 AS money_divisor, coalesce(c.minor_units, 2) AS minor_units,
        {settled("s.profit_amount", "coalesce(c.minor_units, 2)")} - s.profit_amount
            AS payable_rounding,
        {
    settled("CAST(s.profit_amount * s.split_rate AS DECIMAL(24, 8))", "coalesce(c.minor_units, 2)")
} - s.profit_amount * s.split_rate AS trader_rounding
    FROM subject AS s
    LEFT JOIN lake.reference.ref_currencies AS c ON c.currency = s.payout_currency
    WHERE s.state = 'due'
) AS r
"""
_PARTS = ("payable", "trader", "house")

LINEAGE = Lineage(
    table="finance.fct_challenge_payouts",
    key=("challenge_phase_key", "payout_month"),
    key_text="s.challenge_phase_key || '/' || CAST(s.payout_month AS VARCHAR)",
    currencies={
        name: "reporting_currency" if name.endswith("_reporting") else "payout_currency"
        for name in _DEALS
    },
    subject=f"""
SELECT p.*, p.last_date AS business_date, {DECISIONS}
FROM lake.finance.fct_challenge_payouts AS p
LEFT JOIN lake.finance.fct_challenge_days AS d
    ON d.challenge_phase_key = p.challenge_phase_key AND d.business_date = p.last_date
{PHASE_OF_DAY.format(mart="p")}
""",
    parts=(
        deals_of_the_phase(
            _DEALS,
            ("s.profit_amount > 0 AS has_profit", "s.state = 'due' AS is_due", "s.split_rate"),
        ),
        Part(
            "rounding",
            _ROUNDED,
            "payout_currency",
            ("minor_units",),
            {
                **{f"{name}_amount": f"{name}_rounding" for name in _PARTS},
                **{f"{name}_reporting": f"{name}_rounding * {RATE}" for name in _PARTS},
            },
        ),
    ),
    rules=(
        *RULES,
        Rule("A month that is over pays what its profit lies above all that was paid before."),
        Rule("Whole and trader's part are rounded to the minor unit; the house has the rest."),
        Rule("A month in which the phase failed pays nothing."),
    ),
)
