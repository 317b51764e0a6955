"""One TLS connection to the Open API: a request goes out, its answer comes back, or an error.

The server sends heartbeats and events in between; an answer is known by its clientMsgId. What the
server said of a failure is kept, tokens and secrets never are.
"""

from __future__ import annotations

import socket
import ssl
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.frames import FrameError, FrameReader, framed
from ingestion.connectors.ctrader.messages import ERRORS, HEARTBEAT
from ingestion.connectors.ctrader.pace import Pace
from warehouse.errors import SourceError

_PAYLOADS: Any = api.ProtoOAPayloadType
# A client that is silent for longer is disconnected.
_HEARTBEAT_SECONDS = 8.0
_RECEIVE_BYTES = 1 << 16


@dataclass(frozen=True)
class Endpoint:
    """Where and how to connect.

    Attributes:
        timeout_seconds: how long to wait for a connection or an answer.
        per_second: requests the server allows; ``history_per_second`` of those for history.
        ca_file: certificates to trust instead of the system's.
    """

    host: str
    port: int
    timeout_seconds: float
    per_second: float
    history_per_second: float
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        """host:port, for messages."""
        return f"{self.host}:{self.port}"


class ConnectionLostError(Exception):
    """The connection broke, or nothing came in time; asking again on a new one may help."""


class RefusedError(Exception):
    """The server answered with an error.

    Attributes:
        code: the API's error code.
        retry_after: seconds it wants to be left alone; 0 if it did not say.
    """

    def __init__(self, code: str, description: str, retry_after: int = 0) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.retry_after = retry_after


class Connection:
    """An open connection; not for two threads at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect and shake hands.

        Raises:
            ConnectionLostError: the server cannot be reached.
            SourceError: its certificate is not trusted, or the CA file cannot be read.
        """
        self._endpoint = endpoint
        self._socket = _connect(endpoint)
        self._close = weakref.finalize(self, self._socket.close)
        self._reader = FrameReader()
        self._pace = Pace(endpoint.per_second)
        self._history_pace = Pace(endpoint.history_per_second)
        self._sent = time.monotonic()
        self._number = 0

    def close(self) -> None:
        """Hang up; a closed connection stays closed."""
        self._close()

    def ask(self, kind: str, request: Any, answer: Any, *, history: bool = False) -> Any:
        """Send a request and wait for its answer.

        Args:
            kind: the API's name of the request's payload type, without ``_REQ``.
            answer: class of the answer.
            history: counts against the lower rate of historical requests.

        Raises:
            RefusedError: the server answered with an error.
            ConnectionLostError: no complete answer came.
        """
        (self._history_pace if history else self._pace).wait()
        self._number += 1
        reference = str(self._number)
        self._send(
            api.ProtoMessage(
                payloadType=_PAYLOADS.Value(f"{kind}_REQ"),
                payload=request.SerializeToString(),
                clientMsgId=reference,
            )
        )
        expected = _PAYLOADS.Value(f"{kind}_RES")
        deadline = time.monotonic() + self._endpoint.timeout_seconds
        while True:
            for message in self._receive(deadline):
                self._look_at_event(message)
                if message.clientMsgId != reference:
                    continue
                if message.payloadType in ERRORS:
                    raise _refused(message)
                if message.payloadType != expected:
                    raise ConnectionLostError(
                        f"{kind}_REQ was answered with payload type {message.payloadType}"
                    )
                return answer.FromString(message.payload)

    def _send(self, message: Any) -> None:
        try:
            self._socket.settimeout(self._endpoint.timeout_seconds)
            self._socket.sendall(framed(message))
        except OSError as error:
            raise ConnectionLostError(f"the request could not be sent: {error}") from error
        self._sent = time.monotonic()

    def _receive(self, deadline: float) -> list[Any]:
        """What comes next, complete messages only; heartbeats go out while nothing comes."""
        now = time.monotonic()
        if now >= deadline:
            seconds = self._endpoint.timeout_seconds
            raise ConnectionLostError(f"no answer within {seconds:g} seconds")
        quiet = max(self._sent + _HEARTBEAT_SECONDS - now, 0.01)
        try:
            self._socket.settimeout(min(quiet, deadline - now))
            data = self._socket.recv(_RECEIVE_BYTES)
        except TimeoutError:
            if time.monotonic() >= self._sent + _HEARTBEAT_SECONDS:
                self._send(api.ProtoMessage(payloadType=HEARTBEAT))
            return []
        except OSError as error:
            raise ConnectionLostError(f"the connection broke: {error}") from error
        if not data:
            cut = f" in the middle of a frame ({self._reader.pending} bytes of it came)"
            where = cut if self._reader.pending else ""
            raise ConnectionLostError(f"the server hung up{where}")
        try:
            return list(self._reader.feed(data))
        except FrameError as error:
            raise ConnectionLostError(
                f"the answer is no frame of this protocol: {error}"
            ) from error

    def _look_at_event(self, message: Any) -> None:
        """Events that end a session arrive unasked."""
        if message.payloadType == _PAYLOADS.Value("PROTO_OA_CLIENT_DISCONNECT_EVENT"):
            event = api.ProtoOAClientDisconnectEvent.FromString(message.payload)
            raise ConnectionLostError(f"the server ends the session: {event.reason}")
        if message.payloadType == _PAYLOADS.Value("PROTO_OA_ACCOUNT_DISCONNECT_EVENT"):
            left = api.ProtoOAAccountDisconnectEvent.FromString(message.payload)
            account = left.ctidTraderAccountId
            raise ConnectionLostError(f"the server ends the session of account {account}")
        if message.payloadType == _PAYLOADS.Value("PROTO_OA_ACCOUNTS_TOKEN_INVALIDATED_EVENT"):
            invalidated = api.ProtoOAAccountsTokenInvalidatedEvent.FromString(message.payload)
            raise RefusedError("CH_ACCESS_TOKEN_INVALID", invalidated.reason)


def _connect(endpoint: Endpoint) -> ssl.SSLSocket:
    try:
        context = ssl.create_default_context(
            cafile=str(endpoint.ca_file) if endpoint.ca_file else None
        )
    except (OSError, ssl.SSLError) as error:
        raise SourceError(
            "The CA file cannot be read.",
            where=str(endpoint.ca_file),
            todo="give a PEM file in options.ca_file, or leave it out for the system's",
        ) from error
    try:
        plain = socket.create_connection(
            (endpoint.host, endpoint.port), timeout=endpoint.timeout_seconds
        )
    except OSError as error:
        raise ConnectionLostError(f"no connection: {error}") from error
    try:
        return context.wrap_socket(plain, server_hostname=endpoint.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise SourceError(
            f"The server's certificate is not trusted: {error.verify_message}.",
            where=endpoint.name,
            todo="check host and port; for a proxy of your own name its CA in options.ca_file",
        ) from error
    except OSError as error:
        plain.close()
        raise ConnectionLostError(f"the TLS handshake failed: {error}") from error


def _refused(message: Any) -> RefusedError:
    error = ERRORS[message.payloadType].FromString(message.payload)
    retry_after = int(getattr(error, "retryAfter", 0))
    return RefusedError(error.errorCode, error.description, retry_after)
