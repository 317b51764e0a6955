"""A broker small enough to check with a pencil: raw rows as the loader leaves them.

Three business days, Monday 2026-03-02 to Wednesday 2026-03-04, on a server whose clock is New York
plus seven hours (UTC+2 in that week). One euro is 1.10, 1.20, 1.25 dollars and 160, 162, 165 yen.

login  currency  book  what happens
101    USD       B     Mon deposits 1,000.00, buys 1 lot EURUSD at 1.10000 for a commission of 5.00;
                       it closes at 1.10100: floating 100.00, accrued swap -2.00.
                       Tue sells half at 1.10200: profit 100.00, swap -1.00, commission 2.50; the
                       rest closes at 1.10300: floating 150.00, accrued swap -2.00.
                       Wed closes at 1.10050: floating 25.00, accrued swap -3.00.
102    EUR       A     Mon deposits 500.00, a trade earns 20.00 and costs 4.00 commission.
                       Tue is given 50.00 of credit. Wed withdraws 100.00.
103    JPY       B     Mon deposits 100,000. Tue a trade loses 1,234.
104    USC       B     Mon deposits 10,000 cents. Tue a trade earns 250 and costs 10 cents.
105    USD       -     A manager's account: 30,000.00 that the platform does not count.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import duckdb

from ingestion.connectors.registry import all_contracts
from ingestion.raw_tables import ensure_tables
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.writer import transaction

MON, TUE, WED = (dt.date(2026, 3, day) for day in (2, 3, 4))
UTC_OFFSET = dt.timedelta(hours=2)
_FILETIME_EPOCH = dt.datetime(1601, 1, 1)
Row = dict[str, Any]


def filetime(utc: dt.datetime) -> int:
    """A UTC instant in ticks of 100 ns since 1601."""
    return int((utc - _FILETIME_EPOCH) / dt.timedelta(microseconds=1)) * 10


def deal(number: int, login: int, day: dt.date, action: int, profit: float, **more: Any) -> Row:
    """A deal at noon of a day, never modified: its marker is the same instant in UTC."""
    noon = dt.datetime.combine(day, dt.time(12))
    row: Row = {
        "deal": number,
        "login": login,
        "time": noon,
        "time_msc": noon,
        "timestamp": filetime(noon - UTC_OFFSET),
        "action": action,
        "entry": 0,
        "reason": 0,
        "digits": 5,
        "digits_currency": 0 if login == 103 else 2,
        "contract_size": 100_000.0,
        "symbol": "EURUSD" if action <= 1 else "",
        "price": 0.0,
        "volume_ext": 0,
        "volume_closed_ext": 0,
        "profit": profit,
        "storage": 0.0,
        "commission": 0.0,
        "modify_flags": 0,
        "position_id": 0,
        "comment": "",
        "_business_date": day,
    }
    return row | more


def report(login: int, day: dt.date, previous: float, balance: float, **more: Any) -> Row:
    """The platform's report of a close; equity follows from the rest."""
    currency, group = {
        101: ("USD", "real\\B-USD"),
        102: ("EUR", "real\\A-EUR"),
        103: ("JPY", "real\\B-JPY"),
        104: ("USC", "real\\B-USC"),
        105: ("USD", "managers\\x"),
    }[login]
    midnight = dt.datetime.combine(day, dt.time()) - dt.datetime(1970, 1, 1)
    row: Row = {
        "datetime": int(midnight.total_seconds()) + 86_399,
        "login": login,
        "group": group,
        "currency": currency,
        "currency_digits": 0 if currency == "JPY" else 2,
        "balance": balance,
        "credit": 0.0,
        "balance_prev_day": previous,
        "profit": 0.0,
        "profit_storage": 0.0,
        # the platform's components are tested with the simulator: one line carries it all here
        "daily_balance": balance - previous,
        "_business_date": day,
    } | more
    floating = row["profit"] + row["profit_storage"]
    row["profit_equity"] = round(row["balance"] + row["credit"] + floating, 2)
    return row


