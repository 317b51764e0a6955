"""How a CRM's API is asked: ``options.rest``, checked before the first request."""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.contract import CONTRACTS
from warehouse.errors import SettingsError, faults_of


class Auth(BaseModel):
    """How a request proves who asks; the secret itself is in the environment.

    Attributes:
        env: the variable that holds the token or key.
        name, location: of an API key: header or query parameter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["none", "bearer", "api_key"] = "none"
    env: str = ""
    name: str = "X-Api-Key"
    location: Literal["header", "query"] = "header"

    def configuration(self, source: str) -> dict[str, Any] | None:
        """dlt's ``auth`` of a client.

        Raises:
            SettingsError: the variable is not named or not set.
        """
        if self.type == "none":
            return None
        secret = os.environ.get(self.env, "") if self.env else ""
        if not secret:
            what = f"The environment variable {self.env} is not set." if self.env else "No secret."
            raise SettingsError(
                what,
                where=f"source {source}, options.rest.auth",
                todo="name the variable that holds the API's token in env, and export it",
            )
        if self.type == "bearer":
            return {"type": "bearer", "token": secret}
        return {"type": "api_key", "api_key": secret, "name": self.name, "location": self.location}


class Pages(BaseModel):
    """How a list goes on after its first page.

    Attributes:
        kind: ``page_number`` and ``offset`` count; ``cursor`` sends back what the last page gave;
            ``next_link`` follows a URL in the body, ``link_header`` one in the Link header.
        param: the parameter that carries page number, offset or cursor.
        size_param, size: rows a page; the parameter is sent where it is named.
        first: number of the first page.
        path: where in the body the next cursor or the next link is.
        has_more: where in the body it says whether there is more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["single", "page_number", "offset", "cursor", "next_link", "link_header"] = (
        "single"
    )
    param: str = ""
    size_param: str = ""
    size: int = Field(default=100, ge=1)
    first: int = 1
    path: str = ""
    has_more: str = ""

    def configuration(self) -> dict[str, Any]:
        """dlt's ``paginator``. A counted list ends with its first empty page, or where it says."""
        more = {"has_more_path": self.has_more or None}
        if self.kind == "page_number":
            counted = {"base_page": self.first, "page_param": self.param or "page"}
            return {"type": "page_number", "total_path": None, **counted, **more}
        if self.kind == "offset":
            counted = {"limit": self.size, "offset_param": self.param or "offset"}
            sized = {"limit_param": self.size_param or "limit"}
            return {"type": "offset", "total_path": None, **counted, **sized, **more}
        if self.kind == "cursor":
            return {
                "type": "cursor",
                "cursor_path": self.path or "next_cursor",
                "cursor_param": self.param or "cursor",
            }
        if self.kind == "next_link":
            return {"type": "json_link", "next_url_path": self.path or "next"}
        return {"type": "header_link" if self.kind == "link_header" else "single_page"}

    @property
    def sizes(self) -> dict[str, Any]:
        """The parameter that asks for a page's size, where the paginator does not send it."""
        if self.size_param and self.kind not in ("offset", "single"):
            return {self.size_param: self.size}
        return {}


class Endpoint(BaseModel):
    """What is particular to one list.

    Attributes:
        params: sent with every request.
        since_param: asks for rows changed from a time or number on; makes the list incremental,
            by the field that ``options.cursors`` names (else the contract's).
        since_format: how it is sent: as the API wrote it (empty), ``epoch_s``, ``epoch_ms``.
        ascending: the list is sorted by that field, so that a long read may be loaded in parts.
        total: where in the body the count of all rows is; a read that ends with another is
            repeated, and refused the third time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    params: dict[str, Any] = Field(default_factory=dict)
    rows: str | None = None
    pages: Pages | None = None
    since_param: str = ""
    since_format: Literal["", "epoch_s", "epoch_ms"] = ""
    ascending: bool = False
    total: str | None = None


class RestOptions(BaseModel):
    """``options.rest``.

    Attributes:
        rows: where in the body the rows are; ``$`` where the body is the list.
        pages, total: of every list that does not say otherwise.
        requests_per_second: the most that are sent.
        attempts: how often a request is sent before 429, 5xx or a lost connection is an error.
        longest_wait_seconds: the most it waits between two attempts, Retry-After included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    auth: Auth = Auth()
    rows: str = "data"
    pages: Pages = Pages()
    total: str = ""
    requests_per_second: float = Field(default=5.0, gt=0)
    attempts: int = Field(default=5, ge=1)
    backoff_seconds: float = Field(default=1.0, ge=0)
    longest_wait_seconds: float = Field(default=120.0, gt=0)
    timeout_seconds: float = Field(default=60.0, gt=0)
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)

    def endpoint(self, table: str) -> Endpoint:
        """What is said about the list of a table."""
        return self.endpoints.get(table, Endpoint())


def rest_options(context: PassContext) -> RestOptions:
    """The API options of a source.

    Raises:
        SettingsError: one of them is unknown or impossible.
    """
    try:
        options = RestOptions(**context.source.options.get("rest", {}))
    except (ValidationError, TypeError) as error:
        problems = faults_of(error) if isinstance(error, ValidationError) else str(error)
        raise SettingsError(
            f"options.rest cannot be used: {problems}.",
            where=f"source {context.source.name}",
            todo="the connector's README lists what it may say",
        ) from error
    known = {contract.source_table for contract in CONTRACTS}
    strange = sorted(set(options.endpoints) - known)
    if strange:
        raise SettingsError(
            f"options.rest.endpoints names no table of ours: {', '.join(strange)}.",
            where=f"source {context.source.name}",
            todo=f"use one of: {', '.join(sorted(known))}",
        )
    return options
