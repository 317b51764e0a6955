"""The queries behind a client statement: one a data set, all at one snapshot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import duckdb

from exports.errors import UnknownSubjectError
from exports.statements.client_records import (
    COMPONENTS,
    Account,
    Balances,
    ClientRecords,
    ClosedPosition,
    Deal,
    OpenPosition,
    Rate,
)


def find_accounts(con: duckdb.DuckDBPyConnection, tenant: str, client: str) -> tuple[Account, ...]:
    """The accounts of a client (client_key or client_id), or one account (account_key).

    Raises:
        UnknownSubjectError: no account answers to the key.
    """
    rows = con.execute(
        """
        SELECT
            account_key, server_id, login, client_key, account_currency, main_currency,
            money_divisor, legal_entity, group_name, margin_mode
        FROM lake.canonical.can_accounts
        WHERE tenant_id = $tenant
            AND (client_key = $client OR client_key = $tenant || '/' || $client
                OR account_key = $client)
        ORDER BY server_id, login
        """,
        {"tenant": tenant, "client": client},
    ).fetchall()
    if not rows:
        raise UnknownSubjectError(
            f"No client or account {client!r} is known.",
            where=f"tenant {tenant}",
            todo="give a client id, a client key (tenant/client) or an account key "
            "(tenant/server/login)",
        )
    return tuple(Account(*row) for row in rows)


def read_client_records(
    con: duckdb.DuckDBPyConnection,
    accounts: Sequence[Account],
    *,
    period_from: dt.date,
    period_to: dt.date,
    rates_on: dt.date,
    reporting_currency: str,
) -> ClientRecords:
    """Read all data sets of one client as of the connection's snapshot.

    Args:
        con: the lake at the period's publication.
        accounts: the client's accounts.
        period_from: first business day.
        period_to: last business day.
        rates_on: the day whose rates convert the closing figures.
        reporting_currency: what they are converted to.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS "
        "SELECT unnest($1::VARCHAR[]) AS account_key, $2::DATE AS first, $3::DATE AS last",
        [[account.account_key for account in accounts], period_from, period_to],
    )
    client_key = accounts[0].client_key
    balances = {row.account_key: row for row in _balances(con)}
    return ClientRecords(
        name=_name(con, client_key) if client_key else "",
        accounts=tuple(accounts),
        balances=balances,
        deals=tuple(Deal(*row) for row in con.execute(_DEALS).fetchall()),
        closed_positions=tuple(
            ClosedPosition(*row) for row in con.execute(_CLOSED_POSITIONS).fetchall()
        ),
        open_positions=tuple(OpenPosition(*row) for row in con.execute(_OPEN_POSITIONS).fetchall()),
        rates=read_rates(con, reporting_currency, rates_on),
        servers_with_positions=frozenset(
            server
            for (server,) in con.execute(
                "SELECT DISTINCT server_id FROM lake.finance.fct_open_positions"
            ).fetchall()
        ),
    )


def read_rates(
    con: duckdb.DuckDBPyConnection, reporting_currency: str, day: dt.date
) -> dict[str, Rate]:
    """The rates to the reporting currency of the last day with rates on or before `day`."""
    rows = con.execute(
        """
        SELECT crossed.currency, crossed.rate, published.rate_date, published.rate_set
        FROM lake.canonical.can_fx_to_reporting AS crossed
        JOIN lake.canonical.can_fx_rates AS published
            ON published.business_date = crossed.business_date
            AND published.currency = crossed.currency
        WHERE crossed.reporting_currency = $currency
            AND crossed.business_date = (
                SELECT max(business_date) FROM lake.canonical.can_fx_to_reporting
                WHERE business_date <= $day AND reporting_currency = $currency
            )
        ORDER BY crossed.currency
        """,
        {"currency": reporting_currency, "day": day},
    ).fetchall()
    return {row[0]: Rate(*row) for row in rows}


