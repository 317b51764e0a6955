"""What an annual tax summary is made of: exact figures, read for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.errors import FiguresDisagreeError
from exports.statements.client_queries import client_names, lay_asked
from exports.statements.client_records import Account, Fingerprinted
from exports.statements.kinds import Batch

_ZERO = Decimal(0)
ITEMS = (
    "gains",
    "losses",
    "swap_received",
    "swap_paid",
    "commission",
    "fees",
    "charges",
    "interest",
    "dividends",
    "bonus",
    "taxes",
)
"""In the order in which they are shown; positive was credited."""


@dataclass(frozen=True)
class AccountYear:
    """What an account booked over the period: exact, in its own unit and in reporting currency."""

    account_key: str
    closed_pnl: Decimal
    """By the account's days: what gains and losses must come to."""
    swap: Decimal
    amounts: dict[str, Decimal]
    reporting: dict[str, Decimal]
    """At the rate of the day each was booked."""
    without_rate: int
    """Deals on days without a rate."""


@dataclass(frozen=True)
class SymbolYear:
    """Gains and losses in one symbol."""

    account_key: str
    symbol: str
    closing_deals: int
    gains: Decimal
    losses: Decimal
    swap: Decimal
    commission: Decimal


@dataclass(frozen=True)
class TaxRecords(Fingerprinted):
    """Everything a tax summary shows, unrounded."""

    subject_key: str
    name: str
    accounts: tuple[Account, ...]
    years: dict[str, AccountYear]
    symbols: tuple[SymbolYear, ...]


# What an operation moves beside the columns that trades use.
_OPERATION = (
    "deals.balance_effect_amount - deals.closed_pnl_amount - deals.swap_amount"
    " - deals.commission_amount - deals.fee_amount"
)


def _of(*components: str) -> str:
    listed = ", ".join(f"'{name}'" for name in components)
    return (
        f"CASE WHEN NOT deals.is_trade AND deals.component IN ({listed}) "
        f"THEN {_OPERATION} ELSE 0 END"
    )


_PARTS = {
    "gains": "greatest(deals.closed_pnl_amount, 0)",
    "losses": "least(deals.closed_pnl_amount, 0)",
    "swap_received": "greatest(deals.swap_amount, 0)",
    "swap_paid": "least(deals.swap_amount, 0)",
    "commission": f"deals.commission_amount + {_of('commission', 'commission_round', 'agent')}",
    "fees": "deals.fee_amount",
    "charges": _of("charge"),
    "interest": _of("interest"),
    "dividends": _of("dividend"),
    "bonus": _of("bonus"),
    "taxes": _of("tax"),
}


def _years(con: duckdb.DuckDBPyConnection, currency: str) -> dict[str, AccountYear]:
    own = ", ".join(f"sum({text})" for text in _PARTS.values())
    converted = ", ".join(
        f"sum(({text}) * CASE WHEN accounts.main_currency = $currency THEN 1 ELSE fx.rate END "
        "* CASE accounts.money_divisor WHEN 100 THEN 0.01 ELSE 1 END)"
        for text in _PARTS.values()
    )
    rows = con.execute(
        f"""
        WITH booked AS (
            SELECT account_days.account_key, sum(closed_pnl_amount) AS closed_pnl,
                sum(swap_amount) AS swap
            FROM lake.finance.fct_account_days AS account_days
            JOIN asked ON asked.account_key = account_days.account_key
            WHERE account_days.business_date BETWEEN asked.first AND asked.last
            GROUP BY account_days.account_key
        )
        SELECT
            deals.account_key, any_value(booked.closed_pnl), any_value(booked.swap),
            count(*) FILTER (
                fx.rate IS NULL AND accounts.main_currency <> $currency
                AND deals.balance_effect_amount <> 0
            ),
            {own}, {converted}
        FROM lake.canonical.can_deals AS deals
        JOIN asked ON asked.account_key = deals.account_key
        JOIN lake.canonical.can_accounts AS accounts ON accounts.account_key = deals.account_key
        LEFT JOIN booked ON booked.account_key = deals.account_key
        LEFT JOIN lake.canonical.can_fx_to_reporting AS fx
            ON fx.business_date = deals.business_date
            AND fx.currency = accounts.main_currency
            AND fx.reporting_currency = $currency
        WHERE deals.business_date BETWEEN asked.first AND asked.last
        GROUP BY deals.account_key
        ORDER BY deals.account_key
        """,
        {"currency": currency},
    ).fetchall()
    size = len(_PARTS)
    return {
        row[0]: AccountYear(
            row[0],
            row[1] or _ZERO,
            row[2] or _ZERO,
            dict(zip(_PARTS, row[4 : 4 + size], strict=True)),
            {name: amount or _ZERO for name, amount in zip(_PARTS, row[4 + size :], strict=True)},
            row[3],
        )
        for row in rows
    }


_SYMBOLS = """
    SELECT
        deals.account_key, deals.symbol, count(*) FILTER (deals.closed_pnl_amount <> 0),
        sum(greatest(deals.closed_pnl_amount, 0)), sum(least(deals.closed_pnl_amount, 0)),
        sum(deals.swap_amount), sum(deals.commission_amount + deals.fee_amount)
    FROM lake.canonical.can_deals AS deals
    JOIN asked ON asked.account_key = deals.account_key
    WHERE deals.business_date BETWEEN asked.first AND asked.last AND deals.is_trade
    GROUP BY deals.account_key, deals.symbol
    ORDER BY deals.account_key, deals.symbol
"""


def read_tax(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[TaxRecords]:
    """The tax summaries of a batch; who booked nothing has none and is left out."""
    lay_asked(con, batch.subjects, batch.period.first, batch.period.last)
    names = client_names(con, {group[0].client_key for group in batch.subjects.values()})
    years = _years(con, batch.reporting_currency)
    symbols: defaultdict[str, list[SymbolYear]] = defaultdict(list)
    for row in con.execute(_SYMBOLS).fetchall():
        symbols[row[0]].append(SymbolYear(*row))
    for subject, accounts in batch.subjects.items():
        booked = tuple(account for account in accounts if account.account_key in years)
        if booked:
            yield TaxRecords(
                subject_key=subject,
                name=names.get(booked[0].client_key or "", ""),
                accounts=booked,
                years={account.account_key: years[account.account_key] for account in booked},
                symbols=tuple(row for account in booked for row in symbols[account.account_key]),
            )


def check_tax(records: TaxRecords) -> None:
    """Prove that gains less losses, and swaps, are the roll-forward's, and that all was converted.

    Raises:
        FiguresDisagreeError: they are not, or a day has no rate.
    """
    for key, year in records.years.items():
        for what, parts, whole in (
            ("gains and losses", year.amounts["gains"] + year.amounts["losses"], year.closed_pnl),
            ("swaps", year.amounts["swap_received"] + year.amounts["swap_paid"], year.swap),
        ):
            if parts != whole:
                raise FiguresDisagreeError(
                    f"The account's {what} come to {parts}, its account days say {whole}.",
                    where=f"account {key}",
                    todo="run `daybook check`, rebuild the account's days, and close them again",
                )
        if year.without_rate:
            raise FiguresDisagreeError(
                f"{year.without_rate} deals lie on days without a rate to the reporting currency.",
                where=f"account {key}, canonical.can_fx_to_reporting",
                todo="load the missing rates, rebuild, and close the period again",
            )
