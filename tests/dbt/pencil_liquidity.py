"""A hedged broker small enough to check with a pencil, on the server of the pencil broker.

One euro is 1.10 dollars and 160 yen on Monday, 1.20 and 162 on Tuesday, 1.25 and 165 on Wednesday.
Every deal is at noon on the server, 10:00 UTC. Closing quotes, in the middle: EURUSD 1.10100,
1.10200, 1.10250; USDJPY 150.500, 151.000, 151.000; XAUUSD 2010.00, 2005.00, 2000.00.

login  book  Monday                                      hedged by
201    A     11 buys 1 lot EURUSD at 1.10010             F1 60,000 at 1.10000, F2 40,000 at 1.10002
201    A     12 sells 1 lot USDJPY at 150.000            F3 all of it at 150.010
201    A     13 buys 2 lots (200 oz) XAUUSD at 2000.00   F4 100 oz at 1999.90
201    A     14 sells 1 lot EURUSD at 1.10050            F5 200,000 at 1.10060: twice over
201    A     15 buys 0.3 lots EURUSD at 1.10030          F6 30,000 at 1.10020, with no reference
202    C     16 buys 1 lot EURUSD at 1.10020             F7 40,000 at 1.10010
-      -     -                                           F8 buys 7,000 at 1.10000, nobody's
203    B     a euro account buys 1 lot EURUSD at 1.10000: 90.00 at Monday's close, 255.00 at
             Tuesday's; on Tuesday it earns 42.50 with another position within the day.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.dbt.pencil_broker import MON, TUE, WED, Row, deal

UTC_NOON = dt.datetime.combine(MON, dt.time(10))
GROUPS = {201: "real\\A-USD", 202: "real\\C-USD", 203: "real\\B-EUR"}
SYMBOLS = {
    "EURUSD": ("EUR", "USD", 5, 100_000.0),
    "USDJPY": ("USD", "JPY", 3, 100_000.0),
    "XAUUSD": ("XAU", "USD", 2, 100.0),
}
CLOSES = {
    "EURUSD": (1.101, 1.102, 1.1025),
    "USDJPY": (150.5, 151.0, 151.0),
    "XAUUSD": (2010.0, 2005.0, 2000.0),
}


def trade(number: int, login: int, side: str, lots: float, symbol: str, price: float) -> Row:
    """An opening deal on Monday."""
    _, _, digits, size = SYMBOLS[symbol]
    return deal(
        number, login, MON, 0 if side == "buy" else 1, 0.0, symbol=symbol, price=price,
        digits=digits, contract_size=size, volume_ext=int(lots * 100_000_000), position_id=number,
    )  # fmt: skip


def fill(
    name: str, side: str, units: float, symbol: str, price: float, deal: int | None, **more: Any
) -> Row:
    """What the provider did, a twentieth of a second after the deal."""
    row: Row = {
        "session": "",
        "fill_id": name,
        "kind": "trade",
        "ref_fill_id": "",
        "executed_on": MON,
        "executed_at": UTC_NOON + dt.timedelta(milliseconds=50),
        "time_zone": "UTC",
        "client_order_id": None if deal is None else f"D{deal}",
        "account": "HL",
        "symbol": symbol,
        "side": side,
        "quantity": units,
        "volume_unit": "units",
        "units_per_lot": SYMBOLS["XAUUSD" if symbol.startswith("XAU") else "EURUSD"][3],
        "price": price,
        "commission": None,
        "commission_currency": None,
        "format": "csv",
    }
    return row | more


def quote(symbol: str, at: dt.datetime, bid: float, ask: float, kind: str) -> Row:
    """A quote in UTC; a closing one states the server's time."""
    shift = dt.timedelta(hours=2 if kind == "closing" else 0)
    return {
        "symbol": symbol, "quote_kind": kind, "quoted_at": at, "quoted_zone": "UTC",
        "quoted_at_utc": at - shift, "bid": bid, "ask": ask,
    }  # fmt: skip


def closing_quotes() -> list[Row]:
    """A spread of two tenths of a thousandth around each close."""
    return [
        quote(
            symbol,
            dt.datetime.combine(day, dt.time(23, 59, 59)),
            round(mid * 0.9999, 5),
            round(2 * mid - round(mid * 0.9999, 5), 5),
            "closing",
        )
        for symbol, mids in CLOSES.items()
        for day, mid in zip((MON, TUE, WED), mids, strict=True)
    ]


def minute_quotes() -> list[Row]:
    """Around the deals, where anybody quoted: at 0, 1 and 60 seconds."""
    return [
        quote("EURUSD", UTC_NOON + dt.timedelta(seconds=after), bid, ask, "minute")
        for after, bid, ask in ((0, 1.09995, 1.10005), (1, 1.10005, 1.10015), (60, 1.1004, 1.1006))
    ]


def report(login: int, day: dt.date, balance: float, previous: float, profit: float = 0) -> Row:
    """The platform's close of an account."""
    midnight = dt.datetime.combine(day, dt.time()) - dt.datetime(1970, 1, 1)
    return {
        "datetime": int(midnight.total_seconds()) + 86_399, "login": login,
        "group": GROUPS[login], "currency": "EUR" if login == 203 else "USD",
        "currency_digits": 2, "balance": balance, "credit": 0.0, "balance_prev_day": previous,
        "profit": profit, "profit_storage": 0.0, "daily_balance": balance - previous,
        "profit_equity": round(balance + profit, 2), "_business_date": day,
    }  # fmt: skip


