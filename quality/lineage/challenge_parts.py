"""What the amounts of a challenge's day are made of: its start, its plan, deals, what floats.

Every amount of a day is a sum of the same few rows: the initial balance, the results of deals up
to some moment, what floats at a close, and what the plan lets one lose. Which moments and which
floor count is what the mart decided; the money comes from the deals again.
"""

from __future__ import annotations

from quality.lineage.account_parts import on_the_day, what_floats
from quality.lineage.challenge_deals import deals_of_the_phase
from quality.lineage.challenge_decisions import DECIDED, HAS_FLOOR
from quality.lineage.declaration import RATE, Part, Rule, SourceRows

_START = """
SELECT s.subject_key, s.tenant_id, s.challenge_phase_key, s.stated_challenge AS challenge_id,
    s.stated_phase AS phase, s.began_on, s.stated_balance, s.account_currency,
    s.business_date AS rate_date, s.main_currency, s.money_divisor, {columns}
FROM subject AS s
"""
START_AMOUNTS = {
    "initial_balance_amount": "stated_balance",
    "opening_balance_amount": "stated_balance",
    "opening_equity_amount": "stated_balance",
    "daily_basis_amount": "CASE WHEN daily_basis IS NULL THEN 0 ELSE stated_balance END",
    "daily_floor_amount": "CASE WHEN has_daily_floor THEN stated_balance ELSE 0 END",
    "highest_balance_amount": "stated_balance",
    "total_floor_amount": "CASE WHEN has_total_floor THEN stated_balance ELSE 0 END",
    "closing_balance_amount": "stated_balance",
    "equity_amount": "stated_balance",
    "lowest_amount": "stated_balance",
    "equity_reporting": f"stated_balance * {RATE}",
}

# What the plan takes off where each floor starts, to the eighth decimal as the books keep it.
_DAILY_FROM = "CASE s.daily_basis WHEN 'initial_balance' THEN s.opens_with ELSE s.daily_start END"
_TOTAL_FROM = "CASE s.total_basis WHEN 'initial_balance' THEN s.stated_balance ELSE s.highest END"
_PLAN = f"""
SELECT s.subject_key, s.tenant_id, s.stated_plan AS plan_id, s.stated_phase AS phase,
    s.terms_from, s.daily_rate, s.daily_basis AS daily_loss_basis, s.total_rate,
    s.total_basis AS total_loss_basis, s.target_rate, {{columns}},
    CAST({_DAILY_FROM} - s.daily_start * s.daily_rate AS DECIMAL(38, 8)) - ({_DAILY_FROM})
        AS daily_allowance,
    CASE
        WHEN s.is_total_fixed AND s.total_basis <> 'initial_balance' THEN 0
        ELSE CAST({_TOTAL_FROM} - s.stated_balance * s.total_rate AS DECIMAL(38, 8))
            - ({_TOTAL_FROM})
    END AS total_allowance,
    CAST(s.stated_balance * s.target_rate AS DECIMAL(38, 8)) AS target
FROM subject AS s
WHERE s.terms_from IS NOT NULL
"""
_PLAN_DAILY = "CASE WHEN has_daily_floor THEN daily_allowance ELSE 0 END"
_PLAN_TOTAL = "CASE WHEN has_total_floor THEN total_allowance ELSE 0 END"
PLAN_AMOUNTS = {
    "daily_floor_amount": _PLAN_DAILY,
    "total_floor_amount": _PLAN_TOTAL,
    "headroom_amount": (f"-(CASE WHEN is_daily_higher THEN {_PLAN_DAILY} ELSE {_PLAN_TOTAL} END)"),
    "target_amount": "coalesce(target, 0)",
}

