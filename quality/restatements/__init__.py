"""Restatements: which published figures moved, why, and which papers were made from them."""

from __future__ import annotations

from quality.restatements.causes import CAUSES
from quality.restatements.listing import RestatedDay, restated_days, restatement_lines
from quality.restatements.moving import PUBLISHED_MARTS, Restatements, moved_figures

__all__ = [
    "CAUSES",
    "PUBLISHED_MARTS",
    "RestatedDay",
    "Restatements",
    "moved_figures",
    "restated_days",
    "restatement_lines",
]
