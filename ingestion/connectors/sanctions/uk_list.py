"""The UK Sanctions List (CSV), OFSI's closed ConList, and the list in normalised files.

The official files have a line with their date above the header, and a row for each name of a
subject, repeated for each of its addresses.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable

from ingestion.connectors.sanctions.birth_dates import BirthDate, british, span
from ingestion.connectors.sanctions.contract import (
    ADDRESSES,
    BIRTH_DATES,
    ENTRIES,
    IDENTIFIERS,
    NAMES,
)
from ingestion.connectors.sanctions.lists import ALL_TABLES, UK, ListError, ListFile

_LIST_PART = 20
_TYPES = {"individual": "person", "entity": "entity", "ship": "vessel"}
_KINDS = {
    "primary name": "primary", "primary": "primary", "primary name variation": "variation",
    "primary_variation": "variation", "alias": "alias", "aka": "alias", "fka": "former",
}  # fmt: skip
_QUALITIES = {
    "good quality a.k.a": "strong", "low quality a.k.a": "weak", "good_quality_aka": "strong",
    "low_quality_aka": "weak", "good quality": "strong", "low quality": "weak",
}  # fmt: skip
_DATE_LINE = re.compile(r"(?i)(report date|last updated|generated)")
_GIVEN = ("Name 1", "Name 2", "Name 3", "Name 4", "Name 5")
_LINES = ("Address Line 1", "Address Line 2", "Address Line 3", "Address Line 4", "Address Line 5",
          "Address Line 6", "Address 1", "Address 2", "Address 3", "Address 4", "Address 5",
          "Address 6", "Address Postal Code", "Post/Zip Code")  # fmt: skip

Lines = list[tuple[int, list[str]]]
Cell = Callable[..., str | None]


def is_uk_list(lines: Lines) -> bool:
    """Whether the first rows are those of one of the UK's files."""
    return _header(lines) is not None or _normalised(lines) is not None


def read_uk_file(lines: Lines) -> ListFile:
    """The rows of one file.

    Raises:
        ListError: the header lacks a column, or a row has too few fields.
    """
    part = _normalised(lines)
    if part is not None:
        return _read_normalised(part, lines)
    place = _header(lines)
    if place is None:
        raise ListError("it has no header with Name 6 and Unique ID or Group ID")
    header = [name.strip() for name in lines[place][1]]
    wanted = ("Name 6", "Unique ID" if "Unique ID" in header else "Group ID")
    missing = [name for name in wanted if name not in header]
    if missing:
        raise ListError(f"its header lacks {', '.join(missing)}")
    found = ListFile(UK, "whole", _LIST_PART, ALL_TABLES, _list_date(lines[:place]))
    _read_official(found, header, _full_rows(header, lines[place + 1 :]))
    return found


def _read_official(found: ListFile, header: list[str], rows: Lines) -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    numbers: Counter[tuple[str, str]] = Counter()

    def fresh(entry_id: str, table: str, content: str) -> int | None:
        """The number of a new row of a subject; None for one it has already."""
        if (table, content) in seen.setdefault(entry_id, set()):
            return None
        seen[entry_id].add((table, content))
        numbers[entry_id, table] += 1
        return numbers[entry_id, table]

    for row, line in rows:
        cells = dict(zip(header, line, strict=False))

        def cell(*names: str, cells: dict[str, str] = cells) -> str | None:
            return next(
                (v for n in names if (v := cells.get(n, "").strip()) not in ("", "0")), None
            )

        entry_id = cell("Unique ID", "Group ID") or ""
        if fresh(entry_id, "entry", ""):
            _official_entry(found, entry_id, row, cell)
        kind = (cell("Name type", "Alias Type") or "").lower()
        parts = [cell(name) for name in (*_GIVEN, "Name 6")]
        name = " ".join(part for part in parts if part)
        if name and (number := fresh(entry_id, "name", name)):
            quality = (cell("Alias strength", "Alias Quality") or "").lower()
            found.name(
                entry_id, row, str(number), _KINDS.get(kind, "alias"), parts,
                _QUALITIES.get(quality), cell("Name 6"),
            )  # fmt: skip
        script = cell("Name non-latin script", "Name Non-Latin Script")
        if script and (number := fresh(entry_id, "script", script)):
            found.name(entry_id, row, f"script {number}", "original_script", [script])
        for stated in (cell("D.O.B", "DOB") or "").split(";"):
            if stated.strip() and (number := fresh(entry_id, "birth", stated.strip())):
                found.add(BIRTH_DATES, entry_id, row, birth_number=number, **british(stated).row())
        _official_details(found, entry_id, row, cell, fresh)


def _official_entry(found: ListFile, entry_id: str, row: int, cell: Cell) -> None:
    kind = (cell("Designation Type", "Group Type", "Individual, Entity, Ship") or "").lower()
    found.add(
        ENTRIES, entry_id, row,
        subject_type=_TYPES.get(kind, kind or None),
        reference=cell("UN Reference Number", "OFSI Group ID", "Group ID"),
        programme=cell("Regime Name", "Regime"),
        listed_date=_british_day(
            cell("Date Designated", "UK Sanctions List Date Designated", "Listed On")
        ),
        updated_date=_british_day(cell("Last Updated")),
        title=cell("Title"), gender=cell("Gender"),
        nationality=cell("Nationality(/ies)", "Nationality"),
        remarks=cell("Other Information"),
    )  # fmt: skip


