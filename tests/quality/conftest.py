"""A lake with tiny hand-written books, and its truth, for the tests of what proves books."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.publishing import current_snapshot, publish
from warehouse.settings import Settings
from warehouse.writer import transaction

HERE = Path(__file__).parent
TRUTH = (
    "account_days",
    "daily_pnl",
    "commission_ledger",
    "alerts",
    "breaks",
    "statements",
    "losing_accounts",
)
DAYS = [("demo", "mt5_live", dt.date(2026, 10, day)) for day in (28, 29, 30)]

Change = Callable[..., None]


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation whose three days are built and published, and its truth; made once."""
    folder = tmp_path_factory.mktemp("quality")
    truth = folder / "truth"
    truth.mkdir()
    with duckdb.connect(":memory:") as con:
        con.execute((HERE / "tiny_truth.sql").read_text(encoding="utf-8"))
        for name in TRUTH:
            con.execute(f"COPY {name} TO '{truth / name}.parquet' (FORMAT parquet)")
    settings = Settings(home=folder / "home", truth_path=truth)
    with connect("write", settings=settings) as con:
        with transaction(con, "lay the tiny books", settings):
            con.execute((HERE / "tiny_books.sql").read_text(encoding="utf-8"))
        publish(
            con,
            DAYS,
            snapshot_id=current_snapshot(con),
            build_id=1,
            checks={"tests_passed": 1, "gates": {"passed": True}},
            published_by="test",
            settings=settings,
        )
    shutil.copytree(settings.home, folder / "kept")
    return settings


@pytest.fixture
def settings(laid: Settings) -> Settings:
    """The laid installation, as it was made: the lake knows its own path, so it is put back."""
    shutil.rmtree(laid.home)
    shutil.copytree(laid.home.parent / "kept", laid.home)
    return laid


@pytest.fixture
def change(settings: Settings) -> Change:
    """Runs statements on the lake: how a test plants what must be found."""

    def run(*statements: str) -> None:
        with connect("write", settings=settings) as con:
            for statement in statements:
                con.execute(statement)

    return run
