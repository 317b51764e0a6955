"""The deals of a challenge's phase, and what each adds to the amounts of a day."""

from __future__ import annotations

from quality.lineage.canonical_rows import DEAL_SHOWS, DEAL_SOURCES, OPERATION
from quality.lineage.challenge_decisions import DECIDED, HAS_FLOOR
from quality.lineage.declaration import RATE, Part

# The deals of each phase with the close they belong to, in the order in which they move a balance.
# What happens on a day that the server does not close belongs to the next close.
_DEALS = f"""
WITH phases AS (
    SELECT DISTINCT challenge_phase_key, tenant_id, account_key, began_on FROM subject
),
closes AS (
    SELECT d.challenge_phase_key, d.business_date, d.next_date
    FROM lake.finance.fct_challenge_days AS d
    SEMI JOIN phases AS p ON p.challenge_phase_key = d.challenge_phase_key
),
effects AS (
    SELECT p.challenge_phase_key, c.business_date AS close_date, d.* EXCLUDE (account_key),
        d.balance_effect_amount - CASE
            WHEN d.component IN (
                'deposit', 'withdrawal', 'internal_transfer', 'bonus', 'so_compensation'
            )
            THEN {OPERATION}
            ELSE 0
        END AS effect
    FROM phases AS p
    JOIN lake.canonical.can_deals AS d
        ON d.tenant_id = p.tenant_id AND d.account_key = p.account_key
        AND d.business_date >= p.began_on
    ASOF JOIN closes AS c
        ON c.challenge_phase_key = p.challenge_phase_key AND d.business_date <= c.business_date
),
running AS (
    SELECT *, row_number() OVER moments AS place, sum(effect) OVER moments AS ran_to,
        row_number() OVER (
            PARTITION BY challenge_phase_key, close_date,
                coalesce(is_turnover AND entry IN ('in', 'in_out'), false)
            ORDER BY executed_at_utc, deal_id, deal_key
        ) = 1 AND coalesce(is_turnover AND entry IN ('in', 'in_out'), false) AS is_first_opening
    FROM effects
    WINDOW moments AS (
        PARTITION BY challenge_phase_key, close_date
        ORDER BY executed_at_utc, deal_id, deal_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
lows AS (
    SELECT challenge_phase_key, close_date, arg_min(place, ran_to) AS place
    FROM running
    GROUP BY challenge_phase_key, close_date
),
profits AS (
    SELECT c.challenge_phase_key, c.business_date,
        date_trunc('month', c.next_date) > date_trunc('month', c.business_date) AS is_month_end,
        sum(coalesce(r.effect, 0)) OVER (
            PARTITION BY c.challenge_phase_key ORDER BY c.business_date
        ) AS profit
    FROM closes AS c
    LEFT JOIN (
        SELECT challenge_phase_key, close_date, sum(effect) AS effect
        FROM effects
        GROUP BY challenge_phase_key, close_date
    ) AS r
        ON r.challenge_phase_key = c.challenge_phase_key AND r.close_date = c.business_date
),
-- up to which close profit is in the highest balance, and up to which it was paid out
marks AS (
    SELECT s.subject_key,
        arg_max(p.business_date, p.profit) FILTER (p.profit > 0) AS highest_at,
        arg_max(p.business_date, p.profit) FILTER (
            p.profit > 0 AND p.is_month_end AND s.split_rate IS NOT NULL
        ) AS paid_up_to
    FROM subject AS s
    LEFT JOIN profits AS p
        ON p.challenge_phase_key = s.challenge_phase_key AND p.business_date < s.business_date
    GROUP BY s.subject_key
)
SELECT s.subject_key, r.tenant_id, r.deal_key, r.executed_at_utc, r.action, r.symbol,
    r.volume_lots, r.component, r.balance_effect_amount, r.account_currency, r.raw_row_id,
    r.load_id, r.effect, r.is_first_opening, s.business_date AS rate_date, s.main_currency,
    s.money_divisor, {{columns}},
    CASE WHEN r.close_date = s.business_date THEN 1 ELSE 0 END AS of_day,
    CASE WHEN r.close_date <= m.paid_up_to THEN 1 ELSE 0 END AS paid,
    CASE WHEN r.close_date <= m.highest_at THEN 1 ELSE 0 END AS to_highest,
    CASE WHEN r.close_date = s.business_date AND r.place <= l.place THEN 1 ELSE 0 END AS to_lowest
FROM subject AS s
JOIN running AS r
    ON r.challenge_phase_key = s.challenge_phase_key AND r.close_date <= s.business_date
JOIN marks AS m ON m.subject_key = s.subject_key
LEFT JOIN lows AS l
    ON l.challenge_phase_key = s.challenge_phase_key AND l.close_date = s.business_date
"""

# What a deal adds to each amount of the day; the columns are those of _DEALS.
OPENING = "effect * (1 - of_day - paid)"
CLOSING = "effect * (1 - paid)"
_HIGHEST = "effect * (to_highest - paid)"
_LOWEST = (
    "effect * (1 - of_day - paid"
    " + CASE lowest_at WHEN 'closing' THEN of_day WHEN 'running' THEN to_lowest ELSE 0 END)"
)
_DAILY_FLOOR = f"CASE WHEN has_daily_floor THEN {OPENING} ELSE 0 END"
_TOTAL_FLOOR = f"CASE WHEN has_total_floor AND NOT is_total_fixed THEN {_HIGHEST} ELSE 0 END"
_HIGHER = f"CASE WHEN is_daily_higher THEN {_DAILY_FLOOR} ELSE {_TOTAL_FLOOR} END"

DEAL_AMOUNTS = {
    "paid_out_amount": "effect * paid",
    "opening_balance_amount": OPENING,
    "opening_equity_amount": OPENING,
    "daily_basis_amount": (
        f"CASE WHEN daily_basis IS NULL OR daily_basis = 'initial_balance' THEN 0 "
        f"ELSE {OPENING} END"
    ),
    "daily_floor_amount": _DAILY_FLOOR,
    "highest_balance_amount": _HIGHEST,
    "total_floor_amount": _TOTAL_FLOOR,
    "result_amount": "effect * of_day",
    "closing_balance_amount": CLOSING,
    "equity_amount": CLOSING,
    "lowest_amount": _LOWEST,
    "headroom_amount": f"CASE WHEN {HAS_FLOOR} THEN {_LOWEST} - {_HIGHER} ELSE 0 END",
    "profit_amount": "effect",
    "trading_days": "CASE WHEN is_first_opening THEN 1 ELSE 0 END",
    "equity_reporting": f"{CLOSING} * {RATE}",
    "profit_reporting": f"effect * {RATE}",
}


def deals_of_the_phase(adds: dict[str, str], columns: tuple[str, ...] = ()) -> Part:
    """The deals of a phase up to the row's ``business_date``; each brings ``effect``.

    Args:
        adds: figure -> what a deal adds to it.
        columns: what these expressions need of the mart's row beside what it decides, over ``s``.
    """
    rows = _DEALS.format(columns=", ".join((*DECIDED, *columns)))
    return Part("deal", rows, "deal_key", DEAL_SHOWS, adds, DEAL_SOURCES)
