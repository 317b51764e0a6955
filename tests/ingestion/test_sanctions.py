"""Sanctions lists: every publisher's file in one shape, every version kept."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.safe_xml import parse_xml
from ingestion.connectors.sanctions.birth_dates import american, british
from ingestion.connectors.sanctions.eu_list import is_eu_list, read_eu_list
from ingestion.connectors.sanctions.lists import ListError, ListFile
from ingestion.connectors.sanctions.ofac_list import ofac_file, read_ofac_file
from ingestion.connectors.sanctions.uk_list import is_uk_list, read_uk_file
from ingestion.connectors.sanctions.un_list import is_un_list, read_un_list
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, rows
from warehouse.settings import SourceSettings

UN = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="{day}T00:00:09.554Z">
<INDIVIDUALS>{people}</INDIVIDUALS>
<ENTITIES><ENTITY><DATAID>9</DATAID><FIRST_NAME>FRONT TRADING</FIRST_NAME>
<UN_LIST_TYPE>DPRK</UN_LIST_TYPE><REFERENCE_NUMBER>KPe.9</REFERENCE_NUMBER>
<LISTED_ON>2016-03-02</LISTED_ON>
<ENTITY_ALIAS><QUALITY>f.k.a.</QUALITY><ALIAS_NAME>OLD FRONT</ALIAS_NAME></ENTITY_ALIAS>
</ENTITY></ENTITIES></CONSOLIDATED_LIST>"""


def person(number: int, name: str = "SOMEBODY") -> str:
    """An individual with an alias, two dates of birth and a document."""
    return f"""<INDIVIDUAL><DATAID>{number}</DATAID><FIRST_NAME>{name}</FIRST_NAME>
<SECOND_NAME>EXAMPLE</SECOND_NAME><UN_LIST_TYPE>DRC</UN_LIST_TYPE>
<REFERENCE_NUMBER>CDi.{number}</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON>
<NAME_ORIGINAL_SCRIPT>شخص</NAME_ORIGINAL_SCRIPT>
<NATIONALITY><VALUE>Nowhere</VALUE></NATIONALITY>
<LAST_DAY_UPDATED><VALUE>2014-01-01</VALUE><VALUE>2016-10-13</VALUE></LAST_DAY_UPDATED>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>S. Example</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><YEAR>1971</YEAR>
</INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1969</FROM_YEAR>
<TO_YEAR>1973</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>P1</NUMBER>
</INDIVIDUAL_DOCUMENT>
</INDIVIDUAL>"""


def lines(text: str) -> list[tuple[int, list[str]]]:
    return list(enumerate(csv.reader(io.StringIO(text)), start=1))


def columns(found: ListFile, table: str, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in found.rows[f"sanctions_{table}"]]


@pytest.mark.unit
def test_the_un_list() -> None:
    root = parse_xml(UN.format(day="2026-02-27", people=person(1)).encode())
    assert is_un_list(root)
    found = read_un_list(root)
    assert found.list_date == date(2026, 2, 27)
    assert columns(found, "entries", "entry_id", "subject_type", "reference", "updated_date") == [
        ("1", "person", "CDi.1", date(2016, 10, 13)), ("9", "entity", "KPe.9", None),
    ]  # fmt: skip
    assert columns(found, "names", "entry_id", "name_kind", "quality", "full_name") == [
        ("1", "primary", None, "SOMEBODY EXAMPLE"), ("1", "original_script", None, "شخص"),
        ("1", "alias", "weak", "S. Example"), ("9", "primary", None, "FRONT TRADING"),
        ("9", "former", None, "OLD FRONT"),
    ]  # fmt: skip
    assert columns(found, "birth_dates", "birth_text", "from_date", "to_date") == [
        ("1971", date(1971, 1, 1), date(1971, 12, 31)),
        ("1969 to 1973", date(1969, 1, 1), date(1973, 12, 31)),
    ]
    assert columns(found, "identifiers", "identifier_value") == [("P1",)]


UK_HEADER = (
    "Last Updated,Unique ID,OFSI Group ID,UN Reference Number,Name 6,Name 1,Name 2,Name type,"
    "Alias strength,Name non-latin script,Regime Name,Designation Type,Address Line 1,"
    "Address Country,Date Designated,D.O.B,Nationality(/ies),Passport number\n"
)
JOHN = "12/01/2022,X0001,12703,,EXAMPLE,{name},,,Testland,Individual,{place},29/06/2012,{born}\n"
UK = (
    "Report Date: 13-Feb-2026\n"
    + UK_HEADER
    + JOHN.format(name="John,0,Primary Name", place="1 Road,Nowhere", born="dd/mm/1968,Nowhere,P1")
    + JOHN.format(name="John,0,Primary Name", place="2 Road,Nowhere", born="12/03/1968,Nowhere,P1")
    + JOHN.format(name="Johnny,,Alias", place=",", born=",,").replace(
        "Alias,,", "Alias,Low quality a.k.a,"
    )
    + "12/01/2022,X0002,12704,,THE GOOD SHIP,,,Primary Name,,,Testland,Ship,,,29/06/2012,,,\n"
)


