"""A statement as CSV in long form: one figure a line, the same columns whatever the section."""

from __future__ import annotations

import csv
import io

from exports.statements.document import StatementDocument, plain

HEADER = ("section", "account", "line", "field", "value", "currency")


def to_csv(document: StatementDocument) -> bytes:
    """UTF-8 without a mark, comma, line feed; lines of a section count from 1, `total` last.

    `account` is the account key, `consolidated`, or empty for facts about the whole statement.
    `currency` stands beside money only.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(
        ("header", "", "", fact.key, fact.value, "")
        for fact in (*document.letterhead(), *document.facts)
    )
    for part in document.parts:
        writer.writerows(("header", part.key, "", fact.key, fact.value, "") for fact in part.facts)
        for section in part.sections:
            lines = [(str(number), row) for number, row in enumerate(section.rows, start=1)]
            if section.total is not None:
                lines.append(("total", section.total))
            writer.writerows(
                (
                    section.key,
                    part.key,
                    number,
                    column.key,
                    plain(cell),
                    section.currency if column.kind == "money" else "",
                )
                for number, row in lines
                for column, cell in zip(section.columns, row, strict=True)
                if cell is not None
            )
        writer.writerows(("note", part.key, "", "note", note, "") for note in part.notes)
    writer.writerows(("note", "", "", "note", note, "") for note in document.notes)
    return text.getvalue().encode()
