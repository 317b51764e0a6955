"""An MT5 export that lives: deals come, change, vanish, and some appear late."""

from __future__ import annotations

import random
import threading
import time

from tests.ingestion.exports import ACCOUNTS, DEALS, SECOND, Export, deal

_FILETIME_1970 = 11_644_473_600


class LivingExport:
    """Changes an export from a thread of its own until stopped; the same seed, the same changes."""

    def __init__(self, export: Export, seed: int) -> None:
        self.export = export
        self.done = dict.fromkeys(("insert", "late", "edit", "silent edit", "delete"), 0)
        self._random = random.Random(seed)
        self._next = 1
        self._alive: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self.failure: Exception | None = None
        key = export.quote("Deal")
        export.create("mt5_deals", DEALS, key=key)
        marker = export.quote("Timestamp")
        export.run(f"CREATE INDEX by_marker ON mt5_deals ({marker})")
        export.create("mt5_accounts", ACCOUNTS, [{"Login": 1001, "Balance": 0.0, "Credit": 0.0}])
        self._insert(100)

    def start(self) -> None:
        """Begin to change it."""
        self._thread.start()

    def stop(self) -> None:
        """Change it no more."""
        self._stop.set()
        self._thread.join(60)
        if self.failure is not None:
            raise self.failure

    def _live(self) -> None:
        kinds = [*["insert"] * 6, "late", "edit", "edit", "silent edit", "delete"]
        try:
            while not self._stop.wait(self._random.uniform(0.0, 0.05)):
                self._change(self._random.choice(kinds))
        except Exception as failure:
            self.failure = failure

    def _change(self, kind: str) -> None:
        key = self.export.quote("Deal")
        victim = self._random.choice(self._alive)
        if kind == "insert":
            self._insert(self._random.randint(1, 8))
        elif kind == "late":
            # Committed now, stamped a while ago; an old number, a day of last week.
            self._insert(1, stamp=_now() - self._random.randint(1, 300) * SECOND)
        elif kind == "edit":
            amount = self._random.randint(-9999, 9999) / 100
            self.export.update("mt5_deals", f"{key} = {victim}", Profit=amount, Timestamp=_now())
        elif kind == "silent edit":
            amount = self._random.randint(-9999, 9999) / 100
            self.export.update("mt5_deals", f"{key} = {victim}", Profit=amount)
        elif len(self._alive) > 50:
            self.export.delete("mt5_deals", f"{key} = {victim}")
            self._alive.remove(victim)
        self.done[kind] += 1

    def _insert(self, count: int, stamp: int | None = None) -> None:
        rows = []
        for _ in range(count):
            number, self._next = self._next, self._next + 1
            when = f"2026-10-{self._random.randint(20, 29)} {self._random.randint(0, 23):02d}:00:00"
            rows.append(
                deal(number % 500)
                | {
                    "Deal": number,
                    "Time": when,
                    "TimeMsc": when,
                    "Login": self._random.randint(1001, 1020),
                    "Profit": self._random.randint(-99_999, 99_999) / 100,
                    "Timestamp": stamp or _now(),
                }
            )
            self._alive.append(number)
        self.export.insert("mt5_deals", rows)


def _now() -> int:
    return int((time.time() + _FILETIME_1970) * SECOND)