@pytest.mark.unit
def test_the_uk_list_has_a_row_for_each_name_and_address() -> None:
    assert is_uk_list(lines(UK))
    found = read_uk_file(lines(UK))
    assert found.list_date == date(2026, 2, 13)
    assert columns(found, "entries", "entry_id", "subject_type", "programme") == [
        ("X0001", "person", "Testland"), ("X0002", "vessel", "Testland"),
    ]  # fmt: skip
    assert columns(found, "names", "name_kind", "quality", "full_name", "family_name") == [
        ("primary", None, "John EXAMPLE", "EXAMPLE"),
        ("alias", "weak", "Johnny EXAMPLE", "EXAMPLE"),
        ("primary", None, "THE GOOD SHIP", "THE GOOD SHIP"),
    ]
    assert columns(found, "birth_dates", "from_date", "to_date") == [
        (date(1968, 1, 1), date(1968, 12, 31)), (date(1968, 3, 12), date(1968, 3, 12)),
    ]  # fmt: skip
    assert columns(found, "addresses", "address") == [("1 Road",), ("2 Road",)]
    assert columns(found, "identifiers", "identifier_value") == [("P1",)]
    with pytest.raises(ListError, match="fields of the header"):
        read_uk_file(lines(UK + "12/01/2022,X0003\n"))


@pytest.mark.unit
def test_ofsis_closed_list_is_read_by_group() -> None:
    text = (
        "Last Updated,15/07/2026\nName 6,Name 1,Title,DOB,Nationality,Group Type,Alias Type,"
        "Alias Quality,Regime,Listed On,Group ID\n"
        "EXAMPLE,Igor,Gen,00/06/1965,Nowhere,Individual,Primary name,,Testland,14/08/2016,10001\n"
        "EXAMPEL,Igor,,,,Individual,AKA,Good quality,Testland,14/08/2016,10001\n"
    )
    found = read_uk_file(lines(text))
    assert found.list_date == date(2026, 7, 15)
    assert columns(found, "names", "name_kind", "quality") == [
        ("primary", None), ("alias", "strong"),
    ]  # fmt: skip
    assert columns(found, "birth_dates", "from_date", "to_date") == [
        (date(1965, 6, 1), date(1965, 6, 30))
    ]


@pytest.mark.unit
def test_ofacs_files_have_no_header() -> None:
    sdn = (
        '36,"EXAMPLE AIRLINES, S.A.",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n'
        '540,"EXAMPLE, John","individual","SDGT","Chief",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,'
        '"DOB 14 Jun 1975; alt. DOB circa 1976; nationality Nowhere; Gender Male."\n\x1a\n'
    )
    assert [ofac_file(n) for n in ("sdn.csv", "2026_alt.csv", "cons_prim.csv", "address.csv")] == [
        "sdn", "alt", "cons_prim", None,
    ]  # fmt: skip
    found = read_ofac_file("sdn", lines(sdn))
    assert columns(found, "names", "full_name", "family_name") == [
        ("EXAMPLE AIRLINES, S.A.", None), ("John EXAMPLE", "EXAMPLE"),
    ]  # fmt: skip
    assert columns(found, "entries", "subject_type", "nationality", "gender") == [
        ("entity", None, None), ("person", "Nowhere", "Male"),
    ]  # fmt: skip
    assert columns(found, "birth_dates", "from_date", "is_approximate") == [
        (date(1975, 6, 14), "false"), (date(1976, 1, 1), "true"),
    ]  # fmt: skip
    aliases = read_ofac_file(
        "alt", lines('540,1,"aka","EXAMPEL, Jon",-0- \n540,2,"fka","X",-0- \n')
    )
    assert columns(aliases, "names", "name_id", "name_kind") == [
        ("alt 1", "alias"), ("alt 2", "former"),
    ]  # fmt: skip
    assert found.list_part != aliases.list_part
    with pytest.raises(ListError, match="rows without the 6 fields"):
        read_ofac_file("add", lines("1,2\n"))


EU = """<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-08-05T10:00:00Z">
<sanctionEntity logicalId="13" euReferenceNumber="EU.27.28" designationDate="2003-07-08">
<subjectType code="person" classificationCode="P"/><regulation programme="IRQ"/>
<nameAlias lastName="Example" wholeName="Saddam Example" strong="true" logicalId="17"/>
<nameAlias wholeName="Abu Example" strong="false" logicalId="19"/>
<birthdate birthdate="1937-04-28" year="1937"/>
<birthdate circa="true" year="1935" monthOfYear="0"/>
<birthdate yearRangeFrom="1930" yearRangeTo="1932"/>
<identification identificationTypeCode="passport" number="P9" logicalId="1"/>
<citizenship countryDescription="NOWHERE"/></sanctionEntity></export>"""


