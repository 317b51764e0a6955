"""A real OpenSSH server on loopback that serves a folder by SFTP, with keys of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.servers import ServerMissingError

_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile {folder}/pid
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
"""


@dataclass
class SftpServer:
    """A running server.

    Attributes:
        files: the folder that it serves (it may serve any: nothing is chrooted).
        client_key: private key of the account that may sign in.
    """

    folder: Path
    port: int
    files: Path
    client_key: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def host_key(self) -> str:
        """The server's public key as options.host_key takes it."""
        return " ".join((self.folder / "host_key.pub").read_text("utf-8").split()[:2])

    def url(self, port: int | None = None) -> str:
        """The address of the served folder, by another port where a relay listens."""
        return f"sftp://{getpass.getuser()}@127.0.0.1:{port or self.port}{self.files}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerMissingError: it did not come up.
        """
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        self.stop()
        raise ServerMissingError(f"sshd did not start: {(self.folder / 'log').read_text()[-500:]}")

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None


def sftp_server(folder: Path) -> SftpServer:
    """A server in ``folder``, started.

    Raises:
        ServerMissingError: OpenSSH's server is not installed or does not start.
    """
    daemon = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if daemon is None or shutil.which("ssh-keygen") is None:
        raise ServerMissingError("sshd is not installed (apt-get install openssh-server)")
    if os.geteuid() == 0:
        # Where it drops its privileges to; the service's own start script makes it else.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    files = folder / "files"
    files.mkdir(parents=True)
    for name in ("host_key", "client_key"):
        make_key(folder / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "sshd_config"
    config.write_text(_CONFIG.format(port=port, folder=folder), "utf-8")
    server = SftpServer(
        folder, port, files, folder / "client_key", [daemon, "-D", "-e", "-f", str(config)]
    )
    server.start()
    return server


def make_key(path: Path) -> None:
    """An Ed25519 key pair: ``path`` and ``path``.pub."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],
        check=True,
        capture_output=True,
    )


@dataclass
class CuttingRelay:
    """A TCP relay that breaks its first ``breaks`` connections after so many bytes of answer."""

    to_port: int
    after_bytes: int
    breaks: int
    connections: int = 0
    _listener: socket.socket = field(default_factory=socket.socket)

    def __enter__(self) -> int:
        """Listen; gives the port."""
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                limit = self.after_bytes if self.connections <= self.breaks else None
                server = socket.create_connection(("127.0.0.1", self.to_port))
                for source, sink, most in ((client, server, None), (server, client, limit)):
                    threading.Thread(
                        target=self._copy, args=(source, sink, most), daemon=True
                    ).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket, most: int | None) -> None:
        with suppress(OSError):
            passed = 0
            while (data := source.recv(32_768)) and (most is None or passed < most):
                sink.sendall(data)
                passed += len(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
