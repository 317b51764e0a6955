"""The tables that loading and publishing keep about themselves, in the lake's schema ``meta``."""

from __future__ import annotations

import re

import duckdb

from warehouse.lake_columns import columns_held
from warehouse.settings import Settings

_SCHEMAS = ("raw", "pii", "meta")

_TABLES = {
    "meta.loads": """
        load_id BIGINT, tenant_id VARCHAR, source VARCHAR, kind VARCHAR, table_name VARCHAR,
        started_at TIMESTAMP, finished_at TIMESTAMP, rows_read BIGINT, rows_new BIGINT,
        rows_changed BIGINT, rows_held BIGINT, rows_deleted BIGINT, rows_quarantined BIGINT,
        content_sha256 VARCHAR, cursor_from VARCHAR, cursor_to VARCHAR, source_detail VARCHAR,
        code_version VARCHAR""",
    "meta.cursors": """
        tenant_id VARCHAR, source VARCHAR, physical_table VARCHAR, cursor_value BIGINT,
        cursor_key VARCHAR, load_id BIGINT, updated_at TIMESTAMP""",
    "meta.control_totals": """
        load_id BIGINT, tenant_id VARCHAR, source VARCHAR, table_name VARCHAR, measure VARCHAR,
        source_value DECIMAL(38, 8), warehouse_value DECIMAL(38, 8), difference DECIMAL(38, 8),
        checked_at TIMESTAMP, business_date DATE""",
    "meta.files": """
        tenant_id VARCHAR, source VARCHAR, kind VARCHAR, sha256 VARCHAR, file_name VARCHAR,
        size_bytes BIGINT, taken_at TIMESTAMP, loads_json VARCHAR, archive_path VARCHAR""",
    "meta.touched_accounts": """
        load_id BIGINT, tenant_id VARCHAR, server_id VARCHAR, login BIGINT, business_date DATE""",
    "meta.touched_days": """
        load_id BIGINT, tenant_id VARCHAR, server_id VARCHAR, business_date DATE""",
    "meta.servers": """
        tenant_id VARCHAR, server_id VARCHAR, clock_zone VARCHAR, clock_shift_minutes INTEGER,
        end_of_day_minutes INTEGER, bonus_moves VARCHAR, internal_transfer_prefix VARCHAR,
        time_zone_minutes INTEGER""",
    "meta.source_problems": """
        load_id BIGINT, tenant_id VARCHAR, source VARCHAR, table_name VARCHAR, severity VARCHAR,
        what VARCHAR, todo VARCHAR, noted_at TIMESTAMP""",
    "meta.source_columns": """
        tenant_id VARCHAR, source VARCHAR, table_name VARCHAR, source_table VARCHAR,
        column_name VARCHAR, column_type VARCHAR, is_loaded BOOLEAN, first_seen_at TIMESTAMP""",
    "meta.source_health": """
        tenant_id VARCHAR, source VARCHAR, kind VARCHAR, state VARCHAR, last_poll_at TIMESTAMP,
        last_success_at TIMESTAMP, last_load_at TIMESTAMP, failing_since TIMESTAMP,
        consecutive_failures INTEGER, next_try_at TIMESTAMP, last_load_rows BIGINT,
        total_rows BIGINT, last_error VARCHAR, noted_at TIMESTAMP""",
    "meta.builds": """
        build_id BIGINT, started_at TIMESTAMP, finished_at TIMESTAMP, watermark_from BIGINT,
        watermark_to BIGINT, status VARCHAR, code_version VARCHAR""",
    "meta.live_texts": "place INTEGER, name VARCHAR, text VARCHAR",
    "meta.published": """
        publish_id BIGINT, tenant_id VARCHAR, server_id VARCHAR, business_date DATE,
        version INTEGER, snapshot_id BIGINT, build_id BIGINT, published_at TIMESTAMP,
        published_by VARCHAR, code_version VARCHAR, checks_json VARCHAR""",
    "meta.restatements": """
        publish_id BIGINT, version INTEGER, restated_at TIMESTAMP, tenant_id VARCHAR,
        server_id VARCHAR, business_date DATE, mart_name VARCHAR, row_key VARCHAR,
        account_key VARCHAR, client_key VARCHAR, column_name VARCHAR, currency VARCHAR,
        row_change VARCHAR, old_value DECIMAL(38, 8), new_value DECIMAL(38, 8),
        difference DECIMAL(38, 8), old_text VARCHAR, new_text VARCHAR, causes VARCHAR,
        cause_details VARCHAR, load_ids VARCHAR, statements VARCHAR, filings VARCHAR,
        old_snapshot_id BIGINT, new_snapshot_id BIGINT""",
    "meta.break_explanations": """
        break_key VARCHAR, tenant_id VARCHAR, explained_by VARCHAR, reason VARCHAR,
        explained_at TIMESTAMP""",
    "meta.break_actions": """
        action_number BIGINT, break_key VARCHAR, tenant_id VARCHAR, action VARCHAR,
        assigned_to VARCHAR, amount DECIMAL(38, 8), acted_by VARCHAR, reason VARCHAR,
        acted_at TIMESTAMP""",
    "raw.quarantine": """
        load_id BIGINT, tenant_id VARCHAR, source VARCHAR, table_name VARCHAR, row_number BIGINT,
        row_key VARCHAR, column_name VARCHAR, reason VARCHAR, row_json VARCHAR,
        quarantined_at TIMESTAMP""",
    "raw.superseded": "superseded_row_id BIGINT, superseded_by_load BIGINT",
    # Nobody has said that a column outside every contract holds no personal data.
    "pii.extra_values": """
        load_id BIGINT, tenant_id VARCHAR, source VARCHAR, table_name VARCHAR, raw_row_id BIGINT,
        values_json VARCHAR""",
}

# Name and type of each column of a definition above.
_COLUMN = re.compile(r"\w+ [A-Z]+(?:\(\d+, \d+\))?")


def ensure(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Create what is missing, widen what has grown. ``con`` has the lake attached for writing."""
    held = columns_held(con, "meta", "raw", "pii")
    missing = [name for name in _TABLES if name not in held]
    grown = [
        (name, column)
        for name, columns in _TABLES.items()
        if name in held
        for column in _COLUMN.findall(columns)
        if column.split()[0] not in held[name]
    ]
    if not missing and not grown:
        return
    from warehouse.lake_statistics import note_empty_tables
    from warehouse.writer import transaction

    with transaction(con, "lay the tables of raw and meta", settings):
        for schema in _SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{schema}")
        for name in missing:
            con.execute(f"CREATE TABLE IF NOT EXISTS lake.{name} ({_TABLES[name]})")
        for name, column in grown:
            con.execute(f"ALTER TABLE lake.{name} ADD COLUMN {column}")
    note_empty_tables(con, settings)
