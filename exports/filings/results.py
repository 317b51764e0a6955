"""What running, reproducing and looking for filings hand back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FilingFile:
    """One file of a filing run; `path` is the copy in `out` or, without one, in the archive."""

    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class FilingResult:
    """A filing that was made and registered."""

    filing_id: str
    regime: str
    spec_version: str
    tenant_id: str
    legal_entity: str
    period_from: dt.date
    period_to: dt.date
    snapshot_id: int
    population: int
    included: int
    excluded: Mapping[str, int]
    result: Mapping[str, object]
    headline: str
    validation: Sequence[Mapping[str, object]]
    state: str
    files: tuple[FilingFile, ...]


@dataclass(frozen=True)
class Reproduction:
    """A filing made again, compared with what was registered."""

    filing_id: str
    identical: bool
    differences: tuple[str, ...]
    """Names of files whose bytes differ, or that only one of the two runs has."""
    snapshot_id: int
    code_then: str
    code_now: str

    @property
    def exit_code(self) -> int:
        """0 when every byte is the same, else 1."""
        return 0 if self.identical else 1

    def describe(self) -> str:
        """One paragraph for a person."""
        code = (
            f"code {self.code_now}"
            if self.code_then == self.code_now
            else f"code {self.code_now}, made then by {self.code_then}"
        )
        if self.identical:
            return f"{self.filing_id}: every byte is the same (snapshot {self.snapshot_id}, {code})"
        return (
            f"{self.filing_id}: {', '.join(self.differences)} came out different "
            f"(snapshot {self.snapshot_id}, {code})"
        )


@dataclass(frozen=True)
class DueFiling:
    """A filing that falls due: the next window of one that was made, or a first one."""

    regime: str
    tenant_id: str
    legal_entity: str
    window_to: dt.date
    state: str = "due"
