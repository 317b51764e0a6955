"""What a day of a challenge decides: its floors, its lowest moment, the terms it lies under."""

from __future__ import annotations

# A phase as the CRM states it, with the terms of its first day.
_PHASES = """
SELECT c.tenant_id || '/' || c.challenge_id || '/' || CAST(c.phase AS VARCHAR)
        AS challenge_phase_key,
    c.challenge_id, c.phase, c.plan_id, c.valid_from, c.initial_balance_amount,
    p.valid_from AS terms_from, p.profit_target_rate, p.daily_loss_rate, p.daily_loss_basis,
    p.total_loss_rate, p.total_loss_basis, p.profit_split_rate
FROM lake.staging.stg_crm__challenges AS c
LEFT JOIN lake.staging.stg_crm__challenge_phases AS p
    ON p.tenant_id = c.tenant_id AND p.plan_id = c.plan_id AND p.phase = c.phase
    AND p.valid_from <= c.valid_from AND (p.valid_to IS NULL OR p.valid_to > c.valid_from)
"""

# To find a phase's terms, account and close before; `d` is a row of fct_challenge_days.
PHASE_OF_DAY = f"""
LEFT JOIN ({_PHASES}) AS t ON t.challenge_phase_key = {{mart}}.challenge_phase_key
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = {{mart}}.tenant_id AND a.server_id = {{mart}}.server_id
    AND a.login = {{mart}}.login
LEFT JOIN lake.intermediate.int_server_closes AS k
    ON k.tenant_id = d.tenant_id AND k.server_id = d.server_id
    AND k.business_date = d.business_date
"""

# The highest balance is held where the floor stops at the initial balance.
_IS_TOTAL_FIXED = """
    t.total_loss_basis = 'initial_balance'
    OR (
        t.total_loss_basis = 'highest_balance_locked'
        AND d.highest_balance_amount
            >= t.initial_balance_amount + t.initial_balance_amount * t.total_loss_rate
    )
"""

# What the mart's row decides, and the plan's terms, beside the row.
DECISIONS = f"""
    t.terms_from, t.initial_balance_amount AS stated_balance, t.profit_target_rate AS target_rate,
    t.daily_loss_rate AS daily_rate, t.daily_loss_basis AS daily_basis,
    t.total_loss_rate AS total_rate, t.total_loss_basis AS total_basis,
    t.profit_split_rate AS split_rate, t.plan_id AS stated_plan, t.phase AS stated_phase,
    t.challenge_id AS stated_challenge, t.valid_from AS began_on,
    a.main_currency, a.money_divisor, k.previous_close_date,
    d.opening_balance_amount AS opens_with, d.daily_basis_amount AS daily_start,
    d.highest_balance_amount AS highest,
    d.daily_floor_amount IS NOT NULL AS has_daily_floor,
    d.total_floor_amount IS NOT NULL AS has_total_floor,
    coalesce(d.daily_floor_amount >= coalesce(d.total_floor_amount, d.daily_floor_amount), false)
        AS is_daily_higher,
    coalesce({_IS_TOTAL_FIXED}, false) AS is_total_fixed,
    CASE
        WHEN d.lowest_amount = d.opening_equity_amount THEN 'opening'
        WHEN d.lowest_amount = d.equity_amount THEN 'closing'
        ELSE 'running'
    END AS lowest_at,
    coalesce(
        t.daily_loss_basis = 'day_start_equity'
        OR (
            t.daily_loss_basis = 'day_start_higher'
            AND d.opening_equity_amount > d.opening_balance_amount
        ),
        false
    ) AS is_basis_equity,
    d.opening_equity_amount > d.opening_balance_amount AS floats_above
"""
DECIDED = (
    "s.has_daily_floor",
    "s.has_total_floor",
    "s.is_daily_higher",
    "s.is_total_fixed",
    "s.lowest_at",
    "s.is_basis_equity",
    "s.floats_above",
    "s.daily_basis",
)
HAS_FLOOR = "(has_daily_floor OR has_total_floor)"
