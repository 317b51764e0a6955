"""What an investment with a strategy traded, and what of it lies above the high-water mark.

Which month set the mark is what the models decided; the money comes from deals, positions and the
fees due before.
"""

from __future__ import annotations

from dataclasses import replace

from quality.lineage.account_parts import on_the_day, what_floats
from quality.lineage.canonical_rows import DEAL_SHOWS, DEAL_SOURCES, OPERATION
from quality.lineage.copy_charges import DEAL
from quality.lineage.copy_terms import TERMS_IN_FORCE, due
from quality.lineage.declaration import Part

# Months of every investment with the result to date: after management fees and subscriptions.
_MONTHS = """
SELECT m.tenant_id, m.strategy_id, m.account_key, m.invested_from, m.month_from, m.month_to,
    sum(m.result_amount - coalesce(f.due_amount, 0)) OVER (
        PARTITION BY m.tenant_id, m.strategy_id, m.account_key, m.invested_from
        ORDER BY m.month_from
    ) AS net_result
FROM lake.intermediate.int_partners__copy_months_measured AS m
LEFT JOIN (
    SELECT tenant_id, strategy_id, account_key, invested_from, month_from,
        sum(due_amount) AS due_amount
    FROM lake.partners.fct_copy_fees
    WHERE fee_kind IN ('management', 'subscription')
    GROUP BY ALL
) AS f
    ON f.tenant_id = m.tenant_id AND f.strategy_id = m.strategy_id
    AND f.account_key = m.account_key AND f.invested_from = m.invested_from
    AND f.month_from = m.month_from
"""
_SAME_INVESTMENT = """
    {0}.tenant_id = f.tenant_id AND {0}.strategy_id = f.strategy_id
    AND {0}.account_key = f.account_key AND {0}.invested_from = f.invested_from
"""

# The mart's rows with the account, the newest terms of the month, and the end of the month that
# set the mark.
SUBJECT = f"""
WITH fees AS (
    SELECT f.*, greatest(f.month_from, f.invested_from) AS counts_from
    FROM lake.partners.fct_copy_fees AS f
),
marks AS (
    SELECT f.copy_fee_key, arg_max(m.month_to, m.net_result) AS mark_date
    FROM fees AS f
    JOIN ({_MONTHS}) AS m
        ON {_SAME_INVESTMENT.format("m")} AND m.month_from < f.month_from AND m.net_result > 0
    GROUP BY f.copy_fee_key
),
terms AS (
    SELECT s.copy_fee_key, arg_max(coalesce(t.performance_rate, 0), t.valid_from)
        AS performance_rate
    FROM fees AS s
    JOIN lake.staging.stg_crm__copy_strategies AS t ON {TERMS_IN_FORCE}
    GROUP BY s.copy_fee_key
)
SELECT f.*, a.login, f.month_to AS business_date, m.mark_date,
    f.counts_from - 1 AS before_month, f.invested_from - 1 AS before_investment,
    f.net_result_to_date_amount > f.mark_before_amount AS gains,
    coalesce(t.performance_rate, 0) AS performance_rate,
    (SELECT any_value(reporting_currency) FROM lake.canonical.can_fx_to_reporting)
        AS reporting_currency
FROM fees AS f
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = f.tenant_id AND a.account_key = f.account_key
LEFT JOIN marks AS m ON m.copy_fee_key = f.copy_fee_key
LEFT JOIN terms AS t ON t.copy_fee_key = f.copy_fee_key
"""


def _above(amount: str) -> dict[str, str]:
    """What a row above the mark adds to a performance fee and its base."""
    new = f"CASE WHEN fee_kind = 'performance' AND gains THEN {amount} ELSE 0 END"
    return {"base_amount": new, **due(f"{new} * performance_rate")}