_FLOATS = "(floating_pnl_amount + floating_swap_amount)"
_LOWEST_AT_CLOSE = f"CASE lowest_at WHEN 'closing' THEN {_FLOATS} ELSE 0 END"
# A gain that floats when the day opens is taken to be there still.
_LOWEST_BEFORE = (
    f"CASE WHEN lowest_at = 'opening' OR (lowest_at = 'running' AND floats_above) THEN {_FLOATS} "
    "ELSE 0 END"
)
_BASIS_BEFORE = f"CASE WHEN is_basis_equity THEN {_FLOATS} ELSE 0 END"
FLOATING_AMOUNTS = {
    "floating_amount": _FLOATS,
    "equity_amount": _FLOATS,
    "lowest_amount": _LOWEST_AT_CLOSE,
    "headroom_amount": f"CASE WHEN {HAS_FLOOR} THEN {_LOWEST_AT_CLOSE} ELSE 0 END",
    "equity_reporting": f"{_FLOATS} * {RATE}",
}
FLOATING_BEFORE_AMOUNTS = {
    "opening_equity_amount": _FLOATS,
    "daily_basis_amount": _BASIS_BEFORE,
    "daily_floor_amount": f"CASE WHEN has_daily_floor THEN {_BASIS_BEFORE} ELSE 0 END",
    "lowest_amount": _LOWEST_BEFORE,
    "headroom_amount": (
        f"CASE WHEN {HAS_FLOOR} THEN {_LOWEST_BEFORE}"
        f" - CASE WHEN is_daily_higher THEN {_BASIS_BEFORE} ELSE 0 END ELSE 0 END"
    ),
}


def challenge_parts(
    start: dict[str, str],
    plan: dict[str, str],
    deals: dict[str, str],
    floating: dict[str, str],
    floating_before: dict[str, str],
    columns: tuple[str, ...] = (),
) -> tuple[Part, ...]:
    """The rows that amounts of a challenge's day are sums of.

    Args:
        start: figure -> what the initial balance adds to it.
        plan: figure -> what the plan's terms add to it.
        deals: figure -> what a deal adds to it.
        floating: figure -> what floats at the day's close adds to it.
        floating_before: figure -> what floated at the close before adds to it.
        columns: what these expressions need of the mart's row beside :data:`DECISIONS`, over ``s``.
    """
    wanted = ", ".join((*DECIDED, *columns))
    return (
        Part(
            "challenge",
            _START.format(columns=wanted),
            "challenge_phase_key",
            ("began_on", "stated_balance", "account_currency"),
            start,
            (
                SourceRows(
                    "crm_challenges",
                    ("challenge_id", "phase"),
                    {"challenge_id": "challenge_id", "phase": "phase"},
                ),
            ),
        ),
        Part(
            "plan",
            _PLAN.format(columns=wanted),
            "plan_id",
            (
                "terms_from",
                "daily_rate",
                "daily_loss_basis",
                "total_rate",
                "total_loss_basis",
                "target_rate",
            ),
            plan,
            (
                SourceRows(
                    "crm_challenge_phases",
                    ("plan_id", "phase", "valid_from"),
                    {"plan_id": "plan_id", "phase": "phase", "valid_from": "terms_from"},
                ),
            ),
        ),
        deals_of_the_phase(deals, columns),
        *(on_the_day(part, "business_date", wanted) for part in what_floats(floating)),
        *(on_the_day(part, "previous_close_date", wanted) for part in what_floats(floating_before)),
    )


RULES = (
    Rule(
        "A result is what a deal moves, but for deposits, withdrawals, transfers, bonuses and "
        "stop-out compensation (D50)."
    ),
    Rule("What happens on a day that the server does not close belongs to the next close."),
    Rule(
        "A daily floor starts at the day's opening, a total floor at the initial or at the highest "
        "balance; each ends below by the plan's part of its basis (D51, D52)."
    ),
    Rule(
        "The lowest amount is the lowest of equity at the start, equity at the close, and the "
        "balance after each deal with what floated above it at the start (D53)."
    ),
    Rule("A month's new profit of a funded account leaves the balance with the next day (D54)."),
)
