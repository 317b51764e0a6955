"""A session with the Open API: authorised, paced, and asked again when a failure may pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.connection import (
    Connection,
    ConnectionLostError,
    Endpoint,
    RefusedError,
)
from warehouse.errors import SourceError

# What passes by itself; every other code is a refusal that asking again does not change.
_PASSING = frozenset(
    {
        "REQUEST_FREQUENCY_EXCEEDED",
        "BLOCKED_PAYLOAD_TYPE",
        "TIMEOUT_ERROR",
        "CONNECTIONS_LIMIT_EXCEEDED",
        "CH_SERVER_NOT_REACHABLE",
        "CANT_ROUTE_REQUEST",
    }
)
# Of one account only: the others can still be read.
_OF_ONE_ACCOUNT = frozenset(
    {
        "ACCOUNT_NOT_AUTHORIZED",
        "CH_CTID_TRADER_ACCOUNT_NOT_FOUND",
        "RET_NO_SUCH_LOGIN",
        "RET_ACCOUNT_DISABLED",
    }
)
_TODO = {
    "CH_ACCESS_TOKEN_INVALID": "get a new access token and put it into the environment",
    "OA_AUTH_TOKEN_EXPIRED": "refresh the access token and put it into the environment",
    "CH_CLIENT_AUTH_FAILURE": "check client id and secret in the environment",
    "CH_OA_CLIENT_NOT_FOUND": "check the client id in the environment",
    "SERVER_IS_UNDER_MAINTENANCE": "wait until the maintenance is over",
    "CHANNEL_IS_BLOCKED": "ask the API's support why the application is blocked",
    "INCORRECT_BOUNDARIES": "lower options.window_days",
}
_LONGEST_WAIT_SECONDS = 60.0

Answer = TypeVar("Answer")


class AccountRefusedError(Exception):
    """The server does not let this account be read; the message is its reason."""


@dataclass(frozen=True)
class Credentials:
    """What the environment holds; never shown, never logged."""

    client_id: str
    client_secret: str
    access_token: str


class Session:
    """Asks one server; connects when it must, again when the connection broke."""

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, attempts: int, backoff_seconds: float
    ) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._connection: Connection | None = None
        self._authorised: set[int] = set()

    def close(self) -> None:
        """Hang up; the next question connects again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._authorised.clear()

    def accounts(self) -> list[Any]:
        """The accounts the access token opens.

        Raises:
            SourceError: the server cannot be reached or refuses.
        """
        kind = "PROTO_OA_GET_ACCOUNTS_BY_ACCESS_TOKEN"
        request = api.ProtoOAGetAccountListByAccessTokenReq(
            accessToken=self._credentials.access_token
        )
        answer = self._again(
            lambda: self._connected().ask(kind, request, api.ProtoOAGetAccountListByAccessTokenRes)
        )
        return list(answer.ctidTraderAccount)

    def ask(self, kind: str, request: Any, answer: Any, *, history: bool = False) -> Any:
        """Ask about one account (``request.ctidTraderAccountId``).

        Raises:
            AccountRefusedError: the account cannot be read.
            SourceError: the server cannot be reached or refuses.
        """

        account = int(request.ctidTraderAccountId)

        def once() -> Any:
            self._authorise(account)
            try:
                return self._connected().ask(kind, request, answer, history=history)
            except RefusedError as error:
                if error.code in _OF_ONE_ACCOUNT:
                    # Whatever it was authorised for is over: the next pass asks anew.
                    self._authorised.discard(account)
                raise

        return self._again(once)

    def _again(self, once: Callable[[], Answer]) -> Answer:
        """Try until it works, with growing pauses; the last failure is told."""
        failure = ""
        for attempt in range(self._attempts):
            pause = min(self._backoff * 2**attempt, _LONGEST_WAIT_SECONDS)
            try:
                return once()
            except ConnectionLostError as error:
                self.close()
                failure = str(error)
            except RefusedError as error:
                if error.code not in _PASSING:
                    self._refuse(error)
                if error.retry_after > _LONGEST_WAIT_SECONDS:
                    self._refuse(error)
                failure = str(error)
                pause = max(pause, float(error.retry_after))
            if attempt + 1 < self._attempts:
                time.sleep(pause)
        raise SourceError(
            f"The Open API gave no answer in {self._attempts} attempts: {failure}.",
            where=self.endpoint.name,
            todo="the next pass begins where this one stopped; check the connection if it lasts",
        )

    def _refuse(self, error: RefusedError) -> None:
        if error.code in _OF_ONE_ACCOUNT:
            raise AccountRefusedError(str(error)) from error
        todo = _TODO.get(error.code, "see the error code in the Open API's documentation")
        if error.retry_after > _LONGEST_WAIT_SECONDS:
            todo = f"the server wants {error.retry_after} seconds without requests of this kind"
        raise SourceError(
            f"The Open API refused: {error}.", where=self.endpoint.name, todo=todo
        ) from error

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = Connection(self.endpoint)
            connection.ask(
                "PROTO_OA_APPLICATION_AUTH",
                api.ProtoOAApplicationAuthReq(
                    clientId=self._credentials.client_id,
                    clientSecret=self._credentials.client_secret,
                ),
                api.ProtoOAApplicationAuthRes,
            )
            self._connection = connection
        return self._connection

    def _authorise(self, account: int) -> None:
        connection = self._connected()
        if account in self._authorised:
            return
        connection.ask(
            "PROTO_OA_ACCOUNT_AUTH",
            api.ProtoOAAccountAuthReq(
                ctidTraderAccountId=account, accessToken=self._credentials.access_token
            ),
            api.ProtoOAAccountAuthRes,
        )
        self._authorised.add(account)
