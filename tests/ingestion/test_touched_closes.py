"""A trade or a quote that comes late touches every close it counts at, and a usual one no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.ingestion.exports import Export, settings_for
from tests.ingestion.lake import one, rows
from tests.ingestion.mt4_exports import USERS, add, at, fill, mt4, opened, trade, user
from warehouse.settings import Settings, SourceSettings


def day(number: int) -> str:
    """Noon of a day of October 2026 on the server."""
    return f"2026-10-{number:02d} 12:00:00"


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Three positions open since the 20th, and a trade of the 28th."""
    export = Export(f"sqlite:///{tmp_path / 'mt4.sqlite'}")
    fill(
        export,
        trade(1),
        *(opened(number, OPEN_TIME=day(20), MODIFY_TIME=day(20)) for number in (50, 51, 52)),
    )
    export.create("MT4_USERS", USERS, [user()])
    return export


@pytest.fixture
def loaded(home: Path, export: Export) -> Settings:
    """An installation that holds them."""
    settings = settings_for(home, mt4(export.url))
    assert sync_once(settings).sources[0].error is None
    return settings


def touched(settings: Settings) -> list[int]:
    """The days of October that the next pass touches."""
    before = one(settings, "SELECT max(load_id) FROM lake.meta.touched_days")
    for source in sync_once(settings).sources:
        assert source.error is None
    return [
        number
        for (number,) in rows(
            settings,
            "SELECT DISTINCT day(business_date) FROM lake.meta.touched_days "
            f"WHERE load_id > {before} ORDER BY 1",
        )
    ]


def test_a_closing_touches_its_own_days_only(loaded: Settings, export: Export) -> None:
    ticket = export.quote("TICKET")
    export.update("MT4_TRADES", f"{ticket} = 50", CLOSE_TIME=at(160), MODIFY_TIME=at(160))
    assert touched(loaded) == [20, 28]


def test_a_split_is_none_of_the_past(loaded: Settings, export: Export) -> None:
    ticket = export.quote("TICKET")
    export.update("MT4_TRADES", f"{ticket} = 50", CLOSE_TIME=at(160), VOLUME=4,
                  COMMENT="to #60", MODIFY_TIME=at(160))  # fmt: skip
    add(export, opened(60, OPEN_TIME=day(20), VOLUME=6, COMMENT="from #50", MODIFY_TIME=at(160)))
    assert touched(loaded) == [20, 28]


def test_a_closing_that_comes_late_touches_the_closes_since(
    loaded: Settings, export: Export
) -> None:
    ticket = export.quote("TICKET")
    export.update("MT4_TRADES", f"{ticket} = 51", CLOSE_TIME=day(26), MODIFY_TIME=at(160))
    assert touched(loaded) == [20, 26, 27, 28]


def test_a_ticket_that_comes_goes_or_is_edited_late_touches_its_life(
    loaded: Settings, export: Export
) -> None:
    ticket = export.quote("TICKET")
    add(export, trade(2, OPEN_TIME=day(22), CLOSE_TIME=day(25), MODIFY_TIME=at(170)))
    assert touched(loaded) == [22, 23, 24, 25]
    export.update("MT4_TRADES", f"{ticket} = 2", VOLUME=20, MODIFY_TIME=at(171))
    assert touched(loaded) == [22, 23, 24, 25]
    export.delete("MT4_TRADES", f"{ticket} = 2")
    assert touched(loaded) == [22, 23, 24, 25]
    export.delete("MT4_TRADES", f"{ticket} = 52")
    assert touched(loaded) == list(range(20, 29))


def test_a_closing_quote_touches_the_closes_it_values(
    home: Path, export: Export, tmp_path: Path
) -> None:
    folder = tmp_path / "reference"
    folder.mkdir()
    quotes = SourceSettings(
        name="reference", kind="reference", path=folder,
        options={"quotes": {"zone": "server"}},
    )  # fmt: skip
    settings = settings_for(home, mt4(export.url), quotes)
    assert all(source.error is None for source in sync_once(settings).sources)
    # Nothing happened on the 27th, but the account was open; the 20th is too far away.
    (folder / "closing.csv").write_text(
        "symbol,time,bid,ask\nEURUSD,2026-10-27 23:59:59,1.10000,1.10012\n", "utf-8"
    )
    assert touched(settings) == [27, 28]
