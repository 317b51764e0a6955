"""Comparing snapshots of the lake: which rows of which marts differ, by how much, and why."""

from __future__ import annotations

from quality.comparison.changes import Compared, compare
from quality.comparison.diff import (
    ColumnChange,
    MartChange,
    RowChange,
    SnapshotDiff,
    diff,
    named_snapshot,
)
from quality.comparison.loads import Load

__all__ = [
    "ColumnChange",
    "Compared",
    "Load",
    "MartChange",
    "RowChange",
    "SnapshotDiff",
    "compare",
    "diff",
    "named_snapshot",
]
