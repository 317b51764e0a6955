"""What the books of the MetaTrader 4 and the cTrader server must come to, account by day.

The broker's lines are in reporting currency by the rule of truth_pnl: what is realised at the ECB
rate of its day, the floating result at that of its own close. MetaTrader 4's floating result has
swap and commission in it, as its daily report states it; cTrader states none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator import ctrader_world as ctrader
from ingestion.simulator.clock import DAY_MS, IntArray, to_server_ms
from ingestion.simulator.exact_money import REPORTING_CURRENCY, decimals, exact
from ingestion.simulator.market import main_currency
from ingestion.simulator.mt4_accounts import GROUPS as MT4_GROUPS
from ingestion.simulator.mt4_accounts import SERVER_ID as MT4_SERVER
from ingestion.simulator.mt4_days import build_mt4
from ingestion.simulator.prices import cent_factor
from ingestion.simulator.world import World

TENANT = "demo"
_HUNDRED_MILLIONTHS = 10**4
_CREDIT = (ctrader.BONUS, ctrader.BONUS_OUT)
_CHARGE = ctrader.INACTIVITY


@dataclass(frozen=True)
class _Accounts:
    """One entry an account of a server."""

    server_id: str
    login: IntArray
    currency: list[str]
    digits: IntArray


@dataclass(frozen=True)
class _Days:
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


def platform_books_truth(world: World) -> dict[str, pl.DataFrame]:
    """Account days on which anything moved, both servers."""
    parts = [_books(world, *_mt4(world)), _books(world, *_ctrader(world))]
    return {"platform_books": pl.concat(parts)}


def _books(world: World, accounts: _Accounts, days: _Days) -> pl.DataFrame:
    balance, credit = np.cumsum(days.moved, axis=1), np.cumsum(days.credit_change, axis=1)
    floating_before = _before(days.floating)
    moves = (days.moved, days.credit_change, days.closed_pnl, days.swap, days.commission, days.fee,
             days.floating - floating_before)  # fmt: skip
    account, day = np.nonzero(np.any([table != 0 for table in moves], axis=0))
    digits = accounts.digits[account]
    usd = _Usd(world, accounts)
    dealing = usd.of(_before(days.floating), -1) - usd.of(days.closed_pnl + days.floating)
    income = {
        "dealing_pnl": dealing, "commission_income": -usd.of(days.commission),
        "swap_income": -usd.of(days.swap), "fee_income": -usd.of(days.fee),
    }  # fmt: skip

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
            "fee": native(days.fee), "floating": native(days.floating),
        }
        | {name: usd.rounded(table, account, day) for name, table in income.items()}
    )  # fmt: skip


def _before(table: IntArray) -> IntArray:
    return np.concatenate([np.zeros((len(table), 1), dtype=np.int64), table[:, :-1]], axis=1)


class _Usd:
    """Whole numbers of Python: minor units times a rate of 1e-12 do not fit 64 bits."""

    def __init__(self, world: World, accounts: _Accounts) -> None:
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


def _mt4(world: World) -> tuple[_Accounts, _Days]:
    server = build_mt4(world)
    posted = np.zeros_like(server.days.operations)
    rows = np.array([text.startswith("CRM-S-") for text in server.cash.comment])
    day = server.cash.server_ms[rows] // DAY_MS - world.window.first
    np.add.at(posted, (server.cash.account[rows], day), server.cash.amount[rows])
    result = server.days.profit + server.days.swap + server.days.commission
    credit = server.days.credit
    accounts = _Accounts(
        MT4_SERVER, server.accounts.login,
        [MT4_GROUPS[g].currency for g in server.accounts.group], server.accounts.digits,
    )  # fmt: skip
    return accounts, _Days(
        moved=server.days.operations + result,
        credit_change=credit - _before(credit),
        closed_pnl=server.days.profit,
        swap=server.days.swap + posted,
        commission=server.days.commission,
        fee=np.zeros_like(posted),
        floating=server.days.floating,
    )


def _ctrader(world: World) -> tuple[_Accounts, _Days]:
    server = ctrader.build_ctrader(world)
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

    profit, swap = of_deals(deals.gross_profit), of_deals(deals.swap)
    commission, fee = of_deals(deals.close_commission), of_deals(deals.conversion_fee)
    credit = np.isin(kind, _CREDIT)
    accounts = _Accounts(
        ctrader.SERVER_ID, population.login, list(population.currency), population.currency_digits
    )
    return accounts, _Days(
        moved=profit + swap + commission + fee + of_flows(~credit),
        credit_change=of_flows(credit),
        closed_pnl=profit,
        swap=swap,
        # A rebate is commission given back.
        commission=commission + of_flows(kind == ctrader.REBATE),
        fee=fee + of_flows(kind == _CHARGE),
        floating=np.zeros(shape, dtype=np.int64),
    )
