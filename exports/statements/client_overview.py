"""The tables over all accounts of a client: one line an account, and totals by currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.rounding import round_parts
from exports.statements.client_figures import AccountFigures
from exports.statements.client_records import COMPONENTS, Rate
from exports.statements.client_sections import money_columns
from exports.statements.document import Column, Section
from warehouse.money import minor_unit, round_half_away

_CASH = ("deposits", "withdrawals", "internal_transfers")
_ZERO = Decimal(0)


def accounts_overview(accounts: Sequence[AccountFigures]) -> Section:
    """One line an account, each in its own currency."""
    rows = tuple(
        (
            str(figures.account.login),
            figures.account.server_id,
            figures.currency,
            figures.opening_balance,
            sum((figures.components[name] for name in _CASH), _ZERO),
            sum(
                (figures.components[name] for name in COMPONENTS if name not in _CASH),
                _ZERO,
            ),
            figures.closing_balance,
            figures.closing_credit,
            figures.floating_pnl + figures.floating_swap,
            figures.equity,
        )
        for figures in accounts
    )
    columns = (
        Column("login", "Account"),
        Column("server", "Server"),
        Column("currency", "Currency"),
        *money_columns(
            ("previous_balance", "Previous balance"),
            ("cash", "Cash movements"),
            ("result", "Trading, costs, other"),
            ("closing_balance", "Closing balance"),
            ("credit", "Credit"),
            ("floating", "Floating"),
            ("equity", "Equity"),
        ),
    )
    return Section("accounts", "Accounts", columns, rows)


@dataclass(frozen=True)
class _CurrencyTotal:
    currency: str
    accounts: int
    balance: Decimal
    equity: Decimal
    exact_balance: Decimal
    exact_equity: Decimal


def currency_totals(
    accounts: Sequence[AccountFigures], rates: dict[str, Rate], reporting_currency: str
) -> Section:
    """Totals by currency and in the reporting currency, with the rates used and their day.

    Raises:
        FiguresDisagreeError: no rate converts one of the currencies.
    """
    totals = [
        _CurrencyTotal(
            currency,
            len(group),
            sum((figures.closing_balance for figures in group), _ZERO),
            sum((figures.equity for figures in group), _ZERO),
            sum((figures.exact_balance for figures in group), _ZERO),
            sum((figures.exact_equity for figures in group), _ZERO),
        )
        for currency in sorted({figures.currency for figures in accounts})
        if (group := [figures for figures in accounts if figures.currency == currency])
    ]
    used = [_rate_of(total.currency, rates, reporting_currency) for total in totals]
    digits = minor_unit(reporting_currency)

    def converted(amounts: list[Decimal]) -> list[Decimal]:
        exact = [
            amount * (rate.rate if rate else 1) for amount, rate in zip(amounts, used, strict=True)
        ]
        return round_parts(exact, round_half_away(sum(exact, _ZERO), digits), digits)

    balances = converted([total.exact_balance for total in totals])
    equities = converted([total.exact_equity for total in totals])
    rows = tuple(
        (
            total.currency,
            total.accounts,
            total.balance,
            total.equity,
            round_half_away(rate.rate, 6) if rate else None,
            rate.rate_date if rate else None,
            balance,
            equity,
        )
        for total, rate, balance, equity in zip(totals, used, balances, equities, strict=True)
    )
    columns = (
        Column("currency", "Currency"),
        Column("accounts", "Accounts", "count"),
        *money_columns(("balance", "Balance"), ("equity", "Equity")),
        Column("rate", f"Rate to {reporting_currency}", "rate"),
        Column("rate_date", "Rate of", "date"),
        *money_columns(
            ("balance_reporting", f"Balance in {reporting_currency}"),
            ("equity_reporting", f"Equity in {reporting_currency}"),
        ),
    )
    whole = (
        "Total",
        len(accounts),
        None,
        None,
        None,
        None,
        sum(balances, round_half_away(_ZERO, digits)),
        sum(equities, round_half_away(_ZERO, digits)),
    )
    return Section("totals", f"Total in {reporting_currency}", columns, rows, total=whole)


def _rate_of(currency: str, rates: dict[str, Rate], reporting_currency: str) -> Rate | None:
    if currency == reporting_currency:
        return None
    if currency not in rates:
        raise FiguresDisagreeError(
            f"No rate converts {currency} to {reporting_currency} at the end of the period.",
            where="canonical.can_fx_to_reporting",
            todo="load the missing rates, rebuild, and close the period again",
        )
    return rates[currency]
