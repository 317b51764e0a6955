"""One file of a paper, ready to leave the house."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exports.statements.making import StatementFormat
from warehouse.control.papers import PaperRecord


@dataclass(frozen=True)
class Parcel:
    """One file of a paper, ready to go."""

    record: PaperRecord
    format: StatementFormat
    content: bytes
    sha256: str
    name: str
    """Of the client; empty where nobody knows it."""
    address: str | None
    """E-mail address of the client; None where the CRM has none."""

    @property
    def file_name(self) -> str:
        """The file's name where it arrives."""
        return f"{re.sub(r'[^A-Za-z0-9._-]', '_', self.record.paper_number)}.{self.format}"
