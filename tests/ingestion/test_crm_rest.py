"""A CRM read by its REST API: paging, waiting, cut answers, rows that move while they are read."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.rest_server import TOKEN, CrmApi, Query, served
from warehouse.errors import SettingsError
from warehouse.settings import Settings, SourceSettings

PAGES = {
    "page_number": {"kind": "page_number", "param": "page"},
    "offset": {"kind": "offset", "param": "offset", "size": 3},
    "cursor": {"kind": "cursor", "path": "next_cursor", "param": "cursor"},
    "next_link": {"kind": "next_link", "path": "next"},
    "link_header": {"kind": "link_header"},
}


def client(number: int, **fields: Any) -> dict[str, Any]:
    """A client as the API gives it."""
    return {
        "id": number,
        "profile": {"address": {"country": "CY"}},
        "email": f"c{number}@secret.example",
        "created": f"2026-01-{number:02d}T03:04:05+02:00",
    } | fields


def login(number: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
    """A login event."""
    return {
        "event_id": f"L{number}",
        "client_id": "1",
        "occurred_at": f"2026-10-{number:02d}T10:{minute:02d}:00Z",
        "result": "OK",
        "ip_address": "192.0.2.7",
    } | fields


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[CrmApi]:
    """An API of eight clients."""
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    made = CrmApi(
        lists={
            "users": [client(n) for n in range(1, 9)],
            "client_accounts": [
                {"client_id": "1", "server_id": "s", "login": 1, "valid_from": "2026-01-02"}
            ],
        }
    )
    with served(made):
        yield made


def crm(api: CrmApi, name: str = "crm", tenant: str = "demo", **rest: Any) -> SourceSettings:
    """A source on the API."""
    return SourceSettings(
        name=name,
        kind="crm",
        tenant=tenant,
        url=api.base,
        options={
            "tables": {"clients": "users"},
            "columns": {
                "clients": {
                    "client_id": "id",
                    "country": "profile.address.country",
                    "registered_at": "created",
                }
            },
            "values": {"login_events": {"result": {"OK": "success", "NO": "failure"}}},
            "rest": {
                "auth": {"type": "bearer", "env": "CRM_TOKEN"},
                "pages": PAGES[api.paging],
                "requests_per_second": 1000,
                "attempts": 3,
                "backoff_seconds": 0.01,
                "longest_wait_seconds": 2,
            }
            | rest,
        },
    )


EVENTS: dict[str, Any] = {"endpoints": {"login_events": {"since_param": "since"}}}


def synced(settings: Settings) -> SourceReport:
    """The report of one pass over the only source."""
    return sync_once(settings).sources[0]


def held(settings: Settings) -> list[str]:
    """Ids of the current clients."""
    return [
        value
        for (value,) in rows(
            settings, f"SELECT client_id FROM {current('crm_clients')} ORDER BY client_id"
        )
    ]


@pytest.mark.parametrize("paging", list(PAGES))
def test_every_way_of_paging_reads_all_rows_once(home: Path, api: CrmApi, paging: str) -> None:
    api.paging = paging
    settings = settings_for(home, crm(api))
    first = synced(settings)
    assert (first.error, first.problems, first.new) == (None, (), 9)
    assert held(settings) == [str(n) for n in range(1, 9)]
    assert rows(
        settings,
        "SELECT country, registered_at::VARCHAR, _source_table FROM lake.raw.crm_clients "
        "WHERE client_id = '1'",
    ) == [("CY", "2026-01-01 01:04:05", "users")]
    assert one(settings, "SELECT email FROM lake.pii.crm_clients WHERE client_id = '2'") == (
        "c2@secret.example"
    )
    assert set(api.authorizations) == {f"Bearer {TOKEN}"}
    again = synced(settings)
    assert (again.loads, again.held) == (0, 9)


def test_a_late_change_is_a_version_and_a_row_that_is_gone_is_buried(
    home: Path, api: CrmApi
) -> None:
    settings = settings_for(home, crm(api))
    synced(settings)
    api.lists["users"][0] = client(1, profile={"address": {"country": "FR"}})
    del api.lists["users"][1]
    report = synced(settings)
    assert (report.new, report.changed, report.deleted) == (0, 1, 1)
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_clients WHERE client_id = '1'") == 2
    assert "2" not in held(settings)
    api.lists["users"].insert(1, client(2))
    assert synced(settings).new == 1


def test_money_keeps_every_digit_of_the_body(home: Path, api: CrmApi) -> None:
    amounts = {"R1": "1234567890123.12345678", "R2": "0.1", "R3": "1e2"}
    api.lists["cash"] = [
        {
            "request_id": number,
            "client_id": 1,
            "kind": "deposit",
            "status": "processed",
            "amount": f"EXACT{amount}EXACT",
            "currency": "IDR",
        }
        for number, amount in amounts.items()
    ]
    source = crm(api)
    source.options["tables"]["cash_requests"] = "cash"
    settings = settings_for(home, source)
    assert synced(settings).problems == ()
    assert rows(
        settings, "SELECT amount::VARCHAR FROM lake.raw.crm_cash_requests ORDER BY request_id"
    ) == [("1234567890123.12345678",), ("0.10000000",), ("100.00000000",)]


def test_too_many_requests_waits_as_long_as_it_is_told(home: Path, api: CrmApi) -> None:
    refused: list[float] = []

    def hook(path: str, query: Query) -> tuple[int, dict[str, str], bytes] | None:
        if query.get("page") == "2" and path == "users" and not refused:
            refused.append(time.monotonic())
            return 429, {"Retry-After": "1"}, b"slow down"
        if query.get("page") == "2" and path == "users" and len(refused) == 1:
            refused.append(time.monotonic())
        return None

    api.hook = hook
    settings = settings_for(home, crm(api))
    assert synced(settings).error is None
    assert refused[1] - refused[0] >= 1
    assert len(held(settings)) == 8


def test_a_server_error_is_tried_again_and_in_the_end_is_an_error(home: Path, api: CrmApi) -> None:
    failures = {"left": 2}

    def hook(path: str, query: Query) -> tuple[int, dict[str, str], bytes] | None:
        if path == "users" and query.get("page") == "3" and failures["left"]:
            failures["left"] -= 1
            return 500, {}, b"oops"
        return None

    api.hook = hook
    settings = settings_for(home, crm(api))
    assert synced(settings).error is None
    failures["left"] = 99
    api.lists["users"].append(client(9))
    report = synced(settings)
    assert report.error is not None
    assert "status 500" in report.error
    assert TOKEN not in report.error
    assert len(held(settings)) == 8
    failures["left"] = 0
    assert synced(settings).new == 1


@pytest.mark.parametrize("cut", ["body", "connection", "message", "html"])
def test_half_a_page_loads_nothing(home: Path, api: CrmApi, cut: str) -> None:
    settings = settings_for(home, crm(api))
    synced(settings)
    api.lists["users"].insert(0, client(20))

    def hook(path: str, query: Query) -> tuple[int, dict[str, str], bytes] | None:
        if path != "users" or query.get("page") != "2":
            return None
        _, _, body = api.answer(path, query)
        return {
            "body": (200, {}, body[: len(body) // 2]),
            "connection": (
                200,
                {"Content-Length": str(len(body)), "Connection": "close"},
                body[: len(body) // 2],
            ),
            "message": (200, {}, b'{"error": "maintenance"}'),
            "html": (200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"),
        }[cut]

    api.hook = hook
    report = synced(settings)
    assert report.error is not None
    assert {
        "body": "not JSON, or was cut off",
        "connection": "does not answer: ChunkedEncodingError",
        "message": "no list at data",
        "html": "not JSON, or was cut off",
    }[cut] in report.error
    assert (report.new, report.deleted) == (0, 0)
    assert len(held(settings)) == 8
    api.hook = None
    assert synced(settings).new == 1


def test_rows_over_page_borders_and_changed_while_paging_count_once(
    home: Path, api: CrmApi
) -> None:
    def hook(path: str, query: Query) -> None:
        # A row is put in front after the first page: the last of page 1 comes again on page 2,
        # in another state.
        if path == "users" and query.get("page") == "2" and len(api.lists["users"]) == 8:
            api.lists["users"].insert(0, client(30))
            api.lists["users"][3] = client(3, profile={"address": {"country": "DE"}})

    api.hook = hook
    settings = settings_for(home, crm(api))
    report = synced(settings)
    assert (report.error, report.quarantined) == (None, 0)
    assert one(settings, f"SELECT country FROM {current('crm_clients')} WHERE client_id = '3'") == (
        "DE"
    )
    # The one put in front was missed, and comes with the next read.
    assert synced(settings).new == 1
    assert len(held(settings)) == 9


@pytest.mark.parametrize("total", ["", "meta.total"])
def test_a_row_that_slips_between_two_pages_is_not_buried(
    home: Path, api: CrmApi, total: str
) -> None:
    api.total = bool(total)
    settings = settings_for(home, crm(api, total=total))
    synced(settings)

    def hook(path: str, query: Query) -> None:
        # The first row goes after page 1 was read: row 4 moves up to page 1 and is not on page 2.
        if path == "users" and query.get("page") == "2" and len(api.lists["users"]) == 8:
            del api.lists["users"][0]

    api.hook = hook
    report = synced(settings)
    assert report.error is None
    assert "4" in held(settings)
    api.hook = None
    assert synced(settings).error is None
    assert held(settings) == [str(n) for n in range(2, 9)]


def test_a_list_that_never_agrees_with_its_count_is_refused(home: Path, api: CrmApi) -> None:
    api.total = True
    settings = settings_for(home, crm(api, endpoints={"clients": {"total": "meta.total"}}))
    synced(settings)

    def hook(path: str, query: Query) -> tuple[int, dict[str, str], bytes] | None:
        if path == "users" and "page" not in query:
            return 200, {}, b'{"data": [], "meta": {"total": 99}}'
        return None

    api.hook = hook
    report = synced(settings)
    assert report.error is not None
    assert "changes faster than it can be read" in report.error
    assert report.deleted == 0


@pytest.mark.parametrize("ascending", [False, True])
def test_events_go_on_from_the_last_committed_cursor(
    home: Path, api: CrmApi, ascending: bool
) -> None:
    api.lists["login_events"] = [login(n) for n in range(1, 11)]
    api.sorted_by = "occurred_at"
    api.lists["users"] = [client(n) | {"occurred_at": ""} for n in range(1, 3)]
    api.lists["client_accounts"][0]["occurred_at"] = ""
    source = crm(api, endpoints={"login_events": {"since_param": "since", "ascending": ascending}})
    source.options["chunk_rows"] = 4
    settings = settings_for(home, source)

    def hook(path: str, query: Query) -> tuple[int, dict[str, str], bytes] | None:
        if path == "login_events" and query.get("page") == "3":
            return 500, {}, b""
        return None

    api.hook = hook
    assert synced(settings).error is not None
    loaded = one(settings, "SELECT count(*) FROM lake.raw.crm_login_events")
    # In order, what was read before the failure is kept; else nothing of the read is.
    assert loaded == (4 if ascending else 0)
    api.hook = None
    api.asked.clear()
    assert synced(settings).error is None
    since = next(query.get("since") for path, query in api.asked if path == "login_events")
    assert since == ("2026-10-04T09:50:00Z" if ascending else None)
    assert one(settings, "SELECT count(*) FROM lake.raw.crm_login_events") == 10
    assert rows(
        settings,
        "SELECT DISTINCT result, occurred_at::VARCHAR FROM lake.raw.crm_login_events "
        "WHERE event_id = 'L3'",
    ) == [("success", "2026-10-03 10:00:00")]
    assert "192.0.2.7" not in str(rows(settings, "SELECT * FROM lake.raw.crm_login_events"))
    # One more, and one that came late within the overlap.
    api.lists["login_events"] += [login(11), login(10, minute=1) | {"event_id": "L10b"}]
    api.asked.clear()
    report = synced(settings)
    assert (report.new, report.changed) == (2, 0)
    assert next(q["since"] for p, q in api.asked if p == "login_events") == "2026-10-10T09:50:00Z"
    assert synced(settings).loads == 0


def test_an_unmapped_word_is_quarantined_by_its_name_and_released_when_mapped(
    home: Path, api: CrmApi
) -> None:
    api.lists["login_events"] = [login(1), login(2, result="MAYBE")]
    source = crm(api, **EVENTS)
    settings = settings_for(home, source)
    synced(settings)
    ((key, column, reason),) = rows(
        settings, "SELECT row_key, column_name, reason FROM lake.raw.quarantine"
    )
    assert (key, column) == ("L2", "result")
    assert 'result says "MAYBE"' in reason
    source.options["values"]["login_events"]["result"]["MAYBE"] = "failure"
    assert synced(settings).new == 1
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0


def test_a_missing_field_stops_its_list_only(home: Path, api: CrmApi) -> None:
    api.lists["users"] = [{"profile": {"address": {"country": "CY"}}}]
    settings = settings_for(home, crm(api))
    report = synced(settings)
    assert [p.what for p in report.problems] == ["The list users has no field id."]
    assert report.new == 1


def test_a_list_that_is_not_there_or_not_allowed_is_named(home: Path, api: CrmApi) -> None:
    source = crm(api)
    source.options["tables"] |= {"partners": "partners", "staff_users": "staff"}
    api.hook = lambda path, query: (403, {}, b"") if path == "staff" else None
    report = synced(settings_for(home, source))
    assert [(p.severity, p.what) for p in report.problems] == [
        ("warning", "The API answers for the list partners with status 404."),
        ("warning", "The API answers for the list staff with status 403."),
    ]
    assert report.new == 9


def test_an_emptied_list_deletes_nothing(home: Path, api: CrmApi) -> None:
    settings = settings_for(home, crm(api))
    synced(settings)
    api.lists["users"].clear()
    report = synced(settings)
    assert report.deleted == 0
    assert [p.what for p in report.problems] == [
        "The list users is empty, but its rows were loaded before."
    ]


def test_a_link_to_another_host_is_not_followed(home: Path, api: CrmApi) -> None:
    with served(CrmApi()) as elsewhere:
        api.paging = "next_link"
        stolen = f'{{"data": [], "next": "{elsewhere}users?at=3"}}'.encode()
        api.hook = lambda path, query: (200, {}, stolen) if path == "users" else None
        report = synced(settings_for(home, crm(api)))
    assert report.error is not None
    assert "another host" in report.error


def test_an_api_that_ignores_the_page_is_not_read_for_ever(home: Path, api: CrmApi) -> None:
    first = api.answer("users", {})
    api.hook = lambda path, query: first if path == "users" else None
    report = synced(settings_for(home, crm(api)))
    assert report.error is not None
    assert "same page" in report.error


def test_wrong_token_missing_secret_and_unknown_options(
    home: Path, api: CrmApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.hook = lambda path, query: (401, {}, b"")
    report = synced(settings_for(home, crm(api)))
    assert report.error is not None
    assert "status 401" in report.error
    assert "check the token" in report.error
    strange = synced(settings_for(home, crm(api, speed=9)))
    assert strange.error is not None
    assert "speed" in strange.error
    monkeypatch.delenv("CRM_TOKEN")
    missing = synced(settings_for(home, crm(api)))
    assert missing.error is not None
    assert "CRM_TOKEN is not set" in missing.error


def test_two_apis_in_two_tenants_keep_their_rows_apart(home: Path, api: CrmApi) -> None:
    settings = settings_for(home, crm(api), crm(api, "crm_two", "two"))
    assert not sync_once(settings).failed
    assert rows(
        settings, "SELECT _tenant_id, count(*) FROM lake.raw.crm_clients GROUP BY 1 ORDER BY 1"
    ) == [("demo", 8), ("two", 8)]


def test_no_faster_than_allowed(home: Path, api: CrmApi) -> None:
    settings = settings_for(home, crm(api, requests_per_second=20))
    started = time.monotonic()
    synced(settings)
    assert len(api.asked) == 6
    assert time.monotonic() - started >= 5 / 20


def test_dlt_is_not_imported_without_an_api() -> None:
    code = "import sys, ingestion.sync; assert 'dlt' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_dlt_writes_nothing_and_calls_nobody(home: Path, api: CrmApi, tmp_path: Path) -> None:
    """In a process of its own, with a home of its own, whose every connection is looked at."""
    code = textwrap.dedent(
        f"""
        import socket, sys
        asked = []
        connect = socket.socket.connect
        def watched(self, address):
            asked.append(address[0])
            return connect(self, address)
        socket.socket.connect = watched
        from pathlib import Path
        from ingestion.sync import sync_once
        from warehouse.settings import Settings, SourceSettings
        source = SourceSettings.model_validate_json(sys.argv[1])
        report = sync_once(Settings(home=Path({str(home)!r}), sources=[source]))
        assert not report.failed, report
        assert set(asked) == {{"127.0.0.1"}}, asked
        assert "dlt" in sys.modules
        """
    )
    its_home = tmp_path / "user"
    its_home.mkdir()
    subprocess.run(
        [sys.executable, "-c", code, crm(api).model_dump_json()],
        check=True,
        cwd=its_home,
        env=os.environ | {"HOME": str(its_home), "PYTHONPATH": os.getcwd()},
    )
    assert list(its_home.iterdir()) == []


def test_a_source_of_the_api_names_its_unknown_tables(home: Path, api: CrmApi) -> None:
    report = synced(settings_for(home, crm(api, endpoints={"users": {}})))
    assert report.error is not None
    assert "names no table of ours: users" in report.error
    with pytest.raises(SettingsError, match="needs url"):
        sync_once(settings_for(home, SourceSettings(name="crm", kind="crm")))
