"""The partner models' own SQL over tables in memory: a case is rows of trades, tree and agreements.

Every model is made of the text that dbt compiles for a full build: staging as views, the others as
tables, for views upon views upon views take the planner seconds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_runner import run_dbt
from warehouse.connection import connect
from warehouse.settings import Settings

DAY = dt.date(2026, 8, 3)
MODELS = (
    "stg_crm__partner_agreements", "stg_crm__partner_tiers", "stg_crm__partner_tree",
    "stg_crm__partners", "stg_crm__partner_clawbacks", "stg_crm__partner_payout_terms",
    "int_partners__tree_paths", "int_partners__agreements_segmented",
    "int_partners__levels_covered", "int_partners__names_classed", "int_partners__terms_matched",
    "int_partners__chargebacks_dated", "int_partners__clawbacks_dated",
    "int_partners__deals_measured",
    "int_partners__tiers_reached", "int_partners__tiers_split", "int_partners__cpa_laddered",
    "stg_crm__copy_strategies", "stg_crm__copy_investments", "int_partners__copy_fees_charged",
    "int_partners__copy_fees_shared", "int_partners__lines_priced", "int_partners__lines_adjusted",
    "int_partners__commissions_targeted", "rpt_partners__breaks",
)  # fmt: skip

_TABLES = """
CREATE SCHEMA raw; CREATE SCHEMA staging; CREATE SCHEMA canonical; CREATE SCHEMA intermediate;
CREATE SCHEMA finance; CREATE SCHEMA partners; CREATE SCHEMA reference;
CREATE TABLE canonical.can_deals (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', business_date DATE,
    deal_key VARCHAR, deal_id BIGINT, account_key VARCHAR DEFAULT 't/s/1', position_id BIGINT,
    entry VARCHAR DEFAULT 'out', side VARCHAR DEFAULT 'buy', symbol VARCHAR DEFAULT 'EURUSD',
    executed_at_utc TIMESTAMP, is_trade BOOLEAN DEFAULT true, is_turnover BOOLEAN DEFAULT true,
    price DECIMAL(24, 8) DEFAULT 1.1, market_spread_price DECIMAL(24, 8),
    volume_lots DECIMAL(24, 8) DEFAULT 0, volume_closed_lots DECIMAL(24, 8) DEFAULT 0,
    volume_units DECIMAL(38, 8) DEFAULT 0, closed_pnl_amount DECIMAL(24, 8) DEFAULT 0,
    swap_amount DECIMAL(24, 8) DEFAULT 0, commission_amount DECIMAL(24, 8) DEFAULT 0,
    fee_amount DECIMAL(24, 8) DEFAULT 0, platform VARCHAR DEFAULT 'mt5',
    action_code BIGINT DEFAULT 0, component VARCHAR DEFAULT 'trade', comment VARCHAR DEFAULT '',
    balance_effect_amount DECIMAL(24, 8) DEFAULT 0);
CREATE TABLE canonical.can_accounts (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', account_key VARCHAR,
    client_key VARCHAR, group_name VARCHAR DEFAULT 'real/USD', main_currency VARCHAR DEFAULT 'USD',
    money_divisor INTEGER DEFAULT 1, is_excluded BOOLEAN DEFAULT false);
CREATE TABLE canonical.can_account_books (
    account_key VARCHAR, book VARCHAR, valid_from DATE, valid_to DATE);
CREATE TABLE canonical.can_instruments AS
    SELECT 't' AS tenant_id, 's' AS server_id, symbol, profit_currency, digits::INTEGER AS digits
    FROM (VALUES ('EURUSD', 'USD', 5), ('USDJPY', 'JPY', 3), ('XAUUSD', 'USD', 2))
        AS instruments(symbol, profit_currency, digits);
CREATE TABLE canonical.can_fx_to_reporting AS
    SELECT day::DATE AS business_date, currency, 'USD' AS reporting_currency,
        rate::DECIMAL(24, 12) AS rate
    FROM generate_series(DATE '2026-07-01', DATE '2026-09-30', INTERVAL 1 DAY) AS days(day),
        (VALUES ('USD', 1), ('EUR', 1.25), ('JPY', 0.008)) AS rates(currency, rate);
