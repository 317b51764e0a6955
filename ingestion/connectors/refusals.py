"""A file that cannot be loaded, told from inside its reader."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ingestion.checks import SOURCE_ROW
from ingestion.connectors.dropped_files import TableRows
from ingestion.contracts import TableContract
from ingestion.problems import Problem


class FileRefusedError(Exception):
    """Nothing of this file may be loaded.

    Args:
        what: what is wrong with it, with row and column where there is one.
        todo: what whoever delivers it can do.
    """

    def __init__(self, what: str, todo: str) -> None:
        self.what = what
        self.todo = todo
        super().__init__(what)

    def rows_of(self, contract: TableContract) -> TableRows:
        """What the reader hands over instead of rows."""
        return TableRows(contract, None, [Problem(contract.table, "error", self.what, self.todo)])


# So many findings are named in a message, and how many there are in all.
_SHOWN = 10


def refuse_shortened_ids(
    name: str, frame: pl.DataFrame, columns: Sequence[str], pattern: str, delivered: str
) -> None:
    """``1.41E+08`` has lost its digits for good: the file was saved by a spreadsheet.

    Args:
        name: of the file.
        frame: its rows as texts, with ``_source_row``.
        columns: that hold ids; those the frame lacks are passed over.
        pattern: of a shortened number.
        delivered: what was delivered, for the message: ``file``, ``export``.

    Raises:
        FileRefusedError: an id was shortened.
    """
    found = [
        f"row {row} {column} {value}"
        for column in columns
        if column in frame.columns
        for row, value in frame.filter(pl.col(column).str.contains(pattern))
        .select(SOURCE_ROW, column)
        .iter_rows()
    ]
    if found:
        raise FileRefusedError(
            f"{name} has numbers that a spreadsheet shortened: {'; '.join(found[:_SHOWN])} "
            f"({len(found)} in all).",
            f"their digits are lost: deliver the original {delivered}, never opened in Excel; "
            "nothing of it was loaded",
        )
