"""The hand-written broker as a lake of its own, laid once a session and copied where spoiled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.golden.tiny_lake import build_lake
from tests.services.fixtures import postgresql_server, postgresql_url
from warehouse.settings import Settings

__all__ = ["postgresql_server", "postgresql_url"]

DISPLAY_NAME = "Northwind Markets"


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny broker's home; nobody may write to its lake."""
    home = tmp_path_factory.mktemp("tiny") / "home"
    build_lake(Settings(home=home, display_name=DISPLAY_NAME))
    return home


@pytest.fixture
def tiny(tiny_home: Path, tmp_path: Path) -> Settings:
    """The tiny broker, for this test alone."""
    shutil.copytree(tiny_home, tmp_path / "home")
    return Settings(home=tmp_path / "home", display_name=DISPLAY_NAME)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a test's files go."""
    return tmp_path / "out"
