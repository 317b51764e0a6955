"""Keeps requests below the rates a server allows."""

from __future__ import annotations

import time


class Pace:
    """Spaces calls evenly: at most so many in a second, never a burst."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until the next call is allowed."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
            now = self._next
        self._next = now + self._gap
