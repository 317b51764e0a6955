"""What client statements are read with: one query a part for a whole batch, at one snapshot."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import duckdb

from exports.errors import UnknownSubjectError
from exports.statements import client_parts as parts
from exports.statements.client_records import (
    COMPONENTS,
    Account,
    Balances,
    ClientRecords,
    ClosedPosition,
    Deal,
    Margin,
    OpenPosition,
    Rate,
    WorkingOrder,
)
from exports.statements.periods import Period

# What an Account is made of, of a table or join that calls can_accounts `accounts`.
ACCOUNT_COLUMNS = """
    accounts.account_key, accounts.server_id, accounts.login, accounts.client_key,
    accounts.account_currency, accounts.main_currency, accounts.money_divisor,
    accounts.legal_entity, accounts.group_name, accounts.margin_mode
"""
# Who is sent a paper about a client (client_key) or one of their accounts (account_key).
CLIENT_OF_SUBJECT = """
    SELECT wanted.paper_number, coalesce(accounts.client_key, wanted.subject_key) AS client_key
    FROM wanted
    LEFT JOIN lake.canonical.can_accounts AS accounts ON accounts.account_key = wanted.subject_key
"""


def find_accounts(con: duckdb.DuckDBPyConnection, tenant: str, client: str) -> tuple[Account, ...]:
    """The accounts of a client (client_key or client_id), or one account (account_key).

    Raises:
        UnknownSubjectError: no account answers to the key.
    """
    rows = con.execute(
        f"""
        SELECT {ACCOUNT_COLUMNS}
        FROM lake.canonical.can_accounts AS accounts
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


def clients_of(
    con: duckdb.DuckDBPyConnection, tenant: str, period: Period
) -> dict[str, tuple[Account, ...]]:
    """Accounts that count in the broker's figures and have some by the period's end, by client."""
    rows = con.execute(
        f"""
        SELECT accounts.client_key, {ACCOUNT_COLUMNS}
        FROM lake.canonical.can_accounts AS accounts
        JOIN (
            SELECT DISTINCT account_key FROM lake.finance.fct_account_days
            WHERE business_date <= $day
        ) AS booked ON booked.account_key = accounts.account_key
        WHERE accounts.tenant_id = $tenant AND accounts.client_key IS NOT NULL
            AND NOT accounts.is_excluded
        ORDER BY accounts.client_key, accounts.server_id, accounts.login
        """,
        {"tenant": tenant, "day": period.last},
    ).fetchall()
    return accounts_by_subject(rows)


def each_account_of(
    con: duckdb.DuckDBPyConnection, tenant: str, period: Period
) -> dict[str, tuple[Account, ...]]:
    """The accounts of :func:`clients_of`, each by itself, by account_key."""
    clients = clients_of(con, tenant, period)
    return {account.account_key: (account,) for held in clients.values() for account in held}


def accounts_by_subject(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Account, ...]]:
    """Rows of a subject's key and :data:`ACCOUNT_COLUMNS`, by key; a row without an account names
    its subject alone."""
    grouped: dict[str, list[Account]] = {}
    for key, *account in rows:
        held = grouped.setdefault(key, [])
        if account[0] is not None:
            held.append(Account(*account))
    return {key: tuple(held) for key, held in grouped.items()}


