"""What trading cost a client over a period: exact figures, read for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.errors import FiguresDisagreeError
from exports.statements.client_queries import client_names, lay_asked, read_rates
from exports.statements.client_records import Account, Fingerprinted, Rate
from exports.statements.kinds import Batch

_ZERO = Decimal(0)


@dataclass(frozen=True)
class SymbolCosts:
    """Costs of the trades in one symbol; positive is a cost of the client."""

    account_key: str
    symbol: str
    deals: int
    lots: Decimal
    turnover: Decimal | None
    """None where a size or a rate is unknown."""
    spread: Decimal
    unknown_spreads: int
    """Deals whose price holds an unknown spread."""
    commission: Decimal
    fee: Decimal
    conversion: Decimal
    swap: Decimal


@dataclass(frozen=True)
class AccountResults:
    """An account's roll-forward over the period, as far as results and costs go."""

    account_key: str
    closed_pnl: Decimal
    swap: Decimal
    commission: Decimal
    fees: Decimal
    charges: Decimal
    floating_pnl_change: Decimal
    floating_swap_change: Decimal
    equity_days: Decimal
    """Sum of the equity of every day since the account's first."""
    days: int
    booked_commission: Decimal
    """Commission that balance operations moved."""
    booked_fees: Decimal
    """Fees that balance operations moved."""


@dataclass(frozen=True)
class CostRecords(Fingerprinted):
    """Everything a costs report shows, unrounded."""

    subject_key: str
    name: str
    accounts: tuple[Account, ...]
    results: dict[str, AccountResults]
    symbols: tuple[SymbolCosts, ...]
    introducer_amount: Decimal
    """Commission paid to introducers for these trades, in reporting currency."""
    rates: dict[str, Rate]


_SYMBOLS = """
    SELECT
        costs.account_key, costs.symbol, count(*), sum(costs.volume_lots),
        CASE WHEN count(costs.turnover_amount) = count(*) THEN sum(costs.turnover_amount) END,
        coalesce(sum(costs.spread_cost_amount), 0),
        count(*) FILTER (costs.spread_cost_amount IS NULL),
        sum(costs.commission_cost_amount), sum(costs.fee_cost_amount),
        sum(costs.conversion_cost_amount), sum(costs.swap_cost_amount)
    FROM lake.statements.fct_deal_costs AS costs
    JOIN asked ON asked.account_key = costs.account_key
    WHERE costs.business_date BETWEEN asked.first AND asked.last
    GROUP BY costs.account_key, costs.symbol
    ORDER BY costs.account_key, costs.symbol
"""

# A day without a row is as the row before it; equity counts from an account's first day on.
_RESULTS = """
    WITH days AS (
        SELECT
            account_days.*, asked.first, asked.last,
            lead(business_date, 1, asked.last + 1) OVER (
                PARTITION BY account_days.account_key ORDER BY business_date
            ) AS next_date
        FROM lake.finance.fct_account_days AS account_days
        JOIN asked ON asked.account_key = account_days.account_key
        WHERE account_days.business_date <= asked.last
    ),
    summed AS (
        SELECT
            account_key,
            coalesce(sum(closed_pnl_amount) FILTER (business_date >= first), 0) AS closed_pnl,
            coalesce(sum(swap_amount) FILTER (business_date >= first), 0) AS swap,
            coalesce(sum(commission_amount + commission_round_amount)
                FILTER (business_date >= first), 0) AS commission,
            coalesce(sum(fees_amount) FILTER (business_date >= first), 0) AS fees,
            coalesce(sum(charges_amount) FILTER (business_date >= first), 0) AS charges,
            arg_max(floating_pnl_amount, business_date)
                - coalesce(arg_max(floating_pnl_amount, business_date)
                    FILTER (business_date < first), 0) AS floating_pnl_change,
            arg_max(floating_swap_amount, business_date)
                - coalesce(arg_max(floating_swap_amount, business_date)
                    FILTER (business_date < first), 0) AS floating_swap_change,
            coalesce(sum(equity_amount * (next_date - greatest(business_date, first)))
                FILTER (next_date > first), 0) AS equity_days,
            coalesce(sum(next_date - greatest(business_date, first))
                FILTER (next_date > first), 0) AS days
        FROM days
        GROUP BY account_key
    ),
    operations AS (
        SELECT
            deals.account_key,
            sum(deals.commission_amount) + coalesce(sum(
                deals.balance_effect_amount - deals.closed_pnl_amount - deals.swap_amount
                - deals.commission_amount - deals.fee_amount
            ) FILTER (deals.component IN ('commission', 'commission_round')), 0) AS commission,
            sum(deals.fee_amount) AS fees
        FROM lake.canonical.can_deals AS deals
        JOIN asked ON asked.account_key = deals.account_key
        WHERE NOT deals.is_trade AND deals.business_date BETWEEN asked.first AND asked.last
        GROUP BY deals.account_key
    )
    SELECT summed.*, coalesce(operations.commission, 0), coalesce(operations.fees, 0)
    FROM summed
    LEFT JOIN operations ON operations.account_key = summed.account_key
    ORDER BY summed.account_key
"""