def _name(con: duckdb.DuckDBPyConnection, client_key: str) -> str:
    tenant, _, client_id = client_key.partition("/")
    row = con.execute(
        """
        SELECT clients.name
        FROM lake.pii.crm_clients AS clients
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = clients._row_id
        WHERE clients._tenant_id = $1 AND clients.client_id = $2
            AND newer.superseded_row_id IS NULL AND NOT clients._is_deleted
        ORDER BY clients._row_id DESC
        LIMIT 1
        """,
        [tenant, client_id],
    ).fetchone()
    return str(row[0]) if row and row[0] else client_id


def _balances(con: duckdb.DuckDBPyConnection) -> list[Balances]:
    sums = ", ".join(
        f"coalesce(sum(d.{name}_amount) FILTER (WHERE d.in_period), 0)" for name in COMPONENTS
    )
    rows = con.execute(
        f"""
        WITH days AS (
            SELECT
                account_days.*,
                account_days.business_date >= asked.first AS in_period,
                lag(closing_balance_amount) OVER (
                    PARTITION BY account_days.account_key ORDER BY business_date
                ) AS closing_before
            FROM lake.finance.fct_account_days AS account_days
            JOIN asked ON asked.account_key = account_days.account_key
            WHERE account_days.business_date <= asked.last
        )
        SELECT
            d.account_key,
            arg_max(d.closing_balance_amount, d.business_date) FILTER (WHERE NOT d.in_period),
            arg_min(d.opening_balance_amount, d.business_date) FILTER (WHERE d.in_period),
            arg_max(d.closing_balance_amount, d.business_date),
            arg_max(d.closing_credit_amount, d.business_date) FILTER (WHERE NOT d.in_period),
            arg_min(d.opening_credit_amount, d.business_date) FILTER (WHERE d.in_period),
            coalesce(sum(d.credit_change_amount) FILTER (WHERE d.in_period), 0),
            arg_max(d.closing_credit_amount, d.business_date),
            arg_max(d.floating_pnl_amount, d.business_date),
            arg_max(d.floating_swap_amount, d.business_date),
            arg_max(d.equity_amount, d.business_date),
            max(d.business_date),
            min(d.business_date) FILTER (
                WHERE d.in_period AND d.closing_before <> d.opening_balance_amount
            ),
            {sums}
        FROM days AS d
        GROUP BY d.account_key
        ORDER BY d.account_key
        """
    ).fetchall()
    return [_balances_of(row) for row in rows]


def _balances_of(row: tuple[Any, ...]) -> Balances:
    key, previous, opening, closing, previous_credit, opening_credit, *rest = row
    credit_change, closing_credit, floating, swap, equity, last_day, broken_day, *sums = rest
    return Balances(
        account_key=key,
        previous_balance=previous,
        # An account without rows in the period opens and closes where it stood.
        opening_balance=opening if opening is not None else closing,
        components=dict(zip(COMPONENTS, sums, strict=True)),
        closing_balance=closing,
        opening_credit=opening_credit if opening_credit is not None else previous_credit,
        credit_change=credit_change,
        closing_credit=closing_credit,
        floating_pnl=floating,
        floating_swap=swap,
        equity=equity,
        last_day=last_day,
        broken_day=broken_day,
    )


_DEALS = """
    SELECT
        deals.account_key, deals.executed_at_server, deals.deal_id, deals.position_id,
        deals.is_trade, deals.symbol, deals.action, deals.entry, deals.component,
        coalesce(deals.volume_lots, 0), coalesce(deals.price, 0), instruments.digits,
        coalesce(deals.closed_pnl_amount, 0), coalesce(deals.swap_amount, 0),
        coalesce(deals.commission_amount, 0), coalesce(deals.fee_amount, 0),
        coalesce(deals.balance_effect_amount, 0), coalesce(deals.credit_effect_amount, 0),
        deals.comment
    FROM lake.canonical.can_deals AS deals
    JOIN asked ON asked.account_key = deals.account_key
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = deals.tenant_id
        AND instruments.server_id = deals.server_id
        AND instruments.symbol = deals.symbol
    WHERE deals.business_date BETWEEN asked.first AND asked.last
    ORDER BY deals.account_key, deals.executed_at_server, deals.deal_id
"""

