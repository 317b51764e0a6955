"""A web service on loopback, with the failures a test asks of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "4f1e-manager token/+"
CLOSED_HEADER = (
    "login,positionId,dealId,openTimestamp,closeTimestamp,entryPrice,closePrice,direction,volume,"
    "symbol,commission,swap,pnl,depositConversionRate,usdConversionRate,bookType,stake,"
    "spreadBetting"
)
OPEN_HEADER = (
    "login,positionId,openTimestamp,entryPrice,direction,volume,symbol,commission,swap,bookType,"
    "stake,spreadBetting,usedMargin"
)


def closed_row(deal: int, closed: str, **values: str) -> dict[str, str]:
    """A closed part of a position."""
    return {
        "login": "3000001",
        "positionId": "501",
        "dealId": str(deal),
        "openTimestamp": "2026-03-02T10:00:00.000",
        "closeTimestamp": closed,
        "entryPrice": "1.14037",
        "closePrice": "1.14160",
        "direction": "BUY",
        "volume": "10000.00",
        "symbol": "EURUSD",
        "commission": "-0.70",
        "swap": "-0.12",
        "pnl": "12.34",
        "depositConversionRate": "1.0",
        "usdConversionRate": "1.1416",
        "bookType": "BOOK_B",
        "stake": "0.00",
        "spreadBetting": "false",
    } | values


def open_row(position: int, **values: str) -> dict[str, str]:
    """An open position."""
    whole = closed_row(0, "") | {"positionId": str(position), "usedMargin": "114.04"} | values
    return {name: whole[name] for name in OPEN_HEADER.split(",")}


def account(login: int = 3_000_001, **values: Any) -> dict[str, Any]:
    """An account as /traders lists it."""
    return {
        "login": login,
        "groupName": "B-USD",
        "depositCurrency": "USD",
        "balance": 101_152,
        "bonus": 0,
        "nonWithdrawableBonus": 0,
        "equity": 101_152,
        "moneyDigits": 2,
        "leverageInCents": 10_000,
        "accountType": "HEDGED",
        "accessRights": "FULL_ACCESS",
        "brokerName": "harbour",
        "swapFree": False,
        "sendOwnStatement": False,
        "introducingBroker": False,
        "introducingBrokerCommissionRate": 0.5,
        "registrationTimestamp": 1_772_445_600_000,
        "lastUpdateTimestamp": 1_772_445_600_001,
        "name": "Ada",
        "lastName": "Secret",
        "contactDetails": {"phone": "+000", "introducingBroker1": "IB7"},
    } | values


def csv_text(header: str, rows: list[dict[str, str]]) -> str:
    """A CSV answer."""
    names = header.split(",")
    return "\n".join([header, *(",".join(row[n] for n in names) for row in rows)]) + "\n"


# Gets the handler and the whole body it would send; True: it has answered in its own way.
Fault = Callable[[BaseHTTPRequestHandler, bytes], bool]


@dataclass
class Service:
    """Serves until it is closed; ``requests`` holds (endpoint, query) of what was asked."""

    closed: list[dict[str, str]] = field(default_factory=list)
    opened: list[dict[str, str]] = field(default_factory=list)
    accounts: list[dict[str, Any]] = field(default_factory=lambda: [account()])
    closed_header: str = CLOSED_HEADER
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                name = url.path.removeprefix("/v2/webserv/")
                service.requests.append((name, query))
                if query.get("token") != TOKEN:
                    send(self, 401, b"denied")
                    return
                body = service.body(name, query).encode()
                waiting = service.faults.get(name, [])
                if waiting and waiting[0](self, body):
                    waiting.pop(0)
                    return
                send(self, 200, body)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def asked(self, name: str) -> list[dict[str, str]]:
        """The queries of one endpoint, in order."""
        return [query for asked, query in self.requests if asked == name]

    def body(self, name: str, query: dict[str, str]) -> str:
        """What the endpoint answers."""
        if name == "closedPositions":
            low, high = query["from"], query["to"]
            rows = [row for row in self.closed if low <= row["closeTimestamp"] <= high]
            return csv_text(self.closed_header, rows)
        if name == "openPositions":
            return csv_text(OPEN_HEADER, self.opened)
        if name == "traders":
            return json.dumps({"trader": self.accounts})
        if name == "tradergroups":
            return json.dumps({"traderGroup": [{"id": 1, "name": "B-USD", "description": "x"}]})
        return json.dumps(
            {"symbol": [{"id": 1, "name": "EURUSD", "assetClass": "FX", "category": "Majors",
                         "quotesEnabled": True, "showInCtrader": True}]}
        )  # fmt: skip


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """An answer that states its length."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, **headers: str) -> Fault:
    """Answer with a status."""

    def fault(handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        send(handler, code, b"try later", **headers)
        return True

    return fault


def cut_body(handler: BaseHTTPRequestHandler, body: bytes) -> bool:
    """State the whole length, send half of it, hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True
    return True


def half_a_page(handler: BaseHTTPRequestHandler, body: bytes) -> bool:
    """Half of the body as if it were all."""
    send(handler, 200, body[: len(body) - 20])
    return True


def without_length(cut: int) -> Fault:
    """The body less ``cut`` bytes, ended by the end of the connection."""

    def fault(handler: BaseHTTPRequestHandler, body: bytes) -> bool:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body[: len(body) - cut])
        handler.close_connection = True
        return True

    return fault
