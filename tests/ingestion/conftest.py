"""A lake with empty tables, laid once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.ingestion.exports import Export


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own."""
    shutil.copytree(empty_home, tmp_path / "home")
    return tmp_path / "home"


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
