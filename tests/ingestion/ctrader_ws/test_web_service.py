"""cTrader's web service over HTTP on loopback: windows, failures, secrets, late changes."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.ctrader_ws.answers import read_positions
from ingestion.connectors.ctrader_ws.contract import CLOSED_POSITIONS
from ingestion.connectors.ctrader_ws.web_service import BrokenAnswerError, WebService
from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.ctrader_ws.service import (
    CLOSED_HEADER,
    TOKEN,
    Service,
    account,
    closed_row,
    cut_body,
    half_a_page,
    open_row,
    status,
    without_length,
)
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.errors import SourceError
from warehouse.settings import Settings, SourceSettings

NOW = dt.datetime.now(dt.UTC).replace(tzinfo=None)


def ago(**time: float) -> str:
    """A moment before now, as the service writes it."""
    return (NOW - dt.timedelta(**time)).isoformat(timespec="milliseconds")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service with one account, two open positions and three closed parts of ten days."""
    monkeypatch.setenv("CTRADER_WS_TOKEN", TOKEN)
    registered = int((NOW - dt.timedelta(days=9)).timestamp() * 1000)
    running = Service(
        closed=[
            closed_row(1, ago(days=8)),
            closed_row(2, ago(days=3)),
            closed_row(3, ago(hours=2), symbol="AUD/USD", bookType="BOOK_A", pnl="-3.10"),
        ],
        opened=[open_row(601), open_row(602, direction="SELL")],
        accounts=[account(registrationTimestamp=registered)],
    )
    yield running
    running.close()


def web_service(service: Service, **options: Any) -> SourceSettings:
    """The source that reads it."""
    defaults = {"token_env": "CTRADER_WS_TOKEN", "attempts": 3, "backoff_milliseconds": 1}
    return SourceSettings(
        name="ctrader_web", kind="ctrader_ws", url=service.url, options=defaults | options
    )


def pass_over(home: Path, service: Service, **options: Any) -> tuple[Settings, SourceReport]:
    """One sync."""
    settings = settings_for(home, web_service(service, **options))
    return settings, sync_once(settings).sources[0]


def deal_ids(settings: Settings) -> list[int]:
    """Ids of the current closed parts."""
    table = current("ctrader_ws_closed_positions")
    return [n for (n,) in rows(settings, f"SELECT deal_id FROM {table} ORDER BY 1")]


def test_everything_is_read_in_windows_of_two_days_once(home: Path, service: Service) -> None:
    settings, first = pass_over(home, service)
    assert first.error is None
    assert first.problems == ()
    assert deal_ids(settings) == [1, 2, 3]
    assert rows(
        settings,
        "SELECT login, symbol, volume, pnl, book_type, spread_betting, _source_table, _source_row "
        f"FROM {current('ctrader_ws_closed_positions')} WHERE deal_id = 3",
    ) == [
        (3_000_001, "AUD/USD", Decimal(10_000), Decimal("-3.10"), "BOOK_A", False,
         "closedPositions", 2)
    ]  # fmt: skip
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_ws_open_positions')}") == 2
    assert rows(
        settings, f"SELECT balance, introducing_broker_1 FROM {current('ctrader_ws_traders')}"
    ) == [(101_152, "IB7")]
    assert one(settings, "SELECT last_name FROM lake.pii.ctrader_ws_traders") == "Secret"
    for table in ("ctrader_ws_symbols", "ctrader_ws_trader_groups"):
        assert one(settings, f"SELECT count(*) FROM {current(table)}") == 1
    windows = service.asked("closedPositions")
    assert len(windows) == 5
    for window in windows:
        low, high = (dt.datetime.fromisoformat(window[name]) for name in ("from", "to"))
        assert dt.timedelta(0) < high - low <= dt.timedelta(days=2)
        assert len(window["from"]) == len("2026-03-02T10:00:00.000")
    # Nothing moved: nothing is loaded.
    _, second = pass_over(home, service)
    assert (second.new, second.changed, second.deleted) == (0, 0, 0)
    # A correction, a late row, one that is gone, a position that was closed.
    service.closed = [
        closed_row(2, ago(days=3), pnl="12.35"),
        closed_row(3, ago(hours=2), symbol="AUD/USD", bookType="BOOK_A", pnl="-3.10"),
        closed_row(4, ago(days=3, minutes=5)),
        closed_row(5, ago(minutes=1), positionId="601"),
    ]
    service.closed.append(closed_row(1, ago(days=8)))
    service.opened.pop(0)
    del service.closed[1]
    _, third = pass_over(home, service)
    assert third.error is None
    assert (third.new, third.changed, third.deleted) == (2, 1, 2)
    assert deal_ids(settings) == [1, 2, 4, 5]


