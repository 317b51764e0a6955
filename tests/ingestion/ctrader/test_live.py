"""The Open API itself, over TLS on loopback: paging, faults, cursors, late changes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from ingestion.connectors.context import PassContext
from ingestion.connectors.ctrader import connection
from ingestion.connectors.ctrader.connector import sync
from ingestion.reports import SourceReport
from ingestion.source_state import read_state
from ingestion.sync import sync_once
from tests.ingestion.ctrader.broker import (
    ACCOUNT,
    DAY,
    HOUR,
    LOGIN,
    cash,
    closing,
    deal,
    position,
    trader,
)
from tests.ingestion.ctrader.server import (
    CLIENT,
    SECRET,
    TOKEN,
    WEEK_MS,
    Account,
    Server,
    end_account,
    end_session,
    half_a_frame,
    hang_up,
    on,
    refuse,
    say_nothing,
)
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.connection import connect
from warehouse.errors import SettingsError, SourceError
from warehouse.settings import Settings, SourceSettings

DEAL_LIST, TRADER = "PROTO_OA_DEAL_LIST_REQ", "PROTO_OA_TRADER_REQ"
CASH_FLOW = "PROTO_OA_CASH_FLOW_HISTORY_LIST_REQ"
NOW = int(time.time() * 1000)
RECENT = NOW - 20 * DAY


def moved(message: Any, at: int, name: str) -> Any:
    """A message at another time."""
    setattr(message, name, at)
    return message


def at(number: int, made: Any) -> Any:
    """A deal or cash flow so many hours after RECENT."""
    name = "executionTimestamp" if hasattr(made, "executionTimestamp") else "changeBalanceTimestamp"
    return moved(made, RECENT + number * HOUR, name)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with one account of four deals and a deposit, 20 days old."""
    for name, value in (("CT_ID", CLIENT), ("CT_SECRET", SECRET), ("CT_TOKEN", TOKEN)):
        monkeypatch.setenv(name, value)
    running = Server(tmp_path)
    account = running.accounts[ACCOUNT]
    account.trader = trader(balanceVersion=3, registrationTimestamp=RECENT)
    account.flows = [at(0, cash(0, 1))]
    account.deals = [
        at(1, deal(1)),
        at(30, closing(2, 2)),
        at(31, deal(3, dealStatus=4)),
        at(400, closing(4, 3)),
    ]
    account.positions = [position(1)]
    yield running
    running.close()


def live(server: Server, **options: Any) -> SourceSettings:
    """The source that reads it, as fast as it can."""
    defaults = {
        "client_id_env": "CT_ID",
        "client_secret_env": "CT_SECRET",
        "access_token_env": "CT_TOKEN",
        "ca_file": str(server.ca_file),
        "requests_per_second": 100_000,
        "history_requests_per_second": 100_000,
        "attempts": 3,
        "backoff_milliseconds": 1,
        "timeout_seconds": 2,
    }
    return SourceSettings(
        name="ctrader_live",
        kind="ctrader",
        url=f"tls://127.0.0.1:{server.port}",
        options=defaults | options,
    )


def pass_over(home: Path, server: Server, **options: Any) -> tuple[Settings, SourceReport]:
    """One sync."""
    settings = settings_for(home, live(server, **options))
    return settings, sync_once(settings).sources[0]


def deal_ids(settings: Settings) -> list[int]:
    """Ids of the current deals."""
    return [
        n for (n,) in rows(settings, f"SELECT deal_id FROM {current('ctrader_deals')} ORDER BY 1")
    ]


def test_everything_is_read_in_windows_once_and_again_without_loads(
    home: Path, server: Server
) -> None:
    settings, first = pass_over(home, server)
    assert first.error is None
    assert first.problems == ()
    assert deal_ids(settings) == [1, 2, 3, 4]
    assert rows(settings, f"SELECT trader_login FROM {current('ctrader_traders')}") == [(LOGIN,)]
    assert rows(
        settings,
        f"SELECT symbol_name FROM {current('ctrader_symbol_names')} ORDER BY symbol_id",
    ) == [("EURUSD",), ("GONE",)]
    windows = server.asked(CASH_FLOW)
    assert [w.fromTimestamp for w in windows] == [RECENT + n * WEEK_MS for n in range(3)]
    assert all(w.toTimestamp - w.fromTimestamp <= WEEK_MS for w in windows)
    # The whole history of 20 days was one load of each kind, its cursor with it.
    assert one(settings, "SELECT count(*) FROM lake.meta.loads WHERE table_name LIKE '%deals'") == 1
    cursor = one(
        settings,
        "SELECT cursor_value FROM lake.meta.cursors "
        f"WHERE physical_table = 'ctrader_deals/{ACCOUNT}'",
    )
    assert cursor == windows[-1].toTimestamp
    _, second = pass_over(home, server)
    assert (second.new, second.changed, second.deleted) == (0, 0, 0)
    # A sweep reads a week again, not the whole history.
    again = server.asked(CASH_FLOW)[3:]
    assert again[0].fromTimestamp == cursor - 7 * DAY


