"""A server that speaks the Open API over TLS, with the failures a test asks of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.frames import FrameReader, framed
from tests.ingestion.ctrader.broker import ACCOUNT, PAYLOADS, enveloped, names, trader

CLIENT, SECRET, TOKEN = "client-1", "secret-of-the-application", "token-of-the-broker"
WEEK_MS = 7 * 86_400_000

# Gets the connection and the envelope of a request; True: it has answered in its own way.
Fault = Callable[[ssl.SSLSocket, Any], bool]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for loopback and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "server.pem", folder / "server.key"
    certificate_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path


@dataclass
class Account:
    """What the server knows of one account."""

    trader: Any
    deals: list[Any] = field(default_factory=list)
    flows: list[Any] = field(default_factory=list)
    positions: list[Any] = field(default_factory=list)
    live: bool = True


class Server:
    """Serves until it is closed; ``requests`` remembers what was asked, by message name."""

    def __init__(self, folder: Path) -> None:
        self.ca_file, key = certificate(folder)
        self.accounts: dict[int, Account] = {ACCOUNT: Account(trader())}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, Any]] = []
        self.connections = 0
        self.rows_at_most = 1000
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.ca_file, key)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def asked(self, name: str) -> list[Any]:
        """The requests of one message, in order."""
        return [request for asked, request in self.requests if asked == name]

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self._context.wrap_socket(plain, server_side=True) as connection:
                self.connections += 1
                self._talk(connection)
        except OSError:
            return

    def _talk(self, connection: ssl.SSLSocket) -> None:
        reader = FrameReader()
        state: dict[str, Any] = {"application": False, "accounts": set()}
        while data := connection.recv(1 << 16):
            for message in reader.feed(data):
                if self.faults and self.faults[0](connection, message):
                    self.faults.pop(0)
                    continue
                answer = self._answer(message, state)
                if answer is not None:
                    # A heartbeat and an answer to nobody come in between, and in two pieces.
                    noise = framed(enveloped(api.ProtoHeartbeatEvent()))
                    data = noise + framed(enveloped(answer, message.clientMsgId))
                    connection.sendall(data[:9])
                    connection.sendall(data[9:])

    def _answer(self, message: Any, state: dict[str, Any]) -> Any:
        name = PAYLOADS.Name(message.payloadType)
        if name == "HEARTBEAT_EVENT":
            self.requests.append((name, None))
            return None
        request = _REQUESTS[name].FromString(message.payload)
        self.requests.append((name, request))
        if name == "PROTO_OA_APPLICATION_AUTH_REQ":
            if (request.clientId, request.clientSecret) != (CLIENT, SECRET):
                return error("CH_CLIENT_AUTH_FAILURE", "wrong client")
            state["application"] = True
            return api.ProtoOAApplicationAuthRes()
        if not state["application"]:
            return error("CH_CLIENT_NOT_AUTHENTICATED")
        if name == "PROTO_OA_GET_ACCOUNTS_BY_ACCESS_TOKEN_REQ":
            return api.ProtoOAGetAccountListByAccessTokenRes(
                accessToken=request.accessToken,
                ctidTraderAccount=[
                    api.ProtoOACtidTraderAccount(ctidTraderAccountId=n, isLive=a.live)
                    for n, a in self.accounts.items()
                ],
            )
        number = request.ctidTraderAccountId
        if name == "PROTO_OA_ACCOUNT_AUTH_REQ":
            if request.accessToken != TOKEN:
                return error("CH_ACCESS_TOKEN_INVALID", "wrong token")
            if number not in self.accounts:
                return error("CH_CTID_TRADER_ACCOUNT_NOT_FOUND")
            state["accounts"].add(number)
            return api.ProtoOAAccountAuthRes(ctidTraderAccountId=number)
        if number not in state["accounts"]:
            return error("ACCOUNT_NOT_AUTHORIZED")
        return self._data(name, request, self.accounts[number])

    def _data(self, name: str, request: Any, account: Account) -> Any:
        number = request.ctidTraderAccountId
        if name == "PROTO_OA_TRADER_REQ":
            return api.ProtoOATraderRes(ctidTraderAccountId=number, trader=account.trader)
        if name == "PROTO_OA_RECONCILE_REQ":
            return api.ProtoOAReconcileRes(ctidTraderAccountId=number, position=account.positions)
        if name == "PROTO_OA_ASSET_LIST_REQ":
            return names(number)[0]
        if name == "PROTO_OA_SYMBOLS_LIST_REQ":
            assert request.includeArchivedSymbols
            return names(number)[1]
        if name == "PROTO_OA_SYMBOL_BY_ID_REQ":
            assert list(request.symbolId) == [1]
            return names(number)[2]
        low, high = request.fromTimestamp, request.toTimestamp
        if name == "PROTO_OA_CASH_FLOW_HISTORY_LIST_REQ":
            if high - low > WEEK_MS:
                return error("INCORRECT_BOUNDARIES", "more than a week")
            found = [f for f in account.flows if low <= f.changeBalanceTimestamp <= high]
            return api.ProtoOACashFlowHistoryListRes(
                ctidTraderAccountId=number, depositWithdraw=found
            )
        # Newest first, so that what a cut list leaves out is the oldest.
        found = sorted(
            (d for d in account.deals if low <= d.executionTimestamp <= high),
            key=lambda d: -d.executionTimestamp,
        )
        most = min(self.rows_at_most, request.maxRows)
        return api.ProtoOADealListRes(
            ctidTraderAccountId=number, deal=found[:most], hasMore=len(found) > most
        )


_REQUESTS = {
    "PROTO_OA_APPLICATION_AUTH_REQ": api.ProtoOAApplicationAuthReq,
    "PROTO_OA_ACCOUNT_AUTH_REQ": api.ProtoOAAccountAuthReq,
    "PROTO_OA_GET_ACCOUNTS_BY_ACCESS_TOKEN_REQ": api.ProtoOAGetAccountListByAccessTokenReq,
    "PROTO_OA_TRADER_REQ": api.ProtoOATraderReq,
    "PROTO_OA_RECONCILE_REQ": api.ProtoOAReconcileReq,
    "PROTO_OA_ASSET_LIST_REQ": api.ProtoOAAssetListReq,
    "PROTO_OA_SYMBOLS_LIST_REQ": api.ProtoOASymbolsListReq,
    "PROTO_OA_SYMBOL_BY_ID_REQ": api.ProtoOASymbolByIdReq,
    "PROTO_OA_DEAL_LIST_REQ": api.ProtoOADealListReq,
    "PROTO_OA_CASH_FLOW_HISTORY_LIST_REQ": api.ProtoOACashFlowHistoryListReq,
}


def error(code: str, description: str = "", retry_after: int = 0) -> Any:
    """An error of the API."""
    return api.ProtoOAErrorRes(errorCode=code, description=description, retryAfter=retry_after)


def on(name: str, act: Callable[[ssl.SSLSocket, Any], None], skip: int = 0) -> Fault:
    """A fault that strikes a request of that name, after ``skip`` of them went well."""
    left = skip

    def fault(connection: ssl.SSLSocket, message: Any) -> bool:
        nonlocal left
        if PAYLOADS.Name(message.payloadType) != name:
            return False
        if left:
            left -= 1
            return False
        act(connection, message)
        return True

    return fault


def refuse(code: str, description: str = "", retry_after: int = 0) -> Callable[..., None]:
    """Answer with an error."""

    def act(connection: ssl.SSLSocket, message: Any) -> None:
        answer = enveloped(error(code, description, retry_after), message.clientMsgId)
        connection.sendall(framed(answer))

    return act


def hang_up(connection: ssl.SSLSocket, message: Any) -> None:
    """End the connection without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def half_a_frame(connection: ssl.SSLSocket, message: Any) -> None:
    """Send the beginning of an answer, then hang up."""
    connection.sendall((1000).to_bytes(4, "big") + b"\x08\xd6\x10\x12")
    time.sleep(0.05)
    connection.shutdown(socket.SHUT_RDWR)


def say_nothing(connection: ssl.SSLSocket, message: Any) -> None:
    """Let the client wait."""


def end_session(connection: ssl.SSLSocket, message: Any) -> None:
    """Announce the end of the session, as servers do before maintenance."""
    event = api.ProtoOAClientDisconnectEvent(reason="maintenance")
    connection.sendall(framed(enveloped(event)))


def end_account(connection: ssl.SSLSocket, message: Any) -> None:
    """Announce the end of one account's session."""
    event = api.ProtoOAAccountDisconnectEvent(ctidTraderAccountId=ACCOUNT)
    connection.sendall(framed(enveloped(event)))