def test_failures_that_pass_are_asked_again_and_the_token_is_never_shown(
    home: Path, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.faults = {
        "tradergroups": [status(500), status(503)],
        "symbols": [status(429, Retry_After="1")],
        "traders": [half_a_page, cut_body],
        "closedPositions": [cut_body, half_a_page],
        "openPositions": [without_length(30), without_length(0), without_length(0)],
    }
    with caplog.at_level(logging.DEBUG):
        settings, report = pass_over(home, service)
    assert report.error is None
    assert not any(service.faults.values())
    assert deal_ids(settings) == [1, 2, 3]
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_ws_open_positions')}") == 2
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    assert "Retrying" in caplog.text or "Retry" in caplog.text
    assert "manager" not in caplog.text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(500), "answered with status 500 after 3 attempts"),
        (status(429), "answered with status 429 after 3 attempts"),
        (status(404), "answered with status 404."),
        (cut_body, "cannot be read: the answer broke off: IncompleteRead("),
        (half_a_page, "answered 3 times with what cannot be read: closedPositions: rows without"),
    ],
    ids=["500", "429", "404", "cut body", "half a page"],
)
def test_a_failure_that_lasts_is_a_clear_error_without_the_token(
    service: Service, caplog: pytest.LogCaptureFixture, fault: Any, reason: str
) -> None:
    service.faults = {"closedPositions": [fault] * 9}
    asked = WebService(service.url, TOKEN, timeout_seconds=5, attempts=3, backoff_seconds=0.001)

    def read(content: bytes) -> int:
        made = read_positions(content, "closedPositions", CLOSED_POSITIONS)
        if made.frame is None:
            raise BrokenAnswerError(made.problems[0].what)
        return made.frame.height

    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as caught:
        asked.ask("closedPositions", {"from": ago(days=4), "to": ago(days=2)}, read)
    told = caught.value.describe()
    assert reason in told
    assert f"{service.url}/v2/webserv/closedPositions" in told
    assert "manager" not in told + caplog.text
    # Three attempts, but for a status that no repetition changes.
    assert len(service.requests) == (1 if "404" in reason else 3)


def test_nothing_of_a_window_that_stays_broken_is_loaded(home: Path, service: Service) -> None:
    # The second window: the first one is whole, and waits for its load.
    whole = without_length(0)
    service.faults = {"closedPositions": [whole, whole, *[half_a_page] * 9]}
    settings, report = pass_over(home, service)
    assert report.error is not None
    assert "rows without 18 fields" in report.error
    assert deal_ids(settings) == []
    assert one(settings, "SELECT count(*) FROM lake.meta.cursors") == 0
    service.faults = {}
    _, report = pass_over(home, service)
    assert report.error is None
    assert deal_ids(settings) == [1, 2, 3]


def test_a_wrong_token_and_a_missing_one_say_what_to_do(
    home: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTRADER_WS_TOKEN", "another-secret")
    _, report = pass_over(home, service)
    assert report.error is not None
    assert "status 401" in report.error
    assert "a new manager token" in report.error
    assert "another-secret" not in report.error
    assert len(service.requests) == 1
    monkeypatch.delenv("CTRADER_WS_TOKEN")
    _, report = pass_over(home, service)
    assert report.error is not None
    assert "The environment variable CTRADER_WS_TOKEN is not set." in report.error


def test_a_service_that_is_not_there_is_told_without_the_token(
    home: Path, service: Service
) -> None:
    service.close()
    _, report = pass_over(home, service)
    assert report.error is not None
    assert "cannot be read: " in report.error
    assert "refused" in report.error
    assert "manager" not in report.error


def test_a_missing_column_stops_that_table_and_an_added_one_is_a_warning(
    home: Path, service: Service
) -> None:
    service.closed_header = CLOSED_HEADER.replace(",pnl,", ",")
    settings, report = pass_over(home, service)
    assert report.error is None
    assert [p.what for p in report.problems] == ["closedPositions has no column pnl."]
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_ws_open_positions')}") == 2
    assert len(service.asked("closedPositions")) == 1
    service.closed_header = CLOSED_HEADER.replace("login,positionId", "mood,positionId,login")
    for row in service.closed:
        row["mood"] = "fine"
    _, report = pass_over(home, service)
    assert [(p.severity, p.what) for p in report.problems] == [
        ("warning", "closedPositions has columns that are not loaded: mood.")
    ]
    # Columns are found by name: the login is the third one now.
    assert rows(
        settings, f"SELECT DISTINCT login FROM {current('ctrader_ws_closed_positions')}"
    ) == [(3_000_001,)]


def test_a_listed_login_narrows_what_is_asked_and_buries_nothing(
    home: Path, service: Service
) -> None:
    settings, _ = pass_over(home, service)
    service.opened = [open_row(603)]
    service.closed = []
    _, report = pass_over(home, service, login=3_000_001)
    assert (report.new, report.deleted) == (1, 0)
    assert service.asked("openPositions")[-1]["login"] == "3000001"
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_ws_open_positions')}") == 3
