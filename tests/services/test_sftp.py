"""File sources over SFTP, against a real OpenSSH server."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.dropped_files import hash_of
from ingestion.sync import sync_forever, sync_once
from orchestration.cli.doctor import examine
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.services.servers import ServerMissingError
from tests.services.sshd import CuttingRelay, SftpServer, make_key, sftp_server
from warehouse.settings import Settings, SourceSettings, load_settings

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    """One server for all tests of the file."""
    try:
        server = sftp_server(tmp_path_factory.mktemp("sshd") / "server")
    except ServerMissingError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def server(running: SftpServer) -> SftpServer:
    """The server with an empty folder."""
    for path in running.files.iterdir():
        path.unlink()
    return running


def stripe(server: SftpServer, url: str | None = None, **options: Any) -> SourceSettings:
    """A file source that adds: Stripe's lists."""
    return SourceSettings(
        name="stripe",
        kind="stripe",
        url=url or server.url(),
        options={
            "key_file": str(server.client_key),
            "host_key": server.host_key,
            "settle_seconds": 0,
        }
        | options,
    )


def write(server: SftpServer, name: str, *numbers: int, filler: str = "") -> Path:
    """A list of balance transactions in the server's folder."""
    path = server.files / name
    listed = [
        {
            "id": f"txn_{number}",
            "object": "balance_transaction",
            "amount": number,
            "currency": "usd",
            "fee": 0,
            "net": number,
            "type": "charge",
            "status": "available",
            "created": 1_793_174_400,
            "description": filler,
        }
        for number in numbers
    ]
    path.write_text(json.dumps(listed), "utf-8")
    return path


def held(settings: Settings) -> list[str]:
    """Ids of the transactions in the lake."""
    query = f"SELECT id FROM {current('stripe_balance_transactions')} ORDER BY id"
    return [name for (name,) in rows(settings, query)]


def inbox(settings: Settings) -> list[str]:
    """Every file in the source's inbox, hidden ones too."""
    return sorted(path.name for path in (settings.inbox_path / "stripe").iterdir())


def test_files_are_fetched_taken_once_and_archived(home: Path, server: SftpServer) -> None:
    write(server, "a.json", 1, 2)
    write(server, "half.json.part", 3)
    write(server, ".hidden.json", 4)
    (server.files / "notes.txt").write_text("not for us", "utf-8")
    (server.files / "folder.json").mkdir(exist_ok=True)
    (server.files / "link.json").symlink_to(server.files / ".hidden.json")
    settings = settings_for(home, stripe(server))
    report = sync_once(settings)
    (server.files / "folder.json").rmdir()
    assert not report.failed
    assert held(settings) == ["txn_1", "txn_2", "txn_4"]
    assert inbox(settings) == ["a.json", "link.json"]
    again = sync_once(settings).sources[0]
    assert (again.loads, again.read) == (0, 0)
    ((sha256, archived),) = rows(
        settings, "SELECT sha256, archive_path FROM lake.meta.files WHERE file_name = 'a.json'"
    )
    assert hash_of(settings.archive_path / archived) == sha256 == hash_of(server.files / "a.json")
    # Gone from the server: gone from the inbox, and nothing is lost.
    (server.files / "a.json").unlink()
    write(server, "b.json", 5)
    sync_once(settings)
    assert inbox(settings) == ["b.json", "link.json"]
    assert held(settings) == ["txn_1", "txn_2", "txn_4", "txn_5"]


def test_a_file_that_is_still_written_waits(home: Path, server: SftpServer) -> None:
    growing = write(server, "a.json", 1)
    whole = growing.read_text("utf-8")
    growing.write_text(whole[:40], "utf-8")
    settings = settings_for(home, stripe(server, settle_seconds=1))
    looked = threading.Event()

    def write_on() -> None:
        while not looked.wait(0.1):
            with growing.open("a", encoding="utf-8") as file:
                file.write(" ")

    writer = threading.Thread(target=write_on)
    writer.start()
    report = sync_once(settings)
    looked.set()
    writer.join()
    growing.write_text(whole, "utf-8")
    assert not report.failed
    assert inbox(settings) == []
    assert held(settings) == []
    sync_once(settings)
    assert held(settings) == ["txn_1"]


def test_full_exports_by_sftp_bury_what_is_gone(home: Path, server: SftpServer) -> None:
    clients = server.files / "clients.csv"
    clients.write_text("client_id,country,name\nC1,CY,A\nC2,DE,B\n", "utf-8")
    (server.files / "client_accounts.csv").write_text(
        "client_id,server_id,login,valid_from\nC1,mt5_live,1001,2026-01-02\n", "utf-8"
    )
    source = stripe(server).model_copy(update={"name": "crm", "kind": "crm"})
    settings = settings_for(home, source)
    assert sync_once(settings).sources[0].new == 3
    clients.write_text("client_id,country,name\nC1,FR,A\n", "utf-8")
    second = sync_once(settings).sources[0]
    assert (second.changed, second.deleted) == (1, 1)
    clients.unlink()
    third = sync_once(settings)
    assert "clients.csv is missing" in str(third.sources[0].problems)
    assert rows(settings, f"SELECT client_id FROM {current('crm_clients')}") == [("C1",)]


