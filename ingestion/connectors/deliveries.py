"""Where a file source's files lie: a local folder, or a folder on an SFTP server.

A server's folder is mirrored into the installation (``home/inbox/<source>/``) and taken from there
by the code that takes a local folder, so both behave alike. A file arrives there whole or not at
all: it is fetched under another name and renamed once its size and time are those of the listing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ingestion.connectors.context import PassContext
from ingestion.connectors.sftp import RemoteFile, SftpFolder
from warehouse.errors import SourceError

# Names under which other programs write a file that is not complete yet.
_UNFINISHED = (".*", "*.part", "*.tmp", "*.filepart", "*.crdownload")
_FETCH_SECONDS = 30
_SETTLE_SECONDS = 2
_YOUNG_SECONDS = 1


@dataclass(frozen=True)
class Delivery:
    """The files that lie in a source's folder now.

    Attributes:
        folder: where they are, on this machine.
        files: those with a wanted and finished name, sorted by name.
        failure: why files that should be here may be missing; raise it once the others are loaded.
    """

    folder: Path
    files: tuple[Path, ...]
    failure: SourceError | None = None


def delivered(context: PassContext, patterns: Sequence[str] = ("*",)) -> Delivery:
    """The files of the source's folder; those of an SFTP server are fetched first.

    Raises:
        SourceError: the local folder does not exist.
        SettingsError: the SFTP address or its options cannot be used.
    """
    url = context.source.sftp_url()
    failure = None
    if url is None:
        folder = context.source.path
        if folder is None or not folder.is_dir():
            raise SourceError(
                "The folder of the source does not exist.",
                where=f"source {context.source.name}, {folder}",
                todo="create it, or correct path in daybook.toml",
            )
    else:
        folder = context.settings.inbox_path / context.source.name
        folder.mkdir(parents=True, exist_ok=True)
        failure = _fetch_when_due(context, SftpFolder.of(context.source, url), folder, patterns)
    files = (path for path in folder.iterdir() if _is_wanted(path.name, patterns))
    finished = (path for path in files if path.is_file() and not _is_young(context, path))
    return Delivery(folder, tuple(sorted(finished)), failure)


def stamp_of(path: Path) -> tuple[int, int]:
    """Time and size of a file: while they move, it is being written."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _is_young(context: PassContext, path: Path) -> bool:
    """Whether a poll loop should look at the file once more before it is taken.

    A single pass takes what is there, as whoever started it expects.
    """
    return context.repeated and 0 <= time.time() - path.stat().st_mtime < _YOUNG_SECONDS


def _is_wanted(name: str, patterns: Sequence[str]) -> bool:
    if any(fnmatch(name, pattern) for pattern in _UNFINISHED):
        return False
    return any(fnmatch(name.lower(), pattern.lower()) for pattern in patterns)


def _fetch_when_due(
    context: PassContext, server: SftpFolder, folder: Path, patterns: Sequence[str]
) -> SourceError | None:
    """Mirror the server's folder, unless a poll loop did so a moment ago."""
    fetched_at = context.memory.get("fetched_at")
    now = time.monotonic()
    wait = context.integer_option("fetch_seconds", _FETCH_SECONDS)
    if isinstance(fetched_at, float) and now - fetched_at < wait:
        return None
    try:
        server.run(lambda: _mirror(context, server, folder, patterns), context.stopping)
    except SourceError as failure:
        return failure
    context.memory["fetched_at"] = now
    return None


def _mirror(
    context: PassContext, server: SftpFolder, folder: Path, patterns: Sequence[str]
) -> None:
    """Fetch what is new and finished, and drop what is not on the server any more."""
    listed = _listed(server, patterns)
    fresh = {name: file for name, file in listed.items() if not _holds(folder, file)}
    if fresh:
        # A file that is still being written moves between two looks.
        _pause(context, context.integer_option("settle_seconds", _SETTLE_SECONDS))
        again = _listed(server, patterns)
        settled = [file for name, file in sorted(fresh.items()) if again.get(name) == file]
        for file in settled:
            if context.stopping():
                return
            _fetch(server, file, folder)
        listed |= again
    for path in folder.iterdir():
        if path.is_file() and path.name not in listed:
            path.unlink()


def _listed(server: SftpFolder, patterns: Sequence[str]) -> dict[str, RemoteFile]:
    return {file.name: file for file in server.files() if _is_wanted(file.name, patterns)}


def _holds(folder: Path, file: RemoteFile) -> bool:
    try:
        status = (folder / file.name).stat()
    except FileNotFoundError:
        return False
    return (status.st_size, int(status.st_mtime)) == (file.size, file.modified)


def _fetch(server: SftpFolder, file: RemoteFile, folder: Path) -> None:
    unfinished = folder / f".{file.name}.part"
    try:
        with unfinished.open("wb") as sink:
            server.download(file, sink)
            sink.flush()
            os.fsync(sink.fileno())
        if unfinished.stat().st_size != file.size or server.status(file.name) != file:
            # It moved while it was read: the next look takes it.
            return
        os.utime(unfinished, (file.modified, file.modified))
        unfinished.replace(folder / file.name)
    finally:
        unfinished.unlink(missing_ok=True)


def _pause(context: PassContext, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not context.stopping() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.2))
