"""mt5_users, mt5_accounts, mt5_daily: what the platform itself says an account comes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, HOUR_MS, IntArray, to_filetime
from ingestion.simulator.days import AccountDays, opening
from ingestion.simulator.market import GROUPS
from ingestion.simulator.platform_trades import Columns, datetimes, in_order, jitter_ticks, money
from ingestion.simulator.population import client_id
from ingestion.simulator.tables import ACCOUNTS, DAILY, USERS
from ingestion.simulator.world import World

_DAILY_COLUMNS = {
    "DailyProfit": ("closed_pnl",),
    "DailyBalance": ("deposits", "withdrawals", "internal_transfers"),
    "DailyCharge": ("charges",),
    "DailyCorrection": ("corrections",),
    "DailyBonus": ("bonus",),
    "DailyStorage": ("swap",),
    "DailyCommInstant": ("commission",),
    "DailyCommRound": (),
    "DailyCommFee": ("fees",),
    "DailyDividend": ("dividends",),
    "DailyTaxes": ("taxes",),
    "DailySOCompensation": ("stop_out_compensation",),
    "DailyAgent": ("agent_commission",),
    "DailyInterest": ("interest",),
}


@dataclass(frozen=True)
class PlatformBalances:
    """[account, day] as the platform states them, minor units.

    ``closing`` is what the row of the day says; ``restated`` is what the next row opens with.
    """

    components: dict[str, IntArray]
    closing: IntArray
    restated: IntArray


def platform_balances(world: World, days: AccountDays) -> PlatformBalances:
    """The books' balances, less what the platform did not know yet, nothing for managers."""
    components = {name: values.copy() for name, values in days.components.items()}
    known = np.zeros_like(days.credit_change)
    for item in world.restatements:
        cell = (item.account, item.day - world.window.first)
        components[item.component][cell] += item.known_delta
        known[cell] += item.known_delta
    restated = days.closing.copy()
    manager = world.population.manager
    restated[manager] = 0
    known[manager] = 0
    for values in components.values():
        values[manager] = 0
    return PlatformBalances(components, restated + known, restated)


def _margin(world: World) -> IntArray:
    """Margin at each close: the notional in account currency over the leverage, minor units."""
    held, population = world.held, world.population
    cell = held.account * world.window.days + held.day - world.window.first
    # Margin is reported, not booked: a flat 1,000 of account currency per lot at 1:100.
    lots = np.abs(held.volume) / 100.0
    per_lot = 1_000.0 * 100 / population.leverage[held.account]
    amount = np.rint(lots * per_lot * 10.0 ** population.currency_digits[held.account])
    total = np.zeros(population.size * world.window.days, dtype=np.int64)
    np.add.at(total, cell, amount.astype(np.int64))
    return total.reshape(population.size, world.window.days)


def daily_table(world: World, days: AccountDays) -> pl.DataFrame:
    """One row per known login and business day from its registration on."""
    population, window = world.population, world.window
    stated = platform_balances(world, days)
    known = np.arange(population.size) != population.orphan
    first = population.registered_ms // DAY_MS - window.first
    present = known[:, None] & (np.arange(window.days)[None, :] >= first[:, None])
    day, account = np.nonzero(present.T)
    digits = population.currency_digits[account]
    equity = stated.closing + days.closing_credit + days.floating + days.floating_swap
    equity_restated = stated.restated + days.closing_credit + days.floating + days.floating_swap
    margin = _margin(world)

    def pick(values: IntArray) -> np.ndarray:
        return money(values[account, day], digits)

    close = (day + window.first) * DAY_MS + DAY_MS - 1000
    groups = np.array([spec.group for spec in GROUPS])
    currencies = np.array([spec.currency for spec in GROUPS])
    columns: Columns = {
        "Datetime": close // 1000,
        "DatetimePrev": close // 1000 - 86_400,
        "Login": population.login[account],
        "Timestamp": to_filetime(close, 20_000_000 + jitter_ticks(population.login[account])),
        "Group": groups[population.group[account]],
        "Currency": currencies[population.group[account]],
        "CurrencyDigits": digits,
        "Balance": pick(stated.closing),
        "Credit": pick(days.closing_credit),
        "BalancePrevDay": pick(opening(stated.restated)),
        "EquityPrevDay": pick(opening(equity_restated)),
        "Margin": pick(margin),
        "MarginFree": pick(equity - margin),
        "Profit": pick(days.floating),
        "ProfitStorage": pick(days.floating_swap),
        "ProfitEquity": pick(equity),
        "DailyCredit": pick(days.credit_change),
    }
    for column, parts in _DAILY_COLUMNS.items():
        total = sum((stated.components[part] for part in parts), np.zeros_like(margin))
        columns[column] = pick(total)
    return in_order(columns, DAILY)


