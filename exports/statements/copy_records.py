"""What a statement of PAMM or copy fees is made of: exact figures of a strategy's investors."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.errors import FiguresDisagreeError, UnknownSubjectError
from exports.statements.client_queries import (
    ACCOUNT_COLUMNS,
    accounts_by_subject,
    client_names,
)
from exports.statements.client_records import Account, Fingerprinted
from exports.statements.kinds import Batch, Subjects
from exports.statements.periods import Period

_ZERO = Decimal(0)


@dataclass(frozen=True)
class CopyFee:
    """One fee of an investor for the month, in the account's unit but where it says otherwise."""

    account_key: str
    client_key: str | None
    main_currency: str
    money_divisor: int
    invested_from: dt.date
    month_to: dt.date
    days: int
    is_final: bool
    fee_kind: str
    average_equity: Decimal
    closing_equity: Decimal
    paid_in: Decimal
    """Deposits, withdrawals and transfers."""
    result: Decimal
    result_to_date: Decimal
    mark_before: Decimal
    mark_after: Decimal
    base: Decimal
    base_currency: str | None
    rate: Decimal | None
    due: Decimal
    charged: Decimal
    difference: Decimal
    charged_reporting: Decimal | None
    partners_reporting: Decimal
    left_reporting: Decimal | None
    state: str
    reason: str | None


@dataclass(frozen=True)
class CopyRecords(Fingerprinted):
    """Everything a strategy's statement shows, unrounded."""

    subject_key: str
    """strategy_key."""
    name: str
    """Of the manager."""
    strategy: str
    strategy_kind: str
    manager_account: str
    accounts: tuple[Account, ...]
    """The investors'."""
    fees: tuple[CopyFee, ...]


def strategy_accounts(
    con: duckdb.DuckDBPyConnection, tenant: str, strategy: str
) -> tuple[Account, ...]:
    """The accounts that follow a strategy (strategy_key or strategy_id), or did.

    Raises:
        UnknownSubjectError: no strategy answers to the key, or nobody followed it.
    """
    rows = con.execute(
        f"""
        SELECT {ACCOUNT_COLUMNS}
        FROM lake.canonical.can_accounts AS accounts
        WHERE account_key IN (
            SELECT account_key FROM lake.staging.stg_crm__copy_investments
            WHERE tenant_id = $tenant
                AND (strategy_id = $strategy OR tenant_id || '/' || strategy_id = $strategy)
        )
        ORDER BY server_id, login
        """,
        {"tenant": tenant, "strategy": strategy},
    ).fetchall()
    if not rows:
        raise UnknownSubjectError(
            f"No account follows a strategy {strategy!r}.",
            where=f"tenant {tenant}",
            todo="give a strategy id or a strategy key (tenant/strategy) of the CRM",
        )
    return tuple(Account(*row) for row in rows)


def _due(
    con: duckdb.DuckDBPyConnection, tenant: str, period: Period
) -> dict[str, tuple[Account, ...]]:
    """Strategies that an account followed in the period, with all that follow or did."""
    rows = con.execute(
        f"""
        SELECT DISTINCT
            investments.tenant_id || '/' || investments.strategy_id AS strategy_key,
            {ACCOUNT_COLUMNS}
        FROM lake.staging.stg_crm__copy_investments AS investments
        LEFT JOIN lake.canonical.can_accounts AS accounts
            ON accounts.account_key = investments.account_key
        WHERE investments.tenant_id = $tenant AND investments.strategy_id IN (
            SELECT strategy_id
            FROM lake.staging.stg_crm__copy_investments
            WHERE tenant_id = $tenant AND valid_from <= $last
                AND (valid_to IS NULL OR valid_to > $first)
        )
        ORDER BY strategy_key, accounts.server_id, accounts.login
        """,
        {"tenant": tenant, "first": period.first, "last": period.last},
    ).fetchall()
    return accounts_by_subject(rows)


