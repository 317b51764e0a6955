"""The `[statements]` part of daybook.toml: what papers look like, and how they are delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_COLOUR = r"^#[0-9a-fA-F]{6}$"


class BrandSettings(BaseModel):
    """How a tenant's papers look."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    logo: Path | None = None
    ink: str = Field(default="#14213d", pattern=_COLOUR)
    accent: str = Field(default="#f3f5f8", pattern=_COLOUR)
    legal_text: str = ""


class MailSettings(BaseModel):
    """The mail server that statements leave by."""

    model_config = ConfigDict(extra="forbid")

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    user: str | None = None
    password_env: str | None = None
    timeout_seconds: float = Field(default=20.0, gt=0)

    @model_validator(mode="after")
    def _password_goes_with_user(self) -> Self:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("mail: give user and password_env together, or neither")
        return self


class SftpDropSettings(BaseModel):
    """The SFTP folder that statements are dropped into."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(pattern=r"^sftp://[^:@/]+@[^@]+/.+$")
    key_file: Path | None = None
    password_env: str | None = None
    host_key: str | None = None
    known_hosts: Path | None = None


class StatementSettings(BaseModel):
    """Brands by tenant, fonts, and ways out of the house."""

    model_config = ConfigDict(extra="forbid")

    brands: dict[str, BrandSettings] = Field(default_factory=dict)
    font_paths: list[Path] = Field(default_factory=lambda: [Path("/usr/share/fonts")])
    mail: MailSettings | None = None
    sftp: SftpDropSettings | None = None
    attempts: int = Field(default=3, ge=1)
    pause_seconds: float = Field(default=2.0, ge=0)

    def brand(self, tenant: str) -> BrandSettings:
        """The brand of a tenant, or the plain one."""
        return self.brands.get(tenant) or BrandSettings()

    def located(self, base: Path) -> StatementSettings:
        """The same with every path absolute, counted from the configuration's folder."""

        def at(path: Path | None) -> Path | None:
            return None if path is None else base / path.expanduser()

        brands = {
            tenant: brand.model_copy(update={"logo": at(brand.logo)})
            for tenant, brand in self.brands.items()
        }
        sftp = self.sftp and self.sftp.model_copy(
            update={"key_file": at(self.sftp.key_file), "known_hosts": at(self.sftp.known_hosts)}
        )
        fonts = [base / path for path in self.font_paths]
        return self.model_copy(update={"brands": brands, "font_paths": fonts, "sftp": sftp})
