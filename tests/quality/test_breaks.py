"""`daybook breaks` lists the breaks in an order that does not depend on the build."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from quality.breaks import list_breaks
from warehouse.errors import DaybookError
from warehouse.settings import Settings

Change = Callable[..., None]


@pytest.mark.unit
def test_breaks_are_listed_by_day(settings: Settings, change: Change) -> None:
    row = (
        "INSERT INTO lake.finance.fct_breaks VALUES ('{key}', 'demo', 'mt5_live', {login}, 'a', "
        "'{day}', '2026-10-30', 'balance', 'late_deal', {amount}, 'USD', 'A deal came late.', "
        "'closed', 3, NULL, NULL)"
    )
    assert list_breaks(settings) == []
    change(
        row.format(key="B2", login=1002, day="2026-10-29", amount="1.50"),
        row.format(key="B1", login=1002, day="2026-10-28", amount="-2"),
        row.format(key="B3", login=1001, day="2026-10-29", amount="7"),
    )
    breaks = list_breaks(settings)
    assert [item.break_key for item in breaks] == ["B1", "B3", "B2"]
    assert breaks[2].amount == Decimal("1.5")


@pytest.mark.unit
def test_books_that_were_never_built(settings: Settings, change: Change) -> None:
    change("DROP TABLE lake.finance.fct_breaks")
    with pytest.raises(DaybookError, match="daybook build"):
        list_breaks(settings)