# A position is closed when what was bought and sold of it is equal; its first deal tells the
# side, and the prices are the averages by volume of the deals that opened and closed it.
_CLOSED_POSITIONS = """
    WITH trades AS (
        SELECT
            deals.*,
            first_value(deals.side) OVER (
                PARTITION BY deals.account_key, deals.position_id
                ORDER BY deals.executed_at_server, deals.deal_id
            ) AS first_side
        FROM lake.canonical.can_deals AS deals
        JOIN asked ON asked.account_key = deals.account_key
        WHERE deals.business_date <= asked.last AND deals.is_trade AND deals.side IS NOT NULL
            AND deals.position_id <> 0
    ),
    positions AS (
        SELECT
            tenant_id, server_id, account_key, position_id, min(symbol) AS symbol,
            min(first_side) AS side,
            sum(volume_lots) FILTER (WHERE side = first_side) AS lots,
            min(executed_at_server) AS opened_at,
            sum(price * volume_lots) FILTER (WHERE side = first_side) AS open_value,
            max(executed_at_server) AS closed_at,
            sum(price * volume_lots) FILTER (WHERE side <> first_side) AS close_value,
            sum(commission_amount + fee_amount) AS commission,
            sum(swap_amount) AS swap,
            sum(closed_pnl_amount) AS closed_pnl,
            max(business_date) AS closed_on
        FROM trades
        GROUP BY tenant_id, server_id, account_key, position_id
        HAVING sum(CASE WHEN side = first_side THEN volume_lots ELSE -volume_lots END) = 0
    )
    SELECT
        positions.account_key, positions.position_id, positions.symbol, positions.side,
        positions.lots, positions.opened_at, positions.open_value, positions.closed_at,
        positions.close_value, instruments.digits, positions.commission, positions.swap,
        positions.closed_pnl
    FROM positions
    JOIN asked ON asked.account_key = positions.account_key
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = positions.tenant_id
        AND instruments.server_id = positions.server_id
        AND instruments.symbol = positions.symbol
    WHERE positions.closed_on >= asked.first
    ORDER BY positions.account_key, positions.closed_at, positions.position_id
"""

# The last close is the last day the platform reported on the account or listed a position of it:
# a day with a mere balance operation, such as a weekend transfer, carries the floating result on.
_OPEN_POSITIONS = """
    WITH closes AS (
        SELECT account_days.account_key, account_days.business_date
        FROM lake.finance.fct_account_days AS account_days
        JOIN asked ON asked.account_key = account_days.account_key
        WHERE account_days.business_date <= asked.last
            AND account_days.platform_balance_amount IS NOT NULL
        UNION ALL
        SELECT held.account_key, held.business_date
        FROM lake.finance.fct_open_positions AS held
        JOIN asked ON asked.account_key = held.account_key
        WHERE held.business_date <= asked.last
    ),
    last_days AS (
        SELECT account_key, max(business_date) AS business_date FROM closes GROUP BY account_key
    )
    SELECT
        positions.account_key, positions.position_id, positions.symbol, positions.side,
        positions.volume_lots, positions.opened_at_server, positions.open_price,
        positions.close_price, instruments.digits, positions.floating_pnl_amount,
        coalesce(positions.floating_swap_amount, 0)
    FROM lake.finance.fct_open_positions AS positions
    JOIN last_days
        ON last_days.account_key = positions.account_key
        AND last_days.business_date = positions.business_date
    LEFT JOIN lake.canonical.can_instruments AS instruments
        ON instruments.tenant_id = positions.tenant_id
        AND instruments.server_id = positions.server_id
        AND instruments.symbol = positions.symbol
    -- What nothing prices is no part of the equity either.
    WHERE positions.floating_pnl_amount IS NOT NULL
    ORDER BY positions.account_key, positions.opened_at_server, positions.position_id
"""
