"""What a strategy's terms ask of an investment: on the equity of its days, and each month."""

from __future__ import annotations

from quality.lineage.canonical_rows import REPORT_SOURCES
from quality.lineage.declaration import RATE, Part, SourceRows
from quality.lineage.rounding import quotient, settled

_TERMS_SOURCES = (
    SourceRows(
        "crm_copy_strategies",
        ("strategy_id", "valid_from"),
        {"strategy_id": "strategy_id", "valid_from": "terms_from"},
    ),
)
# The terms `t` in force on a day of the month that the fee `s` is for.
TERMS_IN_FORCE = """
    t.tenant_id = s.tenant_id AND t.strategy_id = s.strategy_id AND t.valid_from <= s.month_to
    AND (t.valid_to IS NULL OR t.valid_to > s.counts_from)
"""


def due(amount: str) -> dict[str, str]:
    """What a row adds to the fee that is due, and so takes from the difference."""
    return {
        "due_amount": amount,
        "due_amount_reporting": f"({amount}) * {RATE}",
        "difference_amount": f"-({amount})",
    }


# A row of the account holds until its next one; equity below zero counts as none.
_ACCOUNT_DAYS = """
SELECT s.subject_key, s.tenant_id, s.server_id, s.login, s.strategy_id, s.fee_kind, s.days,
    s.month_to, s.counts_from, h.business_date, h.next_date, h.equity_amount,
    s.account_currency, s.business_date AS rate_date, s.main_currency, s.money_divisor,
    s.currency_digits, greatest(h.equity_amount, 0) AS counted_equity,
    least(h.next_date, s.month_to + 1) - greatest(h.business_date, s.counts_from) AS days_held
FROM subject AS s
JOIN (
    SELECT tenant_id, account_key, business_date, equity_amount,
        lead(business_date, 1, DATE '9999-12-31') OVER (
            PARTITION BY account_key ORDER BY business_date
        ) AS next_date
    FROM lake.finance.fct_account_days
    WHERE account_key IN (SELECT account_key FROM subject)
) AS h
    ON h.tenant_id = s.tenant_id AND h.account_key = s.account_key
    AND h.business_date <= s.month_to AND h.next_date > s.counts_from
"""
_AVERAGED = "CAST(counted_equity * days_held / days AS DECIMAL(24, 8))"

_MANAGED_DAYS = f"""
SELECT h.*, t.valid_from AS terms_from, t.management_rate, h.counted_equity * (
        least(h.next_date, coalesce(t.valid_to, DATE '9999-12-31'), h.month_to + 1)
        - greatest(h.business_date, t.valid_from, h.counts_from)
    ) * coalesce(t.management_rate, 0) AS managed,
    least(h.next_date, coalesce(t.valid_to, DATE '9999-12-31'), h.month_to + 1)
    - greatest(h.business_date, t.valid_from, h.counts_from) AS days_managed
FROM ({_ACCOUNT_DAYS}) AS h
JOIN lake.staging.stg_crm__copy_strategies AS t
    ON t.tenant_id = h.tenant_id AND t.strategy_id = h.strategy_id
    AND t.valid_from < least(h.next_date, h.month_to + 1)
    AND coalesce(t.valid_to, DATE '9999-12-31') > greatest(h.business_date, h.counts_from)
WHERE h.fee_kind = 'management'
"""
_OF_A_YEAR = "CAST(managed / 365 AS DECIMAL(24, 8))"

