"""A CRM's REST API: whole lists with their deletions, incremental ones from the stored cursor.

An API is no snapshot: while it is read, rows move between pages. A row that comes twice counts
once, as it was read last. A whole list may only bury a row that a second read did not find
either, or that the count the API states leaves no room for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from ingestion.batch import Batch, Completeness, CursorMove
from ingestion.checks import SOURCE_TABLE, check_batch
from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.contract import CONTRACTS
from ingestion.connectors.crm.json_fields import field_at, field_text, has_field
from ingestion.connectors.crm.rest_client import Api, RefusedListError
from ingestion.connectors.crm.rest_options import Endpoint, rest_options
from ingestion.connectors.event_tables import OVERLAP_ROWS, OVERLAP_SECONDS, UTC, present
from ingestion.connectors.full_exports import holds_rows
from ingestion.connectors.mapping import MappedTable, Mapping
from ingestion.connectors.row_limit import row_limit
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from ingestion.raw_tables import targets
from ingestion.versions import current_rows
from warehouse.errors import SourceError

CHUNK_ROWS = 10_000
_READS = 3
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the API's clock, whatever its zone
_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}


@dataclass(frozen=True)
class _List:
    """One list of the API and the table it feeds."""

    api: Api
    mapped: MappedTable
    endpoint: Endpoint
    path: str
    contract: TableContract = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "contract", self.mapped.contract)

    @property
    def cursor(self) -> str:
        """The field an incremental list is read by, in the API's words; empty for a whole one."""
        if not self.endpoint.since_param:
            return ""
        if self.mapped.cursor is not None:
            return self.mapped.cursor
        marker = self.contract.marker
        return self.contract.column(marker).source if marker else ""

    @property
    def total(self) -> str:
        """Where the API states how many rows the list has; empty where it does not."""
        stated = self.endpoint.total
        return self.api.options.total if stated is None else stated

    def read(self, **extra: Any) -> Iterator[dict[str, Any]]:
        """The rows; a few of them within ``limited_rows``."""
        return islice(self.api.rows(self.path, self.endpoint, extra), row_limit())

    def texts(self, rows: list[dict[str, Any]]) -> pl.DataFrame:
        """Rows as texts under our names, each key once, as it was read last."""
        texts = {
            column.target: pl.Series(
                [field_text(field_at(row, column.source)) for row in rows], dtype=pl.String
            )
            for column in self.contract.columns
            if column.target not in self.mapped.constants
            and (not rows or any(has_field(row, column.source) for row in rows))
        }
        frame = pl.DataFrame(texts)
        key = [name for name in self.contract.key if name in texts]
        if key and len(key) == len(self.contract.key):
            whole = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
            frame = frame.filter(~whole | pl.struct(key).is_last_distinct())
        return frame

    def shaped(self, texts: pl.DataFrame) -> pl.DataFrame:
        """The rows as the contract expects them."""
        return self.mapped.shaped(texts).with_columns(pl.lit(self.path).alias(SOURCE_TABLE))

    def missing(self, texts: pl.DataFrame, rows: int) -> list[Problem]:
        """Required fields that no row of the list has."""
        return [
            Problem(
                self.contract.table,
                "error",
                f"The list {self.path} has no field {column.source}.",
                f"map {column.target} in options.columns; nothing of the list was loaded",
            )
            for column in self.contract.columns
            if rows and column.required and column.target not in texts.columns
        ]


def sync_endpoints(context: PassContext, url: str, mapping: Mapping) -> None:
    """Load the lists of a CRM's API: those that are mapped or configured, and the required ones.

    Raises:
        SourceError: the API cannot be reached or read; what was committed stays.
        SettingsError: options.rest cannot be used.
    """
    options = rest_options(context)
    api = Api(url, options, context.source.name)
    for contract in CONTRACTS:
        name = contract.source_table
        if not (contract.required or name in mapping.tables or name in options.endpoints):
            continue
        if context.stopping():
            return
        mapped = mapping.of(contract)
        one = _List(api, mapped, options.endpoint(name), mapping.tables.get(name, name))
        try:
            if one.cursor:
                _read_since(context, one)
            elif context.sweep or not holds_rows(context, contract):
                # An API cannot tell what changed in a whole list: it is asked when all is swept.
                _read_whole(context, one)
        except RefusedListError as error:
            context.problems.append(_refused(one, error.status))


def _refused(one: _List, status: int) -> Problem:
    return Problem(
        one.contract.table,
        "error" if one.contract.required else "warning",
        f"The API answers for the list {one.path} with status {status}.",
        "correct its path in options.tables" if status == 404 else "ask for the right to read it",
    )


