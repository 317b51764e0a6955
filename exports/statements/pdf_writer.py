"""A statement as PDF, typeset by Typst with the fonts it carries: no system font, no clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exports.statements.document import Cell, Column, Part, Section, StatementDocument, printed
from exports.typesetting import typeset

TEMPLATES = Path(__file__).parent / "templates"


def to_pdf(document: StatementDocument) -> bytes:
    """A4, with the publication as its creation date; equal documents give equal bytes.

    Not tagged: tags of tables make a statement of 15 pages 1.8 MB instead of 0.1, and twelve times
    slower to set. Who needs the structure read aloud takes the workbook.
    """
    return typeset(
        TEMPLATES / "statement.typ", _content(document), document.published_at, tagged=False
    )


def _content(document: StatementDocument) -> dict[str, Any]:
    return {
        "number": document.number,
        "kind": document.kind,
        "title": document.title,
        "issuer": document.issuer,
        "subject": document.subject,
        "period": document.period_label,
        "facts": [
            {"key": fact.key, "label": fact.label, "value": fact.value} for fact in document.facts
        ],
        "parts": [_part(part) for part in document.parts],
        "notes": list(document.notes),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "key": part.key,
        "title": part.title,
        "facts": [
            {"key": fact.key, "label": fact.label, "value": fact.value} for fact in part.facts
        ],
        "sections": [_section(section) for section in part.sections],
        "notes": list(part.notes),
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "currency": section.currency,
        "note": section.note,
        "empty": section.empty,
        "columns": [
            {"key": column.key, "title": column.title, "kind": column.kind}
            for column in section.columns
        ],
        "rows": [_row(section.columns, row) for row in section.rows],
        "total": _row(section.columns, section.total) if section.total else [],
    }


def _row(columns: tuple[Column, ...], row: tuple[Cell, ...]) -> list[str]:
    return [
        printed(cell).replace("-", "\u2212", 1)
        if column.kind in ("money", "rate")
        else printed(cell)
        for column, cell in zip(columns, row, strict=True)
    ]