def position(day: dt.date, lots: float, close: float, profit: float, swap: float) -> Row:
    """What login 101 holds at a close."""
    midnight = dt.datetime.combine(day, dt.time()) - dt.datetime(1970, 1, 1)
    return {
        "datetime": int(midnight.total_seconds()) + 86_399,
        "position": 1,
        "login": 101,
        "symbol": "EURUSD",
        "action": 0,
        "digits": 5,
        "digits_currency": 2,
        "contract_size": 100_000.0,
        "time_create": dt.datetime(2026, 3, 2, 12),
        "price_open": 1.1,
        "price_current": close,
        "volume_ext": int(lots * 100_000_000),
        "profit": profit,
        "storage": swap,
        "rate_profit": 1.0,
        "_business_date": day,
    }


def first_load() -> dict[str, list[Row]]:
    """Everything the broker's systems hold on Wednesday evening."""
    lot = 100_000_000
    groups = {101: "real\\B-USD", 102: "real\\A-EUR", 103: "real\\B-JPY", 104: "real\\B-USC"}
    groups[105] = "managers\\x"
    return {
        "mt5_users": [{"login": login, "group": group} for login, group in groups.items()],
        "mt5_groups": [
            {"group": group, "currency": currency, "currency_digits": digits, "margin_mode": 2}
            for group, currency, digits in (
                ("real\\B-USD", "USD", 2),
                ("real\\A-EUR", "EUR", 2),
                ("real\\B-JPY", "JPY", 0),
                ("real\\B-USC", "USC", 2),
                ("managers\\x", "USD", 2),
            )
        ],
        "mt5_symbols": [
            {
                "symbol": "EURUSD",
                "path": "Forex\\EURUSD",
                "currency_base": "EUR",
                "currency_profit": "USD",
                "digits": 5,
                "contract_size": 100_000.0,
                "calc_mode": 0,
            }
        ],
        "broker_groups": [
            {
                "server_id": "pencil",
                "group_pattern": pattern,
                "book": book,
                "legal_entity": "Pencil Ltd",
                "desk": "one",
                "is_excluded": excluded,
                "exclusion_reason": "managers" if excluded else None,
                "is_cent": False,
            }
            for pattern, book, excluded in (
                ("real\\%", "B", False),
                ("real\\A%", "A", False),
                ("managers\\%", "A", True),
            )
        ],
        "ecb_rates": [
            {"rate_date": day, "currency": currency, "rate_per_eur": rate}
            for day, dollars, yen in ((MON, "1.10", 160), (TUE, "1.20", 162), (WED, "1.25", 165))
            for currency, rate in (("USD", dollars), ("JPY", yen))
        ],
        "mt5_deals": [
            deal(1, 101, MON, 2, 1_000.0),
            deal(2, 101, MON, 0, 0.0, price=1.1, volume_ext=lot, commission=-5.0, position_id=1),
            deal(
                3, 101, TUE, 1, 100.0, entry=1, price=1.1019999999999999, price_position=1.1,
                volume_ext=lot // 2, volume_closed_ext=lot // 2, storage=-1.0, commission=-2.5,
                position_id=1, profit_raw=100.0, rate_profit=1.0,
            ),
            deal(4, 102, MON, 2, 500.0),
            deal(5, 102, MON, 1, 20.0, entry=1, volume_ext=lot, commission=-4.0),
            deal(6, 102, TUE, 3, 50.0),
            deal(7, 102, WED, 2, -100.0),
            deal(8, 103, MON, 2, 100_000.0),
            deal(9, 103, TUE, 1, -1_234.0, entry=1, volume_ext=lot),
            deal(10, 104, MON, 2, 10_000.0),
            deal(11, 104, TUE, 1, 250.0, entry=1, volume_ext=lot, commission=-10.0),
            deal(12, 105, MON, 2, 30_000.0),
        ],
        "mt5_daily": [
            report(101, MON, 0, 995.0, profit=100.0, profit_storage=-2.0),
            report(101, TUE, 995.0, 1_091.5, profit=150.0, profit_storage=-2.0),
            report(101, WED, 1_091.5, 1_091.5, profit=25.0, profit_storage=-3.0),
            report(102, MON, 0, 516.0),
            report(102, TUE, 516.0, 516.0, credit=50.0),
            report(102, WED, 516.0, 416.0, credit=50.0),
            report(103, MON, 0, 100_000.0),
            report(103, TUE, 100_000.0, 98_766.0),
            report(103, WED, 98_766.0, 98_766.0),
            report(104, MON, 0, 10_000.0),
            report(104, TUE, 10_000.0, 10_240.0),
            report(104, WED, 10_240.0, 10_240.0),
            *(report(105, day, 0, 0) for day in (MON, TUE, WED)),
        ],
        "mt5_daily_positions": [
            position(MON, 1.0, 1.101, 100.0, -2.0),
            position(TUE, 0.5, 1.103, 150.0, -2.0),
            position(WED, 0.5, 1.1005, 25.0, -3.0),
        ],
    }  # fmt: skip