# The manager by the terms of the paper's last day: the client that the CRM names, else the one
# whose account the manager's is.
_RECIPIENTS = """
    SELECT
        wanted.paper_number,
        coalesce(
            terms.tenant_id || '/' || terms.manager_client_id, accounts.client_key
        ) AS client_key
    FROM wanted
    JOIN lake.staging.stg_crm__copy_strategies AS terms
        ON terms.tenant_id || '/' || terms.strategy_id = wanted.subject_key
        AND terms.valid_from <= wanted.period_to
    LEFT JOIN lake.canonical.can_accounts AS accounts
        ON accounts.account_key = terms.manager_account_key
    QUALIFY row_number() OVER (
        PARTITION BY wanted.paper_number ORDER BY terms.valid_from DESC
    ) = 1
"""

STRATEGIES = Subjects(
    strategy_accounts, _due, _RECIPIENTS, needs=("staging.stg_crm__copy_investments",)
)


_FEES = """
    SELECT
        strategy_key, account_key, client_key, main_currency, money_divisor, invested_from,
        month_to, days, is_final, fee_kind, average_equity_amount,
        coalesce(closing_equity_amount, 0),
        deposits_amount + withdrawals_amount + transfers_amount, result_amount,
        net_result_to_date_amount, mark_before_amount, mark_after_amount, base_amount,
        base_currency, fee_rate, due_amount, charged_amount, difference_amount,
        charged_amount_reporting, partners_amount_reporting, left_amount_reporting, charge_state,
        reason
    FROM lake.partners.fct_copy_fees
    WHERE list_contains($strategies, strategy_key) AND month_from = $month
    ORDER BY strategy_key, account_key, invested_from, fee_kind
"""

_TERMS = """
    SELECT
        tenant_id || '/' || strategy_id, name, kind, manager_account_key,
        tenant_id || '/' || manager_client_id
    FROM lake.staging.stg_crm__copy_strategies
    WHERE list_contains($strategies, tenant_id || '/' || strategy_id) AND valid_from <= $last
    ORDER BY valid_from
"""


def read_copy_fees(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[CopyRecords]:
    """The statements of a batch of strategies; one without investors in the month is left out."""
    strategies = sorted(batch.subjects)
    fees: defaultdict[str, list[CopyFee]] = defaultdict(list)
    for strategy, *row in con.execute(
        _FEES, {"strategies": strategies, "month": batch.period.first}
    ).fetchall():
        fees[strategy].append(CopyFee(*row))
    terms = {
        row[0]: row[1:]
        for row in con.execute(
            _TERMS, {"strategies": strategies, "last": batch.period.last}
        ).fetchall()
    }
    names = client_names(con, {manager for *_, manager in terms.values()})
    for strategy in strategies:
        if not fees[strategy]:
            continue
        title, kind, account, manager = terms[strategy]
        yield CopyRecords(
            subject_key=strategy,
            name=names.get(manager or "", title),
            strategy=title,
            strategy_kind=kind,
            manager_account=account,
            accounts=tuple(batch.subjects[strategy]),
            fees=tuple(fees[strategy]),
        )


def check_copy_fees(records: CopyRecords) -> None:
    """Prove that each difference is charged less due, and that a fee's parts are the whole.

    Raises:
        FiguresDisagreeError: they are not, or a day of a charge has no rate.
    """
    for fee in records.fees:
        where = f"strategy {records.subject_key}, account {fee.account_key}, {fee.fee_kind}"
        if fee.charged - fee.due != fee.difference:
            raise FiguresDisagreeError(
                f"{fee.charged} charged less {fee.due} due is not {fee.difference}.",
                where=where,
                todo="run `daybook check` and build again",
            )
        if fee.charged_reporting is None or fee.left_reporting is None:
            raise FiguresDisagreeError(
                "A fee was charged on a day without a rate to the reporting currency.",
                where=where,
                todo="load the missing rates, rebuild, and close the period again",
            )
        if fee.partners_reporting + fee.left_reporting != fee.charged_reporting:
            raise FiguresDisagreeError(
                f"Partners' {fee.partners_reporting} and {fee.left_reporting} left are not the "
                f"{fee.charged_reporting} charged.",
                where=where,
                todo="run `daybook check` and build again",
            )
