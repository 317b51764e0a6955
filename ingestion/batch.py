"""What a connector hands to the loader, and what the loader gives back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import polars as pl

from ingestion.contracts import TableContract


@dataclass(frozen=True)
class Completeness:
    """Of which keys a batch is the whole truth: rows held there and absent from it were deleted.

    Attributes:
        low, high: bounds, both included, of the contract's block column; None with ``everything``.
        among: a column of ours and the values of it that the batch speaks for: rows with another
            value are none of its business. A list of one account says nothing of the others.
        everything: the batch is all the source has.
        physical_tables: only rows that came from one of these can be deleted; None means any.
            A yearly table that was archived and dropped takes no rows with it.
    """

    everything: bool = False
    low: int | dt.datetime | None = None
    high: int | dt.datetime | None = None
    among: tuple[str, tuple[int, ...]] | None = None
    physical_tables: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CursorMove:
    """Where the next read of a physical table starts once this batch is committed."""

    physical_table: str
    value: int
    key: str | None = None


@dataclass(frozen=True)
class Batch:
    """Rows of one table of one source, read at one time.

    Attributes:
        frame: columns under our names, as read; may carry ``_source_table`` and ``_source_row``.
        detail: where the rows came from: physical tables or files with their hashes.
        day_shift_minutes: added to server time so that the business day ends at midnight.
        clock: zone of the server's clock and the minutes added to it; for instants in UTC.
        content_sha256: hash of the files read; None hashes the frame.
    """

    contract: TableContract
    tenant: str
    source: str
    kind: str
    frame: pl.DataFrame
    complete: Completeness | None = None
    cursors: tuple[CursorMove, ...] = ()
    cursor_from: str | None = None
    detail: dict[str, object] = field(default_factory=dict)
    day_shift_minutes: int = 0
    clock: tuple[str, int] = ("UTC", 0)
    content_sha256: str | None = None


@dataclass(frozen=True)
class LoadResult:
    """What one load did; ``load_id`` is None when the lake held everything already."""

    source: str
    table: str
    load_id: int | None = None
    read: int = 0
    new: int = 0
    changed: int = 0
    held: int = 0
    deleted: int = 0
    quarantined: int = 0
    finished_at: dt.datetime | None = None
