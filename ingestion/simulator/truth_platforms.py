"""What the books of the MetaTrader 4 and the cTrader server must come to, account by day.

The broker's lines are in reporting currency by the rule of truth_pnl: what is realised at the ECB
rate of its day, the floating result at that of its own close. MetaTrader 4's floating result has
the commission of the opening in it; accrued swap is apart on both, and income of its day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator import ctrader_accounts as ctrader
from ingestion.simulator.clock import DAY_MS, IntArray, to_server_ms
from ingestion.simulator.ctrader_world import build_ctrader
from ingestion.simulator.exact_money import REPORTING_CURRENCY, decimals, exact
from ingestion.simulator.market import TENANT, main_currency
from ingestion.simulator.mt4_accounts import GROUPS as MT4_GROUPS
from ingestion.simulator.mt4_accounts import SERVER_ID as MT4_SERVER
from ingestion.simulator.mt4_days import Mt4World, build_mt4
from ingestion.simulator.platform_clients import platform_accounts
from ingestion.simulator.prices import cent_factor
from ingestion.simulator.world import World

_HUNDRED_MILLIONTHS = 10**4
_CREDIT = (ctrader.BONUS, ctrader.BONUS_OUT)
_CHARGE = ctrader.INACTIVITY


@dataclass(frozen=True)
class PlatformAccounts:
    """One entry an account of a server."""

    server_id: str
    login: IntArray
    currency: list[str]
    digits: IntArray


@dataclass(frozen=True)
class PlatformDays:
    """[account, day of the window], minor units: sums of the day; balance and floating at its end.

    ``moved`` is what changed the balance in all.
    """

    moved: IntArray
    credit_change: IntArray
    closed_pnl: IntArray
    swap: IntArray
    commission: IntArray
    fee: IntArray
    floating: IntArray
    accrued: IntArray
    """Swap of open positions."""
    dividends: IntArray
    has_cfd: np.ndarray
    """Whether anything was traded or a position was open at the end."""


def platform_days(world: World) -> list[tuple[PlatformAccounts, PlatformDays]]:
    """The MetaTrader 4 and the cTrader server, in that order."""
    return [_mt4(world), _ctrader(world)]


def platform_books_truth(world: World) -> dict[str, pl.DataFrame]:
    """Account days on which anything moved, or a line of the broker's is not zero; both servers."""
    return {
        "platform_books": pl.concat([_books(world, *server) for server in platform_days(world)])
    }


@dataclass(frozen=True)
class OwnedAccount:
    """A client's account by day of the window; money in USD times a constant of the account."""

    client: int
    has_cfd: np.ndarray
    realised: np.ndarray
    unrealised: np.ndarray

    def net_sign(self, first: int, last: int) -> int:
        """Sign of what was realised in these days and of the change of what floats over them."""
        before = self.unrealised[first - 1] if first else 0
        net = self.realised[first : last + 1].sum() + self.unrealised[last] - before
        return int(net > 0) - int(net < 0)


def owned_accounts(world: World) -> list[OwnedAccount]:
    """The accounts of both servers with their owners."""
    owner = {(one.server_id, one.login): one.client for one in platform_accounts(world)}
    found = []
    for accounts, days in platform_days(world):
        usd = _Usd(world, accounts)
        realised = usd.of(days.closed_pnl + days.swap + days.commission + days.fee + days.dividends)
        unrealised = usd.of(days.floating + days.accrued)
        found += [
            OwnedAccount(
                owner[accounts.server_id, login], days.has_cfd[n], realised[n], unrealised[n]
            )
            for n, login in enumerate(accounts.login.tolist())
        ]
    return found


def _books(world: World, accounts: PlatformAccounts, days: PlatformDays) -> pl.DataFrame:
    balance, credit = np.cumsum(days.moved, axis=1), np.cumsum(days.credit_change, axis=1)
    usd = _Usd(world, accounts)
    dealing = usd.of(_before(days.floating), -1) - usd.of(days.closed_pnl + days.floating)
    income = {
        "dealing_pnl": dealing, "commission_income": -usd.of(days.commission),
        "swap_income": usd.of(_before(days.accrued), -1) - usd.of(days.swap + days.accrued),
        "fee_income": -usd.of(days.fee),
    }  # fmt: skip
    # Floating result and accrued swap may move against each other and come to nothing; a rate alone
    # moves what floats in another currency.
    moves = (days.moved, days.credit_change, days.closed_pnl, days.swap, days.commission, days.fee,
             days.floating - _before(days.floating), days.accrued - _before(days.accrued),
             *income.values())  # fmt: skip
    account, day = np.nonzero(np.any([table != 0 for table in moves], axis=0))
    digits = accounts.digits[account]

    def native(table: IntArray) -> pl.Series:
        return exact(table[account, day], digits)

    return pl.DataFrame(
        {
            "tenant_id": [TENANT] * len(account),
            "server_id": [accounts.server_id] * len(account),
            "login": accounts.login[account],
            "business_date": pl.Series(day + world.window.first).cast(pl.Int32).cast(pl.Date),
            "opening_balance": native(_before(balance)), "closing_balance": native(balance),
            "closing_credit": native(credit), "closed_pnl": native(days.closed_pnl),
            "swap": native(days.swap), "commission": native(days.commission),
            "fee": native(days.fee), "floating": native(days.floating + days.accrued),
            "floating_swap": native(days.accrued),
        }
        | {name: usd.rounded(table, account, day) for name, table in income.items()}
    )  # fmt: skip


def _before(table: IntArray) -> IntArray:
    return np.concatenate([np.zeros((len(table), 1), dtype=np.int64), table[:, :-1]], axis=1)


