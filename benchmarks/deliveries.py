"""A platform's database cut into what it held before a day and what each new day brings."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

# Tables that grow; the others are states, read whole at any time.
GROWING = ("mt5_deals", "mt5_orders_history", "mt5_daily", "mt5_daily_positions")
# The server's day ends at 17:00 in New York; its reports follow within minutes.
_CLOSE = dt.time(17, 5)
_NEW_YORK = ZoneInfo("America/New_York")
_FILETIME_EPOCH = 116_444_736_000_000_000


def filetime_after_close(day: dt.date) -> int:
    """The platform's Timestamp (FILETIME, UTC) by which everything of that day is written."""
    moment = dt.datetime.combine(day, _CLOSE, _NEW_YORK)
    return _FILETIME_EPOCH + int(moment.timestamp()) * 10_000_000


def withhold(database: Path, later: Path, days: Sequence[dt.date]) -> None:
    """Move what the days bring out of the database, into another."""
    first = filetime_after_close(days[0] - dt.timedelta(days=1))
    with closing(sqlite3.connect(database, isolation_level=None)) as con:
        con.execute("ATTACH ? AS later", [str(later)])
        con.execute("BEGIN")
        for table in GROWING:
            con.execute(
                f"CREATE TABLE later.{table} AS SELECT * FROM main.{table} WHERE Timestamp >= ?",
                [first],
            )
            con.execute(f"DELETE FROM main.{table} WHERE Timestamp >= ?", [first])
        con.execute("COMMIT")


def deliver(database: Path, later: Path, day: dt.date, *, last: bool) -> int:
    """Put back what one day brings; the last day brings all that is left. Gives its deals."""
    low = filetime_after_close(day - dt.timedelta(days=1))
    high = 2**63 - 1 if last else filetime_after_close(day)
    deals = 0
    with closing(sqlite3.connect(database, isolation_level=None)) as con:
        con.execute("ATTACH ? AS later", [str(later)])
        con.execute("BEGIN")
        for table in GROWING:
            moved = con.execute(
                f"INSERT INTO main.{table} SELECT * FROM later.{table} "
                "WHERE Timestamp >= ? AND Timestamp < ?",
                [low, high],
            )
            if table == "mt5_deals":
                deals = moved.rowcount
        con.execute("COMMIT")
    return deals
