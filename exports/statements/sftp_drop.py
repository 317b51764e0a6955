"""Papers into a folder on an SFTP server."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from exports.statements.parcel import Parcel
from ingestion.connectors.sftp import SftpFolder
from warehouse.errors import SettingsError
from warehouse.statement_settings import SftpDropSettings


class SftpChannel:
    """One connection to the server for each file: it may be days between two."""

    def __init__(self, drop: SftpDropSettings) -> None:
        parts = urlsplit(drop.url)
        self._folder = SftpFolder(
            source="statements",
            host=parts.hostname or "",
            port=parts.port or 22,
            user=unquote(parts.username or ""),
            path=unquote(parts.path).removeprefix("/~/"),
            password=_password(drop),
            key_file=drop.key_file,
            host_key=drop.host_key,
        )
        if drop.known_hosts is not None:
            self._folder.known_hosts = Path(drop.known_hosts)

    def __enter__(self) -> SftpChannel:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send(self, parcel: Parcel) -> str:
        """Leave the file there, whole or not at all.

        Raises:
            SourceError: the server is not reached, not known, or does not let us in or write.
        """
        self._folder.run(
            lambda: self._folder.store(parcel.file_name, parcel.content), stopping=lambda: True
        )
        return f"stored as {parcel.file_name}"


def _password(drop: SftpDropSettings) -> str | None:
    if drop.password_env is None:
        return None
    value = os.environ.get(drop.password_env)
    if not value:
        raise SettingsError(
            f"The environment variable {drop.password_env} is not set.",
            where="statements.sftp.password_env",
            todo="export it with the password of the SFTP account",
        )
    return value
