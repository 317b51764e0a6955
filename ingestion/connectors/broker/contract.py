"""Contracts of the broker's own reference files.

How groups map to books, entities and desks, and what a platform that exports no symbols and groups
(MetaTrader 4) does not say: an account's currency, a symbol's contract.
"""

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
        Column("book", "VARCHAR", required=True, allowed=("A", "B", "C")),
        Column("legal_entity", "VARCHAR", required=True),
        Column("desk", "VARCHAR"),
        Column("is_excluded", "BOOLEAN", required=True),
        Column("exclusion_reason", "VARCHAR"),
        Column("is_cent", "BOOLEAN"),
        Column("currency", "VARCHAR"),
        Column("is_swap_posted", "BOOLEAN"),
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

SYMBOLS = TableContract(
    table="broker_symbols",
    source_table="symbols",
    key=("server_id", "symbol"),
    columns=(
        Column("server_id", "VARCHAR", required=True, nullable=False),
        Column("symbol", "VARCHAR", required=True, nullable=False),
        Column("contract_size", "DECIMAL(24,8)", required=True, nullable=False),
        Column("base_currency", "VARCHAR"),
        Column("profit_currency", "VARCHAR", required=True, nullable=False),
        Column("margin_currency", "VARCHAR"),
        Column("digits", "INTEGER"),
        Column("description", "VARCHAR"),
        Column("swap_long_points", "DECIMAL(24,8)"),
        Column("swap_short_points", "DECIMAL(24,8)"),
        Column("triple_swap_weekday", "INTEGER"),
    ),
)

CONTRACTS = (GROUPS, DESKS, SYMBOLS)