def _official_details(
    found: ListFile, entry_id: str, row: int, cell: Cell,
    fresh: Callable[[str, str, str], int | None],
) -> None:  # fmt: skip
    address = ", ".join(part for name in _LINES if (part := cell(name)))
    country = cell("Address Country", "Country")
    if (address or country) and (number := fresh(entry_id, "address", f"{address}|{country}")):
        found.add(
            ADDRESSES, entry_id, row, address_id=str(number), address=address or None,
            country=country,
        )  # fmt: skip
    for kind, names in (
        ("passport", ("Passport number", "Passport Number")),
        ("national", ("National Identifier number", "National Identification Number")),
        ("business registration", ("Business registration number (s)",)),
        ("imo", ("IMO number",)),
    ):
        value = cell(*names)
        if value and (number := fresh(entry_id, "identifier", f"{kind}|{value}")):
            found.add(
                IDENTIFIERS, entry_id, row, identifier_id=str(number), identifier_type=kind,
                identifier_value=value,
            )  # fmt: skip


_NORMALISED: dict[str, tuple[str, ...]] = {
    "subjects": ("unique_id", "subject_type", "date_designated", "last_updated"),
    "names": ("name_id", "unique_id", "name_type", "full_name"),
    "birth_dates": ("dob_id", "unique_id", "year", "month", "day"),
    "identifiers": ("id", "unique_id", "raw_value", "identifier_type"),
}
_TABLE_OF = {
    "subjects": ENTRIES, "names": NAMES, "birth_dates": BIRTH_DATES, "identifiers": IDENTIFIERS,
}  # fmt: skip


def _normalised(lines: Lines) -> str | None:
    header = set(lines[0][1]) if lines else set()
    return next((part for part, names in _NORMALISED.items() if header.issuperset(names)), None)


def _read_normalised(part: str, lines: Lines) -> ListFile:
    header = lines[0][1]
    contract = _TABLE_OF[part]
    found = ListFile(UK, part, _LIST_PART, (contract,))
    for row, line in _full_rows(header, lines[1:]):
        cells = {name: value.strip() or None for name, value in zip(header, line, strict=True)}
        entry_id = cells["unique_id"] or ""
        if part == "subjects":
            kind = cells["subject_type"] or ""
            found.add(
                ENTRIES, entry_id, row, subject_type=_TYPES.get(kind, kind or None),
                reference=cells.get("un_reference_number") or cells.get("ofsi_group_id"),
                programme=re.sub(r"\d+$", "", entry_id),
                listed_date=_british_day(cells["date_designated"]),
                updated_date=_british_day(cells["last_updated"]),
            )  # fmt: skip
        elif part == "names":
            found.name(
                entry_id, row, cells["name_id"] or "",
                _KINDS.get(cells["name_type"] or "", cells["name_type"] or ""),
                [cells["full_name"]], _QUALITIES.get(cells.get("alias_strength") or ""),
                cells.get("name_6"),
            )  # fmt: skip
        elif part == "birth_dates":
            year, month, day = (int(cells[n] or 0) or None for n in ("year", "month", "day"))
            days = span(year, month, day if month else None) if year else None
            stated = "-".join(cells[n] or "??" for n in ("year", "month", "day"))
            date = BirthDate(stated, *(days or (None, None)))
            found.add(BIRTH_DATES, entry_id, row, birth_number=cells["dob_id"], **date.row())
        else:
            found.add(
                # Each type is numbered on its own.
                IDENTIFIERS, entry_id, row,
                identifier_id=f"{cells['identifier_type']} {cells['id']}",
                identifier_type=cells["identifier_type"], identifier_value=cells["raw_value"],
                remarks=cells.get("additional_info"),
            )  # fmt: skip
    return found


def _header(lines: Lines) -> int | None:
    for place, (_, line) in enumerate(lines[:10]):
        names = {name.strip() for name in line}
        if "Name 6" in names and names & {"Unique ID", "Group ID"}:
            return place
    return None


def _full_rows(header: list[str], rows: Lines) -> Lines:
    filled = [(row, line) for row, line in rows if any(value.strip() for value in line)]
    ragged = [str(row) for row, line in filled if len(line) != len(header)]
    if ragged:
        raise ListError(f"rows without the {len(header)} fields of the header: {ragged[:10]}")
    return filled


def _list_date(above: Lines) -> dt.date | None:
    for _, line in above:
        joined = " ".join(line)
        if _DATE_LINE.search(joined):
            return _british_day(joined)
    return None


def _british_day(stated: str | None) -> dt.date | None:
    """``15/07/2026``, ``13-Feb-2026``, ``2026-06-16``, also inside a text."""
    for pattern, form in (
        (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y"),
        (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
        (r"\d{1,2} [A-Z][a-z]+ \d{4}", "%d %B %Y"),
        (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
    ):
        match = re.search(pattern, stated or "")
        if match:
            try:
                return dt.datetime.strptime(match[0], form).date()  # noqa: DTZ007
            except ValueError:
                return None
    return None
