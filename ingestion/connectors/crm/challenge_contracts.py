"""Contracts of the CRM's tables about prop challenges: the rules of a plan, and who is in one."""

from __future__ import annotations

from ingestion.connectors.crm.challenge_rules import (
    accounts_have_one_challenge,
    amounts_are_above_zero,
    limits_have_a_basis,
    periods_do_not_overlap,
    phases_have_no_hole,
    rates_are_ratios,
    scaling_is_stated_whole,
    targets_have_no_split,
)
from ingestion.connectors.crm.rules import validity_is_forward
from ingestion.contracts import Column, TableContract, must

DAILY_BASES = ("initial_balance", "day_start_balance", "day_start_equity", "day_start_higher")
TOTAL_BASES = ("initial_balance", "highest_balance", "highest_balance_locked")


CHALLENGE_PHASES = TableContract(
    table="crm_challenge_phases",
    source_table="challenge_phases",
    key=("plan_id", "phase", "valid_from"),
    optional=True,
    rules=(
        validity_is_forward,
        rates_are_ratios,
        limits_have_a_basis,
        targets_have_no_split,
        scaling_is_stated_whole,
        periods_do_not_overlap,
        phases_have_no_hole,
    ),
    columns=(
        must("plan_id"),
        must("phase", "INTEGER"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
        Column("name", "VARCHAR"),
        Column("profit_target_rate", "DECIMAL(24,12)", required=True),
        Column("daily_loss_rate", "DECIMAL(24,12)"),
        Column("daily_loss_basis", "VARCHAR", allowed=DAILY_BASES),
        Column("total_loss_rate", "DECIMAL(24,12)"),
        Column("total_loss_basis", "VARCHAR", allowed=TOTAL_BASES),
        Column("minimum_trading_days", "INTEGER"),
        Column("maximum_days", "INTEGER"),
        Column("profit_split_rate", "DECIMAL(24,12)"),
        Column("scaling_months", "INTEGER"),
        Column("scaling_profit_rate", "DECIMAL(24,12)"),
        Column("scaling_step_rate", "DECIMAL(24,12)"),
        Column("scaling_cap_amount", "DECIMAL(24,8)"),
    ),
)

CHALLENGES = TableContract(
    table="crm_challenges",
    source_table="challenges",
    key=("challenge_id", "phase"),
    optional=True,
    rules=(validity_is_forward, amounts_are_above_zero, accounts_have_one_challenge),
    columns=(
        must("challenge_id"),
        must("phase", "INTEGER"),
        must("client_id"),
        must("plan_id"),
        must("server_id"),
        must("login", "BIGINT"),
        must("initial_balance_amount", "DECIMAL(24,8)"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

CHALLENGE_CONTRACTS = (CHALLENGE_PHASES, CHALLENGES)
