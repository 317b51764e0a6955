"""What a Daybook installation is configured with: daybook.toml, then DAYBOOK_* in the environment.

Secrets (passwords in database URLs, the catalog URL) come from the environment only; the file
names the variable that holds them.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from warehouse.errors import SettingsError, faults_of
from warehouse.statement_settings import StatementSettings

PROJECT_ROOT = Path(__file__).resolve().parent.parent
CONFIG_NAME = "daybook.toml"
# What `make demo` simulates, with the configuration that reads it.
DEMO = PROJECT_ROOT / "var" / "demo"
SFTP = "sftp://"


class SourceSettings(BaseModel):
    """One source system. For a trading platform ``name`` is the server id used in every key."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    kind: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    tenant: str = "demo"
    url: str | None = None
    url_env: str | None = None
    path: Path | None = None
    clock_zone: str = "America/New_York"
    clock_shift_minutes: int = 420
    end_of_day_minutes: int = Field(default=1439, ge=0, le=1439)
    bonus_moves: Literal["credit", "balance"] = "credit"
    internal_transfer_prefix: str = "IT"
    poll_seconds: float = Field(default=1.0, gt=0)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_no_secret(self) -> Self:
        if self.url and self.url_env:
            raise ValueError(f"source {self.name}: give url or url_env, not both")
        if self.url and "://" in self.url and make_url(self.url).password:
            raise ValueError(
                f"source {self.name}: url holds a password; put the whole URL into an "
                "environment variable and name it in url_env"
            )
        return self

    def sftp_url(self) -> str | None:
        """``sftp://user@host:port/folder`` of a file source, from the file or the environment.

        Raises:
            SettingsError: url_env names a variable that is not set.
        """
        url = self._address()
        return url if url is not None and url.startswith(SFTP) else None

    def database_url(self) -> str | None:
        """The SQLAlchemy URL, from the file or from the environment; None for file sources.

        Raises:
            SettingsError: url_env names a variable that is not set, or the URL cannot be parsed.
        """
        url = self._address()
        if url is None or url.startswith(SFTP):
            return None
        try:
            make_url(url)
        except ArgumentError as error:
            raise SettingsError(
                "The database URL cannot be parsed.",
                where=f"source {self.name}",
                todo="use the form dialect://user:password@host:port/database",
            ) from error
        return url

    def _address(self) -> str | None:
        if not self.url_env:
            return self.url
        value = os.environ.get(self.url_env)
        if not value:
            raise SettingsError(
                f"The environment variable {self.url_env} is not set.",
                where=f"source {self.name}",
                todo=f"export {self.url_env}=<URL of the source's database or SFTP folder>",
            )
        return value


class Settings(BaseSettings):
    """The whole configuration. Paths are absolute once loaded."""

    model_config = SettingsConfigDict(env_prefix="DAYBOOK_", extra="forbid")

    config_path: Path | None = None
    home: Path = Path("var")
    display_name: str = "Daybook"
    tenant: str = "demo"
    reporting_currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    fx_max_age_days: int = Field(default=5, ge=0)
    truth_path: Path | None = None
    catalog_url: SecretStr | None = None
    control_database_url: SecretStr | None = None
    lock_timeout_seconds: float = Field(default=300.0, gt=0)
    query_timeout_seconds: float = Field(default=60.0, gt=0)
    duckdb_memory_limit: str | None = None
    duckdb_threads: int | None = Field(default=None, ge=1)
    reference_data: Path | None = None
    sources: list[SourceSettings] = Field(default_factory=list)
    statements: StatementSettings = Field(default_factory=StatementSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The environment wins over the file, whose content arrives as init arguments.
        return env_settings, init_settings

    @model_validator(mode="after")
    def _source_names_are_unique(self) -> Self:
        names = [source.name for source in self.sources]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"sources named twice: {', '.join(doubled)}")
        return self

    @property
    def warehouse_path(self) -> Path:
        """The folder of the lake: catalog, Parquet files, writer lock."""
        return self.home / "warehouse"

    @property
    def lake_data(self) -> Path:
        """The folder of the lake's Parquet files."""
        return self.warehouse_path / "data"

    @property
    def catalog_path(self) -> Path:
        """The SQLite catalog of the embedded default."""
        return self.warehouse_path / "catalog.sqlite"

    @property
    def archive_path(self) -> Path:
        """Content-addressed copies of every statement and filing made."""
        return self.home / "archive"

    @property
    def inbox_path(self) -> Path:
        """Copies of what lies on the sources' SFTP servers, one folder a source."""
        return self.home / "inbox"

    @property
    def evidence_path(self) -> Path:
        """What the gates leave behind: Great Expectations' Data Docs."""
        return self.home / "evidence"

    @property
    def control_url(self) -> str:
        """SQLAlchemy URL of the control database."""
        if self.control_database_url is not None:
            return self.control_database_url.get_secret_value()
        return f"sqlite:///{self.home / 'control.sqlite'}"

    def source(self, name: str) -> SourceSettings:
        """The source of that name.

        Raises:
            SettingsError: there is none.
        """
        for source in self.sources:
            if source.name == name:
                return source
        known = ", ".join(source.name for source in self.sources) or "none"
        raise SettingsError(
            f"No source is named {name}.",
            where=str(self.config_path or CONFIG_NAME),
            todo=f"use one of: {known}",
        )