class _Usd:
    """Whole numbers of Python: minor units times a rate of 1e-12 do not fit 64 bits."""

    def __init__(self, world: World, accounts: PlatformAccounts) -> None:
        window = type(world.window)(world.window.first - 1, world.window.last)
        series = {
            code: world.rates.scaled_series(code, REPORTING_CURRENCY, window).astype(object)
            for code in {main_currency(c) for c in accounts.currency}
        }
        self._rates = np.array([series[main_currency(c)] for c in accounts.currency])
        cents = np.array([cent_factor(c) for c in accounts.currency], dtype=object)
        self._divisor = 10 ** accounts.digits.astype(object) * cents * _HUNDRED_MILLIONTHS

    def of(self, minor: IntArray, shift: int = 0) -> np.ndarray:
        """At the rate of each day, or of the one before with a shift of -1."""
        rates = self._rates[:, 1 + shift : self._rates.shape[1] + shift]
        return np.asarray(minor.astype(object) * rates)

    def rounded(self, scaled: np.ndarray, account: IntArray, day: IntArray) -> pl.Series:
        amount, divisor = scaled[account, day], self._divisor[account]
        units = (2 * np.abs(amount) + divisor) // (2 * divisor)
        return decimals(np.where(amount < 0, -units, units).astype(np.int64), 38)


def _mt4(world: World) -> tuple[PlatformAccounts, PlatformDays]:
    server = build_mt4(world)
    posted = np.zeros_like(server.days.operations)
    rows = np.array([text.startswith("CRM-S-") for text in server.cash.comment])
    day = server.cash.server_ms[rows] // DAY_MS - world.window.first
    np.add.at(posted, (server.cash.account[rows], day), server.cash.amount[rows])
    result = server.days.profit + server.days.swap + server.days.commission
    credit = server.days.credit
    accounts = PlatformAccounts(
        MT4_SERVER, server.accounts.login,
        [MT4_GROUPS[g].currency for g in server.accounts.group], server.accounts.digits,
    )  # fmt: skip
    return accounts, PlatformDays(
        moved=server.days.operations + result,
        credit_change=credit - _before(credit),
        closed_pnl=server.days.profit,
        swap=server.days.swap + posted,
        commission=server.days.commission,
        fee=np.zeros_like(posted),
        floating=server.days.floating,
        accrued=server.days.accrued,
        dividends=np.zeros_like(posted),
        has_cfd=_mt4_activity(world, server),
    )


def _mt4_activity(world: World, server: Mt4World) -> np.ndarray:
    table = np.zeros((server.accounts.size, world.window.days), dtype=bool)
    trades, nights = server.trades, server.nights
    kept = np.flatnonzero(~trades.is_deleted)
    closed = kept[~trades.is_open[kept]]
    for account, day in (
        (trades.account[kept], trades.opened_ms[kept] // DAY_MS),
        (trades.account[closed], trades.closed_ms[closed] // DAY_MS),
        (trades.account[nights.trade], nights.day),
    ):
        table[account, day - world.window.first] = True
    return table


def _ctrader(world: World) -> tuple[PlatformAccounts, PlatformDays]:
    server = build_ctrader(world)
    population, deals = server.population, server.deals
    shape = (population.size, world.window.days)
    closing = np.flatnonzero(deals.is_closing)
    deal_day = to_server_ms(deals.at[closing]) // DAY_MS - world.window.first
    flow_account = np.array([flow.account for flow in server.flows], dtype=np.int64)
    flow_at = np.array([flow.at for flow in server.flows], dtype=np.int64)
    flow_day = to_server_ms(flow_at) // DAY_MS - world.window.first
    kind = np.array([flow.operation for flow in server.flows])
    paid = np.array([flow.amount for flow in server.flows], dtype=np.int64)

    def of_deals(amount: IntArray) -> IntArray:
        table = np.zeros(shape, dtype=np.int64)
        np.add.at(table, (deals.account[closing], deal_day), amount[closing])
        return table

    def of_flows(chosen: np.ndarray) -> IntArray:
        table = np.zeros(shape, dtype=np.int64)
        np.add.at(table, (flow_account[chosen], flow_day[chosen]), paid[chosen])
        return table

    def of_closes(amount: IntArray) -> IntArray:
        table = np.zeros(shape, dtype=np.int64)
        np.add.at(table, (server.closes.account, server.closes.day - world.window.first), amount)
        return table

    traded = np.zeros(shape, dtype=np.int64)
    filled = np.flatnonzero(deals.filled > 0)
    filled_day = to_server_ms(deals.at[filled]) // DAY_MS - world.window.first
    np.add.at(traded, (deals.account[filled], filled_day), 1)
    profit, swap = of_deals(deals.gross_profit), of_deals(deals.swap)
    commission, fee = of_deals(deals.close_commission), of_deals(deals.conversion_fee)
    credit = np.isin(kind, _CREDIT)
    accounts = PlatformAccounts(
        ctrader.SERVER_ID, population.login, list(population.currency), population.currency_digits
    )
    return accounts, PlatformDays(
        moved=profit + swap + commission + fee + of_flows(~credit),
        credit_change=of_flows(credit),
        closed_pnl=profit,
        swap=swap,
        # A rebate is commission given back.
        commission=commission + of_flows(kind == ctrader.REBATE),
        fee=fee + of_flows(kind == _CHARGE),
        floating=of_closes(server.closes.profit),
        accrued=of_closes(server.closes.storage),
        dividends=of_flows(kind == ctrader.DIVIDENDS),
        has_cfd=(traded > 0) | (of_closes(np.ones_like(server.closes.profit)) > 0),
    )
