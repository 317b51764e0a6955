"""Numbers as people's programs print them: decimal commas, thousands separators, odd minus signs.

Which mark is the decimal one is a property of a file, not of a cell: ``1,234`` alone may be either.
It is told from the cells that can only be read one way; where there is none, somebody has to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Mark = Literal[".", ","]

# Between groups of thousands: space, no-break space, narrow no-break space, thin space, apostrophe.
_GROUP = r"[\s'\u{2019}]"
_SIGNED = r"^[+-]?(?:\d+|\d{1,3}(?:SEP\d{3})+)(?:MARK\d*)?$"


@dataclass(frozen=True)
class MarkEvidence:
    """What the cells of a file say about its decimal mark.

    Attributes:
        mark: the decimal mark; None when cells could be read both ways, or contradict each other.
        dot, comma: position and text of a cell that can only be read with that decimal mark.
        unclear: position and text of a cell with a comma that can be read both ways.
    """

    mark: Mark | None
    dot: tuple[int, str] | None = None
    comma: tuple[int, str] | None = None
    unclear: tuple[int, str] | None = None


def decimal_mark(cells: pl.Series) -> MarkEvidence:
    """The decimal mark of number texts; without any comma it is the dot."""
    plain = cells.fill_null("").str.replace_all(_GROUP, "")
    dot = _first(cells, plain.str.contains(r"\.(?:\d{0,2}|\d{4,})$|^\D*0\.|,.*\.|,\d{3},"))
    comma = _first(cells, plain.str.contains(r",(?:\d{0,2}|\d{4,})$|^\D*0,|\..*,|\.\d{3}\."))
    unclear = _first(cells, plain.str.contains(",", literal=True))
    if dot and comma:
        return MarkEvidence(None, dot, comma)
    if comma:
        return MarkEvidence(",", comma=comma)
    if dot or not unclear:
        return MarkEvidence(".", dot=dot)
    return MarkEvidence(None, unclear=unclear)


def plain_number(text: pl.Expr, mark: Mark) -> pl.Expr:
    """The same number as ``-1234.5``; what is none is marked, so that the checks refuse it.

    Marked and not left alone: ``1.5`` where the comma is the decimal mark would else be read.
    ``(12.50)`` and ``12.50-`` are negative, as accountants and banks print them.
    """
    bare = (
        text.str.strip_chars()
        .str.replace_all("\u2212", "-", literal=True)
        .str.replace(r"^\((.*)\)$", "-$1")
        .str.replace(r"^([^-].*)-$", "-$1")
        .str.replace(r"^([+-])\s+", "$1")
    )
    other = "," if mark == "." else r"\."
    grouping = f"(?:{_GROUP}|{other})"
    is_number = bare.str.contains(_SIGNED.replace("SEP", grouping).replace("MARK", f"[{mark}]"))
    digits = bare.str.replace_all(grouping, "").str.replace(mark, ".", literal=True)
    refused = pl.format('{} with decimal mark "{}"', text, pl.lit(mark))
    return pl.when(is_number).then(digits.str.strip_chars_start("+")).otherwise(refused)


def _first(cells: pl.Series, mask: pl.Series) -> tuple[int, str] | None:
    position = mask.arg_max()
    if position is None or not mask[position]:
        return None
    return position, str(cells[position])