def _read_whole(context: PassContext, one: _List) -> None:
    rows = _counted_rows(context, one) if one.total else _rows_of_two_reads(context, one)
    texts = one.texts(rows)
    problems = one.missing(texts, len(rows))
    if not rows and holds_rows(context, one.contract):
        problems.append(
            Problem(
                one.contract.table,
                "error",
                f"The list {one.path} is empty, but its rows were loaded before.",
                "nothing was deleted here; check the CRM",
            )
        )
    context.problems.extend(problems)
    if not problems:
        _load(context, one, texts, len(rows), Completeness(everything=True))


def _counted_rows(context: PassContext, one: _List) -> list[dict[str, Any]]:
    """One read that has as many rows as the API states before and after it."""
    for _ in range(_READS):
        before = one.api.stated_total(one.path, one.total)
        rows = list(one.read())
        found = one.texts(rows).height
        if row_limit() is not None or before == found == one.api.stated_total(one.path, one.total):
            return rows
    raise SourceError(
        f"The list changes faster than it can be read: {_READS} reads, and the last one found "
        f"{found} rows where the API stated {before}.",
        where=f"source {context.source.name}, {one.path}",
        todo="nothing was loaded; use an incremental list (since_param), or larger pages",
    )


def _rows_of_two_reads(context: PassContext, one: _List) -> list[dict[str, Any]]:
    """One read; two together where it lacks a row that is held, which it may have missed."""
    rows = list(one.read())
    contract = one.contract
    if row_limit() is not None or not holds_rows(context, contract):
        return rows
    keys = check_batch(contract, one.shaped(one.texts(rows))).keys
    names = ", ".join(f'"{name}"' for name in contract.key)
    live = current_rows(targets(contract)[0]).format(range="AND NOT r._is_deleted")
    held = context.con.execute(
        f"SELECT {names} FROM {live} AS h",
        {"tenant": context.source.tenant, "source": context.source.name},
    ).pl()
    lacking = held.join(keys, on=list(contract.key), how="anti").height
    return [*rows, *one.read()] if lacking else rows


def _read_since(context: PassContext, one: _List) -> None:
    stored = context.state.cursors.get(one.path)
    since = None if stored is None else _since(context, one, stored)
    extra = {} if since is None else {one.endpoint.since_param: since}
    reached, form = stored if stored else (0, None)
    chunk = context.integer_option("chunk_rows", CHUNK_ROWS) if one.endpoint.ascending else None
    reading = one.read(**extra)
    while not context.stopping():
        rows = list(islice(reading, chunk))
        texts = one.texts(rows)
        problems = one.missing(texts, len(rows))
        if problems:
            context.problems.extend(problems)
            return
        for row in rows:
            position, its_form = _position(one, field_text(field_at(row, one.cursor)))
            # A row dated in the future must not hide those that come until then.
            if reached < position <= _now(one, its_form):
                reached, form = position, its_form
        moved = CursorMove(one.path, reached, form)
        if rows or stored is None:
            _load(context, one, texts, len(rows), None, moved)
        if chunk is None or len(rows) < chunk:
            return


def _load(
    context: PassContext,
    one: _List,
    texts: pl.DataFrame,
    read: int,
    complete: Completeness | None,
    moved: CursorMove | None = None,
) -> None:
    context.load(
        Batch(
            contract=one.contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=one.shaped(texts),
            complete=complete,
            cursors=(moved,) if moved else (),
            detail={"endpoint": one.path, "rows": read},
        )
    )


def _position(one: _List, text: str | None) -> tuple[int, str | None]:
    """A cursor field as a whole number, and how it was written: ``number``, ``Z`` or a clock."""
    if text is None:
        return 0, None
    try:
        if one.endpoint.since_format:
            return int(float(text) * _UNITS[one.endpoint.since_format]), None
        if text.strip().isdigit():
            return int(text), "number"
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SourceError(
            f'{one.cursor} says "{text}", which is neither a number nor an ISO time.',
            where=f"source {one.api.source}, list {one.path}",
            todo="name another field in options.cursors, or leave out since_param",
        ) from error
    aware = moment.tzinfo is not None
    if aware:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return (moment - _EPOCH) // dt.timedelta(microseconds=1), "Z" if aware else None


def _since(context: PassContext, one: _List, stored: tuple[int, str | None]) -> str:
    position, form = stored
    if form == "number":
        return str(max(position - context.integer_option("overlap_rows", OVERLAP_ROWS), 0))
    seconds = context.integer_option("overlap_seconds", OVERLAP_SECONDS)
    position = max(position - seconds * 1_000_000, 0)
    if one.endpoint.since_format:
        return str(position // _UNITS[one.endpoint.since_format])
    moment = _EPOCH + dt.timedelta(microseconds=position)
    return moment.isoformat(timespec="seconds") + (form or "")


def _now(one: _List, form: str | None) -> float:
    """The present as a position in that form."""
    if form == "number":
        return float("inf")
    return present(UTC if form == "Z" or one.endpoint.since_format else one.mapped.zone)