@dataclass
class PencilBroker:
    """The raw rows in a lake, changed load by load as the loader would."""

    settings: Settings
    load_id: int = 0
    rows: int = 0
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = {contract.table: contract.key for contract in all_contracts()}
        # One that goes on where another left off has its server.
        if self.load_id > 0:
            return
        with connect("write", settings=self.settings) as con:
            ensure_tables(con, all_contracts(), self.settings)
            with transaction(con, "describe the server", self.settings):
                con.execute(
                    "INSERT INTO lake.meta.servers VALUES "
                    "('demo', 'pencil', 'America/New_York', 420, 1439, 'credit', 'IT', 120)"
                )

    def load(self, tables: dict[str, list[Row]], gone: tuple[int, ...] = ()) -> None:
        """Append row versions, supersede what they replace, bury the deals in ``gone``."""
        self.load_id += 1
        with (
            connect("write", settings=self.settings) as con,
            transaction(con, "load", self.settings),
        ):
            touched: list[tuple[int, dt.date]] = []
            for table, rows in tables.items():
                for row in rows:
                    self._supersede(con, table, row)
                    self._append(con, table, row)
                    if "_business_date" in row:
                        touched.append((row["login"], row["_business_date"]))
            for number in gone:
                touched.append(self._bury(con, number))
            for login, day in touched:
                con.execute(
                    "INSERT INTO lake.meta.touched_accounts VALUES (?, 'demo', 'pencil', ?, ?)",
                    [self.load_id, login, day],
                )
                con.execute(
                    "INSERT INTO lake.meta.touched_days VALUES (?, 'demo', 'pencil', ?)",
                    [self.load_id, day],
                )

    def _append(self, con: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
        self.rows += 1
        full = row | {
            "_tenant_id": "demo",
            "_source": "pencil" if table.startswith("mt5") else table.split("_", maxsplit=1)[0],
            "_row_id": self.rows,
            "_load_id": self.load_id,
            "_is_deleted": row.get("_is_deleted", False),
        }
        names = ", ".join(f'"{name}"' for name in full)
        marks = ", ".join("?" for _ in full)
        con.execute(f"INSERT INTO lake.raw.{table} ({names}) VALUES ({marks})", list(full.values()))

    def _supersede(self, con: duckdb.DuckDBPyConnection, table: str, row: Row) -> None:
        key = " AND ".join(f'held."{name}" IS NOT DISTINCT FROM ?' for name in self.keys[table])
        con.execute(
            f"INSERT INTO lake.raw.superseded SELECT held._row_id, {self.load_id} "
            f"FROM lake.raw.{table} AS held WHERE {key} AND NOT held._is_deleted "
            "AND held._row_id NOT IN (SELECT superseded_row_id FROM lake.raw.superseded)",
            [row.get(name) for name in self.keys[table]],
        )

    def _bury(self, con: duckdb.DuckDBPyConnection, number: int) -> tuple[int, dt.date]:
        cursor = con.execute("SELECT * FROM lake.raw.mt5_deals WHERE deal = ?", [number])
        names = [item[0] for item in cursor.description or []]
        row = dict(zip(names, cursor.fetchall()[-1], strict=True))
        self._supersede(con, "mt5_deals", row)
        self._append(con, "mt5_deals", row | {"_is_deleted": True})
        return int(row["login"]), row["_business_date"]
