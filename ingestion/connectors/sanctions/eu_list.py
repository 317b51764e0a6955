"""The EU's consolidated financial sanctions list (XML, format 1.1)."""

from __future__ import annotations

import datetime as dt

from lxml import etree

from ingestion.connectors.safe_xml import children, local_name, text
from ingestion.connectors.sanctions.birth_dates import BirthDate, span
from ingestion.connectors.sanctions.contract import ADDRESSES, BIRTH_DATES, ENTRIES, IDENTIFIERS
from ingestion.connectors.sanctions.lists import ALL_TABLES, EU, ListFile

_LIST_PART = 40
_NAMESPACE = "europa.eu"
_TYPES = {"P": "person", "E": "entity"}


def is_eu_list(root: etree._Element) -> bool:
    """Whether a document is the EU's export."""
    namespace = etree.QName(root).namespace or ""
    entities = any(local_name(child) == "sanctionEntity" for child in root)
    return local_name(root) == "export" and (entities or "fsd/export" in namespace)


def read_eu_list(root: etree._Element) -> ListFile:
    """Entities with names, dates of birth, addresses, documents."""
    found = ListFile(EU, "whole", _LIST_PART, ALL_TABLES, _day(root.get("generationDate")))
    for row, element in enumerate(children(root, "sanctionEntity"), start=1):
        entry_id = element.get("logicalId") or ""
        subject = next(children(element, "subjectType"), None)
        code = "" if subject is None else subject.get("classificationCode") or ""
        regulation = next(children(element, "regulation"), None)
        found.add(
            ENTRIES, entry_id, row,
            subject_type=_TYPES.get(code, code or None),
            reference=element.get("euReferenceNumber"),
            programme=None if regulation is None else regulation.get("programme"),
            listed_date=_day(element.get("designationDate"))
            or (None if regulation is None else _day(regulation.get("publicationDate"))),
            nationality="; ".join(
                country for citizen in children(element, "citizenship")
                if (country := citizen.get("countryDescription"))
            ) or None,
            remarks=text(element, "remark"),
        )  # fmt: skip
        _names(found, element, entry_id, row)
        _details(found, element, entry_id, row)
    return found


def _names(found: ListFile, element: etree._Element, entry_id: str, row: int) -> None:
    for number, alias in enumerate(children(element, "nameAlias"), start=1):
        parts = [alias.get(name) for name in ("firstName", "middleName", "lastName")]
        found.name(
            entry_id, row, alias.get("logicalId") or str(number),
            "primary" if number == 1 else "alias",
            [alias.get("wholeName") or " ".join(part for part in parts if part)],
            {"true": "strong", "false": "weak"}.get(alias.get("strong") or ""),
            alias.get("lastName"),
        )  # fmt: skip


def _details(found: ListFile, element: etree._Element, entry_id: str, row: int) -> None:
    for number, born in enumerate(children(element, "birthdate"), start=1):
        date = _birth_date(born)
        if date is not None:
            found.add(BIRTH_DATES, entry_id, row, birth_number=number, **date.row())
    for number, place in enumerate(children(element, "address"), start=1):
        found.add(
            ADDRESSES, entry_id, row, address_id=place.get("logicalId") or str(number),
            address=place.get("street"), city=place.get("city"),
            country=place.get("countryDescription"),
        )  # fmt: skip
    for number, document in enumerate(children(element, "identification"), start=1):
        if document.get("number"):
            found.add(
                IDENTIFIERS, entry_id, row,
                identifier_id=document.get("logicalId") or str(number),
                identifier_type=document.get("identificationTypeCode"),
                identifier_value=document.get("number"),
            )  # fmt: skip


def _birth_date(element: etree._Element) -> BirthDate | None:
    approximate = element.get("circa") == "true"
    exact = _day(element.get("birthdate"))
    if exact is not None:
        return BirthDate(exact.isoformat(), exact, exact, approximate)
    first, last = element.get("yearRangeFrom"), element.get("yearRangeTo")
    if first and last and first != "0" and last != "0":
        return BirthDate(
            f"{first} to {last}", dt.date(int(first), 1, 1), dt.date(int(last), 12, 31), approximate
        )
    year = element.get("year")
    if not year or year == "0":
        return None
    month, day = (int(element.get(name) or 0) or None for name in ("monthOfYear", "dayOfMonth"))
    earliest, latest = span(int(year), month, day if month else None) or (None, None)
    return BirthDate(year, earliest, latest, approximate)


def _day(stated: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(stated[:10]) if stated else None
    except ValueError:
        return None
