"""What a sync reports: one entry a source, safe to print and to turn into JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from ingestion.batch import LoadResult
from ingestion.problems import Problem


@dataclass(frozen=True)
class SourceReport:
    """One pass over one source.

    Attributes:
        error: why the source could not be read to its end; None when it was.
        problems: what is wrong with its shape; an ``error`` stopped one table.
    """

    source: str
    kind: str
    loads: int = 0
    read: int = 0
    new: int = 0
    changed: int = 0
    held: int = 0
    deleted: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    error: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether something of the source was not loaded that should have been."""
        return self.error is not None or any(p.severity == "error" for p in self.problems)

    @classmethod
    def of(
        cls,
        source: str,
        kind: str,
        results: list[LoadResult],
        problems: list[Problem],
        seconds: float,
        error: str | None,
    ) -> SourceReport:
        """Sum up the loads of a pass."""
        return cls(
            source=source,
            kind=kind,
            loads=sum(result.load_id is not None for result in results),
            read=sum(result.read for result in results),
            new=sum(result.new for result in results),
            changed=sum(result.changed for result in results),
            held=sum(result.held for result in results),
            deleted=sum(result.deleted for result in results),
            quarantined=sum(result.quarantined for result in results),
            seconds=seconds,
            error=error,
            problems=tuple(problems),
        )


@dataclass(frozen=True)
class SyncReport:
    """One pass over all sources."""

    sources: list[SourceReport] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any source failed; the others were loaded all the same."""
        return any(source.failed for source in self.sources)

    @property
    def rows_new(self) -> int:
        """New rows over all sources."""
        return sum(source.new for source in self.sources)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "failed": self.failed,
            "sources": [{**asdict(s), "failed": s.failed} for s in self.sources],
        }
