"""Writes the MetaTrader 4 server's report database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, IntArray
from ingestion.simulator.market import SYMBOLS
from ingestion.simulator.mt4_accounts import GROUPS, SERVER_ID
from ingestion.simulator.mt4_days import Mt4World, build_mt4, reported
from ingestion.simulator.mt4_tables import CONFIG, DAILY, PRICES, TRADES, USERS, filled
from ingestion.simulator.mt4_trades import NONE, Mt4Trades
from ingestion.simulator.prices import RATE_DIGITS
from ingestion.simulator.settlement import SymbolArrays
from ingestion.simulator.world import World, stream
from ingestion.simulator.writers import write_tables

FILE = f"{SERVER_ID}.sqlite"
FIRST_TICKET = 50_000_001
COMMENT_LENGTH = 31
_ADVISER = "Breakout grid v2.14 by North Quay Robotics"


def write_mt4(world: World, out: Path) -> dict[str, int]:
    """``out/mt4_live.sqlite``; gives rows per table."""
    server = build_mt4(world)
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE
    path.unlink(missing_ok=True)
    frames = {
        TRADES: _trades(world, server),
        USERS: _users(world, server),
        DAILY: _daily(world, server),
        PRICES: _prices(world),
        CONFIG: pl.DataFrame({"CONFIG": [1], "VALUE_INT": [443], "VALUE_STR": ["mt4.invalid:443"]}),
    }
    tables = [(spec, filled(spec, frame)) for spec, frame in frames.items()]
    url = f"sqlite:///{path.resolve()}"
    write_tables(url, tables, indexes=True, by_year=False, progress=None)
    return {spec.name.lower(): len(frame) for spec, frame in tables}


def _moment(server_ms: IntArray) -> pl.Series:
    return pl.Series(server_ms).cast(pl.Datetime("ms"))


def _double(minor: IntArray, digits: IntArray) -> IntArray:
    return np.asarray(minor / 10.0**digits)


def tickets(server: Mt4World) -> tuple[IntArray, IntArray]:
    """Ticket of each trade and each cash operation, in the order they were given."""
    given = np.concatenate([server.trades.placed_ms, server.cash.server_ms])
    rank = np.empty(len(given), dtype=np.int64)
    rank[np.argsort(given, kind="stable")] = np.arange(len(given))
    ticket = FIRST_TICKET + rank * 3
    return ticket[: server.trades.size], ticket[server.trades.size :]


def _trades(world: World, server: Mt4World) -> pl.DataFrame:
    ticket, cash_ticket = tickets(server)
    parts = [
        _positions(world, server, ticket),
        _operations(server, cash_ticket),
        _orders(world, server, int(max(ticket.max(), cash_ticket.max()))),
    ]
    return pl.concat([filled(TRADES, part) for part in parts]).sort("TICKET")


def _positions(world: World, server: Mt4World, ticket: IntArray) -> pl.DataFrame:
    trades, accounts = server.trades, server.accounts
    digits = accounts.digits[trades.account]
    names = np.array([spec.symbol for spec in SYMBOLS])
    price_digits = SymbolArrays.of_market().digits[trades.symbol]
    scale = 10.0**price_digits
    rng = stream(world.seed, "mt4 comments")
    distance = rng.integers(200, 900, trades.size)
    guarded = rng.random(trades.size) < 0.7
    stop = np.where(guarded, (trades.open_points - trades.side * distance) / scale, 0.0)
    frame = {
        "TICKET": ticket, "LOGIN": accounts.login[trades.account],
        "SYMBOL": names[trades.symbol], "DIGITS": price_digits,
        "CMD": np.where(trades.side > 0, 0, 1), "VOLUME": trades.volume,
        "OPEN_TIME": _moment(trades.opened_ms), "OPEN_PRICE": trades.open_points / scale,
        "SL": np.round(stop, 5), "CLOSE_TIME": _moment(np.where(trades.is_open, 0,
                                                              trades.closed_ms)),
        "REASON": trades.reason, "CONV_RATE1": trades.rate / 10.0**RATE_DIGITS,
        "CONV_RATE2": trades.rate / 10.0**RATE_DIGITS,
        "COMMISSION": _double(trades.commission, digits), "SWAPS": _double(trades.swap, digits),
        "CLOSE_PRICE": trades.close_points / scale, "PROFIT": _double(trades.profit, digits),
        "COMMENT": _comments(trades, ticket, rng), "MARGIN_RATE": np.ones(trades.size),
        "TIMESTAMP": trades.changed_ms // 1000, "MODIFY_TIME": _moment(trades.changed_ms),
    }  # fmt: skip
    return pl.DataFrame(frame).filter(pl.Series(~trades.is_deleted))


def _comments(trades: Mt4Trades, ticket: IntArray, rng: np.random.Generator) -> pl.Series:
    """Lineage and how a trade was closed, cut to what the platform keeps."""
    draw = rng.random(trades.size)
    start = np.where(draw < 0.15, _ADVISER, np.where(draw < 0.3, "copy #6402486", ""))
    rest = ticket[np.maximum(trades.rest, 0)]
    origin = ticket[np.maximum(trades.origin, 0)]
    frame = pl.DataFrame({"start": start, "rest": rest, "origin": origin}).with_columns(
        pl.Series("goes_on", trades.rest != NONE), pl.Series("is_rest", trades.origin != NONE),
        pl.Series("is_open", trades.is_open), pl.Series("how", rng.random(trades.size)),
        pl.Series("profit", trades.profit),
    )  # fmt: skip
    end = (
        pl.when(pl.col("is_open"))
        .then(pl.lit(""))
        .when((pl.col("profit") < 0) & (pl.col("how") < 0.04))
        .then(pl.lit("so: 48.7%/512.3/1051.9"))
        .when((pl.col("profit") < 0) & (pl.col("how") < 0.4))
        .then(pl.lit("[sl]"))
        .when((pl.col("profit") > 0) & (pl.col("how") < 0.4))
        .then(pl.lit("[tp]"))
        .otherwise(pl.lit(""))
    )
    text = (
        pl.when(pl.col("goes_on"))
        .then(pl.format("to #{}", "rest"))
        .when(pl.col("is_rest"))
        .then(pl.format("from #{}", "origin") + pl.when(end.str.starts_with("[")).then(end)
              .otherwise(pl.lit("")))
        .when(end.str.starts_with("so:"))
        .then(end)
        .otherwise(pl.col("start") + end)
    )  # fmt: skip
    return frame.select(text.str.slice(0, COMMENT_LENGTH).alias("comment"))["comment"]


def _operations(server: Mt4World, ticket: IntArray) -> pl.DataFrame:
    cash, accounts = server.cash, server.accounts
    comment = [
        # The receiving side of a transfer names the sender's login and ticket.
        f"{text} {ticket[number - 1]}" if text.startswith("IT From") else text
        for number, text in enumerate(cash.comment)
    ]
    return pl.DataFrame(
        {
            "TICKET": ticket, "LOGIN": accounts.login[cash.account], "CMD": cash.command,
            "OPEN_TIME": _moment(cash.server_ms), "CLOSE_TIME": _moment(cash.server_ms),
            "PROFIT": _double(cash.amount, accounts.digits[cash.account]), "COMMENT": comment,
            "DIGITS": accounts.digits[cash.account], "REASON": np.full(len(ticket), 2),
            "TIMESTAMP": cash.server_ms // 1000, "MODIFY_TIME": _moment(cash.server_ms),
        }
    )  # fmt: skip


def _orders(world: World, server: Mt4World, last_ticket: int) -> pl.DataFrame:
    """Pending orders that were cancelled, and a few that still wait."""
    accounts, window = server.accounts, world.window
    rng = stream(world.seed, "mt4 orders")
    days = window.trading_days()
    count = max(6, accounts.size * len(days) // 5)
    account = rng.integers(0, accounts.size, count)
    symbol = accounts.draw_symbols(account, rng)
    placed = rng.choice(days, count) * DAY_MS + rng.integers(1, 60_000, count) * 1000
    placed = np.maximum(placed, accounts.registered_ms[account] // 1000 * 1000)
    waits = np.arange(count) < 3
    placed[waits] = days[-1] * DAY_MS + 20 * 3_600_000
    cancelled = np.minimum(placed + rng.integers(60, 40_000, count) * 1000, window.end_ms - 1000)
    command = rng.integers(2, 6, count)
    side = np.where(command % 2 == 0, 1, -1)
    away = np.where(command < 4, -side, side) * rng.integers(50, 400, count)
    digits = SymbolArrays.of_market().digits[symbol]
    quote = world.book.quote_points(symbol, placed, side)
    changed = np.where(waits, placed, cancelled)
    return pl.DataFrame(
        {
            "TICKET": last_ticket + 1 + np.arange(count), "LOGIN": accounts.login[account],
            "SYMBOL": np.array([spec.symbol for spec in SYMBOLS])[symbol], "DIGITS": digits,
            "CMD": command, "VOLUME": accounts.draw_volumes(account, rng),
            "OPEN_TIME": _moment(placed), "OPEN_PRICE": (quote + away) / 10.0**digits,
            "CLOSE_TIME": _moment(np.where(waits, 0, cancelled)),
            "CLOSE_PRICE": world.book.quote_points(symbol, changed, -side) / 10.0**digits,
            "COMMENT": np.where(waits, "", "cancelled"), "TIMESTAMP": changed // 1000,
            "MODIFY_TIME": _moment(changed),
        }
    )  # fmt: skip


def _users(world: World, server: Mt4World) -> pl.DataFrame:
    accounts, days = server.accounts, server.days
    digits = accounts.digits
    balance, credit = days.balance[:, -1], days.credit[:, -1]
    equity = balance + credit + days.floating[:, -1] + days.accrued[:, -1]
    changed = _moment(np.full(accounts.size, world.window.end_ms - 1000))
    number = np.arange(accounts.size)
    names = world.population.names
    return pl.DataFrame(
        {
            "LOGIN": accounts.login, "GROUP": [GROUPS[g].name for g in accounts.group],
            "ENABLE": np.ones(accounts.size, dtype=np.int64),
            "NAME": [names[n % len(names)] for n in number],
            "COUNTRY": [world.population.countries[n % len(names)] for n in number],
            "EMAIL": [f"mt4.{n + 1}@example.com" for n in number],
            "PASSWORD_PHONE": ["secret"] * accounts.size,
            "LEVERAGE": np.full(accounts.size, 100), "REGDATE": _moment(accounts.registered_ms),
            "LASTDATE": changed, "MODIFY_TIME": changed,
            "TIMESTAMP": np.full(accounts.size, world.window.end_ms // 1000 - 1),
            "BALANCE": _double(balance, digits),
            "PREVBALANCE": _double(days.balance[:, -2], digits),
            "CREDIT": _double(credit, digits), "EQUITY": _double(equity, digits),
            "MARGIN": _double(days.margin[:, -1], digits),
            "MARGIN_FREE": _double(equity - days.margin[:, -1], digits),
            "CURRENCY": [
                GROUPS[g].currency if GROUPS[g].states_currency else "" for g in accounts.group
            ],
        }
    )  # fmt: skip


def _daily(world: World, server: Mt4World) -> pl.DataFrame:
    accounts, days, trades = server.accounts, server.days, server.trades
    account, row = reported(world, accounts)
    digits = accounts.digits[account]
    end = (row + world.window.first) * DAY_MS + DAY_MS - 1000
    # A correction of the past is followed by the account's reports from that day on.
    late = int(np.argmax(trades.changed_ms - trades.closed_ms))
    is_restated = (account == trades.account[late]) & (end >= trades.closed_ms[late])
    changed = np.where(is_restated, np.maximum(end, trades.changed_ms[late]), end)
    result = days.profit + days.swap + days.commission
    floating = days.floating + days.accrued
    equity = days.balance + days.credit + floating

    def money(table: IntArray) -> IntArray:
        return _double(table[account, row], digits)

    return pl.DataFrame(
        {
            "LOGIN": accounts.login[account], "TIME": _moment(end),
            "GROUP": np.array([spec.name for spec in GROUPS])[accounts.group[account]],
            "BALANCE_PREV": money(days.balance - days.operations - result),
            "BALANCE": money(days.balance), "DEPOSIT": money(days.operations),
            "CREDIT": money(days.credit), "PROFIT_CLOSED": money(result),
            "PROFIT": money(floating), "EQUITY": money(equity), "MARGIN": money(days.margin),
            "MARGIN_FREE": money(equity - days.margin), "MODIFY_TIME": _moment(changed),
        }
    )  # fmt: skip


def _prices(world: World) -> pl.DataFrame:
    symbol = np.arange(len(SYMBOLS), dtype=np.int64)
    moment = np.full(len(SYMBOLS), world.window.end_ms - 1000, dtype=np.int64)
    digits = SymbolArrays.of_market().digits
    bid = world.book.quote_points(symbol, moment, np.full(len(SYMBOLS), -1))
    ask = world.book.quote_points(symbol, moment, np.full(len(SYMBOLS), 1))
    return pl.DataFrame(
        {
            "SYMBOL": [spec.symbol for spec in SYMBOLS], "TIME": _moment(moment),
            "BID": bid / 10.0**digits, "ASK": ask / 10.0**digits,
            "LOW": (bid - 50) / 10.0**digits, "HIGH": (bid + 50) / 10.0**digits,
            "DIGITS": digits, "SPREAD": ask - bid, "MODIFY_TIME": _moment(moment),
        }
    )  # fmt: skip
