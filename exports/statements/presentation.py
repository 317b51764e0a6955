"""What a paper looks like: issuer, language, colours, legal text and logo, kept with the paper.

A brand may change; a paper is made again with the presentation it was first made with, which the
archive keeps under its hash.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from exports import archive
from exports.errors import PresentationError
from exports.statements.catalogue import Catalogue, catalogue
from warehouse.settings import Settings

_LOGO_KINDS = {
    ".svg": b"<",
    ".png": b"\x89PNG",
    ".jpg": b"\xff\xd8",
    ".jpeg": b"\xff\xd8",
}


@dataclass(frozen=True)
class Presentation:
    """What stands on a paper beside its figures."""

    issuer: str
    language: str
    ink: str
    accent: str
    legal_text: str
    reporting_currency: str
    logo_path: str = ""
    """Relative to the archive; empty without a logo."""
    logo_sha256: str = ""

    @property
    def words(self) -> Catalogue:
        """The catalogue of its language."""
        return catalogue(self.language)

    def stored(self, settings: Settings) -> archive.ArchivedFile:
        """Kept in the archive, under the hash that the register names."""
        content = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()
        return archive.store(settings, content, "json")


def presentation(settings: Settings, tenant: str, language: str | None = None) -> Presentation:
    """The presentation of a tenant's papers today.

    Args:
        settings: the installation.
        tenant: whose papers.
        language: another language than the tenant's.

    Raises:
        PresentationError: the logo is missing or is no picture.
        CatalogueError: nobody translated the language.
    """
    brand = settings.statements.brand(tenant)
    logo = _logo(settings, brand.logo, tenant) if brand.logo else None
    made = Presentation(
        issuer=brand.name or settings.display_name,
        language=language or brand.language,
        ink=brand.ink,
        accent=brand.accent,
        legal_text=brand.legal_text,
        reporting_currency=settings.reporting_currency,
        logo_path=logo.path if logo else "",
        logo_sha256=logo.sha256 if logo else "",
    )
    catalogue(made.language)
    return made


def stored_presentation(settings: Settings, sha256: str) -> Presentation:
    """The presentation that a paper was made with.

    Raises:
        ArchiveError: the archive lost it.
    """
    path = f"{sha256[:2]}/{sha256}.json"
    return Presentation(**json.loads(archive.fetch(settings, path, sha256)))


def _logo(settings: Settings, path: Path, tenant: str) -> archive.ArchivedFile:
    where = f"statements.brands.{tenant}.logo = {path}"
    begins = _LOGO_KINDS.get(path.suffix.lower())
    if begins is None:
        raise PresentationError(
            f"The logo {path.name} is of no kind that can be printed.",
            where=where,
            todo=f"use one of: {', '.join(_LOGO_KINDS)}",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PresentationError(
            f"The logo {path.name} cannot be read: {error.strerror}.",
            where=where,
            todo="put the file there, or take the line out of daybook.toml",
        ) from error
    if not content.lstrip(b"\xef\xbb\xbf \r\n").startswith(begins):
        raise PresentationError(
            f"The logo {path.name} is not what its name says.",
            where=where,
            todo="save the picture again as SVG, PNG or JPEG",
        )
    return archive.store(settings, content, path.suffix.lower().lstrip("."))
