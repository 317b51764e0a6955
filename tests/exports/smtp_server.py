"""A small mail server on loopback: what smtplib speaks to in tests is a real socket."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class SmtpServer:
    """A running server.

    Attributes:
        messages: mails that it took over.
        answers: what it says to RCPT instead of 250, by address, as often as listed.
    """

    messages: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    sessions: int = 0
    _server: socketserver.ThreadingTCPServer | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen on a free port of loopback."""
        state = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                state.sessions += 1
                self._say("220 loopback ready")
                while line := self.rfile.readline():
                    command = line.decode().strip()
                    verb = command[:4].upper()
                    if verb == "EHLO":
                        self._say("250-loopback\r\n250 8BITMIME")
                    elif verb == "RCPT":
                        address = command.partition("<")[2].partition(">")[0]
                        waiting = state.answers.get(address, [])
                        self._say(waiting.pop(0) if waiting else "250 ok")
                    elif verb == "DATA":
                        self._say("354 go on")
                        state.messages.append(self._message())
                        self._say("250 taken over")
                    elif verb == "QUIT":
                        self._say("221 bye")
                        return
                    else:
                        self._say("250 ok")

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def _message(self) -> EmailMessage:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                return message_from_bytes(b"".join(lines), policy=policy.default)

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close the socket: the next connection is refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
