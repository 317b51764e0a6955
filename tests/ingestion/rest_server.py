"""A CRM's REST API on loopback: pages its lists, and misbehaves when told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Query = dict[str, str]
# Called for each request before it is served: may change the data, or answer itself.
Hook = Callable[[str, Query], tuple[int, dict[str, str], bytes] | None]

TOKEN = "a-token-of-the-tests"


@dataclass
class CrmApi:
    """What the API serves and what it was asked.

    Attributes:
        lists: path -> rows.
        paging: page_number, offset, cursor, next_link or link_header.
        size: rows of a page.
        sorted_by: rows are served in the order of this field; rows before ``since`` are left out.
        total: the body states the count.
    """

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    paging: str = "page_number"
    size: int = 3
    sorted_by: str = ""
    total: bool = False
    hook: Hook | None = None
    asked: list[tuple[str, Query]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    base: str = ""

    def answer(self, path: str, query: Query) -> tuple[int, dict[str, str], bytes]:
        """One page."""
        if path not in self.lists:
            return 404, {}, b"{}"
        rows = list(self.lists[path])
        if self.sorted_by:
            rows.sort(key=lambda row: row[self.sorted_by])
            rows = [row for row in rows if row[self.sorted_by] >= query.get("since", "")]
        start = self._start(query)
        page = rows[start : start + self.size]
        end = start + self.size
        body: dict[str, Any] = {"data": page}
        headers: dict[str, str] = {}
        following = end if end < len(rows) else None
        keep = "".join(f"&{k}={v}" for k, v in query.items() if k == "since")
        if self.paging == "cursor":
            body["next_cursor"] = following and f"after-{following}"
        if self.paging == "next_link":
            body["next"] = following and f"{self.base}{path}?at={following}{keep}"
        if self.paging == "link_header" and following:
            headers["Link"] = f'<{self.base}{path}?at={following}{keep}>; rel="next"'
        if self.total:
            body["meta"] = {"total": len(rows)}
        # As money stands in real bodies: a number with more digits than a double holds.
        text = json.dumps(body).replace('"EXACT', "").replace('EXACT"', "")
        return 200, headers, text.encode()

    def _start(self, query: Query) -> int:
        if self.paging == "page_number":
            return (int(query.get("page", "1")) - 1) * self.size
        if self.paging == "offset":
            return int(query.get("offset", "0"))
        if self.paging == "cursor":
            return int(query.get("cursor", "after-0").removeprefix("after-"))
        return int(query.get("at", "0"))


@contextmanager
def served(api: CrmApi) -> Iterator[str]:
    """The API on loopback; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/api/")
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            api.asked.append((path, query))
            api.authorizations.append(self.headers.get("Authorization", ""))
            answer = api.hook(path, query) if api.hook else None
            status, headers, body = answer or api.answer(path, query)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            if headers.get("Connection") == "close":
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    api.base = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield api.base
    finally:
        server.shutdown()
        server.server_close()