CREATE TABLE canonical.can_cash_movements (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', business_date DATE,
    deal_key VARCHAR, account_key VARCHAR DEFAULT 't/s/1', client_key VARCHAR DEFAULT 't/C1',
    executed_at_utc TIMESTAMP, kind VARCHAR, amount_reporting DECIMAL(38, 8),
    request_id VARCHAR, psp_reference VARCHAR);
CREATE TABLE intermediate.int_payments__costs_stated (
    tenant_id VARCHAR DEFAULT 't', psp_account_id VARCHAR DEFAULT 'psp',
    line VARCHAR DEFAULT 'chargebacks', business_date DATE, amount DECIMAL(24, 8),
    happened_at_utc TIMESTAMP, case_id VARCHAR, request_id VARCHAR, payment_id VARCHAR,
    payment_intent_id VARCHAR);
CREATE TABLE finance.fct_account_days (
    account_key VARCHAR, business_date DATE, opening_balance_amount DECIMAL(24, 8),
    opening_credit_amount DECIMAL(24, 8));
CREATE TABLE reference.ref_currencies AS
    SELECT * FROM (VALUES ('USD', 2), ('EUR', 2), ('JPY', 0)) AS units(currency, minor_units);
CREATE TABLE raw.superseded (superseded_row_id BIGINT, superseded_by_load BIGINT);
CREATE TABLE raw.crm_partners (
    partner_id VARCHAR, client_id VARCHAR, status VARCHAR DEFAULT 'active', {system});
CREATE TABLE raw.crm_partner_tree (
    child_kind VARCHAR DEFAULT 'client', child_id VARCHAR, parent_partner_id VARCHAR,
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, {system});
CREATE TABLE raw.crm_partner_agreements (
    agreement_id VARCHAR, partner_id VARCHAR DEFAULT 'P1', level INTEGER DEFAULT 0,
    model VARCHAR DEFAULT 'per_lot', rate DECIMAL(24, 12) DEFAULT 0, currency VARCHAR,
    symbol_pattern VARCHAR DEFAULT '%', account_group_pattern VARCHAR DEFAULT '%',
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, override_convention VARCHAR,
    tier_basis VARCHAR, tier_mode VARCHAR, lot_ratio DECIMAL(24, 12),
    hybrid_ratio DECIMAL(24, 12), markup_points DECIMAL(24, 8), spread_cap_points DECIMAL(24, 8),
    trade_cap_amount DECIMAL(24, 8), period_cap_amount DECIMAL(24, 8), minimum_seconds INTEGER,
    activity_minimum_lots DECIMAL(24, 8), nets_hedges BOOLEAN, excludes_bonus BOOLEAN,
    rounding VARCHAR, clawback_on_chargeback BOOLEAN, clawback_days INTEGER, {system});
CREATE TABLE raw.crm_partner_tiers (
    agreement_id VARCHAR, lower_bound DECIMAL(24, 8), upper_bound DECIMAL(24, 8),
    rate DECIMAL(24, 12), {system});
CREATE TABLE raw.crm_partner_clawbacks (
    clawback_id VARCHAR, client_id VARCHAR, cause VARCHAR, valid_from DATE, valid_to DATE,
    decided_on DATE, {system});
CREATE TABLE raw.crm_copy_strategies (
    strategy_id VARCHAR DEFAULT 'S', kind VARCHAR DEFAULT 'copy', name VARCHAR,
    manager_client_id VARCHAR, server_id VARCHAR DEFAULT 's', login BIGINT DEFAULT 9,
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, management_rate DECIMAL(24, 12),
    performance_rate DECIMAL(24, 12), subscription_amount DECIMAL(24, 8),
    subscription_currency VARCHAR, fees_posted VARCHAR, management_pattern VARCHAR,
    performance_pattern VARCHAR DEFAULT 'Performance%', subscription_pattern VARCHAR, {system});
CREATE TABLE raw.crm_copy_investments (
    strategy_id VARCHAR DEFAULT 'S', server_id VARCHAR DEFAULT 's', login BIGINT DEFAULT 1,
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, {system});
CREATE TABLE reference.ref_ctrader_balance_operations (
    operation_code INTEGER, copy_fee_kind VARCHAR);
CREATE TABLE raw.crm_partner_payout_terms (
    partner_id VARCHAR, payout_currency VARCHAR, method VARCHAR, valid_from DATE, valid_to DATE,
    conversion_date VARCHAR, hold_days INTEGER, minimum_payout_amount DECIMAL(24, 8),
    carries_negative BOOLEAN, client_masking VARCHAR, {system});
