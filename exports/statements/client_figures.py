"""From exact figures to printed ones: each account rounded, so that its parts still add up.

Accounts of a cent group are shown in their main currency, money divided by 100. Rounding is half
away from zero to the currency's minor unit; where parts of a hundredth of a cent come up, they are
rounded by largest remainder, so that every column adds up to the total under it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from exports.rounding import round_parts
from exports.statements.client_records import (
    COMPONENTS,
    Account,
    Balances,
    ClientRecords,
    ClosedPosition,
    Deal,
    Margin,
    OpenPosition,
    WorkingOrder,
)
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)
_LEVEL_DIGITS = 2
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
    working_orders: tuple[WorkingOrder, ...]
    margin: Margin | None
    """Rounded, as the platform reported it."""


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
        working_orders=tuple(order for order in records.working_orders if order.account_key == key),
        margin=_margin(records.margins.get(key), rounded),
    )


def _margin(margin: Margin | None, rounded: Callable[[Decimal], Decimal]) -> Margin | None:
    if margin is None:
        return None
    return replace(
        margin,
        margin=rounded(margin.margin),
        free_margin=rounded(margin.free_margin),
        level_pct=None
        if margin.level_pct is None
        else round_half_away(margin.level_pct, _LEVEL_DIGITS),
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