def accounts_table(world: World, days: AccountDays) -> pl.DataFrame:
    """The state of each known login at the end of the last day."""
    known = np.arange(world.population.size - 1)
    digits = world.population.currency_digits[known]
    balance = platform_balances(world, days).restated[known, -1]
    credit, floating = days.closing_credit[known, -1], days.floating[known, -1]
    storage, margin = days.floating_swap[known, -1], _margin(world)[known, -1]
    equity = balance + credit + floating + storage
    level = np.where(margin > 0, np.round(100.0 * equity / np.maximum(margin, 1), 2), 0.0)
    columns: Columns = {
        "Login": world.population.login[known],
        "CurrencyDigits": digits,
        "Balance": money(balance, digits),
        "Credit": money(credit, digits),
        "Margin": money(margin, digits),
        "MarginFree": money(equity - margin, digits),
        "MarginLevel": level,
        "Profit": money(floating, digits),
        "Storage": money(storage, digits),
        "Floating": money(floating + storage, digits),
        "Equity": money(equity, digits),
    }
    return in_order(columns, ACCOUNTS)


def users_table(world: World, days: AccountDays) -> pl.DataFrame:
    """Account records with invented holders."""
    population = world.population
    known = np.arange(population.size - 1)
    digits = population.currency_digits[known]
    stated = platform_balances(world, days).restated[known]
    last_change = world.deals.group_by("account").agg(pl.col("changed_ms").max()).sort("account")
    changed = population.registered_ms.copy()
    changed[last_change["account"].to_numpy()] = last_change["changed_ms"].to_numpy()
    names, countries = [], []
    for index in known:
        client = int(population.client[index])
        names.append(population.names[client] if client >= 0 else f"House {index}")
        countries.append(population.countries[client] if client >= 0 else "CY")
    login = population.login[known]
    previous = stated[:, -2] if world.window.days > 1 else np.zeros_like(stated[:, -1])
    blank = [""] * len(known)
    columns: Columns = {
        "Login": login,
        "Timestamp": to_filetime(population.registered_ms[known], jitter_ticks(login)),
        "TimestampTrade": to_filetime(changed[known], jitter_ticks(login)),
        "Group": [GROUPS[g].group for g in population.group[known]],
        "Rights": np.full(len(known), 0x1E3),
        "Registration": datetimes(population.registered_ms[known] // 1000 * 1000),
        "LastAccess": datetimes(changed[known] // DAY_MS * DAY_MS + 9 * HOUR_MS),
        "Name": names,
        "FirstName": [name.split()[0] for name in names],
        "LastName": [name.split()[-1] for name in names],
        "MiddleName": blank,
        "Country": countries,
        "City": blank,
        "State": blank,
        "ZipCode": blank,
        "Address": [f"{n % 90 + 1} Example Street" for n in login],
        "Phone": [f"+000000{n}" for n in login],
        "Email": [f"{n}@example.com" for n in login],
        "ID": blank,
        "ClientID": np.maximum(population.client[known] + 10_001, 0)
        * (population.client[known] >= 0),
        "Leverage": population.leverage[known],
        "Agent": np.zeros(len(known), dtype=np.int64),
        "Balance": money(stated[:, -1], digits),
        "Credit": money(days.closing_credit[known, -1], digits),
        "BalancePrevDay": money(previous, digits),
        "LeadCampaign": [
            client_id(int(c)) if c >= 0 and c % 9 == 0 else "" for c in population.client[known]
        ],
        "LeadSource": ["web" if n % 3 else "partner" for n in login],
        "LastIP": [f"192.0.2.{n % 250 + 1}" for n in login],
    }
    return in_order(columns, USERS)
