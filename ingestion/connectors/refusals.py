"""A file that cannot be loaded, told from inside its reader."""

from __future__ import annotations

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
