"""The UN Security Council's consolidated list (XML)."""

from __future__ import annotations

import datetime as dt

from lxml import etree

from ingestion.connectors.safe_xml import children, local_name, text
from ingestion.connectors.sanctions.birth_dates import BirthDate, span
from ingestion.connectors.sanctions.contract import ADDRESSES, BIRTH_DATES, ENTRIES, IDENTIFIERS
from ingestion.connectors.sanctions.lists import ALL_TABLES, UN, ListFile

_LIST_PART = 10
_QUALITIES = {"good": "strong", "low": "weak", "high": "strong"}
_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def is_un_list(root: etree._Element) -> bool:
    """Whether a document is the consolidated list."""
    return local_name(root) == "CONSOLIDATED_LIST"


def read_un_list(root: etree._Element) -> ListFile:
    """Individuals and entities with names, aliases, dates of birth, addresses, documents."""
    found = ListFile(UN, "whole", _LIST_PART, ALL_TABLES, _day(root.get("dateGenerated")))
    row = 0
    for kind, subject_type in (("INDIVIDUAL", "person"), ("ENTITY", "entity")):
        for group in children(root, "INDIVIDUALS" if subject_type == "person" else "ENTITIES"):
            for element in children(group, kind):
                row += 1
                _entry(found, element, kind, subject_type, row)
    return found


def _entry(
    found: ListFile, element: etree._Element, kind: str, subject_type: str, row: int
) -> None:
    entry_id = text(element, "DATAID") or ""
    updates = [day for day in _values(element, "LAST_DAY_UPDATED") if day]
    found.add(
        ENTRIES, entry_id, row,
        subject_type=subject_type,
        reference=text(element, "REFERENCE_NUMBER"),
        programme=text(element, "UN_LIST_TYPE"),
        listed_date=_day(text(element, "LISTED_ON")),
        updated_date=_day(max(updates, default=None)),
        title="; ".join(_values(element, "TITLE")) or None,
        gender=text(element, "GENDER"),
        nationality="; ".join(_values(element, "NATIONALITY")) or None,
        remarks=text(element, "COMMENTS1"),
    )  # fmt: skip
    parts = [text(element, name) for name in _NAMES]
    found.name(entry_id, row, "primary", "primary", parts)
    found.name(entry_id, row, "script", "original_script", [text(element, "NAME_ORIGINAL_SCRIPT")])
    for number, alias in enumerate(children(element, f"{kind}_ALIAS"), start=1):
        quality = (text(alias, "QUALITY") or "").lower()
        found.name(
            entry_id, row, f"alias {number}", "former" if quality == "f.k.a." else "alias",
            [text(alias, "ALIAS_NAME")], _QUALITIES.get(quality),
        )  # fmt: skip
    for number, born in enumerate(children(element, f"{kind}_DATE_OF_BIRTH"), start=1):
        date = _birth_date(born)
        if date is not None:
            found.add(BIRTH_DATES, entry_id, row, birth_number=number, **date.row())
    for number, place in enumerate(children(element, f"{kind}_ADDRESS"), start=1):
        values = {
            "address": text(place, "STREET"), "city": text(place, "CITY"),
            "country": text(place, "COUNTRY"), "remarks": text(place, "NOTE"),
        }  # fmt: skip
        if any(values.values()):
            found.add(ADDRESSES, entry_id, row, address_id=str(number), **values)
    for number, document in enumerate(children(element, f"{kind}_DOCUMENT"), start=1):
        value = text(document, "NUMBER")
        if value:
            found.add(
                IDENTIFIERS, entry_id, row, identifier_id=str(number), identifier_value=value,
                identifier_type=text(document, "TYPE_OF_DOCUMENT"),
                remarks=text(document, "NOTE"),
            )  # fmt: skip


def _birth_date(element: etree._Element) -> BirthDate | None:
    approximate = (text(element, "TYPE_OF_DATE") or "").upper() == "APPROXIMATELY"
    day, year = text(element, "DATE"), text(element, "YEAR")
    first, last = text(element, "FROM_YEAR"), text(element, "TO_YEAR")
    if day:
        exact = _day(day)
        return BirthDate(day, exact, exact, approximate)
    years = [part for part in (year or first, year or last) if part]
    if not years:
        note = text(element, "NOTE")
        return BirthDate(note, None, None, True) if note else None
    spans = [span(int(part)) for part in years if part.isdigit()]
    stated = " to ".join(dict.fromkeys(years))
    if len(spans) < len(years) or spans[0] is None or spans[-1] is None:
        return BirthDate(stated, None, None, approximate)
    return BirthDate(stated, spans[0][0], spans[-1][1], approximate)


def _values(element: etree._Element, name: str) -> list[str]:
    return [
        value.text.strip()
        for group in children(element, name)
        for value in children(group, "VALUE")
        if value.text and value.text.strip()
    ]


def _day(stated: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(stated[:10]) if stated else None
    except ValueError:
        return None
