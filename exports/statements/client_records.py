"""What a client statement is made of, as the marts hold it: exact figures, unrounded."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal

COMPONENTS = (
    "deposits",
    "withdrawals",
    "internal_transfers",
    "closed_pnl",
    "swap",
    "commission",
    "commission_round",
    "fees",
    "agent_commission",
    "interest",
    "dividends",
    "taxes",
    "charges",
    "corrections",
    "bonus",
    "stop_out_compensation",
)
"""The roll-forward's components, in the order they are shown (DOMAIN: the books)."""


@dataclass(frozen=True)
class Account:
    """One account of the client; its money divided by `money_divisor` is in `main_currency`."""

    account_key: str
    server_id: str
    login: int
    client_key: str | None
    currency: str
    main_currency: str
    money_divisor: int
    legal_entity: str | None
    group_name: str | None
    margin_mode: str | None


@dataclass(frozen=True)
class Balances:
    """An account's roll-forward over the period: exact figures in the platform's unit."""

    account_key: str
    previous_balance: Decimal | None
    """Closing balance before the period; None where nothing was ever booked before it."""
    opening_balance: Decimal
    components: dict[str, Decimal]
    closing_balance: Decimal
    opening_credit: Decimal
    credit_change: Decimal
    closing_credit: Decimal
    floating_pnl: Decimal
    floating_swap: Decimal
    equity: Decimal
    last_day: dt.date
    """Day of the account's last figures, on or before the end of the period."""
    broken_day: dt.date | None
    """First day whose opening is not the closing before it."""


@dataclass(frozen=True)
class Deal:
    """One deal of the period, trades and balance operations alike."""

    account_key: str
    executed_at: dt.datetime
    deal_id: int
    position_id: int | None
    is_trade: bool
    symbol: str | None
    action: str
    entry: str | None
    component: str
    lots: Decimal
    price: Decimal
    price_digits: int | None
    closed_pnl: Decimal
    swap: Decimal
    commission: Decimal
    fee: Decimal
    balance_effect: Decimal
    credit_effect: Decimal
    comment: str | None


@dataclass(frozen=True)
class ClosedPosition:
    """A position that became flat within the period, over its whole life."""

    account_key: str
    position_id: int
    symbol: str
    side: str
    lots: Decimal
    opened_at: dt.datetime
    open_value: Decimal
    """Sum of price times lots over the deals that opened it."""
    closed_at: dt.datetime
    close_value: Decimal
    price_digits: int | None
    commission: Decimal
    swap: Decimal
    closed_pnl: Decimal


@dataclass(frozen=True)
class OpenPosition:
    """A position that was open at the account's last close of the period."""

    account_key: str
    position_id: int
    symbol: str
    side: str
    lots: Decimal
    opened_at: dt.datetime
    open_price: Decimal
    close_price: Decimal
    price_digits: int | None
    floating_pnl: Decimal
    floating_swap: Decimal


@dataclass(frozen=True)
class WorkingOrder:
    """A pending order that waited at the close of the period's last day."""

    account_key: str
    order_id: int
    placed_at: dt.datetime
    symbol: str
    order_type: str
    lots: Decimal
    price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    price_digits: int | None


@dataclass(frozen=True)
class Margin:
    """What the platform reported of an account's margin at its last close of the period."""

    account_key: str
    business_date: dt.date
    margin: Decimal
    free_margin: Decimal
    level_pct: Decimal | None
    """Equity over margin, in percent; None without margin in use."""


@dataclass(frozen=True)
class Rate:
    """Reporting currency per unit of a currency, and the day it was published for."""

    currency: str
    rate: Decimal
    rate_date: dt.date
    rate_set: str


class Fingerprinted:
    """Records of a paper: a frozen dataclass, all of it figures."""

    def fingerprint(self) -> str:
        """Hash of every figure: equal figures are equal papers, whatever was published."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


@dataclass(frozen=True)
class ClientRecords(Fingerprinted):
    """Everything a client statement shows, unrounded."""

    subject_key: str
    """client_key, or account_key where the statement is of one account."""
    name: str
    accounts: tuple[Account, ...]
    balances: dict[str, Balances]
    deals: tuple[Deal, ...]
    closed_positions: tuple[ClosedPosition, ...]
    open_positions: tuple[OpenPosition, ...]
    working_orders: tuple[WorkingOrder, ...]
    margins: dict[str, Margin]
    rates: dict[str, Rate]
    """Of the accounts' currencies alone."""
    servers_with_positions: tuple[str, ...]
    """Servers of the accounts that export the positions open at each close."""
