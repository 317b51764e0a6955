"""open_api.proto against the published table of messages: names, numbers, types, all of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from ingestion.connectors.ctrader import open_api_pb2 as api

TYPES = {
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
}
# The payload types are numbers here, known or not; pending orders are not looked into.
OTHERWISE = {"ProtoPayloadType": "uint32", "ProtoOAPayloadType": "uint32", "ProtoOAOrder": "bytes"}


@pytest.fixture(scope="module")
def table(reference_data: Path) -> list[dict[str, str]]:
    """The published table."""
    path = reference_data / "sources" / "ctrader" / "messages.tsv"
    with path.open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


def type_of(field: Any) -> str:
    """The type as the table spells it."""
    named = field.message_type or field.enum_type
    return str(named.name) if named is not None else TYPES[field.type]


def test_every_field_has_the_published_name_number_and_type(table: list[dict[str, str]]) -> None:
    published = {
        (row["name"], row["field"]): (
            int(row["number"]),
            OTHERWISE.get(row["type"], row["type"]),
            row["label"] == "repeated",
        )
        for row in table
        if row["kind"] == "message"
    }
    messages = api.DESCRIPTOR.message_types_by_name
    ours = {
        (name, field.name): (field.number, type_of(field), field.is_repeated)
        for name, message in messages.items()
        for field in message.fields
    }
    assert len(ours) > 200
    assert ours == {key: value for key, value in published.items() if key[0] in messages}


def test_every_code_is_the_published_one(table: list[dict[str, str]]) -> None:
    enumerations = api.DESCRIPTOR.enum_types_by_name
    published = {
        (row["name"].replace("ProtoPayloadType", "ProtoOAPayloadType"), row["field"]): int(
            row["number"]
        )
        for row in table
        if row["kind"] == "enum"
    }
    ours = {
        (name, value.name): value.number
        for name, enumeration in enumerations.items()
        for value in enumeration.values
        if not value.name.endswith("_UNSPECIFIED")
    }
    assert len(ours) > 80
    assert ours.items() <= published.items()
    # Of the payload types only those of our messages are there; of the others nothing is left out.
    whole = {key for key in published if key[0] in enumerations} - set(ours)
    assert {name for name, _ in whole} == {"ProtoOAPayloadType"}


def test_what_is_required_there_is_quarantined_here_when_it_is_missing(
    table: list[dict[str, str]],
) -> None:
    from ingestion.connectors.ctrader.contract import CONTRACTS

    required = {
        (row["name"], row["field"]) for row in table if row["label"] == "required"
    }  # fmt: skip
    for contract in CONTRACTS:
        for column in contract.columns:
            if (contract.source_table, column.source) in required:
                assert not column.nullable, (contract.table, column.source)
