"""A real Chromium against the real app, over a closed broker with its last days left open."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboards.serve import serve_command
from tests.browser.reading import Screen
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings
from warehouse.writer import transaction

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_START_SECONDS = 60
# So many of the newest days are taken back, so that there is something open to show.
OPEN_DAYS = 2


@dataclass(frozen=True)
class Served:
    """A running app."""

    url: str
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="session")
def books(closed_broker: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the closed broker whose newest days are not published."""
    folder = tmp_path_factory.mktemp("books") / "broker"
    shutil.copytree(closed_broker, folder)
    settings = load_settings(folder / "daybook.toml")
    with connect("write", settings=settings) as con, transaction(con, "reopen days", settings):
        con.execute(
            """
            DELETE FROM lake.meta.published
            WHERE business_date > (
                SELECT max(business_date) - $1::INTEGER FROM lake.meta.published
            )
            """,
            [OPEN_DAYS],
        )
    return settings


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of this machine."""
    found = shutil.which("chromium") or (CHROMIUM if Path(CHROMIUM).exists() else None)
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Settings], Served]]:
    """Starts the app over an installation; all are stopped at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def start(settings: Settings) -> Served:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = tmp_path_factory.mktemp("app") / "app.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                serve_command(settings, port),
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env={**os.environ, "HOME": str(log.parent)},
            )
        running.append(process)
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                return Served(url, process)
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"the app did not start:\n{log.read_text(errors='replace')}")
                time.sleep(0.2)

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def app(serve: Callable[[Settings], Served], books: Settings) -> Served:
    """The app over the closed broker."""
    return serve(books)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh browser page, tall enough to show a whole screen."""
    context = chromium.new_context(
        viewport={"width": 1500, "height": 3200}, accept_downloads=True, locale="en-GB"
    )
    fresh = context.new_page()
    yield fresh
    context.close()


@pytest.fixture
def screen(page: Page, app: Served) -> Screen:
    """The app over the closed broker, in the browser."""
    return Screen(page, app.url)


@pytest.fixture(scope="session")
def closed_days(books: Settings) -> tuple[dt.date, dt.date]:
    """First and last published day."""
    with connect("read", settings=books) as con:
        row = con.execute(
            "SELECT min(business_date), max(business_date) FROM lake.meta.published"
        ).fetchone()
    assert row is not None
    return row[0], row[1]
