"""The same cTrader server as the broker's web service shows it: CSV positions, JSON accounts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingestion.simulator.clock import IntArray, to_utc_ms
from ingestion.simulator.crm import write_csv
from ingestion.simulator.ctrader_messages import OFFERED, used_margin
from ingestion.simulator.ctrader_world import (
    BROKER,
    FIRST_DEAL,
    FIRST_POSITION,
    CtraderWorld,
    build_ctrader,
)
from ingestion.simulator.market import GROUPS, SYMBOLS
from ingestion.simulator.prices import RATE_DIGITS
from ingestion.simulator.world import World

_CLOSED = (
    "login", "positionId", "dealId", "openTimestamp", "closeTimestamp", "entryPrice", "closePrice",
    "direction", "volume", "symbol", "commission", "swap", "pnl", "depositConversionRate",
    "usdConversionRate", "bookType", "stake", "spreadBetting",
)  # fmt: skip
_OPEN = (
    "login", "positionId", "openTimestamp", "entryPrice", "direction", "volume", "symbol",
    "commission", "swap", "bookType", "stake", "spreadBetting", "usedMargin",
)  # fmt: skip
_DIGITS = np.array([spec.digits for spec in SYMBOLS], dtype=np.int64)
_NAMES = np.array([spec.symbol for spec in SYMBOLS])
_CONTRACT_CENTS = np.array([round(spec.contract_size * 100) for spec in SYMBOLS], dtype=np.int64)


def write_ctrader_web(world: World, folder: Path) -> dict[str, int]:
    """closedPositions by month, openPositions, traders, groups, symbols; gives rows per answer."""
    server = build_ctrader(world)
    folder.mkdir(parents=True, exist_ok=True)
    months: dict[str, list[Sequence[object]]] = defaultdict(list)
    for row in _closed(server):
        months[str(row[4])[:7]].append(row)
    for month, rows in months.items():
        write_csv(folder / f"closedPositions_{month}.csv", _CLOSED, rows)
    opened = _opened(server)
    write_csv(folder / "openPositions.csv", _OPEN, opened)
    answers = {
        "traders": {"trader": _traders(server)},
        "tradergroups": {
            "traderGroup": [{"id": n, "name": g.group} for n, g in enumerate(GROUPS, start=1)]
        },
        "symbols": {
            "symbol": [
                {"id": n + 1, "name": SYMBOLS[n].symbol, "description": SYMBOLS[n].description,
                 "assetClass": SYMBOLS[n].path.split("\\")[0], "category": "all",
                 "quotesEnabled": True, "showInCtrader": True}
                for n in OFFERED
            ]
        },
    }  # fmt: skip
    for name, answer in answers.items():
        (folder / f"{name}.json").write_text(json.dumps(answer) + "\n", encoding="utf-8")
    return {
        "ctrader_ws_closed_positions": sum(map(len, months.values())),
        "ctrader_ws_open_positions": len(opened),
        "ctrader_ws_traders": server.population.size,
    }


def _closed(server: CtraderWorld) -> list[Sequence[object]]:
    deals, population = server.deals, server.population
    closing = np.flatnonzero(deals.is_closing)
    account, symbol = deals.account[closing], deals.symbol[closing]
    price, money = _DIGITS[symbol].tolist(), population.currency_digits[account].tolist()

    def scaled(values: IntArray, digits: list[int]) -> list[str]:
        return [_scaled(v, d) for v, d in zip(values[closing].tolist(), digits, strict=True)]

    columns = (
        population.login[account].tolist(),
        (FIRST_POSITION + deals.position[closing]).tolist(),
        (FIRST_DEAL + closing).tolist(),
        _texts(deals.opened_at[closing]),
        _texts(deals.at[closing]),
        scaled(deals.entry_price, price),
        scaled(deals.price, price),
        # A sell closes what was bought.
        np.where(deals.buys[closing], "SELL", "BUY").tolist(),
        _units(symbol, deals.closed[closing]),
        _NAMES[symbol].tolist(),
        scaled(deals.close_commission, money),
        scaled(deals.swap, money),
        scaled(deals.gross_profit, money),
        scaled(deals.rate, [RATE_DIGITS] * len(closing)),
        [""] * len(closing),
        _books(server, account),
        ["0.00"] * len(closing),
        ["false"] * len(closing),
    )
    return list(zip(*columns, strict=True))


def _opened(server: CtraderWorld) -> list[Sequence[object]]:
    held, population = server.held, server.population
    count = len(held.position)
    money = population.currency_digits[held.account].tolist()

    def scaled(values: IntArray, digits: list[int]) -> list[str]:
        return [_scaled(v, d) for v, d in zip(values.tolist(), digits, strict=True)]

    columns = (
        population.login[held.account].tolist(),
        (FIRST_POSITION + held.position).tolist(),
        _texts(to_utc_ms(held.opened_ms)),
        scaled(held.price_open, _DIGITS[held.symbol].tolist()),
        np.where(held.volume > 0, "BUY", "SELL").tolist(),
        _units(held.symbol, np.abs(held.volume)),
        _NAMES[held.symbol].tolist(),
        ["0.00"] * count,
        scaled(held.storage, money),
        _books(server, held.account),
        ["0.00"] * count,
        ["false"] * count,
        scaled(used_margin(server), money),
    )
    return list(zip(*columns, strict=True))


def _scaled(value: int, digits: int) -> str:
    """A whole number of 10^-digits as the decimal it stands for."""
    if not digits:
        return str(value)
    whole, rest = divmod(abs(value), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def _units(symbol: IntArray, hundredths: IntArray) -> list[str]:
    """Volumes of hundredths of a lot in units, with the two decimals the service writes."""
    cents = hundredths * _CONTRACT_CENTS[symbol] // 100
    return [_scaled(value, 2) for value in cents.tolist()]


def _books(server: CtraderWorld, account: IntArray) -> list[str]:
    books = np.array([f"BOOK_{spec.book}" for spec in GROUPS])
    return [str(book) for book in books[server.population.group[account]]]


def _texts(utc_ms: IntArray) -> list[str]:
    """yyyy-MM-ddTHH:mm:ss.SSS, UTC without saying so."""
    return [str(text) for text in np.datetime_as_string(utc_ms.astype("datetime64[ms]"))]


def _traders(server: CtraderWorld) -> list[dict[str, object]]:
    population = server.population
    registered = to_utc_ms(population.registered_ms)
    return [
        {
            "login": int(population.login[n]), "groupName": GROUPS[population.group[n]].group,
            "depositCurrency": population.currency[n], "accessRights": "FULL_ACCESS",
            "brokerName": BROKER, "balance": int(server.balance[n]), "bonus": 0,
            "nonWithdrawableBonus": int(server.bonus[n]),
            "moneyDigits": int(population.currency_digits[n]),
            "leverageInCents": int(population.leverage[n]) * 100,
            "accountType": "NETTED" if GROUPS[population.group[n]].netting else "HEDGED",
            "swapFree": False, "introducingBroker": False,
            "registrationTimestamp": int(registered[n]), "lastUpdateTimestamp": int(registered[n]),
            "name": f"Name {n}", "lastName": f"Surname {n}",
            "contactDetails": {"phone": f"+000{n}", "introducingBroker1": "IB-1"},
        }
        for n in range(population.size)
    ]  # fmt: skip