def test_a_cut_deal_list_is_halved_until_every_deal_is_there(home: Path, server: Server) -> None:
    account = server.accounts[ACCOUNT]
    account.deals = [at(n // 4, deal(n)) for n in range(1, 41)]
    account.trader.balanceVersion = 1
    server.rows_at_most = 5
    settings, report = pass_over(home, server)
    assert report.error is None
    assert deal_ids(settings) == list(range(1, 41))
    server.rows_at_most = 2
    _, report = pass_over(home, server, reread_days=21)
    assert report.error is not None
    assert "has more than 1000 deals in one millisecond" in report.error


def test_late_changes_and_vanished_deals_and_positions_are_seen_by_a_sweep(
    home: Path, server: Server
) -> None:
    account = server.accounts[ACCOUNT]
    account.deals = [moved(d, NOW - (5 - n) * DAY, "executionTimestamp")
                     for n, d in enumerate(account.deals)]  # fmt: skip
    settings, _ = pass_over(home, server)
    account.deals[1].closePositionDetail.grossProfit = 1235
    account.deals[1].utcLastUpdateTimestamp = NOW
    del account.deals[2]
    account.positions = []
    _, report = pass_over(home, server)
    assert (report.changed, report.deleted) == (1, 2)
    assert deal_ids(settings) == [1, 2, 4]
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_open_positions')}") == 0
    assert one(settings, "SELECT count(*) FROM lake.raw.ctrader_deals WHERE deal_id = 2") == 2


def test_a_poll_asks_for_history_only_when_an_account_moved(home: Path, server: Server) -> None:
    settings = settings_for(home, live(server))
    memory: dict[str, object] = {}

    def poll(*, sweep: bool = False) -> PassContext:
        con = connect("write", settings=settings)
        try:
            [source] = settings.sources
            state = read_state(con, source.tenant, source.name)
            context = PassContext(con, settings, source, sweep=sweep, memory=memory, state=state)
            sync(context)
            return context
        finally:
            con.close()

    poll(sweep=True)
    history, authorised = len(server.asked(DEAL_LIST)), server.connections
    assert all(result.load_id is None for result in poll().results)
    assert len(server.asked(DEAL_LIST)) == history
    account = server.accounts[ACCOUNT]
    account.deals.append(moved(closing(5, 4), int(time.time() * 1000), "executionTimestamp"))
    account.trader.balanceVersion = 4
    moved_pass = poll()
    assert sum(r.new for r in moved_pass.results if r.table == "ctrader_deals") == 1
    assert moved_pass.problems == []
    [request] = server.asked(DEAL_LIST)[history:]
    assert request.toTimestamp - request.fromTimestamp < HOUR
    # One connection serves every pass.
    assert server.connections == authorised == 1


def test_failures_that_pass_cost_another_attempt_and_nothing_else(
    home: Path, server: Server
) -> None:
    server.faults = [
        on(TRADER, end_session),
        on(TRADER, refuse("BLOCKED_PAYLOAD_TYPE", "slow down", retry_after=1)),
        on(CASH_FLOW, refuse("REQUEST_FREQUENCY_EXCEEDED", "slow down")),
        on(CASH_FLOW, end_account),
        on(DEAL_LIST, half_a_frame, skip=1),
        on(DEAL_LIST, hang_up),
    ]
    started = time.monotonic()
    settings, report = pass_over(home, server)
    assert report.error is None
    assert server.faults == []
    assert time.monotonic() - started > 1
    assert server.connections == 5
    assert deal_ids(settings) == [1, 2, 3, 4]
    assert one(settings, "SELECT count(*) FROM lake.raw.ctrader_deals") == 4


def test_a_server_that_falls_silent_is_told_and_the_next_pass_begins_where_it_stopped(
    home: Path, server: Server
) -> None:
    # The third window of deals never comes; those of the loads before it are held.
    account = server.accounts[ACCOUNT]
    account.trader.registrationTimestamp = RECENT - 15 * WEEK_MS
    account.deals.insert(0, moved(deal(9), RECENT - 14 * WEEK_MS, "executionTimestamp"))
    server.faults = [on(DEAL_LIST, hang_up, skip=14 if n == 0 else 0) for n in range(3)]
    settings, report = pass_over(home, server)
    assert report.error is not None
    assert "gave no answer in 3 attempts: the server hung up" in report.error
    assert f"127.0.0.1:{server.port}" in report.error
    assert deal_ids(settings) == [9]
    asked = len(server.asked(DEAL_LIST))
    _, report = pass_over(home, server)
    assert report.error is None
    assert deal_ids(settings) == [1, 2, 3, 4, 9]
    assert len(server.asked(DEAL_LIST)) - asked < 8


def test_an_answer_that_does_not_come_in_time_is_given_up(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_HEARTBEAT_SECONDS", 0.3)
    server.faults = [on(TRADER, say_nothing)]
    settings, report = pass_over(home, server, timeout_seconds=1, attempts=1)
    assert report.error is not None
    assert "no answer within 1 seconds" in report.error
    # While it waited the client kept the session alive.
    assert len(server.asked("HEARTBEAT_EVENT")) >= 2
    assert one(settings, "SELECT count(*) FROM lake.meta.loads") == 0


@pytest.mark.parametrize(
    ("changed", "reason", "todo"),
    [
        ({"client": "wrong"}, "CH_CLIENT_AUTH_FAILURE: wrong client", "client id and secret"),
        ({"token": "wrong"}, "CH_ACCESS_TOKEN_INVALID: wrong token", "a new access token"),
        ({"token": ""}, "The environment variable CT_TOKEN is not set.", "export CT_TOKEN"),
        ({"ca_file": None}, "certificate is not trusted", "options.ca_file"),
        ({"ca_file": "/nowhere.pem"}, "The CA file cannot be read", "options.ca_file"),
        ({"live": False}, "opens no demo account", "options.live"),
    ],
)
def test_what_asking_again_does_not_cure_is_a_clear_error(
    tmp_path: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    changed: dict[str, Any],
    reason: str,
    todo: str,
) -> None:
    options = {k: v for k, v in changed.items() if k in {"ca_file", "live"}}
    if "client" in changed:
        monkeypatch.setenv("CT_ID", changed["client"])
    if "token" in changed:
        monkeypatch.setenv("CT_TOKEN", changed["token"])
    settings = settings_for(tmp_path, live(server, **options))
    # It ends before the lake is looked at.
    context = PassContext(cast("Any", None), settings, settings.sources[0])
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises((SourceError, SettingsError)) as caught,
    ):
        sync(context)
    told = caught.value.describe()
    assert reason in told
    assert todo in told
    assert SECRET not in told + caplog.text + str(context.problems)
    assert TOKEN not in told + caplog.text + str(context.problems)
    assert server.connections <= 1


def test_an_account_that_is_refused_does_not_stop_the_others(home: Path, server: Server) -> None:
    settings, report = pass_over(home, server, accounts=[ACCOUNT, 99])
    assert report.error is None
    [problem] = report.problems
    assert problem.what.startswith("Account 99 cannot be read: CH_CTID_TRADER_ACCOUNT_NOT_FOUND")
    assert deal_ids(settings) == [1, 2, 3, 4]


def test_accounts_of_two_brokers_are_not_mixed_in_one_source(home: Path, server: Server) -> None:
    server.accounts[12] = Account(trader(12, brokerName="other", registrationTimestamp=RECENT))
    settings, report = pass_over(home, server)
    assert report.error is not None
    assert "belong to several brokers: harbour, other" in report.error
    assert one(settings, "SELECT count(*) FROM lake.meta.loads") == 0


def test_requests_keep_to_the_rate_that_the_server_allows(home: Path, server: Server) -> None:
    started = time.monotonic()
    _, report = pass_over(home, server, history_requests_per_second=4)
    assert report.error is None
    history = len(server.asked(DEAL_LIST)) + len(server.asked(CASH_FLOW))
    assert history == 6
    assert time.monotonic() - started >= (history - 1) / 4


def test_a_demo_account_of_the_token_is_left_alone(home: Path, server: Server) -> None:
    server.accounts[12] = Account(trader(12), live=False)
    settings, _ = pass_over(home, server)
    assert one(settings, f"SELECT count(*) FROM {current('ctrader_traders')}") == 1
