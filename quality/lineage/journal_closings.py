"""What the entries of the ledger's own making are made of: revaluations and year closes."""

from __future__ import annotations

from quality.lineage.declaration import Part
from quality.lineage.journal_parts import ADDS, OF_ENTRY, that_add

# What entries exchanged, by day: the broker's position is its mirror.
_EXCHANGED = """
SELECT e.tenant_id, e.legal_entity, e.currency, e.business_date, e.server_id, e.entry_kind,
    count(*) AS entry_count, -sum(e.amount) AS position_change,
    sum(coalesce(e.amount_reporting, 0)) AS measured_amount
FROM lake.finance.fct_journal_entries AS e
SEMI JOIN (
    SELECT tenant_id, legal_entity, entry_currency FROM subject
    WHERE entry_kind = 'fx_revaluation'
) AS s
    ON s.tenant_id = e.tenant_id AND s.legal_entity = e.legal_entity
    AND s.entry_currency = e.currency
WHERE e.is_converted AND e.currency <> e.reporting_currency
GROUP BY ALL
"""
_HELD = f"""
SELECT tenant_id, legal_entity, currency, business_date,
    sum(position_change) OVER (
        PARTITION BY tenant_id, legal_entity, currency ORDER BY business_date
    ) AS position_amount
FROM (
    SELECT tenant_id, legal_entity, currency, business_date,
        sum(position_change) AS position_change
    FROM ({_EXCHANGED}) AS exchanged
    GROUP BY ALL
) AS days
"""

# A day can be valued that has a rate, or on which nothing is held; what is booked between two of
# those is revalued by the later one.
_VALUED = f"""
SELECT s.tenant_id, s.legal_entity, s.entry_currency, r.business_date
FROM (
    SELECT DISTINCT tenant_id, legal_entity, entry_currency FROM subject
    WHERE entry_kind = 'fx_revaluation'
) AS s
JOIN lake.canonical.can_fx_to_reporting AS r ON r.currency = s.entry_currency
UNION
SELECT tenant_id, legal_entity, currency, business_date FROM ({_HELD}) AS held
WHERE position_amount = 0
"""
_BEFORE = f"""
SELECT s.*, coalesce(v.business_date, DATE '0001-01-01') AS previous_date
FROM subject AS s
ASOF LEFT JOIN ({_VALUED}) AS v
    ON v.tenant_id = s.tenant_id AND v.legal_entity = s.legal_entity
    AND v.entry_currency = s.entry_currency AND v.business_date < s.business_date
WHERE s.entry_kind = 'fx_revaluation'
"""
_POSITIONS = f"""
SELECT {OF_ENTRY}, s.legal_entity || '/' || s.entry_currency AS position_key, s.mark_date,
    s.entry_currency, held.position_amount, s.turn * held.position_amount AS measured_amount,
    s.mark_date AS rate_date, s.entry_currency AS main_currency, 1 AS money_divisor
FROM (
    SELECT *, 1 AS turn, business_date AS mark_date FROM ({_BEFORE})
    UNION ALL
    SELECT *, -1, previous_date FROM ({_BEFORE})
) AS s
ASOF JOIN ({_HELD}) AS held
    ON held.tenant_id = s.tenant_id AND held.legal_entity = s.legal_entity
    AND held.currency = s.entry_currency AND held.business_date <= s.mark_date
"""
_BOOKED = f"""
SELECT {OF_ENTRY}, e.business_date, e.server_id AS booked_at_server, e.entry_kind, e.currency,
    e.entry_count, e.position_change, e.measured_amount
FROM ({_BEFORE}) AS s
JOIN ({_EXCHANGED}) AS e
    ON e.tenant_id = s.tenant_id AND e.legal_entity = s.legal_entity
    AND e.currency = s.entry_currency
    AND e.business_date > s.previous_date AND e.business_date <= s.business_date
"""