"""
_SYSTEM = (
    "_tenant_id VARCHAR DEFAULT 't', _source VARCHAR DEFAULT 'crm', _row_id BIGINT DEFAULT 0, "
    "_load_id BIGINT DEFAULT 1, _is_deleted BOOLEAN DEFAULT false"
)
_FILLED = (
    "canonical.can_deals", "canonical.can_accounts", "canonical.can_account_books",
    "canonical.can_cash_movements", "intermediate.int_payments__costs_stated",
    "finance.fct_account_days", "raw.crm_partners",
    "raw.crm_partner_tree", "raw.crm_partner_agreements", "raw.crm_partner_tiers",
    "raw.crm_partner_clawbacks", "raw.crm_copy_strategies", "raw.crm_copy_investments",
)  # fmt: skip

Row = dict[str, Any]


@dataclass
class MemoryPartners:
    """A broker's trades, tree and agreements, and what they come to."""

    con: duckdb.DuckDBPyConnection
    models: dict[str, str]
    """SQL by relation, in the order they build on one another."""

    def lay(self, **tables: list[Row]) -> None:
        """Replace all rows by these: tables by their name without the schema."""
        unknown = tables.keys() - {name.partition(".")[2] for name in _FILLED}
        assert not unknown, unknown
        for name in _FILLED:
            self.con.execute(f"DELETE FROM {name}")
            for row in tables.get(name.partition(".")[2], []):
                self.con.execute(
                    f"INSERT INTO {name} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                    list(row.values()),
                )
        for relation, text in self.models.items():
            self.con.execute(f"CREATE OR REPLACE TABLE {relation} AS {text}")

    def due(self, columns: str = "deal_key, partner_id, amount") -> list[tuple[Any, ...]]:
        """What is due, one row a line."""
        return self.con.execute(
            f"SELECT {columns} FROM intermediate.int_partners__commissions_targeted "
            "ORDER BY deal_key, level, partner_id, model, tier"
        ).fetchall()

    def total(self) -> Decimal:
        """All that is due, of whichever currency."""
        [row] = self.con.execute(
            "SELECT coalesce(sum(amount), 0) FROM intermediate.int_partners__commissions_targeted"
        ).fetchall()
        return Decimal(row[0])


def memory_partners(home: Path) -> MemoryPartners:
    """The models over empty tables.

    Args:
        home: an empty folder; a lake without tables is laid there.
    """
    settings = Settings(home=home)
    connect("write", settings=settings).close()
    listed = run_dbt(settings, ["compile", "--full-refresh", "--select", *MODELS])
    compiled = {node.name: node for node in listed.nodes if node.kind == "model"}
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS lake")
    con.execute("USE lake")
    con.execute(_TABLES.replace("{system}", _SYSTEM))
    models = [compiled[model] for model in MODELS]
    for node in models:
        if node.name.startswith("stg_"):
            con.execute(f"CREATE VIEW {node.relation} AS {node.compiled}")
    return MemoryPartners(
        con, {node.relation: node.compiled for node in models if not node.name.startswith("stg_")}
    )


def lots(number: int, closed: str, **other: Any) -> Row:
    """A closing deal of that many lots of 100,000 units."""
    return {
        "deal_key": f"d{number:03}",
        "deal_id": number,
        "position_id": number,
        "business_date": DAY,
        "executed_at_utc": dt.datetime.combine(DAY, dt.time(12)) + dt.timedelta(seconds=number),
        "volume_lots": Decimal(closed),
        "volume_closed_lots": Decimal(closed),
        "volume_units": Decimal(closed) * 100_000,
        **other,
    }


ACCOUNT: Row = {"account_key": "t/s/1", "client_key": "t/C1"}
CHAIN: list[Row] = [
    {"child_id": "C1", "parent_partner_id": "P1"},
    {"child_kind": "partner", "child_id": "P1", "parent_partner_id": "P2"},
    {"child_kind": "partner", "child_id": "P2", "parent_partner_id": "P3"},
    {"child_kind": "partner", "child_id": "P3", "parent_partner_id": "P4"},
    {"child_kind": "partner", "child_id": "P4", "parent_partner_id": "P5"},
]
