"""daybook.toml and the environment: what is read, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import SettingsError
from warehouse.settings import load_settings

pytestmark = pytest.mark.unit


def write(folder: Path, text: str) -> Path:
    path = folder / "daybook.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    settings = load_settings(
        write(
            tmp_path,
            """
            home = "home"
            [[sources]]
            name = "mt5_live"
            kind = "mt5"
            url = "sqlite:///mt5.sqlite"
            [[sources]]
            name = "crm"
            kind = "crm"
            path = "crm"
            """,
        )
    )
    assert settings.home == tmp_path / "home"
    assert settings.source("crm").path == tmp_path / "crm"
    assert settings.source("mt5_live").database_url() == f"sqlite:///{tmp_path / 'mt5.sqlite'}"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_REPORTING_CURRENCY", "EUR")
    assert load_settings(write(tmp_path, 'reporting_currency = "USD"')).reporting_currency == "EUR"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reporting_currency = 'dollars'", "reporting_currency"),
        ("no_such_key = 1", "no_such_key"),
        ("home = ", "not valid TOML"),
        ("catalog_url = 'postgresql://u:p@h/d'", "environment only"),
        ("[[sources]]\nname='a'\nkind='MT 5'", "kind"),
        ("[[sources]]\nname='a'\nkind='mt5'\nurl='mysql+pymysql://u:secret@h/d'", "password"),
        (
            "[[sources]]\nname='a'\nkind='ecb'\n[[sources]]\nname='a'\nkind='ecb'",
            "named twice",
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as raised:
        load_settings(write(tmp_path, text))
    assert raised.value.todo
    assert raised.value.exit_code == 2
    assert "secret" not in str(raised.value)


def test_a_missing_secret_names_its_variable(tmp_path: Path) -> None:
    settings = load_settings(
        write(tmp_path, "[[sources]]\nname='mt5'\nkind='mt5'\nurl_env='MT5_TEST_URL'")
    )
    with pytest.raises(SettingsError, match="MT5_TEST_URL is not set"):
        settings.source("mt5").database_url()
