"""The tables over all accounts of a client: one line an account, and totals by currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.rounding import round_parts
from exports.statements.catalogue import Catalogue
from exports.statements.client_figures import AccountFigures
from exports.statements.client_records import COMPONENTS, Rate
from exports.statements.client_sections import column, money_columns
from exports.statements.document import Section
from warehouse.money import minor_unit, round_half_away

_CASH = ("deposits", "withdrawals", "internal_transfers")
_ZERO = Decimal(0)


def accounts_overview(accounts: Sequence[AccountFigures], words: Catalogue) -> Section:
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
        column(words, "login"),
        column(words, "server"),
        column(words, "currency"),
        *money_columns(
            words,
            "previous_balance",
            "cash",
            "result",
            "closing_balance",
            "credit",
            "floating",
            "equity",
        ),
    )
    return Section("accounts", words("section.accounts"), columns, rows)


@dataclass(frozen=True)
class _CurrencyTotal:
    currency: str
    accounts: int
    balance: Decimal
    equity: Decimal
    exact_balance: Decimal
    exact_equity: Decimal


def currency_totals(
    accounts: Sequence[AccountFigures],
    rates: dict[str, Rate],
    reporting_currency: str,
    words: Catalogue,
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
        column(words, "currency"),
        column(words, "accounts", "count"),
        *money_columns(words, "balance", "equity"),
        column(words, "rate", "rate", currency=reporting_currency),
        column(words, "rate_date", "date"),
        *money_columns(words, "balance_reporting", "equity_reporting", currency=reporting_currency),
    )
    whole = (
        words("page.total"),
        len(accounts),
        None,
        None,
        None,
        None,
        sum(balances, round_half_away(_ZERO, digits)),
        sum(equities, round_half_away(_ZERO, digits)),
    )
    title = words("section.totals", currency=reporting_currency)
    return Section("totals", title, columns, rows, total=whole)


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
