"""One list of a REST API, page by page, through dlt's rest_api source.

dlt knows the ways APIs page and repeats what may be repeated: 429 (as long as Retry-After says),
5xx, lost connections. It stays a reader in memory: no pipeline, so it writes nothing and tells
nobody. What it would let pass is refused here: numbers become texts as they stand in the body (a
double would cost digits of money), a body without its list is an error and no end, a page that
comes twice is an error and no endless list, and no request leaves for another host, because it
would carry the token there.

Only :mod:`ingestion.connectors.crm.rest_api` imports this, and only for a source with an API: the
import of dlt takes a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from dlt.common import jsonpath
from dlt.extract.exceptions import ResourceExtractionError
from dlt.sources.helpers.requests.retry import Client
from dlt.sources.rest_api import rest_api_resources
from requests.adapters import HTTPAdapter

from ingestion.connectors.crm.rest_options import Endpoint, RestOptions
from warehouse.errors import SourceError


class RefusedListError(Exception):
    """The API answers for one list that it is not there, or not for this account."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"status {status}")


class Api:
    """An API as one pass asks it: one session, one pace.

    Args:
        base_url: what endpoint paths are appended to.
        source: name of the source, for messages.
    """

    def __init__(self, base_url: str, options: RestOptions, source: str) -> None:
        # dlt asks for it when it is run as a pipeline; it is not, and must not start to.
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
        self.base_url = base_url.rstrip("/") + "/"
        self.options = options
        self.source = source
        self._auth = options.auth.configuration(source)
        self._session = Client(
            request_timeout=options.timeout_seconds,
            raise_for_status=False,
            request_max_attempts=options.attempts,
            request_backoff_factor=options.backoff_seconds,
            request_max_retry_delay=options.longest_wait_seconds,
        ).session
        adapter = _Adapter(urlsplit(self.base_url).netloc, options.requests_per_second)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def rows(self, path: str, endpoint: Endpoint, extra: Mapping[str, Any]) -> Iterator[Any]:
        """The rows of a list, page after page.

        Raises:
            SourceError: the API does not answer, or not as it should; nothing is missing silently.
            RefusedListError: status 403 or 404.
        """
        pages = endpoint.pages or self.options.pages
        watch = _Watch(f"source {self.source}, {self.base_url}{path}")
        selector = endpoint.rows or self.options.rows
        params = {**endpoint.params, **pages.sizes, **extra}
        look = partial(watch.look_at_list, selector, jsonpath.compile_path(selector))
        yield from self._read(path, params, selector, pages.configuration(), look, watch)

    def stated_total(self, path: str, where: str) -> int:
        """How many rows a list says it has now.

        Args:
            where: in the body of its first page.

        Raises:
            SourceError: the API does not answer, or not as it should.
            RefusedListError: status 403 or 404.
        """
        watch = _Watch(f"source {self.source}, {self.base_url}{path}")
        one_page = {"type": "single_page"}
        found = self._read(path, {}, where, one_page, watch.look, watch)
        try:
            return int(next(iter(found)))
        except (StopIteration, TypeError, ValueError) as error:
            raise SourceError(
                f"The API states no total at {where}.",
                where=watch.where,
                todo="correct total in options.rest, or leave it out",
            ) from error

    def _read(
        self,
        path: str,
        params: Mapping[str, Any],
        selector: str,
        paginator: Mapping[str, Any],
        look: Callable[[requests.Response], None],
        watch: _Watch,
    ) -> Iterator[Any]:
        configuration: Any = {
            "client": {"base_url": self.base_url, "auth": self._auth, "session": self._session},
            "resources": [
                {
                    "name": path.strip("/").replace("/", "_") or "root",
                    "endpoint": {
                        "path": path,
                        "params": dict(params),
                        "data_selector": selector,
                        "paginator": dict(paginator),
                        "response_actions": [look],
                    },
                }
            ],
        }
        (resource,) = rest_api_resources(configuration)
        try:
            yield from resource
        except ResourceExtractionError as error:
            raise watch.explained(error) from error


