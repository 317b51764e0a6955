"""One file of a sanctions list in the common shape, whoever publishes it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.sanctions.contract import (
    ADDRESSES,
    BIRTH_DATES,
    ENTRIES,
    IDENTIFIERS,
    NAMES,
)
from ingestion.contracts import TableContract

UN, UK, OFAC_SDN, OFAC_CONSOLIDATED, EU = "UN", "UK", "OFAC_SDN", "OFAC_CONS", "EU"

Row = dict[str, object]


class ListError(ValueError):
    """The file is a list and cannot be taken."""


@dataclass
class ListFile:
    """What one file of a list holds.

    Attributes:
        file_part: which of the list's files it is; ``whole`` where there is only one.
        list_part: see :data:`contract._PLACE`.
        covers: the tables of whose rows of ``list_part`` it is the whole truth.
    """

    list_id: str
    file_part: str
    list_part: int
    covers: tuple[TableContract, ...]
    list_date: dt.date | None = None
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, contract: TableContract, entry_id: str, row: int, **values: object) -> None:
        """One row of a table."""
        place = {"list_id": self.list_id, "entry_id": entry_id, "list_part": self.list_part}
        self.rows[contract.table].append(place | values | {SOURCE_ROW: row})

    def name(
        self, entry_id: str, row: int, name_id: str, kind: str, parts: list[str | None],
        quality: str | None = None, family_name: str | None = None,
    ) -> None:  # fmt: skip
        """A name from its parts in reading order; a name without any is none."""
        full = " ".join(part.strip() for part in parts if part and part.strip())
        if full:
            self.add(
                NAMES, entry_id, row, name_id=name_id, name_kind=kind, quality=quality,
                full_name=full, family_name=family_name,
            )  # fmt: skip

    @property
    def main_rows(self) -> int:
        """How many rows its first table has: what is counted in the table of versions."""
        return len(self.rows[self.covers[0].table])

    def frame(self, contract: TableContract, file_name: str) -> pl.DataFrame:
        """The rows of one table."""
        rows = self.rows[contract.table]
        names = [column.target for column in contract.columns]
        texts = {name: [_text(row.get(name)) for row in rows] for name in names}
        return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String())).with_columns(
            pl.lit(file_name).alias(SOURCE_TABLE),
            pl.Series(SOURCE_ROW, [row[SOURCE_ROW] for row in rows], dtype=pl.Int64),
        )


ALL_TABLES = (ENTRIES, NAMES, BIRTH_DATES, ADDRESSES, IDENTIFIERS)


def _text(value: object) -> str | None:
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if value is None else str(value).strip() or None
