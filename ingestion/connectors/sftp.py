"""A folder on an SFTP server, opened for reading, and for the statements that are left there.

The server must prove that it is the one that was meant: its host key is stated in the source's
options, or stands in a known_hosts file. An unknown key is refused and shown, never learned.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from warehouse.errors import SettingsError, SourceError
from warehouse.settings import SourceSettings

if TYPE_CHECKING:
    import paramiko

_CONNECT_SECONDS = 10
# A server that sends nothing for so long is taken for gone.
_SILENCE_SECONDS = 30
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class RemoteFile:
    """One regular file of the folder; ``modified`` is in seconds since 1970."""

    name: str
    size: int
    modified: int


@dataclass
class SftpFolder:
    """The folder, its server and how to sign in. Not for use by two threads.

    Attributes:
        path: on the server; absolute, or below the account's home for ``/~/...``.
        host_key: ``<type> <base64>`` of the server's key; None looks in ``known_hosts``.
    """

    source: str
    host: str
    port: int
    user: str
    path: str
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    key_passphrase: str | None = field(default=None, repr=False)
    host_key: str | None = None
    known_hosts: Path = field(default_factory=lambda: Path.home() / ".ssh" / "known_hosts")
    _sftp: paramiko.SFTPClient | None = field(default=None, init=False, repr=False)

    @classmethod
    def of(cls, source: SourceSettings, url: str) -> SftpFolder:
        """The folder that a source's settings name.

        Args:
            url: ``sftp://user[:password]@host[:port]/path``.

        Raises:
            SettingsError: a part of it is missing, or a secret's variable is not set.
        """
        parts = urlsplit(url)
        where = f"source {source.name}"
        try:
            port = parts.port or 22
        except ValueError as error:
            raise SettingsError(
                "The port of the SFTP address is no port.", where=where, todo="correct it"
            ) from error
        if not parts.hostname or not parts.username or parts.path in ("", "/"):
            raise SettingsError(
                "The SFTP address lacks its user, host or folder.",
                where=where,
                todo="use the form sftp://user@host:port/folder",
            )
        options = source.options
        password = unquote(parts.password) if parts.password else None
        folder = cls(
            source=source.name,
            host=parts.hostname,
            port=port,
            user=unquote(parts.username),
            path=unquote(parts.path).removeprefix("/~/"),
            password=password or _secret(source, "password_env"),
            key_passphrase=_secret(source, "key_passphrase_env"),
            host_key=options.get("host_key"),
        )
        if "key_file" in options:
            folder.key_file = Path(str(options["key_file"])).expanduser()
        if "known_hosts" in options:
            folder.known_hosts = Path(str(options["known_hosts"])).expanduser()
        if folder.password is None and folder.key_file is None:
            raise SettingsError(
                "The SFTP source has nothing to sign in with.",
                where=where,
                todo="set options.key_file, or options.password_env to the name of the variable "
                "that holds the password",
            )
        return folder

    @property
    def place(self) -> str:
        """Server and folder, without any secret."""
        return f"source {self.source}, sftp://{self.user}@{self.host}:{self.port}/{self.path}"

    def run(self, work: Callable[[], None], stopping: Callable[[], bool]) -> None:
        """Do ``work`` over a connection, again over a new one when it is lost.

        Raises:
            SourceError: the server is not reached, not known, or does not let us in or read.
        """
        import paramiko

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._connected():
                    work()
                return
            except (paramiko.SSHException, EOFError, OSError) as error:
                if isinstance(error, PermissionError | FileNotFoundError):
                    raise self._refused(error) from error
                if attempt == _ATTEMPTS or stopping():
                    raise SourceError(
                        f"The SFTP server cannot be read: {error or type(error).__name__}.",
                        where=self.place,
                        todo="check that it runs and can be reached; files that were not complete "
                        "are fetched again by the next sync",
                    ) from error
            time.sleep(_PAUSE_SECONDS * attempt)

    def files(self) -> Iterator[RemoteFile]:
        """The regular files of the folder; links to files count as files."""
        for entry in self._open().listdir_attr(self.path):
            # A name with a path in it would leave our folder; no honest server sends one.
            if entry.filename in ("", ".", "..") or "/" in entry.filename:
                continue
            mode = entry.st_mode or 0
            if stat.S_ISLNK(mode):
                try:
                    followed = self.status(entry.filename)
                except OSError:
                    continue
                if followed is not None:
                    yield followed
            elif stat.S_ISREG(mode):
                yield RemoteFile(entry.filename, entry.st_size or 0, entry.st_mtime or 0)

    def status(self, name: str) -> RemoteFile | None:
        """Size and time of a file as they are now; None where it is no file."""
        found = self._open().stat(f"{self.path}/{name}")
        if not stat.S_ISREG(found.st_mode or 0):
            return None
        return RemoteFile(name, found.st_size or 0, found.st_mtime or 0)

    def download(self, file: RemoteFile, sink: IO[bytes]) -> None:
        """Write the file's bytes to ``sink``."""
        self._open().getfo(f"{self.path}/{file.name}", sink)

    def store(self, name: str, content: bytes) -> None:
        """Put a file there, whole or not at all: it appears under its name when it is complete."""
        sftp = self._open()
        part = f"{self.path}/.{name}.part"
        with sftp.open(part, "wb") as file:
            file.write(content)
        sftp.posix_rename(part, f"{self.path}/{name}")

    def _open(self) -> paramiko.SFTPClient:
        if self._sftp is None:
            raise RuntimeError("the SFTP folder is not open")
        return self._sftp

    @contextmanager
    def _connected(self) -> Iterator[None]:
        import paramiko

        # What it logs is raised as well; without a handler it would be printed with its trace.
        logging.getLogger("paramiko").addHandler(logging.NullHandler())
        client = paramiko.SSHClient()
        try:
            self._trust(client)
            try:
                client.connect(
                    self.host,
                    self.port,
                    self.user,
                    self.password,
                    key_filename=str(self.key_file) if self.key_file else None,
                    passphrase=self.key_passphrase,
                    timeout=_CONNECT_SECONDS,
                    banner_timeout=_CONNECT_SECONDS,
                    auth_timeout=_CONNECT_SECONDS,
                    allow_agent=False,
                    look_for_keys=False,
                )
            except (paramiko.AuthenticationException, paramiko.BadHostKeyException) as error:
                raise self._refused(error) from error
            except FileNotFoundError as error:
                raise SourceError(
                    "The key file of the SFTP source does not exist.",
                    where=f"{self.place}, {self.key_file}",
                    todo="correct options.key_file",
                ) from error
            self._sftp = client.open_sftp()
            channel = self._sftp.get_channel()
            if channel is not None:
                channel.settimeout(_SILENCE_SECONDS)
            yield
        finally:
            self._sftp = None
            client.close()

    def _trust(self, client: paramiko.SSHClient) -> None:
        """Give the client the host key that it may accept, and none besides."""
        import paramiko

        folder = self

        class Refusing:
            def missing_host_key(
                self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
            ) -> None:
                raise folder._unknown(key)

        client.set_missing_host_key_policy(Refusing())
        if self.host_key is None:
            if self.known_hosts.is_file():
                client.load_host_keys(str(self.known_hosts))
            return
        name = self.host if self.port == 22 else f"[{self.host}]:{self.port}"
        try:
            kind, encoded = self.host_key.split()[:2]
            key = paramiko.PKey.from_type_string(kind, base64.b64decode(encoded))
        except (ValueError, paramiko.SSHException, paramiko.UnknownKeyType) as error:
            raise SettingsError(
                "options.host_key is no public key.",
                where=f"source {self.source}",
                todo='write it as ssh-keyscan prints it, without the host: "ssh-ed25519 AAAA..."',
            ) from error
        client.get_host_keys().add(name, kind, key)

    def _unknown(self, key: paramiko.PKey) -> SourceError:
        return SourceError(
            f"The SFTP server is not known: it shows {key.get_name()} {_fingerprint(key)}.",
            where=self.place,
            todo="ask its operator for that fingerprint; if it is theirs, set options.host_key = "
            f'"{key.get_name()} {key.get_base64()}"',
        )

    def _refused(self, error: Exception) -> SourceError:
        import paramiko

        if isinstance(error, paramiko.BadHostKeyException):
            return SourceError(
                "The SFTP server shows another host key than it did: "
                f"{error.key.get_name()} {_fingerprint(error.key)}.",
                where=self.place,
                todo="nothing was sent; ask its operator whether the key was changed before "
                "correcting options.host_key or known_hosts",
            )
        if isinstance(error, paramiko.AuthenticationException):
            return SourceError(
                f"The SFTP server does not let {self.user} in.",
                where=self.place,
                todo="check the key or the password, and that the account may use SFTP",
            )
        return SourceError(
            f"The SFTP folder cannot be read: {error}.",
            where=self.place,
            todo="check the folder's name and that the account may list and read it",
        )


def _fingerprint(key: paramiko.PKey) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def _secret(source: SourceSettings, option: str) -> str | None:
    """The value of the environment variable that an option names."""
    name = source.options.get(option)
    if name is None:
        return None
    value = os.environ.get(str(name))
    if not value:
        raise SettingsError(
            f"The environment variable {name} is not set.",
            where=f"source {source.name}",
            todo=f"export it; options.{option} names it",
        )
    return value
