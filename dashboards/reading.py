"""Reading the lake for a page: connections live as long as one run of the page, rows are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import duckdb
import polars as pl
import streamlit as st

from warehouse.connection import connect
from warehouse.errors import DaybookError
from warehouse.live import as_held, hold
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings

Value = str | int | bool | dt.date | Sequence[str] | Sequence[dt.date] | None

# How long a page may take to notice a new load: opening the catalog at every click is slow.
STATE_SECONDS = 3.0

_PUBLICATIONS = """
SELECT
    snapshot_id,
    max(published_at) AS published_at,
    count(*) AS days,
    max(max(business_date)) OVER (ORDER BY snapshot_id) AS last_date
FROM lake.meta.published
WHERE tenant_id = $tenant
GROUP BY snapshot_id
ORDER BY max(publish_id) DESC, snapshot_id DESC
"""


@dataclass(frozen=True)
class Publication:
    """One snapshot that days were published at."""

    snapshot_id: int
    published_at: dt.datetime
    """UTC, without a zone."""
    days: int
    """How many were published at it."""
    last_date: dt.date
    """The last business day that it, or a snapshot before it, closed."""


@dataclass(frozen=True)
class LakeState:
    """What there is to read: the newest snapshot, and the published ones, newest first."""

    head: int
    publications: tuple[Publication, ...]


class Lake:
    """The lake as one run of a page reads it; close it, or use it in a ``with`` block.

    A connection is opened per snapshot, when the first query needs it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connections: dict[int | None, duckdb.DuckDBPyConnection] = {}
        self._live: dict[int | None, bool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        while self._connections:
            self._connections.popitem()[1].close()
        self._live.clear()

    def state(self) -> LakeState:
        """What there is to read, at most ``STATE_SECONDS`` old.

        Raises:
            DaybookError: there is no lake, or its catalog does not answer.
        """
        return _state(_identity(self.settings), self)

    def rows(
        self,
        snapshot: int,
        query: str,
        parameters: Mapping[str, Value] | None = None,
        *,
        live: bool = False,
    ) -> pl.DataFrame:
        """Rows of a query as of ``snapshot``; the same question is answered from memory.

        Args:
            snapshot: snapshot id.
            query: SQL of this package; what people choose goes into ``parameters`` only.
            parameters: values of the ``$name`` placeholders.
            live: read the daily books with what was loaded since the last build.

        Raises:
            DaybookError: the lake, or a table of it, is not there.
        """
        values = dict(parameters or {})
        return _rows(_identity(self.settings), snapshot, query, values, live, self)

    @property
    def identity(self) -> str:
        """What tells this lake from another one that the process reads, for what is kept of it."""
        return _identity(self.settings)

    def connection(self, snapshot: int | None) -> duckdb.DuckDBPyConnection:
        """The connection of this run that reads a snapshot; None is the head."""
        if snapshot not in self._connections:
            self._connections[snapshot] = connect("read", as_of=snapshot, settings=self.settings)
        return self._connections[snapshot]

    def fetch(
        self,
        snapshot: int | None,
        query: str,
        values: Mapping[str, Value],
        *,
        live: bool = False,
    ) -> pl.DataFrame:
        """Rows of a query, read now. ``snapshot`` None is the head; ``live`` as in :meth:`rows`."""
        try:
            if live and self._holds_live(snapshot):
                query = as_held(query)
            return self.connection(snapshot).execute(query, dict(values)).pl()
        except duckdb.Error as error:
            raise _readable(error) from error

    def _holds_live(self, snapshot: int | None) -> bool:
        if snapshot not in self._live:
            self._live[snapshot] = hold(self.connection(snapshot))
        return self._live[snapshot]

    def head(self) -> int:
        """The newest snapshot's id."""
        self.fetch(None, "SELECT 1 AS one", {})
        return current_snapshot(self._connections[None])


def _identity(settings: Settings) -> str:
    # Another installation opened by the same process must never be answered from this one's rows.
    url = settings.catalog_url.get_secret_value() if settings.catalog_url else ""
    return f"{settings.catalog_path}|{url}|{settings.tenant}"


@st.cache_data(ttl=STATE_SECONDS, show_spinner=False)
def _state(identity: str, _lake: Lake) -> LakeState:
    found = _lake.fetch(None, _PUBLICATIONS, {"tenant": _lake.settings.tenant})
    return LakeState(_lake.head(), tuple(Publication(*row) for row in found.iter_rows()))


@st.cache_data(max_entries=200, show_spinner="Reading the warehouse ...")
def _rows(
    identity: str,
    snapshot: int,
    query: str,
    parameters: dict[str, Value],
    live: bool,
    _lake: Lake,
) -> pl.DataFrame:
    return _lake.fetch(snapshot, query, parameters, live=live)


def _readable(error: duckdb.Error) -> DaybookError:
    first_line = str(error).strip().splitlines()[0]
    if isinstance(error, duckdb.CatalogException):
        return DaybookError(
            "The tables of this page are not built yet.",
            where=first_line,
            todo="run `daybook build`, then `daybook close`",
        )
    return DaybookError(
        f"The warehouse cannot be read: {first_line}",
        todo="run `daybook doctor`; if it finds nothing, `daybook build`",
    )
