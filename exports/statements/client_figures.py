"""From exact figures to printed ones: the ties are checked first, then each account is rounded.

Accounts of a cent group are shown in their main currency, money divided by 100. Rounding is half
away from zero to the currency's minor unit; where parts of a hundredth of a cent come up, they are
rounded by largest remainder, so that every column adds up to the total under it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.rounding import round_parts
from exports.statements.client_records import (
    COMPONENTS,
    Account,
    Balances,
    ClientRecords,
    ClosedPosition,
    Deal,
    OpenPosition,
)
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)
_COMPONENT_OF_OPERATION = {
    "deposit": "deposits",
    "withdrawal": "withdrawals",
    "internal_transfer": "internal_transfers",
    "commission": "commission",
    "commission_round": "commission_round",
    "agent": "agent_commission",
    "interest": "interest",
    "dividend": "dividends",
    "tax": "taxes",
    "charge": "charges",
    "correction": "corrections",
    "bonus": "bonus",
    "so_compensation": "stop_out_compensation",
}


@dataclass(frozen=True)
class TradeFigures:
    """The rounded money of one trade."""

    deal: Deal
    commission: Decimal
    fee: Decimal
    swap: Decimal
    closed_pnl: Decimal


@dataclass(frozen=True)
class OperationFigures:
    """The rounded money of one balance operation."""

    deal: Deal
    balance: Decimal
    credit: Decimal


@dataclass(frozen=True)
class OpenFigures:
    """The rounded money of one open position."""

    position: OpenPosition
    floating_swap: Decimal
    floating_pnl: Decimal


@dataclass(frozen=True)
class ClosedFigures:
    """The rounded money of one closed position."""

    position: ClosedPosition
    commission: Decimal
    swap: Decimal
    closed_pnl: Decimal


@dataclass(frozen=True)
class AccountFigures:
    """One account, rounded in `currency`: opening plus components is closing, to the unit."""

    account: Account
    currency: str
    digits: int
    opening_balance: Decimal
    components: dict[str, Decimal]
    closing_balance: Decimal
    opening_credit: Decimal
    credit_change: Decimal
    closing_credit: Decimal
    floating_pnl: Decimal
    floating_swap: Decimal
    equity: Decimal
    exact_balance: Decimal
    exact_equity: Decimal
    trades: tuple[TradeFigures, ...]
    operations: tuple[OperationFigures, ...]
    open_positions: tuple[OpenFigures, ...]
    closed_positions: tuple[ClosedFigures, ...]


def check_ties(records: ClientRecords) -> None:
    """Prove that the data sets agree with each other before any of them is printed.

    Raises:
        FiguresDisagreeError: an account does not open where it closed before, its components,
            deals or open positions do not add up, or its equity is not the sum of its parts.
    """
    for account in records.accounts:
        balances = records.balances.get(account.account_key)
        deals = [deal for deal in records.deals if deal.account_key == account.account_key]
        if balances is None:
            balance_moved = sum((deal.balance_effect for deal in deals), _ZERO)
            _same(account, "movements of an account without account days", balance_moved, _ZERO)
            continue
        if balances.broken_day is not None:
            raise FiguresDisagreeError(
                f"The opening balance of {balances.broken_day} is not the closing balance before.",
                where=f"account {account.account_key}",
                todo="run `daybook check`, rebuild the account's days, and close them again",
            )
        moved = balances.closing_balance - balances.opening_balance
        credit_moved = balances.closing_credit - balances.opening_credit
        positions = [
            held for held in records.open_positions if held.account_key == account.account_key
        ]
        _same(account, "components", sum(balances.components.values(), _ZERO), moved)
        _same(account, "deals", sum((deal.balance_effect for deal in deals), _ZERO), moved)
        _same(
            account,
            "trades' profit, swap, commission and fees and its balance operations",
            sum((_own_effect(deal) for deal in deals), _ZERO),
            moved,
        )
        _same(account, "credit changes", balances.credit_change, credit_moved)
        _same(
            account,
            "credit operations",
            sum((deal.credit_effect for deal in deals), _ZERO),
            credit_moved,
        )
        if account.server_id in records.servers_with_positions:
            _same(
                account,
                "open positions' profit",
                sum((held.floating_pnl for held in positions), _ZERO),
                balances.floating_pnl,
            )
            _same(
                account,
                "open positions' swap",
                sum((held.floating_swap for held in positions), _ZERO),
                balances.floating_swap,
            )
        _same(
            account,
            "balance, credit and floating profit",
            balances.closing_balance
            + balances.closing_credit
            + balances.floating_pnl
            + balances.floating_swap,
            balances.equity,
        )


def _own_effect(deal: Deal) -> Decimal:
    if not deal.is_trade:
        return deal.balance_effect
    return deal.closed_pnl + deal.swap + deal.commission + deal.fee


def _same(account: Account, what: str, parts: Decimal, whole: Decimal) -> None:
    if parts != whole:
        raise FiguresDisagreeError(
            f"The account's {what} come to {parts}, its account days say {whole}.",
            where=f"account {account.account_key}",
            todo="run `daybook check`, rebuild the account's days, and close them again",
        )


def account_figures(account: Account, records: ClientRecords) -> AccountFigures:
    """Round one account whose ties hold."""
    currency = account.main_currency
    digits = minor_unit(currency)
    divisor = Decimal(account.money_divisor)
    key = account.account_key
    balances = records.balances.get(key) or _never_booked(key)
    deals = [deal for deal in records.deals if deal.account_key == key]

    def rounded(amount: Decimal) -> Decimal:
        return round_half_away(amount / divisor, digits)

    def spread(amounts: Sequence[Decimal], total: Decimal) -> list[Decimal]:
        return round_parts([amount / divisor for amount in amounts], total, digits)

    opening, closing = rounded(balances.opening_balance), rounded(balances.closing_balance)
    credit, equity = rounded(balances.closing_credit), rounded(balances.equity)
    opening_credit = rounded(balances.opening_credit)
    moved = [name for name in COMPONENTS if balances.components[name]]
    components = dict.fromkeys(COMPONENTS, rounded(_ZERO))
    components.update(
        zip(
            moved,
            spread([balances.components[name] for name in moved], closing - opening),
            strict=True,
        )
    )
    floating_pnl, floating_swap = spread(
        [balances.floating_pnl, balances.floating_swap], equity - closing - credit
    )
    held = [position for position in records.open_positions if position.account_key == key]
    flat = [position for position in records.closed_positions if position.account_key == key]
    columns = _DealColumns(deals, balances, components, rounded, spread)
    trades = columns.trades()
    return AccountFigures(
        account=account,
        currency=currency,
        digits=digits,
        opening_balance=opening,
        components=components,
        closing_balance=closing,
        opening_credit=opening_credit,
        credit_change=credit - opening_credit,
        closing_credit=credit,
        floating_pnl=floating_pnl,
        floating_swap=floating_swap,
        equity=equity,
        exact_balance=balances.closing_balance / divisor,
        exact_equity=balances.equity / divisor,
        trades=trades,
        operations=columns.operations(credit - opening_credit),
        open_positions=tuple(
            OpenFigures(*row)
            for row in zip(
                held,
                spread([position.floating_swap for position in held], floating_swap),
                spread([position.floating_pnl for position in held], floating_pnl),
                strict=True,
            )
        ),
        closed_positions=tuple(_closed(position, trades, rounded) for position in flat),
    )


def _closed(
    position: ClosedPosition,
    trades: Sequence[TradeFigures],
    rounded: Callable[[Decimal], Decimal],
) -> ClosedFigures:
    own = [trade for trade in trades if trade.deal.position_id == position.position_id]

    def life(exact: Decimal, parts: list[Decimal], printed: list[Decimal]) -> Decimal:
        # All its deals are on this statement: it shows what they show.
        return sum(printed, _ZERO) if printed and sum(parts) == exact else rounded(exact)

    return ClosedFigures(
        position,
        life(
            position.commission,
            [trade.deal.commission + trade.deal.fee for trade in own],
            [trade.commission + trade.fee for trade in own],
        ),
        life(position.swap, [trade.deal.swap for trade in own], [trade.swap for trade in own]),
        life(
            position.closed_pnl,
            [trade.deal.closed_pnl for trade in own],
            [trade.closed_pnl for trade in own],
        ),
    )


@dataclass(frozen=True)
class _DealColumns:
    """Rounds the money of deals column by column, to the component each column belongs to."""

    deals: list[Deal]
    balances: Balances
    components: dict[str, Decimal]
    rounded: Callable[[Decimal], Decimal]
    spread: Callable[[Sequence[Decimal], Decimal], list[Decimal]]

    def trades(self) -> tuple[TradeFigures, ...]:
        """The trades; money that a trade's commission column shares with balance operations of
        the same component keeps its own rounded total."""
        trades = [deal for deal in self.deals if deal.is_trade]
        return tuple(
            TradeFigures(*row)
            for row in zip(
                trades,
                self._column("commission", [deal.commission for deal in trades]),
                self._column("fees", [deal.fee for deal in trades]),
                self._column("swap", [deal.swap for deal in trades]),
                self._column("closed_pnl", [deal.closed_pnl for deal in trades]),
                strict=True,
            )
        )

    def operations(self, credit_change: Decimal) -> tuple[OperationFigures, ...]:
        """The balance operations, component by component, in their own order."""
        operations = [deal for deal in self.deals if not deal.is_trade]
        amounts = dict.fromkeys((deal.deal_id for deal in operations), _ZERO)
        for component in sorted({deal.component for deal in operations}):
            group = [deal for deal in operations if deal.component == component]
            amounts.update(
                zip(
                    (deal.deal_id for deal in group),
                    self._column(
                        _COMPONENT_OF_OPERATION.get(component, ""),
                        [deal.balance_effect for deal in group],
                    ),
                    strict=True,
                )
            )
        credits = self.spread([deal.credit_effect for deal in operations], credit_change)
        return tuple(
            OperationFigures(deal, amounts[deal.deal_id], credit)
            for deal, credit in zip(operations, credits, strict=True)
        )

    def _column(self, component: str, amounts: list[Decimal]) -> list[Decimal]:
        total = sum(amounts, _ZERO)
        is_whole = bool(component) and total == self.balances.components[component]
        return self.spread(amounts, self.components[component] if is_whole else self.rounded(total))


def _never_booked(account_key: str) -> Balances:
    return Balances(
        account_key=account_key,
        previous_balance=None,
        opening_balance=_ZERO,
        components=dict.fromkeys(COMPONENTS, _ZERO),
        closing_balance=_ZERO,
        opening_credit=_ZERO,
        credit_change=_ZERO,
        closing_credit=_ZERO,
        floating_pnl=_ZERO,
        floating_swap=_ZERO,
        equity=_ZERO,
        last_day=dt.date.min,
        broken_day=None,
    )
