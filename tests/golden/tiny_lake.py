"""Builds a lake from the hand-written CSV files of a golden broker."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import duckdb

from exports.statements.client_records import COMPONENTS
from warehouse.connection import connect
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction

TINY_BROKER = Path(__file__).parent / "tiny_broker"
TENANT, SERVER = "demo", "mt5_live"

_AMOUNT = "DECIMAL(24, 8) DEFAULT 0"
_KEYS = "tenant_id VARCHAR, server_id VARCHAR, login BIGINT, account_key VARCHAR"

TABLES = {
    "canonical.can_accounts": f"""
        {_KEYS}, client_key VARCHAR, group_name VARCHAR, account_currency VARCHAR,
        main_currency VARCHAR, currency_digits INTEGER, money_divisor INTEGER, book VARCHAR,
        legal_entity VARCHAR, desk VARCHAR, is_excluded BOOLEAN, exclusion_reason VARCHAR,
        margin_mode VARCHAR, leverage INTEGER, country VARCHAR, is_known BOOLEAN,
        registered_date DATE""",
    "canonical.can_instruments": """
        tenant_id VARCHAR, server_id VARCHAR, symbol VARCHAR, instrument VARCHAR,
        digits INTEGER""",
    "canonical.can_fx_rates": """
        business_date DATE, currency VARCHAR, rate_per_eur DECIMAL(24, 12), rate_date DATE,
        age_days INTEGER, rate_set VARCHAR""",
    "canonical.can_fx_to_reporting": """
        business_date DATE, currency VARCHAR, reporting_currency VARCHAR,
        rate DECIMAL(24, 12)""",
    "canonical.can_deals": f"""
        {_KEYS}, deal_id BIGINT, deal_key VARCHAR, business_date DATE,
        executed_at_server TIMESTAMP, position_id BIGINT, action VARCHAR, entry VARCHAR,
        symbol VARCHAR, side VARCHAR, is_trade BOOLEAN, component VARCHAR,
        price DECIMAL(24, 8), volume_lots DECIMAL(24, 8), closed_pnl_amount {_AMOUNT},
        swap_amount {_AMOUNT}, commission_amount {_AMOUNT}, fee_amount {_AMOUNT},
        balance_effect_amount {_AMOUNT}, credit_effect_amount {_AMOUNT}, comment VARCHAR""",
    "canonical.can_client_classifications": """
        client_key VARCHAR, classification VARCHAR, valid_from DATE, valid_to DATE""",
    "finance.fct_account_days": f"""
        {_KEYS}, business_date DATE, opening_balance_amount {_AMOUNT},
        {", ".join(f"{name}_amount {_AMOUNT}" for name in COMPONENTS)},
        closing_balance_amount {_AMOUNT}, opening_credit_amount {_AMOUNT},
        credit_change_amount {_AMOUNT}, closing_credit_amount {_AMOUNT},
        floating_pnl_amount {_AMOUNT}, floating_swap_amount {_AMOUNT},
        equity_amount {_AMOUNT}, platform_balance_amount DECIMAL(24, 8)""",
    "finance.fct_open_positions": f"""
        {_KEYS}, business_date DATE, position_id BIGINT, symbol VARCHAR, side VARCHAR,
        volume_lots DECIMAL(24, 8), opened_at_server TIMESTAMP, open_price DECIMAL(24, 8),
        close_price DECIMAL(24, 8), floating_pnl_amount {_AMOUNT},
        floating_swap_amount {_AMOUNT}""",
    "statements.fct_working_orders": f"""
        {_KEYS}, order_id BIGINT, symbol VARCHAR, order_type VARCHAR,
        volume_lots DECIMAL(24, 8), order_price DECIMAL(24, 8), stop_loss_price DECIMAL(24, 8),
        take_profit_price DECIMAL(24, 8), placed_at_server TIMESTAMP, placed_date DATE,
        done_at_server TIMESTAMP, done_date DATE""",
    "statements.fct_account_margins": f"""
        {_KEYS}, business_date DATE, equity_amount {_AMOUNT}, margin_amount {_AMOUNT},
        free_margin_amount {_AMOUNT}, margin_level_pct DECIMAL(24, 4)""",
    "statements.fct_deal_costs": f"""
        {_KEYS}, client_key VARCHAR, deal_id BIGINT, deal_key VARCHAR, business_date DATE,
        symbol VARCHAR, volume_lots DECIMAL(24, 8), turnover_amount DECIMAL(24, 8),
        spread_basis VARCHAR, spread_cost_amount DECIMAL(24, 8), commission_cost_amount {_AMOUNT},
        fee_cost_amount {_AMOUNT}, conversion_cost_amount {_AMOUNT}, swap_cost_amount {_AMOUNT}""",
    "statements.fct_depreciation_notices": f"""
        {_KEYS}, business_date DATE, subject VARCHAR, position_id BIGINT, symbol VARCHAR,
        initial_value_amount {_AMOUNT}, value_amount {_AMOUNT}, fall_pct DECIMAL(24, 4),
        threshold_pct DECIMAL(9, 4)""",
    "partners.fct_commission_ledger": f"""
        ledger_line_key VARCHAR, tenant_id VARCHAR, entry_type VARCHAR, server_id VARCHAR,
        deal_key VARCHAR, deal_id BIGINT, account_key VARCHAR, client_key VARCHAR,
        business_date DATE, symbol VARCHAR, executed_at_utc TIMESTAMP, partner_key VARCHAR,
        partner_id VARCHAR, level INTEGER, partner_path VARCHAR, agreement_id VARCHAR,
        model VARCHAR, base_quantity DECIMAL(24, 8), rate DECIMAL(24, 12), amount {_AMOUNT},
        amount_currency VARCHAR, amount_reporting {_AMOUNT}, reason VARCHAR,
        booked_at TIMESTAMP, tier INTEGER, carved_amount DECIMAL(24, 8),
        capped_amount DECIMAL(24, 8), rounding_amount DECIMAL(24, 8)""",
    "staging.stg_crm__partner_payout_terms": """
        tenant_id VARCHAR, partner_id VARCHAR, payout_currency VARCHAR, method VARCHAR,
        valid_from DATE, valid_to DATE, conversion_date VARCHAR, hold_days INTEGER,
        minimum_payout_amount DECIMAL(24, 8), carries_negative BOOLEAN, client_masking VARCHAR""",
    "finance.fct_journal_entries": """
        tenant_id VARCHAR, business_date DATE, partner_key VARCHAR, currency VARCHAR,
        amount DECIMAL(38, 8), credited_account VARCHAR""",
    "filings.fil_losing_accounts__account_days": f"""
        tenant_id VARCHAR, server_id VARCHAR, legal_entity VARCHAR, account_key VARCHAR,
        client_key VARCHAR, business_date DATE, classification VARCHAR,
        realised_reporting {_AMOUNT}, unrealised_reporting {_AMOUNT}, has_open_cfd BOOLEAN,
        is_excluded BOOLEAN, exclusion_reason VARCHAR""",
    "filings.fil_losing_accounts__account_classifications": """
        tenant_id VARCHAR, server_id VARCHAR, legal_entity VARCHAR, account_key VARCHAR,
        client_key VARCHAR, classification VARCHAR, valid_from DATE, valid_to DATE,
        is_excluded BOOLEAN, exclusion_reason VARCHAR""",
    "reference.rul_losing_accounts": """
        parameter VARCHAR, value VARCHAR, description VARCHAR, valid_from DATE, valid_to DATE,
        source VARCHAR""",
    "pii.crm_clients": """
        client_id VARCHAR, name VARCHAR, email VARCHAR, _tenant_id VARCHAR, _source VARCHAR,
        _row_id BIGINT, _load_id BIGINT, _is_deleted BOOLEAN""",
    "pii.crm_partners": """
        partner_id VARCHAR, name VARCHAR, _tenant_id VARCHAR, _source VARCHAR, _row_id BIGINT,
        _load_id BIGINT, _is_deleted BOOLEAN""",
    "pii.crm_partner_payout_terms": """
        partner_id VARCHAR, valid_from DATE, payee_name VARCHAR, iban VARCHAR, bic VARCHAR,
        wallet_address VARCHAR, _tenant_id VARCHAR, _row_id BIGINT, _is_deleted BOOLEAN""",
    "raw.superseded": "superseded_row_id BIGINT, superseded_by_load BIGINT",
}


def build_lake(settings: Settings, folder: Path = TINY_BROKER) -> None:
    """Create the tables, fill them from `folder`, and publish the days of its published.csv."""
    con = connect("write", settings=settings)
    try:
        with transaction(con, "the hand-written broker", settings):
            for name, columns in TABLES.items():
                schema, _, table = name.partition(".")
                con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{schema}")
                con.execute(f"CREATE TABLE IF NOT EXISTS lake.{name} ({columns})")
                load_csv(con, name, folder / f"{table}.csv")
        publish_days(con, settings, folder / "published.csv")
    finally:
        con.close()


def load_csv(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Append a CSV's rows; keys that follow from the login are filled in."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as file:
        header = next(csv.reader(file))
    derived = ""
    if "login" in header and "account_key" not in header:
        derived = (
            f", '{TENANT}' AS tenant_id, '{SERVER}' AS server_id, "
            f"'{TENANT}/{SERVER}/' || login AS account_key"
        )
    if name == "finance.fct_account_days":
        derived += ", closing_balance_amount AS platform_balance_amount"
    if "deal_id" in header and "deal_key" not in header:
        derived += f", '{TENANT}/{SERVER}/' || deal_id AS deal_key"
    con.execute(
        f"INSERT INTO lake.{name} BY NAME "
        f"SELECT *{derived} FROM read_csv('{path}', all_varchar = true, header = true, delim = ',')"
    )


def publish_days(con: duckdb.DuckDBPyConnection, settings: Settings, path: Path) -> None:
    """Publish at the lake's present snapshot, at the instants the file gives."""
    snapshot = current_snapshot(con)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with transaction(con, "publish the hand-written days", settings):
        con.executemany(
            "INSERT INTO lake.meta.published VALUES (1, ?, ?, ?, ?, ?, 1, ?, 'ada', '0', '{}')",
            [
                [
                    TENANT,
                    SERVER,
                    dt.date.fromisoformat(row["business_date"]),
                    int(row["version"]),
                    snapshot,
                    dt.datetime.fromisoformat(row["published_at"]),
                ]
                for row in rows
            ],
        )
