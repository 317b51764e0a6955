"""The Finance page explains one line of the P&L, and tells that a day shown was restated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.browser.reading import Screen, number
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.writer import transaction

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_RESTATED = """
INSERT INTO lake.meta.restatements BY NAME
SELECT
    tenant_id, server_id, business_date, 2 AS version,
    TIMESTAMP '2026-11-02 09:00:00' AS restated_at,
    'finance.fct_daily_pnl' AS mart_name, account_key || '/' || symbol AS row_key, account_key,
    'total_reporting' AS column_name, 'USD' AS currency, 'changed' AS row_change,
    total_reporting - 12.5 AS old_value, total_reporting AS new_value, 12.5 AS difference,
    'late_deal' AS causes, 'late deal 1' AS cause_details, '7' AS load_ids,
    'demo-1-2026-10-v1' AS statements, '' AS filings, 1 AS old_snapshot_id, 2 AS new_snapshot_id
FROM lake.finance.fct_daily_pnl
WHERE business_date = $1
LIMIT 1
"""


# What the largest line may be made of, by its server.
_SOURCES = {
    "mt5_live": ("mt5", {"raw.mt5_deals", "raw.mt5_daily_positions"}),
    "mt4_live": ("mt4", {"raw.mt4_trades", "raw.mt4_daily"}),
    "ctrader_live": ("ctrader", {"raw.ctrader_deals", "raw.ctrader_cash_flows"}),
}


@pytest.fixture
def restated_day(books: Settings, closed_days: tuple[dt.date, dt.date]) -> Iterator[dt.date]:
    """A closed day of which the register says that one figure moved."""
    with connect("write", settings=books) as con, transaction(con, "a restatement", books):
        con.execute(_RESTATED, [closed_days[1]])
    yield closed_days[1]
    with connect("write", settings=books) as con, transaction(con, "as it was", books):
        con.execute("DELETE FROM lake.meta.restatements")


def test_a_line_is_explained_and_a_restated_day_is_told(
    screen: Screen, books: Settings, restated_day: dt.date
) -> None:
    screen.open()
    assert any("1 of these days were restated" in notice for notice in screen.notices())
    told = screen.rows(screen.table_with("Papers made from the old figures"))[0]
    assert told[0] == str(restated_day)
    assert told[2:4] == ["2", "new"]
    assert number(told[5]) == Decimal("12.5")
    assert told[7:9] == ["late deal", "demo-1-2026-10-v1"]

    screen.select_row("table-day-", 0)
    with connect("read", settings=books) as con:
        row = con.execute(
            "SELECT account_key, symbol, total_reporting FROM lake.finance.fct_daily_pnl "
            "WHERE business_date = $1 ORDER BY abs(total_reporting) DESC, account_key LIMIT 1",
            [restated_day],
        ).fetchone()
    assert row is not None
    account, symbol, total = row
    assert f"{account}/{restated_day}/{symbol}" in screen.page.content()
    said = next(notice for notice in screen.notices() if notice.startswith("Sum of "))
    found = re.match(r"Sum of ([\d,]+) rows? = (-?[\d,.]+) USD", said)
    assert found is not None
    assert number(found.group(2)) == total
    parts = screen.rows(screen.table_with("Source key"))
    assert len(parts) >= int(number(found.group(1)))
    server = account.split("/")[1]
    kind, tables = _SOURCES[server]
    assert {part[4] for part in parts} <= tables
    assert {part[3] for part in parts} == {f"{server} ({kind})"}

    screen.page.get_by_text("Line of the broker's P&L", exact=True).click()
    screen.settle()
    with connect("read", settings=books) as con:
        [(largest,)] = con.execute(
            "SELECT max(abs(amount_reporting)) FROM lake.finance.fct_broker_pnl "
            "WHERE tenant_id = 'demo' AND business_date = $1",
            [restated_day],
        ).fetchall()
    said = next(notice for notice in screen.notices() if notice.startswith("Sum of "))
    found = re.match(r"Sum of ([\d,]+) rows? = (-?[\d,.]+) USD", said)
    assert found is not None
    assert abs(number(found.group(2))) == largest
