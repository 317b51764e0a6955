"""Contracts of sanctions lists: one shape for every publisher. The lists are public."""

from __future__ import annotations

from ingestion.connectors.published_lists import versions_contract
from ingestion.contracts import Column, ColumnType, TableContract

SUBJECT_TYPES = ("person", "entity", "vessel", "aircraft")
NAME_KINDS = ("primary", "variation", "alias", "former", "original_script")


def _must(name: str, column_type: ColumnType = "VARCHAR", allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, column_type, required=True, nullable=False, allowed=allowed)


# ``list_part``: of which rows a file is the whole truth; OFAC spreads a list over several files.
_PLACE = (_must("list_id"), _must("entry_id"), _must("list_part", "BIGINT"))


def _table(table: str, key: tuple[str, ...], columns: tuple[Column, ...]) -> TableContract:
    return TableContract(
        table=table,
        source_table=table.removeprefix("sanctions_"),
        key=("list_id", "entry_id", *key),
        columns=(*_PLACE, *columns),
        block=("list_part", 1),
    )


ENTRIES = _table(
    "sanctions_entries",
    (),
    (
        _must("subject_type", allowed=SUBJECT_TYPES),
        Column("reference", "VARCHAR"),
        Column("programme", "VARCHAR"),
        Column("listed_date", "DATE"),
        Column("updated_date", "DATE"),
        Column("title", "VARCHAR"),
        Column("gender", "VARCHAR"),
        Column("nationality", "VARCHAR"),
        Column("remarks", "VARCHAR"),
    ),
)
NAMES = _table(
    "sanctions_names",
    ("name_id",),
    (
        _must("name_id"),
        _must("name_kind", allowed=NAME_KINDS),
        Column("quality", "VARCHAR", allowed=("strong", "weak")),
        _must("full_name"),
        Column("family_name", "VARCHAR"),
    ),
)
BIRTH_DATES = _table(
    "sanctions_birth_dates",
    ("birth_number",),
    (
        _must("birth_number", "BIGINT"),
        Column("birth_text", "VARCHAR"),
        Column("from_date", "DATE"),
        Column("to_date", "DATE"),
        _must("is_approximate", "BOOLEAN"),
    ),
)
ADDRESSES = _table(
    "sanctions_addresses",
    ("address_id",),
    (
        _must("address_id"),
        Column("address", "VARCHAR"),
        Column("city", "VARCHAR"),
        Column("country", "VARCHAR"),
        Column("remarks", "VARCHAR"),
    ),
)
IDENTIFIERS = _table(
    "sanctions_identifiers",
    ("identifier_id",),
    (
        _must("identifier_id"),
        Column("identifier_type", "VARCHAR"),
        _must("identifier_value"),
        Column("remarks", "VARCHAR"),
    ),
)
LIST_VERSIONS = versions_contract("sanctions_list_versions")

CONTRACTS = (ENTRIES, NAMES, BIRTH_DATES, ADDRESSES, IDENTIFIERS, LIST_VERSIONS)
