"""What figures are made of: one declaration a mart, one engine that lists, re-adds and traces.

:data:`MARTS` names the declarations. :func:`explain` explains one row of a mart as of any
snapshot; :func:`not_re_added` tells the rows of a mart whose parts do not come to their figures.
"""

from __future__ import annotations

from quality.lineage.explaining import explain, explain_row, not_re_added
from quality.lineage.explanation import Explanation, Figure, PartRow, RateUsed, RuleSaid, SourceRow
from quality.lineage.registry import MARTS, lineage_of

__all__ = [
    "MARTS",
    "Explanation",
    "Figure",
    "PartRow",
    "RateUsed",
    "RuleSaid",
    "SourceRow",
    "explain",
    "explain_row",
    "lineage_of",
    "not_re_added",
]
