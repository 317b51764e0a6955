"""Content-addressed copies of everything that left the house: the name of a file is its hash."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from exports.errors import ArchiveError
from warehouse.settings import Settings


@dataclass(frozen=True)
class ArchivedFile:
    """Bytes in the archive."""

    sha256: str
    size: int
    path: str
    """Relative to the archive: `ab/abcdef....pdf`."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or none: readers never see half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def store(settings: Settings, content: bytes, extension: str) -> ArchivedFile:
    """Keep bytes under their hash; what is already there is left alone."""
    digest = hashlib.sha256(content).hexdigest()
    relative = f"{digest[:2]}/{digest}.{extension}"
    path = settings.archive_path / relative
    if not path.is_file():
        write_atomically(path, content)
    return ArchivedFile(sha256=digest, size=len(content), path=relative)


def fetch(settings: Settings, path: str, sha256: str) -> bytes:
    """The bytes of an archived file, proved against its hash.

    Raises:
        ArchiveError: the file is gone, or its content changed.
    """
    where = settings.archive_path / path
    try:
        content = where.read_bytes()
    except OSError as error:
        raise ArchiveError(
            f"An archived file cannot be read: {error.strerror}.",
            where=str(where),
            todo="restore the archive from its backup",
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArchiveError(
            "An archived file is not the one that was registered: its hash differs.",
            where=str(where),
            todo="restore the archive from its backup, and find out who changed it",
        )
    return content
