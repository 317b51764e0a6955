"""OFAC's lists as CSV without header: sdn.csv, alt.csv, add.csv and the non-SDN cons_*.csv.

``-0-`` stands for nothing, a Ctrl-Z may end the file. Dates of birth are in the remarks. The files
hold no date: theirs is in the name, or the file's own.
"""

from __future__ import annotations

import re

from ingestion.connectors.sanctions.birth_dates import american
from ingestion.connectors.sanctions.contract import ADDRESSES, BIRTH_DATES, ENTRIES, NAMES
from ingestion.connectors.sanctions.lists import OFAC_CONSOLIDATED, OFAC_SDN, ListError, ListFile

_FILE = re.compile(r"(?:^|[^a-z])(sdn|cons_prim|cons_alt|cons_add|alt|add)(?:[^a-z]|$)")
_WIDTHS = {"sdn": 12, "alt": 5, "add": 6}
_DATE_OF_BIRTH = re.compile(r"(?:^|[;.\s])(?:alt\. )?DOB ([^;.]+)")
_TYPES = {None: "entity", "individual": "person", "vessel": "vessel", "aircraft": "aircraft"}
_ALIASES = {"aka": "alias", "fka": "former", "nka": "alias"}

Lines = list[tuple[int, list[str]]]


def ofac_file(name: str) -> str | None:
    """Which of OFAC's files a name stands for; None: of none."""
    match = _FILE.search(name.lower().removesuffix(".csv"))
    return match[1] if match else None


def read_ofac_file(which: str, lines: Lines) -> ListFile:
    """The rows of one file.

    Raises:
        ListError: a row has another number of fields than the file's layout.
    """
    list_id = OFAC_CONSOLIDATED if which.startswith("cons_") else OFAC_SDN
    base = 35 if list_id == OFAC_CONSOLIDATED else 30
    kind = which.replace("cons_prim", "sdn").removeprefix("cons_")
    filled = [(row, line) for row, line in lines if line != ["\x1a"] and any(line)]
    wrong = [str(row) for row, line in filled if len(line) != _WIDTHS[kind]]
    if wrong:
        raise ListError(
            f"rows without the {_WIDTHS[kind]} fields of {kind}.csv: {', '.join(wrong[:10])}"
        )
    rows = [(row, [_value(cell) for cell in line]) for row, line in filled]
    if kind == "sdn":
        found = ListFile(list_id, which, base, (ENTRIES, NAMES, BIRTH_DATES))
        for row, cells in rows:
            _subject(found, row, cells)
    elif kind == "alt":
        # Aliases are rows of their own: sdn.csv is not the whole truth about names.
        found = ListFile(list_id, which, base + 1, (NAMES,))
        for row, (entry, number, alias, name, _) in rows:
            kind_of_alias = _ALIASES.get((alias or "").lower(), alias or "alias")
            found.name(entry or "", row, f"alt {number}", kind_of_alias, [name])
    else:
        found = ListFile(list_id, which, base, (ADDRESSES,))
        for row, (entry, number, address, city, country, remarks) in rows:
            if any((address, city, country, remarks)):
                found.add(
                    ADDRESSES, entry or "", row, address_id=number, address=address, city=city,
                    country=country, remarks=remarks,
                )  # fmt: skip
    return found


def _subject(found: ListFile, row: int, cells: list[str | None]) -> None:
    entry_id, name, kind, programme, title = (cells[position] for position in range(5))
    remarks = cells[11]
    entry = entry_id or ""
    found.add(
        ENTRIES, entry, row,
        subject_type=_TYPES.get(kind.lower() if kind else None, kind),
        reference=entry_id, programme=programme, title=title, remarks=remarks,
        gender=_after("Gender", remarks), nationality=_after("nationality", remarks),
    )  # fmt: skip
    family, _, given = (name or "").partition(", ")
    person = (kind or "").lower() == "individual"
    # "FAMILY, Given" for persons; companies keep their commas.
    parts: list[str | None] = [given, family] if person and given else [name]
    found.name(entry, row, "primary", "primary", parts, None, family if person else None)
    for number, stated in enumerate(_DATE_OF_BIRTH.findall(remarks or ""), start=1):
        found.add(BIRTH_DATES, entry, row, birth_number=number, **american(stated).row())


def _after(word: str, remarks: str | None) -> str | None:
    match = re.search(rf"(?:^|; ){word} ([^;.]+)", remarks or "")
    return match[1].strip() if match else None


def _value(cell: str) -> str | None:
    stripped = cell.strip()
    return None if stripped in ("-0-", "") else stripped