_INTRODUCERS = """
    SELECT ledger.account_key, sum(ledger.amount_reporting)
    FROM lake.partners.fct_commission_ledger AS ledger
    JOIN asked ON asked.account_key = ledger.account_key
    WHERE ledger.business_date BETWEEN asked.first AND asked.last AND ledger.reason IS NULL
    GROUP BY ledger.account_key
"""


def read_costs(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[CostRecords]:
    """The costs of a batch; who neither traded nor was charged has none and is left out."""
    lay_asked(con, batch.subjects, batch.period.first, batch.period.last)
    names = client_names(con, {group[0].client_key for group in batch.subjects.values()})
    symbols: defaultdict[str, list[SymbolCosts]] = defaultdict(list)
    for row in con.execute(_SYMBOLS).fetchall():
        symbols[row[0]].append(SymbolCosts(*row))
    results = {row[0]: AccountResults(*row) for row in con.execute(_RESULTS).fetchall()}
    introducers = dict(con.execute(_INTRODUCERS).fetchall())
    rates = read_rates(con, batch.reporting_currency, batch.publication.last_day)
    for subject, accounts in batch.subjects.items():
        keys = [account.account_key for account in accounts]
        held = {key: results[key] for key in keys if key in results}
        traded = tuple(row for key in keys for row in symbols[key])
        if not traded and not any(row.charges or row.commission for row in held.values()):
            continue
        currencies = sorted({account.main_currency for account in accounts})
        yield CostRecords(
            subject_key=subject,
            name=names.get(accounts[0].client_key or "", ""),
            accounts=tuple(account for account in accounts if account.account_key in held),
            results=held,
            symbols=traded,
            introducer_amount=sum((introducers.get(key) or _ZERO for key in keys), _ZERO),
            rates={name: rates[name] for name in currencies if name in rates},
        )


def check_costs(records: CostRecords) -> None:
    """Prove that the costs of trades are the roll-forward's.

    Raises:
        FiguresDisagreeError: commission or fees of the trades are not what the account was charged.
    """
    for account in records.accounts:
        key = account.account_key
        result = records.results[key]
        own = [row for row in records.symbols if row.account_key == key]
        commission = sum((row.commission for row in own), _ZERO) - result.booked_commission
        fees = sum((row.fee + row.conversion for row in own), _ZERO) - result.booked_fees
        for what, parts, whole in (
            ("commission", commission, -result.commission),
            ("fees", fees, -result.fees),
        ):
            if parts != whole:
                raise FiguresDisagreeError(
                    f"The trades' {what} come to {parts}, its account days say {whole}.",
                    where=f"account {key}",
                    todo="run `daybook check`, rebuild the account's days, and close them again",
                )
