"""How many rows of a table a reader may fetch: a look at a source needs a few, a load needs all.

A context variable, because it concerns readers deep below a connector (databases, paged APIs) and
no connector: whoever looks sets it for the time of the pass. Files are always read whole; a file
cut short would look broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LIMIT: ContextVar[int | None] = ContextVar("daybook_row_limit", default=None)


def row_limit() -> int | None:
    """The most rows to fetch of one query or list; None: all."""
    return _LIMIT.get()


@contextmanager
def limited_rows(rows: int) -> Iterator[None]:
    """Within the block no reader fetches more than ``rows`` rows of a query or list."""
    token = _LIMIT.set(rows)
    try:
        yield
    finally:
        _LIMIT.reset(token)