@pytest.mark.unit
def test_the_eu_list() -> None:
    root = parse_xml(EU.encode())
    assert is_eu_list(root)
    found = read_eu_list(root)
    assert found.list_date == date(2026, 8, 5)
    assert columns(found, "entries", "entry_id", "subject_type", "programme", "nationality") == [
        ("13", "person", "IRQ", "NOWHERE")
    ]
    assert columns(found, "names", "name_id", "name_kind", "quality") == [
        ("17", "primary", "strong"), ("19", "alias", "weak"),
    ]  # fmt: skip
    assert columns(found, "birth_dates", "from_date", "to_date", "is_approximate") == [
        (date(1937, 4, 28), date(1937, 4, 28), "false"),
        (date(1935, 1, 1), date(1935, 12, 31), "true"),
        (date(1930, 1, 1), date(1932, 12, 31), "false"),
    ]


@pytest.mark.unit
def test_dates_of_birth_that_cannot_be_read_keep_their_text() -> None:
    assert american("circa 1979-1982").earliest is None
    assert american("31 Feb 1970").earliest is None
    assert american("1975 to 1977").latest == date(1977, 12, 31)
    assert american("Jun 1975").latest == date(1975, 6, 30)
    assert british("1968").earliest == date(1968, 1, 1)
    assert (british("unknown").text, british("unknown").earliest) == ("unknown", None)


def test_versions_of_a_list(home: Path, tmp_path: Path) -> None:
    """Loaded once; a new version changes, adds and buries; an older one changes nothing."""
    folder = tmp_path / "lists"
    folder.mkdir()
    settings = settings_for(home, SourceSettings(name="lists", kind="sanctions", path=folder))

    def deliver(name: str, day: str, *numbers: int, first: str = "SOMEBODY") -> Any:
        people = "".join(person(n, first if n == 1 else "SOMEBODY") for n in numbers)
        (folder / name).write_text(UN.format(day=day, people=people), "utf-8")
        return sync_once(settings).sources[0]

    def held() -> list[str]:
        query = f"SELECT entry_id FROM {current('sanctions_entries')} ORDER BY 1"
        return [number for (number,) in rows(settings, query)]

    assert not deliver("a.xml", "2026-01-01", 1, 2, 3, 4, 5, 6).problems
    assert held() == ["1", "2", "3", "4", "5", "6", "9"]
    newer = deliver("b.xml", "2026-02-01", 1, 2, 3, 4, 5, 7, first="CHANGED")
    assert held() == ["1", "2", "3", "4", "5", "7", "9"]
    assert (newer.deleted > 0, newer.changed > 0) == (True, True)
    older = deliver("c.xml", "2026-01-15", 1, 2, 3, 4, 5, 6)
    assert "the older one was noted and changed nothing" in older.problems[0].what
    assert held() == ["1", "2", "3", "4", "5", "7", "9"]
    cut = deliver("d.xml", "2026-03-01", 1)
    assert "it has 2 rows where the version held has 7" in cut.problems[0].what
    assert cut.problems[0].severity == "error"
    (folder / "d.xml").write_text("<html>down</html>", "utf-8")
    assert "no file of this source" in sync_once(settings).sources[0].problems[0].what
    assert rows(
        settings,
        "SELECT list_date::VARCHAR, row_count FROM lake.raw.sanctions_list_versions ORDER BY 1",
    ) == [("2026-01-01", 7), ("2026-01-15", 7), ("2026-02-01", 7)]
    # What the list said before is still there.
    former = rows(
        settings,
        "SELECT full_name FROM lake.raw.sanctions_names "
        "WHERE entry_id = '1' AND name_kind = 'primary' ORDER BY _load_id",
    )
    assert former == [("SOMEBODY EXAMPLE",), ("CHANGED EXAMPLE",)]


def test_the_published_lists(home: Path, tmp_path: Path, reference_data: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    screening = reference_data / "screening"
    for path in (*screening.glob("*"), *(screening / "uk_sanctions").glob("*.csv")):
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    settings = settings_for(home, SourceSettings(name="lists", kind="sanctions", path=folder))
    report = sync_once(settings).sources[0]
    assert [p.what.split(" is ")[0] for p in report.problems] == ["name_pairs_dev.csv"]
    assert rows(settings, "SELECT count(*) FROM lake.raw.quarantine") == [(0,)]
    counts = rows(
        settings,
        "SELECT list_id, subject_type, count(*) FROM lake.raw.sanctions_entries GROUP BY ALL "
        "ORDER BY ALL",
    )
    assert counts == [
        ("OFAC_SDN", "aircraft", 217), ("OFAC_SDN", "entity", 2994), ("OFAC_SDN", "person", 3845),
        ("OFAC_SDN", "vessel", 323), ("UK", "entity", 1531), ("UK", "person", 3883),
        ("UK", "vessel", 632), ("UN", "entity", 273), ("UN", "person", 730),
    ]  # fmt: skip
    names = rows(
        settings, "SELECT list_id, count(*) FROM lake.raw.sanctions_names GROUP BY 1 ORDER BY 1"
    )
    assert names == [("OFAC_SDN", 7379 + 9682), ("UK", 15050), ("UN", 4133)]
