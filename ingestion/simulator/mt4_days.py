"""What the MetaTrader 4 server states for each account and day, and the swap that the CRM posts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingestion.simulator.clock import DAY_MS, MINUTE_MS, IntArray, day_of
from ingestion.simulator.mt4_accounts import Mt4Accounts, Mt4Cash, build_accounts, build_cash
from ingestion.simulator.mt4_trades import NONE, Mt4Settlement, Mt4Trades, build_trades
from ingestion.simulator.world import World


@dataclass(frozen=True)
class Mt4Days:
    """[account, day of the window]: minor units; sums of the day, or its end."""

    operations: IntArray
    profit: IntArray
    swap: IntArray
    commission: IntArray
    balance: IntArray
    credit: IntArray
    floating: IntArray
    """Price results with the commission of the opening, without the swap that accrued."""
    accrued: IntArray
    """Swap of open trades."""
    margin: IntArray
    events: IntArray
    """How many trades were closed and operations booked."""


@dataclass(frozen=True)
class Mt4Nights:
    """One entry per open trade and day at whose end it was open; minor units.

    Until a part of it is closed, a trade has the volume that is split later.
    """

    trade: IntArray
    day: IntArray
    volume: IntArray
    close_points: IntArray
    floating: IntArray
    """Price result and the commission of the opening."""
    accrued: IntArray
    swap_of_day: IntArray
    margin: IntArray


@dataclass(frozen=True)
class Mt4World:
    """The second server of the broker."""

    accounts: Mt4Accounts
    cash: Mt4Cash
    trades: Mt4Trades
    nights: Mt4Nights
    days: Mt4Days


def build_mt4(world: World) -> Mt4World:
    """The server's accounts, cash, trades and days. Deterministic in the world."""
    accounts = build_accounts(world)
    settlement = Mt4Settlement(world, accounts)
    trades = build_trades(world, accounts, settlement)
    nights = _nights(world, accounts, settlement, trades)
    cash = _with_posted_swap(world, accounts, trades, nights, build_cash(world, accounts))
    return Mt4World(accounts, cash, trades, nights, _days(world, accounts, trades, nights, cash))


def _nights(
    world: World, accounts: Mt4Accounts, settlement: Mt4Settlement, trades: Mt4Trades
) -> Mt4Nights:
    kept = np.flatnonzero(~trades.is_deleted)
    # What is left over is a trade of its own from the day on which a part was closed.
    origin = trades.origin[kept]
    began = np.where(origin == NONE, trades.opened_ms[kept], trades.closed_ms[origin])
    opened = began // DAY_MS
    ends = trades.closed_ms[kept] // DAY_MS
    count = ends - opened
    trade = np.repeat(kept, count)
    day = np.repeat(opened, count) + np.arange(len(trade))
    day -= np.repeat(np.cumsum(count) - count, count)
    symbol, account = trades.symbol[trade], trades.account[trade]
    rest = trades.rest[trade]
    volume = trades.volume[trade] + np.where(rest == NONE, 0, trades.volume[rest])
    commission = trades.commission[trade] + np.where(rest == NONE, 0, trades.commission[rest])
    signed = trades.side[trade] * volume
    moment = world.book.closing_ms(day)
    close = settlement.quote(symbol, moment, -trades.side[trade])
    rate = settlement.closing_rate(symbol, account, day)
    profit = settlement.money(symbol, account, close - trades.open_points[trade], signed, rate)
    first = trades.opened_ms[trade] // DAY_MS
    accrued = settlement.swap(symbol, account, signed, rate, first, day)
    posted = accounts.posts_swap[account] == 1
    notional = settlement.money(symbol, account, trades.open_points[trade], volume, rate)
    return Mt4Nights(
        trade=trade,
        day=day,
        volume=volume,
        close_points=close,
        floating=profit + commission,
        accrued=np.where(posted, 0, accrued),
        swap_of_day=np.where(
            posted, settlement.swap(symbol, account, signed, rate, day, day + 1), 0
        ),
        margin=notional // 100,
    )


def _with_posted_swap(
    world: World, accounts: Mt4Accounts, trades: Mt4Trades, nights: Mt4Nights, cash: Mt4Cash
) -> Mt4Cash:
    """Five minutes after midnight the CRM books the swap of the day that ended."""
    shape = (accounts.size, world.window.days)
    sums = np.zeros(shape, dtype=np.int64)
    index = (trades.account[nights.trade], nights.day - world.window.first)
    np.add.at(sums, index, nights.swap_of_day)
    account, row = np.nonzero(sums[:, :-1])
    day = row + world.window.first
    return Mt4Cash(
        account=np.concatenate([cash.account, account]),
        server_ms=np.concatenate([cash.server_ms, (day + 1) * DAY_MS + 5 * MINUTE_MS]),
        command=np.concatenate([cash.command, np.full(len(account), 6, dtype=np.int64)]),
        amount=np.concatenate([cash.amount, sums[account, row]]),
        comment=[
            *cash.comment,
            *(
                f"CRM-S-{accounts.login[number]}{day_of(int(date)):%y%m%d}Swap"
                for number, date in zip(account, day, strict=True)
            ),
        ],
    )


def _days(
    world: World, accounts: Mt4Accounts, trades: Mt4Trades, nights: Mt4Nights, cash: Mt4Cash
) -> Mt4Days:
    window = world.window
    shape = (accounts.size, window.days)
    closed = np.flatnonzero(~trades.is_open & ~trades.is_deleted)

    def summed(account: IntArray, day: IntArray, amount: IntArray) -> IntArray:
        table = np.zeros(shape, dtype=np.int64)
        np.add.at(table, (account, day - window.first), amount)
        return table

    def of_trades(amount: IntArray) -> IntArray:
        return summed(trades.account[closed], trades.closed_ms[closed] // DAY_MS, amount[closed])

    def of_cash(command: int) -> IntArray:
        rows = np.flatnonzero(cash.command == command)
        return summed(cash.account[rows], cash.server_ms[rows] // DAY_MS, cash.amount[rows])

    def of_nights(amount: IntArray) -> IntArray:
        return summed(trades.account[nights.trade], nights.day, amount)

    operations, profit = of_cash(6), of_trades(trades.profit)
    swap, commission = of_trades(trades.swap), of_trades(trades.commission)
    events = of_trades(np.ones(trades.size, dtype=np.int64))
    events += summed(cash.account, cash.server_ms // DAY_MS, np.ones(len(cash.account), np.int64))
    return Mt4Days(
        operations=operations,
        profit=profit,
        swap=swap,
        commission=commission,
        balance=np.cumsum(operations + profit + swap + commission, axis=1),
        credit=np.cumsum(of_cash(7), axis=1),
        floating=of_nights(nights.floating),
        accrued=of_nights(nights.accrued),
        margin=of_nights(nights.margin),
        events=events,
    )


def reported(world: World, accounts: Mt4Accounts) -> tuple[IntArray, IntArray]:
    """(account, day of the window) of every daily report: from the registration on."""
    first = accounts.registered_ms // DAY_MS - world.window.first
    account, row = np.nonzero(np.arange(world.window.days)[None, :] >= first[:, None])
    return account.astype(np.int64), row.astype(np.int64)