def find_config() -> Path | None:
    """DAYBOOK_CONFIG, else daybook.toml in the working directory, the project, or the demo."""
    named = os.environ.get("DAYBOOK_CONFIG")
    if named:
        return Path(named)
    for folder in (Path.cwd(), PROJECT_ROOT, DEMO):
        candidate = folder / CONFIG_NAME
        if candidate.is_file():
            return candidate
    return None


def _absolute(path: Path, base: Path) -> Path:
    return path if path.is_absolute() else (base / path).resolve()


def _absolute_sqlite_url(url: str, base: Path) -> str:
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(prefix + "/") or ":memory:" in url:
        return url
    return prefix + str((base / url.removeprefix(prefix)).resolve())


def _absolute_options(options: dict[str, Any], base: Path) -> dict[str, Any]:
    """Options that name a file of this machine; they count from the configuration's folder."""
    files = {name: options[name] for name in ("key_file", "known_hosts") if name in options}
    return options | {
        name: str(_absolute(Path(str(path)).expanduser(), base)) for name, path in files.items()
    }


def load_settings(config_path: Path | str | None = None) -> Settings:
    """Read the configuration; relative paths count from the folder of the file that states them.

    Raises:
        SettingsError: the file is missing, is no TOML, or holds an unknown or impossible value.
    """
    path = Path(config_path) if config_path is not None else find_config()
    content: dict[str, Any] = {}
    base = Path.cwd()
    if path is not None:
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(
                f"The configuration file cannot be read: {error.strerror}.",
                where=str(path),
                todo="create it, or point DAYBOOK_CONFIG at one that exists",
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(
                f"The configuration file is not valid TOML: {error}.",
                where=str(path),
                todo="correct that line",
            ) from error
        base = path.resolve().parent
        for secret in ("catalog_url", "control_database_url"):
            if secret in content:
                raise SettingsError(
                    f"{secret} may hold a password and is read from the environment only.",
                    where=str(path),
                    todo=f"remove it from the file and export DAYBOOK_{secret.upper()}",
                )
    content["config_path"] = path
    environment_base = Path.cwd()
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise SettingsError(
            f"The configuration cannot be used: {faults_of(error, nowhere='configuration')}.",
            where=str(path or "environment"),
            todo="docs/configuration.md lists every key with its meaning and default",
        ) from error
    home_base = environment_base if "DAYBOOK_HOME" in os.environ else base
    sources = [
        source.model_copy(
            update={
                "path": _absolute(source.path, base) if source.path else None,
                "url": _absolute_sqlite_url(source.url, base) if source.url else None,
                "options": _absolute_options(source.options, base),
            }
        )
        for source in settings.sources
    ]
    truth = settings.truth_path
    return settings.model_copy(
        update={
            "home": _absolute(settings.home, home_base),
            "truth_path": _absolute(truth, base) if truth else None,
            "sources": sources,
            "statements": settings.statements.located(base),
        }
    )