class _Watch:
    """Looks at every answer of one list before dlt does."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._last_page = ""

    def look(self, response: requests.Response) -> None:
        """Raise for a body that is no JSON; statuses of errors are left to dlt."""
        if response.status_code < 400:
            response.json()

    def look_at_list(self, selector: str, path: Any, response: requests.Response) -> None:
        """Raise for a body without its list, or one that came before."""
        if response.status_code >= 400:
            return
        found = jsonpath.find_values(path, response.json())
        if not found or not isinstance(found[0], list):
            raise SourceError(
                f"The API's answer has no list at {selector}.",
                where=self.where,
                todo="correct rows in options.rest; if the answer is a message of the API, see "
                "there. Nothing of this read was loaded",
            )
        if any(not isinstance(row, dict) for row in found[0]):
            raise SourceError(
                f"The list at {selector} holds entries that are no objects.",
                where=self.where,
                todo="correct rows in options.rest",
            )
        page = hashlib.sha256(response.content).hexdigest() if found[0] else ""
        if page and page == self._last_page:
            raise SourceError(
                "The API answers two requests with the same page.",
                where=self.where,
                todo="correct pages in options.rest: the page parameter seems to be ignored",
            )
        self._last_page = page

    def explained(self, error: BaseException) -> Exception:
        """What a failed read comes down to, without URLs: a query may hold a key."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, SourceError):
                return cause
            if isinstance(cause, requests.HTTPError) and cause.response is not None:
                return self._status(cause.response.status_code)
            if isinstance(cause, json.JSONDecodeError | UnicodeDecodeError):
                return SourceError(
                    "The API's answer is not JSON, or was cut off.",
                    where=self.where,
                    todo="nothing of this read was loaded; the next sync reads it again",
                )
            if isinstance(cause, requests.RequestException):
                return SourceError(
                    f"The API does not answer: {type(cause).__name__}.",
                    where=self.where,
                    todo="check the url and the network; the next sync goes on from here",
                )
            cause = cause.__cause__ or cause.__context__
        return SourceError(
            f"The API's answer cannot be read: {_innermost(error)}.",
            where=self.where,
            todo="correct options.rest; nothing of this read was loaded",
        )

    def _status(self, status: int) -> Exception:
        if status in (403, 404):
            return RefusedListError(status)
        todo = {
            401: "check the token in the environment, and that it has not expired",
            429: "lower requests_per_second, or raise attempts or longest_wait_seconds",
        }.get(status, "see the API's log; the next sync goes on from the last committed cursor")
        return SourceError(f"The API answers with status {status}.", where=self.where, todo=todo)


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error)[:200]}"


class _ExactResponse(requests.Response):
    """A response whose numbers stay as they are written."""

    def json(self, **_: Any) -> Any:
        # dlt asks for the body up to three times.
        if not hasattr(self, "_exact"):
            self._exact = json.loads(
                self.content.decode("utf-8-sig"), parse_float=str, parse_int=str
            )
        return self._exact


class _Adapter(HTTPAdapter):
    """Sends to one host only, and no faster than allowed."""

    def __init__(self, host: str, per_second: float) -> None:
        super().__init__()
        self._host = host
        self._gap = 1.0 / per_second
        self._next = 0.0

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send a request when its turn has come."""
        host = urlsplit(str(request.url)).netloc
        if host != self._host:
            raise SourceError(
                f"The API leads to another host, {host}: nothing was sent there.",
                where=self._host,
                todo="use that host as url if it is the API's own",
            )
        wait = self._next - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._next = time.monotonic() + self._gap
        return super().send(request, *args, **kwargs)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """The answer, with exact numbers."""
        response = super().build_response(req, resp)
        response.__class__ = _ExactResponse
        return response
