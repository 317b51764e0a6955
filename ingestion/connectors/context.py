"""What one pass over one source carries with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import duckdb

from ingestion.batch import Batch, LoadResult
from ingestion.loader import FaultMarker, load_batch
from ingestion.problems import Problem
from ingestion.source_state import SourceState
from warehouse.errors import SettingsError
from warehouse.settings import Settings, SourceSettings


@dataclass
class PassContext:
    """One pass over one source: where to load, what was found, whom to tell.

    Attributes:
        con: the lake, open for writing.
        sweep: also reconcile the whole source against the lake: deletions, missed edits, totals.
        repeated: the pass is one of a poll loop: what is not finished now may wait for the next.
        stopping: asked between transactions; True ends the pass early.
        state: what the lake knows of the source, see :mod:`ingestion.source_state`.
        memory: survives from one pass of a poll loop to the next; only ever saves work.
    """

    con: duckdb.DuckDBPyConnection
    settings: Settings
    source: SourceSettings
    sweep: bool = True
    repeated: bool = False
    on_load: Callable[[LoadResult], None] | None = None
    stopping: Callable[[], bool] = lambda: False
    fault: FaultMarker | None = None
    memory: dict[str, object] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    results: list[LoadResult] = field(default_factory=list)
    state: SourceState = field(default_factory=SourceState)

    def load(self, batch: Batch) -> LoadResult:
        """Load a batch, remember and report what it did."""
        rule = batch.contract.business_date
        if rule is not None and rule[1] == "epoch_ms":
            clock = (self.source.clock_zone or "UTC", self.source.clock_shift_minutes)
            batch = replace(batch, clock=clock, day_shift_minutes=self.day_shift_minutes)
        result = load_batch(self.con, batch, self.settings, self.fault, self.state)
        self.results.append(result)
        if self.on_load is not None and result.load_id is not None:
            self.on_load(result)
        return result

    @property
    def day_shift_minutes(self) -> int:
        """Minutes from the server's end of day to midnight."""
        return 1439 - self.source.end_of_day_minutes

    def integer_option(self, name: str, default: int) -> int:
        """A whole-number option of the source.

        Raises:
            SettingsError: it is something else.
        """
        value = self.source.options.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SettingsError(
                f"options.{name} is no whole number: {value}.",
                where=f"source {self.source.name}",
                todo=f"give a number, or leave it out for {default}",
            )
        return int(value)