def held(day: dt.date, close: float, profit: float, rate: float) -> Row:
    """Login 203's position at a close."""
    midnight = dt.datetime.combine(day, dt.time()) - dt.datetime(1970, 1, 1)
    return {
        "datetime": int(midnight.total_seconds()) + 86_399, "position": 31, "login": 203,
        "symbol": "EURUSD", "action": 0, "digits": 5, "digits_currency": 2,
        "contract_size": 100_000.0, "time_create": dt.datetime(2026, 3, 2, 12),
        "price_open": 1.1, "price_current": close, "volume_ext": 100_000_000, "profit": profit,
        "storage": 0.0, "rate_profit": rate, "_business_date": day,
    }  # fmt: skip


def line(name: str, day: dt.date, kind: str, amount: float, currency: str = "USD") -> Row:
    """A line of the provider's statement."""
    return {
        "account": "HL", "line_id": name, "booked_on": day, "line_type": kind, "symbol": "EUR/USD",
        "amount": amount, "currency": currency, "reference": "", "description": "",
    }  # fmt: skip


def first_load() -> dict[str, list[Row]]:
    """Everything the broker's systems hold on Wednesday evening."""
    return {
        "mt5_users": [{"login": login, "group": group} for login, group in GROUPS.items()],
        "mt5_groups": [
            {"group": group, "currency": "EUR" if group.endswith("EUR") else "USD",
             "currency_digits": 2, "margin_mode": 2}
            for group in GROUPS.values()
        ],
        "mt5_symbols": [
            {"symbol": symbol, "path": f"All\\{symbol}", "currency_base": base,
             "currency_profit": profit, "digits": digits, "contract_size": size, "calc_mode": 0}
            for symbol, (base, profit, digits, size) in SYMBOLS.items()
        ],
        "broker_groups": [
            {"server_id": "pencil", "group_pattern": f"real\\{book}%", "book": book,
             "legal_entity": "Pencil Ltd", "desk": "one", "is_excluded": False,
             "exclusion_reason": None, "is_cent": False}
            for book in ("A", "B", "C")
        ],
        "ecb_rates": [
            {"rate_date": day, "currency": currency, "rate_per_eur": rate}
            for day, dollars, yen in ((MON, "1.10", 160), (TUE, "1.20", 162), (WED, "1.25", 165))
            for currency, rate in (("USD", dollars), ("JPY", yen))
        ],
        "mt5_deals": [
            trade(11, 201, "buy", 1, "EURUSD", 1.1001),
            trade(12, 201, "sell", 1, "USDJPY", 150.0),
            trade(13, 201, "buy", 2, "XAUUSD", 2000.0),
            trade(14, 201, "sell", 1, "EURUSD", 1.1005),
            trade(15, 201, "buy", 0.3, "EURUSD", 1.1003),
            trade(16, 202, "buy", 1, "EURUSD", 1.1002),
            trade(31, 203, "buy", 1, "EURUSD", 1.1),
            deal(32, 203, TUE, 1, 0.0, price=1.104, volume_ext=100_000_000, position_id=32),
            deal(
                33, 203, TUE, 0, 42.5, entry=1, price=1.1035, price_position=1.104,
                volume_ext=100_000_000, volume_closed_ext=100_000_000, position_id=32,
                profit_raw=50.0, rate_profit=0.85,
            ),
        ],
        "mt5_daily": [
            *(report(login, day, 0, 0) for login in (201, 202) for day in (MON, TUE, WED)),
            report(203, MON, 0, 0, 90.0),
            report(203, TUE, 42.5, 0, 255.0),
            report(203, WED, 42.5, 42.5, 255.0),
        ],
        "mt5_daily_positions": [
            held(MON, 1.101, 90.0, 0.9),
            held(TUE, 1.103, 255.0, 0.85),
            held(WED, 1.103, 255.0, 0.85),
        ],
        "reference_quotes": [*closing_quotes(), *minute_quotes()],
        "lp_fills": [
            fill("F1", "buy", 60_000, "EUR/USD", 1.1, 11),
            fill("F2", "buy", 40_000, "EUR/USD", 1.10002, 11),
            fill("F3", "sell", 100_000, "USD/JPY", 150.01, 12,
                 commission=-500.0, commission_currency="JPY"),
            fill("F4", "buy", 100, "XAU/USD", 1999.9, 13),
            fill("F5", "sell", 200_000, "EUR/USD", 1.1006, 14),
            fill("F6", "buy", 30_000, "EUR/USD", 1.1002, None),
            fill("F7", "buy", 40_000, "EUR/USD", 1.1001, 16),
            fill("F8", "buy", 7_000, "EUR/USD", 1.1, None),
        ],
        "lp_statement_lines": [
            line("1", MON, "deposit", 1_000.0),
            line("2", MON, "swap", -2.5),
            line("3", MON, "commission", -500.0, "JPY"),
            line("4", TUE, "trade_pnl", 10.0),
        ],
        "lp_balances": [
            {"account": "HL", "balance_date": day, "currency": currency,
             "opening_balance": opening, "closing_balance": closing}
            for day, currency, opening, closing in (
                (MON, "USD", 0.0, 997.5),
                (MON, "JPY", 0.0, -500.0),
                # A dollar is gone that no line tells of.
                (TUE, "USD", 997.5, 1_006.5),
            )
        ],
    }  # fmt: skip