# The month that a legal entity's year ends with, on the day of the movement; its own rule first.
_YEAR_ENDS = """
LEFT JOIN lake.reference.rul_ledger AS own
    ON own.rule = 'year_ends_with_month' AND own.legal_entity = m.legal_entity
    AND own.valid_from <= m.business_date
    AND (own.valid_to IS NULL OR own.valid_to > m.business_date)
LEFT JOIN lake.reference.rul_ledger AS every
    ON every.rule = 'year_ends_with_month' AND coalesce(every.legal_entity, '') = ''
    AND every.valid_from <= m.business_date
    AND (every.valid_to IS NULL OR every.valid_to > m.business_date)
"""
_MONTH = "CAST(coalesce(own.value, every.value) AS INTEGER)"
# The first day after the year of a movement.
_NEXT_YEAR = f"""
CAST(
    make_date(
        year(m.business_date) + CASE WHEN month(m.business_date) > {_MONTH} THEN 1 ELSE 0 END,
        {_MONTH}, 1
    ) + INTERVAL 1 MONTH AS DATE
)
"""
_YEARS_DAYS = f"""
SELECT {OF_ENTRY}, m.business_date, m.ledger_account, m.currency,
    m.debit_amount, m.credit_amount, m.debit_amount - m.credit_amount AS measured_amount,
    concat_ws('|', m.server_id, CAST(m.business_date AS VARCHAR), m.ledger_account, m.currency)
        AS ledger_day_key
FROM subject AS s
JOIN lake.finance.fct_ledger_days AS m
    ON m.tenant_id = s.tenant_id AND m.legal_entity = s.legal_entity AND m.book = s.book
    AND m.ledger_account = s.source_id AND m.business_date < s.business_date
{_YEAR_ENDS}
WHERE s.entry_kind = 'year_close' AND {_NEXT_YEAR} = s.business_date
"""
_YEARS_REVALUATIONS = f"""
SELECT {OF_ENTRY}, m.business_date, m.currency, m.position_amount, m.rate,
    m.revaluation_amount, -m.revaluation_amount AS measured_amount,
    concat_ws('/', m.legal_entity, m.currency, CAST(m.business_date AS VARCHAR))
        AS revaluation_key
FROM subject AS s
JOIN lake.finance.rpt_ledger__fx_revaluations AS m
    ON m.tenant_id = s.tenant_id AND m.legal_entity = s.legal_entity
    AND m.business_date < s.business_date
{_YEAR_ENDS}
WHERE s.entry_kind = 'year_close' AND s.source_id = 'fx_revaluation' AND s.book = ''
    AND {_NEXT_YEAR} = s.business_date
"""

# Kept in the reporting currency by now.
_AS_BOOKED = dict.fromkeys(ADDS, "factor * measured_amount")

CLOSING_PARTS = (
    Part(
        "FX position",
        that_add(_POSITIONS),
        "position_key",
        ("mark_date", "position_amount", "entry_currency"),
        dict.fromkeys(ADDS, ADDS["amount_reporting"]),
        only_where="s.entry_kind = 'fx_revaluation'",
    ),
    Part(
        "later exchange",
        that_add(_BOOKED),
        "entry_kind",
        (
            "business_date",
            "booked_at_server",
            "entry_count",
            "position_change",
            "currency",
            "measured_amount",
        ),
        _AS_BOOKED,
        only_where="s.entry_kind = 'fx_revaluation'",
    ),
    Part(
        "ledger day",
        that_add(_YEARS_DAYS),
        "ledger_day_key",
        ("business_date", "debit_amount", "credit_amount", "currency"),
        _AS_BOOKED,
        only_where="s.entry_kind = 'year_close'",
    ),
    Part(
        "revaluation",
        that_add(_YEARS_REVALUATIONS),
        "revaluation_key",
        ("business_date", "currency", "position_amount", "rate", "revaluation_amount"),
        _AS_BOOKED,
        only_where="s.entry_kind = 'year_close' AND s.source_id = 'fx_revaluation'",
    ),
)
