"""The web service over HTTP: asked again when a failure may pass, its token never shown.

The token travels in the query, so no URL may reach a message or a log: what urllib3 logs is
rewritten, what it raises is told without the address.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import IncompleteRead
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry, Timeout

from warehouse.errors import SourceError

PATH = "/v2/webserv"
_RETRIED = (429, 500, 502, 503, 504)
_LONGEST_WAIT_SECONDS = 60.0
_IN_QUERY = re.compile(r"token=[^&\s\"')]*")
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")

Parsed = TypeVar("Parsed")


class BrokenAnswerError(Exception):
    """The answer came and is not whole or not what was asked for; asking again may help."""


@dataclass(frozen=True)
class WebService:
    """Where the service is and how patiently it is asked.

    Attributes:
        address: scheme, host and port, without a path.
        token: the manager's token.
        ca_file: certificates to trust instead of the system's; None for those.
    """

    address: str
    token: str
    timeout_seconds: float
    attempts: int
    backoff_seconds: float
    ca_file: str | None = None

    def ask(self, name: str, fields: dict[str, str], read: Callable[[bytes], Parsed]) -> Parsed:
        """The answer to ``GET /v2/webserv/<name>``, as ``read`` makes it.

        Args:
            read: raises BrokenAnswerError for an answer that is not whole.

        Raises:
            SourceError: it refused, cannot be reached, or never answered in whole.
        """
        failure = ""
        for attempt in range(self.attempts):
            content = self._whole(name, fields)
            try:
                return read(content)
            except BrokenAnswerError as error:
                failure = str(error)
            if attempt + 1 < self.attempts:
                time.sleep(min(self.backoff_seconds * 2**attempt, _LONGEST_WAIT_SECONDS))
        raise self._error(
            name, f"answered {self.attempts} times with what cannot be read: {failure}", ""
        )

    def _whole(self, name: str, fields: dict[str, str]) -> bytes:
        """The body of an answer whose end is known."""
        for _ in range(self.attempts):
            response = self._get(name, fields)
            content = bytes(response.data)
            headers = response.headers
            if "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", ""):
                return content
            # Only the end of the connection ends such an answer: a broken one looks the same.
            if content == bytes(self._get(name, fields).data):
                return content
        raise self._error(
            name,
            "answers without stating a length, and never twice the same",
            "ask the broker to let the service or its proxy state Content-Length",
        )

    def _get(self, name: str, fields: dict[str, str]) -> Any:
        retries = _PatientRetry(
            total=self.attempts - 1,
            status_forcelist=_RETRIED,
            allowed_methods=("GET",),
            backoff_factor=self.backoff_seconds,
            backoff_max=_LONGEST_WAIT_SECONDS,
            redirect=False,
            raise_on_status=False,
        )
        try:
            with (
                _redacted(self.token),
                urllib3.PoolManager(ca_certs=self.ca_file, retries=retries) as pool,
            ):
                response = pool.request(
                    "GET",
                    f"{self.address}{PATH}/{name}",
                    fields={**fields, "token": self.token},
                    headers={"Accept": "application/json, text/csv"},
                    timeout=Timeout(self.timeout_seconds),
                )
        except MaxRetryError as error:
            raise self._error(name, f"cannot be read: {_cause(error.reason)}", "") from None
        except (HTTPError, OSError) as error:
            raise self._error(name, f"cannot be read: {_cause(error)}", "") from None
        if response.status != 200:
            self._refuse(name, response.status)
        return response

    def _refuse(self, name: str, status: int) -> None:
        if status in (401, 403):
            todo = "get a new manager token and put it into the environment"
        elif status in _RETRIED:
            todo = "the next pass begins where this one stopped; ask the broker if it lasts"
        else:
            todo = "check the address and the version of the web service"
        tried = f" after {self.attempts} attempts" if status in _RETRIED else ""
        raise self._error(name, f"answered with status {status}{tried}", todo)

    def _error(self, name: str, what: str, todo: str) -> SourceError:
        return SourceError(
            f"The web service {what}.",
            where=f"{self.address}{PATH}/{name}",
            todo=todo or "nothing was loaded of it; the next pass asks again",
        )


class _PatientRetry(Retry):
    """Honours Retry-After, but not for hours: the pass would hold its source that long."""

    def get_retry_after(self, response: Any) -> float | None:
        wanted = super().get_retry_after(response)
        return None if wanted is None else min(wanted, _LONGEST_WAIT_SECONDS)


def _cause(error: BaseException | None) -> str:
    """What happened, without the URL that urllib3 puts into its messages."""
    named = type(error).__name__
    while error is not None:
        broken = [part for part in (error, *error.args) if isinstance(part, IncompleteRead)]
        if broken:
            return f"the answer broke off: {broken[0]}"
        if isinstance(error, OSError) and error.strerror:
            return f"{named} ({error.strerror})"
        error = error.__cause__ or error.__context__
    return named


class _Redaction(logging.Filter):
    """Rewrites records so that the token does not stand in them."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._spellings = {token, quote(token, safe=""), quote(token), quote_plus(token)}

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        for spelling in self._spellings:
            message = message.replace(spelling, "***")
        message = _IN_QUERY.sub("token=***", message)
        record.msg, record.args = message, None
        return True


@contextmanager
def _redacted(token: str) -> Iterator[None]:
    shield = _Redaction(token)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(shield)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(shield)
