"""What the balance, credit and floating result of an account on a day are made of."""

from __future__ import annotations

from dataclasses import replace

from quality.lineage.canonical_rows import (
    ACCOUNT_OF_SUBJECT,
    DEAL_COLUMNS,
    DEAL_SHOWS,
    DEAL_SOURCES,
    LAST_MARK,
    LIVE_BALANCES,
    LIVE_SOURCES,
    POSITION_SHOWS,
    POSITION_SOURCES,
    POSITIONS,
    REPORT_SHOWS,
    REPORT_SOURCES,
    REPORTS,
    SERVERS_WITH_POSITIONS,
)
from quality.lineage.declaration import Part

REPORT_OF_THE_DAY = f"""
SELECT s.subject_key, r.*
FROM subject AS s
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = s.business_date
"""

# A server without any report is compared with its live balances, on its last day with deals.
LIVE_BALANCE = f"""
SELECT s.subject_key, s.business_date, r.tenant_id, r.server_id, r.login, r.balance_amount,
    r.credit_amount, coalesce(r.floating_pnl_amount, 0) AS floating_pnl_amount,
    coalesce(r.floating_swap_amount, 0) AS floating_swap_amount
FROM subject AS s
JOIN {LIVE_BALANCES} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
JOIN (
    SELECT tenant_id, server_id, max(business_date) AS business_date
    FROM lake.canonical.can_deals
    GROUP BY tenant_id, server_id
) AS last_days
    ON last_days.tenant_id = s.tenant_id AND last_days.server_id = s.server_id
    AND last_days.business_date = s.business_date
LEFT JOIN (
    SELECT DISTINCT tenant_id, server_id FROM lake.intermediate.int_server_closes
) AS closing
    ON closing.tenant_id = s.tenant_id AND closing.server_id = s.server_id
WHERE closing.server_id IS NULL
"""

# Without a balance of the platform there is nothing to compare with.
_IS_COMPARED = f"""
s.subject_key IN (
    SELECT subject_key FROM ({REPORT_OF_THE_DAY}) UNION SELECT subject_key FROM ({LIVE_BALANCE})
) AS is_compared
"""

DEALS_UP_TO_THE_DAY = f"""
SELECT {DEAL_COLUMNS}, d.business_date = s.business_date AS is_of_the_day, {_IS_COMPARED}
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date <= s.business_date
{ACCOUNT_OF_SUBJECT}
"""

DEALS_OF_THE_DAY = f"""
SELECT {DEAL_COLUMNS}
FROM subject AS s
JOIN lake.canonical.can_deals AS d
    ON d.tenant_id = s.tenant_id AND d.server_id = s.server_id AND d.login = s.login
    AND d.business_date = s.business_date
{ACCOUNT_OF_SUBJECT}
"""

POSITIONS_AT_THE_LAST_MARK = f"""
SELECT s.subject_key, o.*, s.business_date AS rate_date, a.main_currency, a.money_divisor,
    {_IS_COMPARED}
FROM subject AS s
JOIN ({LAST_MARK}) AS marks ON marks.subject_key = s.subject_key
JOIN {POSITIONS} AS o
    ON o.tenant_id = s.tenant_id AND o.server_id = s.server_id AND o.login = s.login
    AND o.business_date = marks.mark_date
{ACCOUNT_OF_SUBJECT}
"""

# A server that exports no positions at its closes: the account's own report has what floats.
REPORTS_INSTEAD_OF_POSITIONS = f"""
SELECT s.subject_key, r.*, s.business_date AS rate_date, a.main_currency, a.money_divisor,
    {_IS_COMPARED}
FROM subject AS s
JOIN ({LAST_MARK}) AS marks ON marks.subject_key = s.subject_key
JOIN {REPORTS} AS r
    ON r.tenant_id = s.tenant_id AND r.server_id = s.server_id AND r.login = s.login
    AND r.business_date = marks.mark_date
LEFT JOIN ({SERVERS_WITH_POSITIONS}) AS told
    ON told.tenant_id = s.tenant_id AND told.server_id = s.server_id
{ACCOUNT_OF_SUBJECT}
WHERE told.server_id IS NULL AND NOT r.is_held_as_position
    AND (r.floating_pnl_amount <> 0 OR r.floating_swap_amount <> 0)
"""

# A server without any report: its live balance has what floats too.
LIVE_INSTEAD_OF_POSITIONS = f"""
SELECT live.*, true AS is_compared, live.business_date AS rate_date, a.main_currency,
    a.money_divisor
FROM ({LIVE_BALANCE}) AS live
LEFT JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = live.tenant_id AND a.server_id = live.server_id AND a.login = live.login
WHERE live.floating_pnl_amount <> 0 OR live.floating_swap_amount <> 0
"""


def deals_up_to_the_day(adds: dict[str, str]) -> Part:
    """Every deal of the account up to the row's day."""
    return Part("deal", DEALS_UP_TO_THE_DAY, "deal_key", DEAL_SHOWS, adds, DEAL_SOURCES)


def deals_of_the_day(adds: dict[str, str]) -> Part:
    """The account's deals of the row's day."""
    return Part("deal", DEALS_OF_THE_DAY, "deal_key", DEAL_SHOWS, adds, DEAL_SOURCES)


def what_floats(adds: dict[str, str]) -> tuple[Part, Part, Part]:
    """Positions at the last close that told of the account, or what the platform has in their
    place: its report, or its live balance.

    Args:
        adds: figure -> expression over ``floating_pnl_amount`` and ``floating_swap_amount``.
    """
    return (
        Part(
            "open position",
            POSITIONS_AT_THE_LAST_MARK,
            "position_key",
            POSITION_SHOWS,
            adds,
            POSITION_SOURCES,
        ),
        Part(
            "platform report",
            REPORTS_INSTEAD_OF_POSITIONS,
            "business_date",
            REPORT_SHOWS,
            adds,
            REPORT_SOURCES,
        ),
        Part(
            "live balance",
            LIVE_INSTEAD_OF_POSITIONS,
            "login",
            REPORT_SHOWS,
            adds,
            LIVE_SOURCES,
        ),
    )


def on_the_day(part: Part, day: str, columns: str) -> Part:
    """The part of an account's day, for marts whose rows are of other days than the one it reads.

    What is converted is at the rate of the row's own ``business_date``.

    Args:
        part: one of this module, which reads the row's ``business_date``.
        day: the column of the mart's row that it shall read instead.
        columns: what its rows take from the mart's row, over ``s``.
    """
    return replace(
        part,
        rows=f"""
WITH subject AS (SELECT * REPLACE ({day} AS business_date) FROM temp.main.subject)
SELECT part.* REPLACE (s.business_date AS rate_date), {columns}
FROM ({part.rows}) AS part
JOIN temp.main.subject AS s ON s.subject_key = part.subject_key
""",
    )


def what_the_platform_states(adds: dict[str, str]) -> tuple[Part, Part]:
    """The platform's report of the day, or its live balance where it reports none.

    Args:
        adds: figure -> expression over ``balance_amount``, ``credit_amount`` and the floating
            amounts.
    """
    return (
        Part(
            "platform report",
            REPORT_OF_THE_DAY,
            "business_date",
            REPORT_SHOWS,
            adds,
            REPORT_SOURCES,
        ),
        Part("live balance", LIVE_BALANCE, "login", REPORT_SHOWS, adds, LIVE_SOURCES),
    )
