"""What every test may use: an empty installation, and the reference data where it is given."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from warehouse.settings import Settings

SEED, DAYS, ACCOUNTS = 11, 35, 15


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-update",
        action="store_true",
        help="write golden files anew instead of comparing with them",
    )


@pytest.fixture
def golden_update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--golden-update"))


@pytest.fixture(autouse=True)
def _no_outside_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own installation must not leak into a test."""
    for name in list(os.environ):
        if name.startswith("DAYBOOK_") and name != "DAYBOOK_REFERENCE_DATA":
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


@pytest.fixture(scope="session")
def closed_broker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated broker of one tenant, loaded and closed once: 15 accounts over 35 days."""
    from ingestion.simulator import simulate
    from ingestion.sync import sync_once
    from orchestration.close import close
    from warehouse.settings import load_settings

    folder = tmp_path_factory.mktemp("broker") / "broker"
    simulate(seed=SEED, days=DAYS, accounts=ACCOUNTS, out=folder, white_label=False)
    settings = load_settings(folder / "daybook.toml")
    sync_once(settings)
    close(settings, closed_by="test")
    return folder


@pytest.fixture
def broker(closed_broker: Path, tmp_path: Path) -> Settings:
    """A copy of the closed broker that a test may spoil."""
    from warehouse.settings import load_settings

    folder = tmp_path / "broker"
    shutil.copytree(closed_broker, folder)
    return load_settings(folder / "daybook.toml")