_DECIDED = "s.fee_kind, s.gains, s.performance_rate, s.mark_date"
# A fee is no result, under whichever component the platform books it.
_IS_FEE = """
    NOT d.is_trade
    AND (
        d.component = 'fee'
        OR (
            c.deal_key IS NOT NULL
            AND d.component IN (
                'swap', 'commission', 'commission_round', 'interest', 'dividend', 'tax'
            )
        )
    )
"""
_DEALS = f"""
SELECT s.subject_key, {DEAL}, {OPERATION} AS operation_amount,
    d.closed_pnl_amount + d.swap_amount + d.commission_amount + d.fee_amount
    + CASE
        WHEN d.component IN ('commission', 'commission_round', 'interest', 'dividend', 'tax')
        THEN {OPERATION}
        ELSE 0
    END - CASE WHEN {_IS_FEE} THEN d.balance_effect_amount ELSE 0 END AS result,
    CASE WHEN d.business_date >= s.month_from THEN 1 ELSE 0 END AS of_month,
    CASE WHEN d.business_date <= s.mark_date THEN 1 ELSE 0 END AS to_mark,
    s.business_date AS rate_date, s.main_currency, s.money_divisor, {_DECIDED}
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.account_key = s.account_key
    AND d.business_date BETWEEN s.invested_from AND s.month_to
LEFT JOIN lake.intermediate.int_partners__copy_fees_charged AS c
    ON c.tenant_id = d.tenant_id AND c.server_id = d.server_id AND c.deal_key = d.deal_key
    AND c.business_date = d.business_date
"""


def _moved(component: str) -> str:
    return f"CASE WHEN component = '{component}' THEN operation_amount * of_month ELSE 0 END"


# Fees due up to the month that lower the result to date, each a row of the mart itself.
_FEES_BEFORE = f"""
SELECT s.subject_key, o.copy_fee_key, o.month_from, o.fee_kind AS kind, o.due_amount AS fee_amount,
    o.account_currency, CASE WHEN o.month_to <= s.mark_date THEN 1 ELSE 0 END AS to_mark,
    s.business_date AS rate_date, s.main_currency, s.money_divisor, {_DECIDED}
FROM subject AS s
JOIN lake.partners.fct_copy_fees AS o
    ON o.tenant_id = s.tenant_id AND o.strategy_id = s.strategy_id
    AND o.account_key = s.account_key AND o.invested_from = s.invested_from
    AND o.month_from <= s.month_from AND o.fee_kind IN ('management', 'subscription')
"""

_FLOATS = "(floating_pnl_amount + floating_swap_amount)"
_HAS_MARK = "mark_date IS NOT NULL"


def _to_date(amount: str) -> dict[str, str]:
    """What a row up to the month adds to the result to date and to the marks."""
    return {
        "net_result_to_date_amount": amount,
        "mark_before_amount": f"({amount}) * to_mark",
        "mark_after_amount": f"CASE WHEN gains THEN {amount} ELSE ({amount}) * to_mark END",
        **_above(f"({amount}) * (1 - to_mark)"),
    }


def results() -> tuple[Part, ...]:
    """What was traded since the investment began: deals, what floats at its ends, fees due."""
    return (
        Part(
            "deal",
            _DEALS,
            "deal_key",
            DEAL_SHOWS,
            {
                "deposits_amount": _moved("deposit"),
                "withdrawals_amount": _moved("withdrawal"),
                "transfers_amount": _moved("internal_transfer"),
                "result_amount": "result * of_month",
                **_to_date("result"),
            },
            DEAL_SOURCES,
        ),
        Part(
            "fee due",
            _FEES_BEFORE,
            "copy_fee_key",
            ("month_from", "kind", "fee_amount", "account_currency"),
            _to_date("-fee_amount"),
        ),
        *_floating(
            "business_date",
            {
                "result_amount": _FLOATS,
                "net_result_to_date_amount": _FLOATS,
                "mark_after_amount": f"CASE WHEN gains THEN {_FLOATS} ELSE 0 END",
                **_above(_FLOATS),
            },
        ),
        *_floating("before_month", {"result_amount": f"-{_FLOATS}"}),
        *_floating(
            "mark_date",
            {
                "mark_before_amount": _FLOATS,
                "mark_after_amount": f"CASE WHEN gains THEN 0 ELSE {_FLOATS} END",
                **_above(f"-{_FLOATS}"),
            },
        ),
        *_floating(
            "before_investment",
            {
                "net_result_to_date_amount": f"-{_FLOATS}",
                "mark_before_amount": f"CASE WHEN {_HAS_MARK} THEN -{_FLOATS} ELSE 0 END",
                "mark_after_amount": f"CASE WHEN gains OR {_HAS_MARK} THEN -{_FLOATS} ELSE 0 END",
                **_above(f"CASE WHEN {_HAS_MARK} THEN 0 ELSE -{_FLOATS} END"),
            },
        ),
    )


def _floating(day: str, adds: dict[str, str]) -> tuple[Part, ...]:
    return tuple(
        replace(on_the_day(part, day, _DECIDED), only_where=f"s.{day} IS NOT NULL")
        for part in what_floats(adds)
    )