def lay_asked(
    con: duckdb.DuckDBPyConnection,
    subjects: Mapping[str, Sequence[Account]],
    first: dt.date,
    last: dt.date,
) -> None:
    """Make `asked` (account_key, first, last), which every part of a batch joins."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked AS "
        "SELECT unnest($1::VARCHAR[]) AS account_key, $2::DATE AS first, $3::DATE AS last",
        [
            sorted({account.account_key for group in subjects.values() for account in group}),
            first,
            last,
        ],
    )


def read_records(
    con: duckdb.DuckDBPyConnection,
    subjects: Mapping[str, Sequence[Account]],
    *,
    period_from: dt.date,
    period_to: dt.date,
    rates_on: dt.date,
    reporting_currency: str,
    held: frozenset[str],
) -> Iterator[ClientRecords]:
    """All that the statements of a batch show, as of the connection's snapshot.

    Args:
        con: the lake at the period's publication.
        subjects: the accounts of each statement, by client_key or account_key.
        period_from: first business day.
        period_to: last business day.
        rates_on: the day whose rates convert the closing figures.
        reporting_currency: what they are converted to.
        held: tables of the snapshot; one published by an older Daybook has no orders and margins.
    """
    lay_asked(con, subjects, period_from, period_to)
    names = client_names(con, {group[0].client_key for group in subjects.values()})
    balances = {row.account_key: row for row in _balances(con)}
    deals = _by_account(Deal(*row) for row in con.execute(parts.DEALS).fetchall())
    closed = _by_account(
        ClosedPosition(*row) for row in con.execute(parts.CLOSED_POSITIONS).fetchall()
    )
    open_positions = _by_account(
        OpenPosition(*row) for row in con.execute(parts.OPEN_POSITIONS).fetchall()
    )
    has_orders = "statements.fct_working_orders" in held
    orders = _by_account(
        WorkingOrder(*row)
        for row in (con.execute(parts.WORKING_ORDERS).fetchall() if has_orders else ())
    )
    has_margins = "statements.fct_account_margins" in held
    margins = {
        row[0]: Margin(*row)
        for row in (con.execute(parts.MARGINS).fetchall() if has_margins else ())
    }
    rates = read_rates(con, reporting_currency, rates_on)
    positioned = {
        server
        for (server,) in con.execute(
            "SELECT DISTINCT server_id FROM lake.finance.fct_open_positions"
        ).fetchall()
    }
    for subject, accounts in subjects.items():
        keys = [account.account_key for account in accounts]
        currencies = sorted({account.main_currency for account in accounts})
        yield ClientRecords(
            subject_key=subject,
            name=names.get(accounts[0].client_key or "", ""),
            accounts=tuple(accounts),
            balances={key: balances[key] for key in keys if key in balances},
            deals=tuple(row for key in keys for row in deals[key]),
            closed_positions=tuple(row for key in keys for row in closed[key]),
            open_positions=tuple(row for key in keys for row in open_positions[key]),
            working_orders=tuple(row for key in keys for row in orders[key]),
            margins={key: margins[key] for key in keys if key in margins},
            rates={name: rates[name] for name in currencies if name in rates},
            servers_with_positions=tuple(
                sorted({account.server_id for account in accounts} & positioned)
            ),
        )


class _OfAccount(Protocol):
    @property
    def account_key(self) -> str: ...


_Row = TypeVar("_Row", bound=_OfAccount)


def _by_account(rows: Iterator[_Row]) -> defaultdict[str, list[_Row]]:
    grouped: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        grouped[row.account_key].append(row)
    return grouped


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


def client_names(con: duckdb.DuckDBPyConnection, client_keys: set[str | None]) -> dict[str, str]:
    """Names of clients by key; the client's id where the CRM has none."""
    rows = con.execute(
        """
        SELECT wanted.client_key, arg_max(clients.name, clients._row_id)
        FROM (SELECT unnest($1::VARCHAR[]) AS client_key) AS wanted
        JOIN lake.pii.crm_clients AS clients
            ON clients._tenant_id || '/' || clients.client_id = wanted.client_key
        LEFT JOIN lake.raw.superseded AS newer ON newer.superseded_row_id = clients._row_id
        WHERE newer.superseded_row_id IS NULL AND NOT clients._is_deleted
            AND clients.name IS NOT NULL
        GROUP BY wanted.client_key
        """,
        [sorted(key for key in client_keys if key)],
    ).fetchall()
    ids = {key: key.partition("/")[2] for key in client_keys if key}
    return ids | {key: name for key, name in rows if name}


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
