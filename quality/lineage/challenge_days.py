"""finance.fct_challenge_days: a phase of a challenge on a business day."""

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
from quality.lineage.declaration import Lineage

_IN_REPORTING = ("equity_reporting", "profit_reporting")
_AMOUNTS = {*START_AMOUNTS, *PLAN_AMOUNTS, *DEAL_AMOUNTS, *FLOATING_AMOUNTS} - {"trading_days"}

LINEAGE = Lineage(
    table="finance.fct_challenge_days",
    key=("challenge_phase_key", "business_date"),
    key_text="s.challenge_phase_key || '/' || CAST(s.business_date AS VARCHAR)",
    currencies={
        name: "reporting_currency" if name in _IN_REPORTING else "account_currency"
        for name in sorted(_AMOUNTS)
    },
    subject=f"""
SELECT d.*, {DECISIONS}
FROM lake.finance.fct_challenge_days AS d
{PHASE_OF_DAY.format(mart="d")}
""",
    parts=challenge_parts(
        START_AMOUNTS, PLAN_AMOUNTS, DEAL_AMOUNTS, FLOATING_AMOUNTS, FLOATING_BEFORE_AMOUNTS
    ),
    rules=RULES,
)
