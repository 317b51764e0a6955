"""A statement as PDF, typeset by Typst."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exports.statements.catalogue import Catalogue
from exports.statements.document import (
    Cell,
    Column,
    Fact,
    Part,
    Section,
    StatementDocument,
    printed,
)
from exports.statements.presentation import Presentation
from exports.typesetting import EMBEDDED, typeset
from warehouse.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"

# A client's name or a comment may be in a script that the language's own font lacks.
_SCRIPTS = (
    ("Noto Naskh Arabic", "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"),
    ("Noto Serif CJK SC", "\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef"),
    ("Noto Serif Hebrew", "\u0590-\u05ff"),
    ("Noto Serif Devanagari", "\u0900-\u097f"),
    ("Noto Serif Thai", "\u0e00-\u0e7f"),
)
_WRITTEN = tuple((font, re.compile(f"[{letters}]")) for font, letters in _SCRIPTS)
_NARROWEST, _WIDEST, _AIR = 3, 34, 2


def to_pdf(document: StatementDocument, settings: Settings) -> bytes:
    """A4, with the publication as its creation date; equal documents give equal bytes.

    Not tagged: tags of tables make a statement of 15 pages 1.8 MB instead of 0.1, and twelve times
    slower to set. Who needs the structure read aloud takes the workbook.

    Raises:
        PresentationError: a font that the paper's letters need is not installed.
    """
    settings.archive_path.mkdir(parents=True, exist_ok=True)
    content = _content(document)
    text = json.dumps(content, ensure_ascii=False)
    own = document.words.fonts
    fonts = [*own, *(font for font, letters in _WRITTEN if letters.search(text))]
    # Latin letters and digits are the same on every paper.
    content["fonts"] = list(dict.fromkeys([EMBEDDED, *fonts]))
    return typeset(
        TEMPLATES / "statement.typ",
        content,
        document.published_at,
        tagged=False,
        fonts=content["fonts"],
        font_paths=settings.statements.font_paths,
        root=settings.archive_path,
    )


def _content(document: StatementDocument) -> dict[str, Any]:
    words, look = document.words, document.presentation
    return {
        "number": document.number,
        "kind": document.kind,
        "title": document.title,
        "issuer": document.issuer,
        "subject": document.subject,
        "period": document.period_label,
        "facts": _facts((*document.letterhead()[:1], *document.facts)),
        "parts": [_part(part, words) for part in document.parts],
        "notes": list(document.notes),
        "language": words.code,
        "direction": words.direction,
        "amounts_in": words("page.amounts_in", currency="{}"),
        "page_number": words("page.number", page="{page}", pages="{pages}"),
        **_brand(look),
    }


def _brand(look: Presentation | None) -> dict[str, str]:
    if look is None:
        return {"ink": "#14213d", "accent": "#f3f5f8", "legal_text": "", "logo": ""}
    return {
        "ink": look.ink,
        "accent": look.accent,
        "legal_text": look.legal_text,
        "logo": f"/{look.logo_path}" if look.logo_path else "",
    }


def _facts(facts: Sequence[Fact]) -> list[dict[str, str]]:
    return [{"key": fact.key, "label": fact.label, "value": fact.value} for fact in facts]


def _part(part: Part, words: Catalogue) -> dict[str, Any]:
    return {
        "key": part.key,
        "title": part.title,
        "facts": _facts(part.facts),
        "sections": [_section(section, words) for section in part.sections],
        "notes": list(part.notes),
    }


def _section(section: Section, words: Catalogue) -> dict[str, Any]:
    rows = [_row(section.columns, row, words) for row in section.rows]
    total = _row(section.columns, section.total, words) if section.total else []
    titles = [column.title for column in section.columns]
    shown = [titles, *rows, *([total] if total else [])]
    return {
        "key": section.key,
        "layout": "items" if section.columns[0].key == "item" and len(titles) == 3 else "table",
        "title": section.title,
        "currency": section.currency,
        "note": section.note,
        "empty": section.empty,
        "columns": [
            {"key": column.key, "title": column.title, "kind": column.kind}
            for column in section.columns
        ],
        # Columns share the page by the longest text each has to hold.
        "shares": [
            min(max(_NARROWEST, *map(len, cells)), _WIDEST) + _AIR
            for cells in zip(*shown, strict=True)
        ],
        "rows": rows,
        "total": total,
    }


def _row(columns: tuple[Column, ...], row: tuple[Cell, ...], words: Catalogue) -> list[str]:
    cells = []
    for column, cell in zip(columns, row, strict=True):
        text = printed(cell)
        if column.kind not in ("text", "date", "time"):
            text = text.translate(_marks(words))
        cells.append(text.replace("-", "\u2212", 1) if column.kind in ("money", "rate") else text)
    return cells


def _marks(words: Catalogue) -> dict[int, str]:
    return {ord(","): words.group, ord("."): words.decimal}
