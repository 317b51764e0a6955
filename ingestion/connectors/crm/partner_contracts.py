"""Contracts of the CRM's tables about partners: who they are, whom they brought, what they get.

Every column of an agreement beyond its first ten is optional: without it the agreement means what
it meant before the column was known.
"""

from __future__ import annotations

from ingestion.connectors.crm.partner_rules import (
    agreements_do_not_overlap,
    amounts_are_not_negative,
    amounts_have_currency,
    clawbacks_are_stated_whole,
    ibans_are_whole,
    models_have_their_terms,
    overrides_have_a_level,
    shares_are_ratios,
    tiers_are_stated_whole,
    tiers_have_no_hole,
    tree_has_no_cycle,
)
from ingestion.connectors.crm.rules import validity_is_forward
from ingestion.contracts import Column, TableContract, must

MODELS = (
    "per_lot", "per_million", "spread_share", "markup_share", "commission_share", "revenue_share",
    "cpa", "copy_fee_share",
)  # fmt: skip


PARTNERS = TableContract(
    table="crm_partners",
    source_table="partners",
    key=("partner_id",),
    columns=(
        must("partner_id"),
        Column("client_id", "VARCHAR"),
        Column("status", "VARCHAR"),
        Column("name", "VARCHAR", pii=True),
        Column("email", "VARCHAR", pii=True),
    ),
)

# Two partners may claim one client from the same day on: both claims are kept, and shown.
PARTNER_TREE = TableContract(
    table="crm_partner_tree",
    source_table="partner_tree",
    key=("child_kind", "child_id", "parent_partner_id", "valid_from"),
    rules=(validity_is_forward, tree_has_no_cycle),
    columns=(
        must("child_kind", allowed=("client", "partner")),
        must("child_id"),
        must("parent_partner_id"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
    ),
)

AGREEMENTS = TableContract(
    table="crm_partner_agreements",
    source_table="partner_agreements",
    key=("agreement_id",),
    rules=(
        validity_is_forward,
        amounts_have_currency,
        shares_are_ratios,
        amounts_are_not_negative,
        models_have_their_terms,
        overrides_have_a_level,
        tiers_are_stated_whole,
        clawbacks_are_stated_whole,
        agreements_do_not_overlap,
    ),
    columns=(
        must("agreement_id"),
        must("partner_id"),
        must("level", "INTEGER"),
        must("model", allowed=MODELS),
        must("rate", "DECIMAL(24,12)"),
        Column("currency", "VARCHAR"),
        must("symbol_pattern"),
        must("account_group_pattern"),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
        Column("override_convention", "VARCHAR", allowed=("additive", "carved_out")),
        Column("tier_basis", "VARCHAR", allowed=("closed_lots", "active_clients", "net_deposit")),
        Column("tier_mode", "VARCHAR", allowed=("marginal", "retroactive")),
        Column("lot_ratio", "DECIMAL(24,12)"),
        Column("hybrid_ratio", "DECIMAL(24,12)"),
        Column("markup_points", "DECIMAL(24,8)"),
        Column("spread_cap_points", "DECIMAL(24,8)"),
        Column("trade_cap_amount", "DECIMAL(24,8)"),
        Column("period_cap_amount", "DECIMAL(24,8)"),
        Column("minimum_seconds", "INTEGER"),
        Column("activity_minimum_lots", "DECIMAL(24,8)"),
        Column("nets_hedges", "BOOLEAN"),
        Column("excludes_bonus", "BOOLEAN"),
        Column("rounding", "VARCHAR", allowed=("trade", "period")),
        Column("clawback_on_chargeback", "BOOLEAN"),
        Column("clawback_days", "INTEGER"),
    ),
)

TIERS = TableContract(
    table="crm_partner_tiers",
    source_table="partner_tiers",
    key=("agreement_id", "lower_bound"),
    rules=(tiers_have_no_hole,),
    columns=(
        must("agreement_id"),
        must("lower_bound", "DECIMAL(24,8)"),
        Column("upper_bound", "DECIMAL(24,8)", required=True),
        must("rate", "DECIMAL(24,12)"),
    ),
)

PAYOUT_TERMS = TableContract(
    table="crm_partner_payout_terms",
    source_table="partner_payout_terms",
    key=("partner_id", "valid_from"),
    rules=(validity_is_forward, ibans_are_whole),
    columns=(
        must("partner_id"),
        must("payout_currency"),
        must("method", allowed=("bank", "wallet")),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
        Column("conversion_date", "VARCHAR", allowed=("trade", "period_end")),
        Column("hold_days", "INTEGER"),
        Column("minimum_payout_amount", "DECIMAL(24,8)"),
        Column("carries_negative", "BOOLEAN"),
        Column("client_masking", "VARCHAR", allowed=("none", "digits", "hidden")),
        Column("payee_name", "VARCHAR", pii=True),
        Column("iban", "VARCHAR", pii=True),
        Column("bic", "VARCHAR", pii=True),
        Column("wallet_address", "VARCHAR", pii=True),
    ),
)

CLAWBACKS = TableContract(
    table="crm_partner_clawbacks",
    source_table="partner_clawbacks",
    key=("clawback_id",),
    rules=(validity_is_forward,),
    columns=(
        must("clawback_id"),
        must("client_id"),
        must("cause", allowed=("chargeback", "fraud")),
        must("valid_from", "DATE"),
        Column("valid_to", "DATE"),
        Column("decided_on", "DATE"),
    ),
)

PARTNER_CONTRACTS = (PARTNERS, PARTNER_TREE, AGREEMENTS, TIERS, PAYOUT_TERMS, CLAWBACKS)
