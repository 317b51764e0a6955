"""What every test may use: an empty installation, and the reference data where it is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from warehouse.settings import Settings


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