def test_a_connection_lost_in_the_middle_is_taken_up_again(home: Path, server: SftpServer) -> None:
    write(server, "a.json", *range(1, 2001), filler="x" * 500)
    relay = CuttingRelay(server.port, after_bytes=300_000, breaks=2)
    with relay as port:
        settings = settings_for(home, stripe(server, server.url(port)))
        report = sync_once(settings)
    assert not report.failed
    assert relay.connections == 3
    assert len(held(settings)) == 2000
    assert one(settings, "SELECT count(*) FROM lake.meta.files") == 1


def test_a_connection_that_is_always_lost_leaves_nothing_half(
    home: Path, server: SftpServer
) -> None:
    write(server, "a.json", 1)
    write(server, "b.json", *range(2, 2001), filler="x" * 500)
    with CuttingRelay(server.port, after_bytes=300_000, breaks=99) as port:
        settings = settings_for(home, stripe(server, server.url(port)))
        report = sync_once(settings)
    assert "cannot be read" in (report.sources[0].error or "")
    # The whole file was taken, the other one not at all.
    assert held(settings) == ["txn_1"]
    assert inbox(settings) == ["a.json"]
    settings = settings_for(home, stripe(server))
    assert not sync_once(settings).failed
    assert len(held(settings)) == 2000


def test_an_unknown_server_is_refused_and_shown(
    home: Path, server: SftpServer, tmp_path: Path
) -> None:
    write(server, "a.json", 1)
    known = tmp_path / "known_hosts"
    source = stripe(server, known_hosts=str(known))
    del source.options["host_key"]
    error = sync_once(settings_for(home, source)).sources[0].error or ""
    assert "not known" in error
    assert server.host_key in error
    make_key(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text("utf-8").split()[:2])
    error = sync_once(settings_for(home, stripe(server, host_key=other))).sources[0].error or ""
    assert "another host key" in error
    error = sync_once(settings_for(home, stripe(server, host_key="AAAA"))).sources[0].error or ""
    assert "options.host_key is no public key" in error
    known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", "utf-8")
    assert not sync_once(settings_for(home, source)).failed


def test_who_may_not_in_is_told_why(home: Path, server: SftpServer, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    refused = stripe(server, key_file=str(tmp_path / "other"))
    error = sync_once(settings_for(home, refused)).sources[0].error or ""
    assert "does not let" in error
    lost = stripe(server, server.url() + "/none")
    assert "cannot be read" in (sync_once(settings_for(home, lost)).sources[0].error or "")
    missing = stripe(server, key_file=str(tmp_path / "none"))
    assert "key file" in (sync_once(settings_for(home, missing)).sources[0].error or "")
    keyless = stripe(server, password_env="DAYBOOK_TEST_SFTP_PASSWORD")
    del keyless.options["key_file"]
    assert "is not set" in (sync_once(settings_for(home, keyless)).sources[0].error or "")
    del keyless.options["password_env"]
    assert "nothing to sign in with" in (
        sync_once(settings_for(home, keyless)).sources[0].error or ""
    )


def test_a_stopped_server_fails_its_source_alone(home: Path, server: SftpServer) -> None:
    write(server, "a.json", 1)
    settings = settings_for(home, stripe(server), SourceSettings(name="ecb", kind="ecb"))
    server.stop()
    try:
        report = sync_once(settings)
    finally:
        server.start()
    assert [item.error is None for item in report.sources] == [True, False]
    assert not sync_once(settings).failed


def test_the_configuration_names_it_and_doctor_reaches_it(
    home: Path, server: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(server, "a.json", 1)
    monkeypatch.setenv("STRIPE_FILES", server.url())
    (tmp_path / "key").write_bytes(server.client_key.read_bytes())
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "daybook.toml").write_text(
        f"""
        home = "{home}"
        [[sources]]
        name = "stripe"
        kind = "stripe"
        url_env = "STRIPE_FILES"
        [sources.options]
        key_file = "key"
        host_key = "{server.host_key}"
        settle_seconds = 0
        """,
        "utf-8",
    )
    settings = load_settings(tmp_path / "daybook.toml")
    (found,) = [item for item in examine(settings) if item.part.startswith("source")]
    assert (found.state, found.detail.split(": ")[-1]) == ("ok", "1 files")
    assert not sync_once(settings).failed
    assert held(settings) == ["txn_1"]


def test_a_poll_loop_fetches_what_is_dropped(home: Path, server: SftpServer) -> None:
    source = stripe(server, fetch_seconds=0).model_copy(update={"poll_seconds": 0.1})
    settings = settings_for(home, source)
    stop, seen = threading.Event(), threading.Event()
    loop = threading.Thread(
        target=sync_forever,
        args=(settings,),
        kwargs={"on_load": lambda _: seen.set(), "stop": stop},
    )
    loop.start()
    try:
        time.sleep(0.5)
        write(server, "a.json", 1)
        assert seen.wait(30)
    finally:
        stop.set()
        loop.join(30)
    assert held(settings) == ["txn_1"]
    assert os.listdir(settings.inbox_path / "stripe") == ["a.json"]
