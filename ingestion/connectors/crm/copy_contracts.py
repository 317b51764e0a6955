"""Contracts of the CRM's tables about PAMM and copy trading: strategies, and who follows them.

A broker without this business has neither table, and nothing is said about it.
"""

from __future__ import annotations

from ingestion.connectors.crm.copy_rules import (
    fees_are_not_negative,
    investments_do_not_overlap,
    rates_are_ratios,
    strategies_do_not_overlap,
    subscriptions_have_currency,
)
from ingestion.connectors.crm.rules import validity_is_forward
from ingestion.contracts import Column, TableContract, must

# What a strategy asks of its investors, a row for each time its terms changed.
STRATEGIES = TableContract(
    table="crm_copy_strategies",
    source_table="copy_strategies",
    key=("strategy_id", "valid_from"),
    optional=True,
    rules=(
        validity_is_forward,
        fees_are_not_negative,
        rates_are_ratios,
        subscriptions_have_currency,
        strategies_do_not_overlap,
    ),
    columns=(
        must("strategy_id"),
        must("kind", allowed=("pamm", "copy")),
        must("server_id"),
        must("login", "BIGINT"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
        Column("name", "VARCHAR"),
        Column("manager_client_id", "VARCHAR"),
        Column("management_rate", "DECIMAL(24,12)"),
        Column("performance_rate", "DECIMAL(24,12)"),
        Column("subscription_amount", "DECIMAL(24,8)"),
        Column("subscription_currency", "VARCHAR"),
        Column("fees_posted", "VARCHAR", allowed=("next_month", "same_month")),
        Column("management_pattern", "VARCHAR"),
        Column("performance_pattern", "VARCHAR"),
        Column("subscription_pattern", "VARCHAR"),
    ),
)

INVESTMENTS = TableContract(
    table="crm_copy_investments",
    source_table="copy_investments",
    key=("strategy_id", "server_id", "login", "valid_from"),
    optional=True,
    rules=(validity_is_forward, investments_do_not_overlap),
    columns=(
        must("strategy_id"),
        must("server_id"),
        must("login", "BIGINT"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

COPY_CONTRACTS = (STRATEGIES, INVESTMENTS)