# What the parts of a quotient, and a fee in whole minor units, leave over.
_AVERAGE_ROUNDING = f"""
SELECT subject_key, account_currency, fee_kind,
    {quotient("CAST(sum(counted_equity * days_held) AS DECIMAL(24, 8))", "any_value(days)")}
    - sum({_AVERAGED}) AS rounding
FROM ({_ACCOUNT_DAYS}) AS h
GROUP BY subject_key, account_currency, fee_kind
"""
_MANAGED_FEE = settled(
    quotient("CAST(sum(managed) AS DECIMAL(30, 8))", "365"), "any_value(currency_digits)"
)
_PERFORMANCE_FEE = settled(
    "CAST(s.performance_rate * s.base_amount AS DECIMAL(24, 8))", "s.currency_digits"
)
_FEE_ROUNDING = f"""
SELECT subject_key, account_currency, any_value(rate_date) AS rate_date, main_currency,
    money_divisor, {_MANAGED_FEE} - sum({_OF_A_YEAR}) AS rounding
FROM ({_MANAGED_DAYS}) AS h
GROUP BY subject_key, account_currency, main_currency, money_divisor
UNION ALL
SELECT s.subject_key, s.account_currency, s.business_date, s.main_currency, s.money_divisor,
    {_PERFORMANCE_FEE} - s.performance_rate * s.base_amount
FROM subject AS s
WHERE s.fee_kind = 'performance'
"""


def equity() -> tuple[Part, ...]:
    """Days of the account: its average and last equity, and the management fee on it."""
    return (
        Part(
            "day of the account",
            _ACCOUNT_DAYS,
            "business_date",
            ("business_date", "equity_amount", "days_held", "account_currency"),
            {
                "average_equity_amount": _AVERAGED,
                "closing_equity_amount": (
                    "CASE WHEN next_date > month_to THEN equity_amount ELSE 0 END"
                ),
                "base_amount": f"CASE fee_kind WHEN 'management' THEN {_AVERAGED} ELSE 0 END",
            },
            REPORT_SOURCES,
        ),
        Part(
            "day of the account under terms",
            _MANAGED_DAYS,
            "business_date",
            ("business_date", "equity_amount", "days_managed", "management_rate", "terms_from"),
            due(_OF_A_YEAR),
            _TERMS_SOURCES,
            only_where="s.fee_kind = 'management'",
        ),
        Part(
            "rounding of the average",
            _AVERAGE_ROUNDING,
            "account_currency",
            ("account_currency",),
            {
                "average_equity_amount": "rounding",
                "base_amount": "CASE fee_kind WHEN 'management' THEN rounding ELSE 0 END",
            },
        ),
        Part(
            "rounding of the fee",
            _FEE_ROUNDING,
            "account_currency",
            ("account_currency",),
            due("rounding"),
        ),
    )


# The rate of the month's last day converts what was agreed in another currency.
_SUBSCRIPTION_RATE = f"""
CASE WHEN t.subscription_currency = s.main_currency THEN CAST(1 AS DECIMAL(24, 12))
    ELSE {quotient("sold.rate", "bought.rate", 12)} END
"""
_SUBSCRIBED = settled(
    f"CAST(t.subscription_amount * {_SUBSCRIPTION_RATE} AS DECIMAL(24, 8)) * s.money_divisor",
    "s.currency_digits",
)
_SUBSCRIPTION = f"""
SELECT s.subject_key, s.tenant_id, s.strategy_id, t.valid_from AS terms_from,
    t.subscription_amount, t.subscription_currency, coalesce({_SUBSCRIBED}, 0) AS subscribed,
    s.business_date AS rate_date, s.main_currency, s.money_divisor
FROM subject AS s
JOIN lake.staging.stg_crm__copy_strategies AS t ON {TERMS_IN_FORCE}
LEFT JOIN lake.canonical.can_fx_to_reporting AS sold
    ON sold.business_date = s.month_to AND sold.currency = t.subscription_currency
LEFT JOIN lake.canonical.can_fx_to_reporting AS bought
    ON bought.business_date = s.month_to AND bought.currency = s.main_currency
WHERE s.fee_kind = 'subscription'
QUALIFY row_number() OVER (PARTITION BY s.subject_key ORDER BY t.valid_from DESC) = 1
"""


def subscription() -> Part:
    """What the strategy's terms ask for the month."""
    return Part(
        "subscription",
        _SUBSCRIPTION,
        "strategy_id",
        ("terms_from", "subscription_amount", "subscription_currency", "subscribed"),
        {"base_amount": "coalesce(subscription_amount, 0)", **due("subscribed")},
        _TERMS_SOURCES,
        only_where="s.fee_kind = 'subscription'",
    )
