"""The figures people quote: each defined once, in reference.ref_metrics, and computed from there.

Screens, the command line and the SQL views all take their expressions from this package, so that
the same name never means two figures.
"""

from __future__ import annotations

from warehouse.metrics.reading import book_range, metric, read_metric
from warehouse.metrics.registry import DIMENSIONS, TIMES, Metric, definition, definitions
from warehouse.metrics.statements import total_expression

__all__ = [
    "DIMENSIONS",
    "TIMES",
    "Metric",
    "book_range",
    "definition",
    "definitions",
    "metric",
    "read_metric",
    "total_expression",
]
