"""What every test may use: an empty installation, and the reference data where it is given."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from warehouse.settings import Settings

SEED, DAYS, ACCOUNTS = 11, 35, 15
KEPT = ("DAYBOOK_REFERENCE_DATA", "DAYBOOK_DUCKDB_THREADS")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update",
        action="store_true",
        help="write golden files anew instead of comparing with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """As many processes run as there are cores: threads would only wait for one another."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    os.environ["DAYBOOK_DUCKDB_THREADS"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first: no processor is left alone with one at the end."""
    long = ("orchestration", "dbt", "services")
    items.sort(key=lambda item: item.path.parent.name not in long)


@pytest.fixture
def golden_update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--golden-update"))


@pytest.fixture(autouse=True)
def _no_outside_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own installation must not leak into a test."""
    for name in list(os.environ):
        if name.startswith("DAYBOOK_") and name not in KEPT:
            monkeypatch.delenv(name)


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    """An installation with nothing in it."""
    return Settings(home=tmp_path / "home")


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of real samples; tests that need it are skipped where it is not given."""
    named = os.environ.get("DAYBOOK_REFERENCE_DATA")
    if not named:
        pytest.skip("DAYBOOK_REFERENCE_DATA is not set: real samples are not in the project")
    return Path(named)


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A folder that the first of pytest's processes to ask makes, and all of them read."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with FileLock(root / f"{name}.lock"):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation without sources."""
    from ingestion.sync import sync_once

    def make(folder: Path) -> None:
        sync_once(Settings(home=folder / "home"))

    return made_once(tmp_path_factory, "empty", make) / "home"


@pytest.fixture(scope="session")
def staged_empty_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake with every seed and staging view: views follow what is loaded later."""
    from orchestration.dbt_runner import run_dbt
    from orchestration.views import make_views

    def make(folder: Path) -> None:
        settings = Settings(home=folder / "home")
        shutil.copytree(empty_home, settings.home)
        assert not run_dbt(settings, ["seed"]).failed
        assert make_views(settings, {}).made > 100

    return made_once(tmp_path_factory, "staged", make) / "home"


@pytest.fixture(scope="session")
def closed_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A simulated broker of one tenant, loaded and closed once: 15 accounts over 35 days.

    For reading only: a test that changes anything takes a copy, as ``broker`` is one.
    """
    from ingestion.simulator import simulate
    from ingestion.sync import sync_once
    from orchestration.close import close
    from warehouse.control.papers import papers
    from warehouse.settings import load_settings

    def make(folder: Path) -> None:
        out = folder / "broker"
        simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=out, white_label=False)
        settings = load_settings(out / "daybook.toml")
        sync_once(settings)
        close(settings, closed_by="test")

    broker = made_once(tmp_path_factory, "closed_broker", make) / "broker"
    yield broker
    left = papers(load_settings(broker / "daybook.toml"))
    assert left == [], "a test made papers in the broker that all tests share: take a copy"


@pytest.fixture
def broker(closed_broker: Path, tmp_path: Path) -> Settings:
    """A copy of the closed broker that a test may spoil."""
    from warehouse.settings import load_settings

    folder = tmp_path / "broker"
    shutil.copytree(closed_broker, folder)
    return load_settings(folder / "daybook.toml")
