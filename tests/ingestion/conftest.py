"""A lake with empty tables, laid once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.conftest import made_once
from tests.ingestion.exports import Export
from warehouse.settings import Settings


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an installation without sources."""

    def make(folder: Path) -> None:
        sync_once(Settings(home=folder / "home"))

    return made_once(tmp_path_factory, "empty", make) / "home"


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    shutil.copytree(empty_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture(scope="session")
def staged_empty_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty lake with every staging view over it: views follow what is loaded later."""
    from orchestration.dbt_runner import run_dbt

    def make(folder: Path) -> None:
        home = folder / "home"
        shutil.copytree(empty_home, home)
        selected = ["--select", "path:models/staging", "path:seeds/reference"]
        for kind in ("unit_test", "test"):
            selected += ["--exclude-resource-type", kind]
        assert not run_dbt(Settings(home=home), ["build", *selected]).failed

    return made_once(tmp_path_factory, "staged", make) / "home"


@pytest.fixture
def staged_home(staged_empty_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, with the staging views."""
    shutil.copytree(staged_empty_home, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """An empty SQLite export."""
    path = tmp_path / "mt5.sqlite"
    path.touch()
    return Export(f"sqlite:///{path}")
