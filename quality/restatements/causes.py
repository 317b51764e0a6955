"""Why published figures moved: what differs in the rows they are made of.

Deals, rates, mappings and positions are compared between the same two snapshots as the figures;
each cause is a row of the temporary table ``causes_of_rows``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from quality.comparison.changes import compare

CAUSES = {
    "late_deal": "a deal came after the day was published",
    "edited_deal": "a deal of the day was changed on the platform",
    "deleted_deal": "a deal of the day was deleted on the platform",
    "position_change": "the platform restated a position of the close",
    "platform_report": "the platform restated its own balances of the close",
    "rate_change": "a rate of the day was published again, or for the first time",
    "mapping_change": "the account's group, book, entity or client changed",
    "other": "none of these: a rule, an agreement or a calculation changed",
}

_OF_A_MAPPING = (
    "client_key",
    "group_name",
    "account_currency",
    "main_currency",
    "money_divisor",
    "book",
    "legal_entity",
    "desk",
    "is_excluded",
    "known_from",
)

# Only what happened in accounts and on days that moved can be a cause.
_MOVED_ACCOUNT = (
    "(tenant_id, server_id, login) IN (SELECT (tenant_id, server_id, login) FROM moved_rows)"
)
_MOVED_DATE = "business_date IN (SELECT business_date FROM rate_days)"

_AMOUNT = "CAST(CAST({} AS DECIMAL(38, 2)) AS VARCHAR)"

_DEALS = f"""
INSERT INTO causes_of_rows
SELECT m.line_no,
    CASE c.status
        WHEN 'added' THEN 'late_deal' WHEN 'removed' THEN 'deleted_deal' ELSE 'edited_deal'
    END,
    CASE c.status
        WHEN 'added' THEN 'late deal ' WHEN 'removed' THEN 'deleted deal '
        ELSE 'edited deal '
    END
    || c.row_key || ' of ' || c.business_date || ': balance '
    || {_AMOUNT.format("coalesce(o.balance_effect_amount, 0)")} || ' to '
    || {_AMOUNT.format("coalesce(n.balance_effect_amount, 0)")} || ' '
    || coalesce(n.account_currency, o.account_currency)
FROM moved_rows AS m
JOIN changed_deals AS c
    ON c.tenant_id = m.tenant_id AND c.server_id = m.server_id AND c.login = m.login
WHERE
    m.business_date IN (n.business_date, o.business_date)
    -- A balance carries every deal before it.
    OR (m.mart = 'finance.fct_account_days' AND c.business_date <= m.business_date)
"""

_POSITIONS = """
INSERT INTO causes_of_rows
SELECT m.line_no, 'position_change', 'position ' || c.row_key || ' ' || c.status
FROM moved_rows AS m
JOIN changed_positions AS c
    ON c.tenant_id = m.tenant_id AND c.server_id = m.server_id AND c.login = m.login
    AND c.business_date IN (m.business_date, m.previous_close_date)
WHERE m.mart <> 'partners.fct_commission_ledger'
"""

_RATES = """
INSERT INTO causes_of_rows
SELECT DISTINCT m.line_no, 'rate_change',
    'rate of ' || coalesce(n.currency, o.currency) || ' on ' || c.business_date || ': '
    || coalesce(CAST(o.rate_per_eur AS VARCHAR), 'none') || ' to '
    || coalesce(CAST(n.rate_per_eur AS VARCHAR), 'none') || ' per EUR'
FROM moved_rows AS m
JOIN lake.canonical.can_accounts AS a
    ON a.tenant_id = m.tenant_id AND a.server_id = m.server_id AND a.login = m.login
JOIN changed_rates AS c
    ON c.business_date IN (m.business_date, m.previous_close_date)
    AND coalesce(n.currency, o.currency) IN (a.main_currency, m.reporting_currency)
WHERE m.reporting_currency IS NOT NULL
    AND o.rate_per_eur IS DISTINCT FROM n.rate_per_eur
"""

_MAPPINGS = """
INSERT INTO causes_of_rows
SELECT m.line_no, 'mapping_change',
    'account ' || c.row_key || ': ' || concat_ws(
        ', ',
        {changes}
    )
FROM moved_rows AS m
JOIN changed_accounts AS c
    ON c.tenant_id = m.tenant_id AND c.server_id = m.server_id AND c.login = m.login
"""

_REPORTS = """
INSERT INTO causes_of_rows
SELECT line_no, 'platform_report', 'the platform''s own report of the close'
FROM moved_rows
WHERE mart = 'finance.fct_account_days' AND platform_moved
"""

_OTHERS = """
INSERT INTO causes_of_rows
SELECT m.line_no, 'other', 'a rule, an agreement or a calculation'
FROM moved_rows AS m
LEFT JOIN causes_of_rows AS c ON c.line_no = m.line_no
WHERE c.line_no IS NULL
"""


def lay_causes(
    con: duckdb.DuckDBPyConnection,
    old: int,
    new: int,
    sides: tuple[Mapping[str, int], Mapping[str, int]],
) -> None:
    """Fill ``causes_of_rows`` (line_no, cause, detail) for the rows of ``moved_rows``.

    Args:
        con: a connection to the lake's head that holds ``moved_rows``.
        old: the snapshot the figures stood in before.
        new: the snapshot they moved in.
        sides: the tables of the two, with their ids.
    """
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE rate_days AS
        SELECT business_date FROM moved_rows
        UNION
        SELECT previous_close_date FROM moved_rows WHERE previous_close_date IS NOT NULL
        """
    )
    for table, changed, where, only in (
        ("canonical.can_deals", "changed_deals", _MOVED_ACCOUNT, ()),
        ("finance.fct_open_positions", "changed_positions", _MOVED_ACCOUNT, _POSITION_COLUMNS),
        ("canonical.can_fx_rates", "changed_rates", _MOVED_DATE, ()),
        ("canonical.can_accounts", "changed_accounts", _MOVED_ACCOUNT, _OF_A_MAPPING),
    ):
        compare(
            con,
            table,
            old,
            new,
            changed=changed,
            where=where,
            only=only,
            is_same_table=sides[0].get(table) == sides[1].get(table),
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE causes_of_rows "
        "(line_no BIGINT, cause VARCHAR, detail VARCHAR)"
    )
    for statement in (_DEALS, _POSITIONS, _RATES, _mappings(_OF_A_MAPPING), _REPORTS, _OTHERS):
        con.execute(statement)


_POSITION_COLUMNS = (
    "login",
    "symbol",
    "side",
    "volume_lots",
    "open_price",
    "close_price",
    "floating_pnl_amount",
    "floating_swap_amount",
)


def _mappings(columns: Sequence[str]) -> str:
    changes = ",\n        ".join(
        f"CASE WHEN o.{name} IS DISTINCT FROM n.{name} THEN '{name} ' "
        f"|| coalesce(CAST(o.{name} AS VARCHAR), 'none') || ' to ' "
        f"|| coalesce(CAST(n.{name} AS VARCHAR), 'none') END"
        for name in columns
    )
    return _MAPPINGS.format(changes=changes)
