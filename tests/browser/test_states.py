"""What the pages say when there is nothing to show, or something is broken; who can reach them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Served
from tests.browser.reading import Screen
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_PAGES = ("", "compliance", "partners", "analysts")


def _installation(folder: Path) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "daybook.toml"
    config.write_text('home = "home"\ndisplay_name = "Nowhere Markets"\n', encoding="utf-8")
    return load_settings(config)


def test_without_a_warehouse_every_page_says_how_to_get_one(
    page: Page, serve: Callable[[Settings], Served], tmp_path: Path
) -> None:
    screen = Screen(page, serve(_installation(tmp_path)).url)
    for path in _PAGES:
        screen.open(path)
        said = " ".join(screen.notices())
        assert "There is no warehouse here yet" in said
        assert "daybook sync --once" in said
        assert "Traceback" not in screen.text()


def test_before_the_first_build_and_publishing_the_pages_say_what_is_missing(
    page: Page, serve: Callable[[Settings], Served], tmp_path: Path
) -> None:
    settings = _installation(tmp_path)
    connect("write", settings=settings).close()
    screen = Screen(page, serve(settings).url)
    screen.open()
    assert any("No day is published yet" in notice for notice in screen.notices())
    assert "Nowhere Markets" in screen.text()
    for path in ("compliance", "partners"):
        screen.open(path)
        said = " ".join(screen.notices())
        assert "not built yet" in said
        assert "daybook build" in said
        assert "Traceback" not in screen.text()
        if path == "compliance":
            assert "Nothing was filed yet" in said


def test_a_broken_catalog_is_told_and_not_shown_as_a_traceback(
    page: Page, serve: Callable[[Settings], Served], tmp_path: Path
) -> None:
    settings = _installation(tmp_path)
    settings.warehouse_path.mkdir(parents=True)
    settings.catalog_path.write_bytes(b"this is no catalog" * 100)
    screen = Screen(page, serve(settings).url).open()
    said = " ".join(screen.notices())
    assert "cannot be opened" in said
    assert "daybook doctor" in said
    assert "Traceback" not in screen.text()


def test_a_broken_configuration_is_told(
    page: Page, serve: Callable[[Settings], Served], tmp_path: Path
) -> None:
    settings = _installation(tmp_path)
    served = serve(settings)
    assert settings.config_path is not None
    settings.config_path.write_text('hom = "home"\n', encoding="utf-8")
    screen = Screen(page, served.url).open()
    assert any("configuration cannot be used" in notice for notice in screen.notices())


def test_the_app_listens_on_this_machine_only(screen: Screen, app: Served) -> None:
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(app.process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert "listens on this machine only" in screen.open().text()
