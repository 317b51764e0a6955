"""Contracts of the broker's own reference files: how groups map to books, entities and desks."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

GROUPS = TableContract(
    table="broker_groups",
    source_table="groups",
    key=("server_id", "group_pattern", "valid_from"),
    required=True,
    touches="group",
    columns=(
        Column("server_id", "VARCHAR", required=True, nullable=False),
        Column("group_pattern", "VARCHAR", required=True, nullable=False),
        Column("book", "VARCHAR", required=True, allowed=("A", "B")),
        Column("legal_entity", "VARCHAR", required=True),
        Column("desk", "VARCHAR"),
        Column("is_excluded", "BOOLEAN", required=True),
        Column("exclusion_reason", "VARCHAR"),
        Column("is_cent", "BOOLEAN"),
        Column("valid_from", "DATE"),
    ),
)

DESKS = TableContract(
    table="broker_desks",
    source_table="desks",
    key=("desk",),
    columns=(
        Column("desk", "VARCHAR", required=True, nullable=False),
        Column("name", "VARCHAR"),
    ),
)

CONTRACTS = (GROUPS, DESKS)
