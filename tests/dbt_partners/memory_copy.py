"""The copy fee models' own SQL over tables in memory: a case is rows of days and charges."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_runner import run_dbt
from warehouse.connection import connect
from warehouse.settings import Settings

MODELS = (
    "stg_crm__copy_strategies", "stg_crm__copy_investments", "int_partners__copy_fees_charged",
    "int_partners__copy_months_measured", "fct_copy_fees",
)  # fmt: skip
_MOVED = (
    "equity", "deposits", "withdrawals", "internal_transfers", "closed_pnl", "swap", "commission",
    "commission_round", "fees", "interest", "dividends", "taxes", "floating_pnl", "floating_swap",
)  # fmt: skip
_SYSTEM = "_tenant_id VARCHAR DEFAULT 't', _row_id BIGINT DEFAULT 0, _load_id BIGINT DEFAULT 1, " \
    "_is_deleted BOOLEAN DEFAULT false"  # fmt: skip
_TABLES = f"""
CREATE SCHEMA raw; CREATE SCHEMA staging; CREATE SCHEMA canonical; CREATE SCHEMA intermediate;
CREATE SCHEMA finance; CREATE SCHEMA partners; CREATE SCHEMA reference;
CREATE TABLE raw.superseded (superseded_row_id BIGINT, superseded_by_load BIGINT);
CREATE TABLE raw.crm_copy_strategies (
    strategy_id VARCHAR DEFAULT 'S', kind VARCHAR DEFAULT 'copy', name VARCHAR,
    manager_client_id VARCHAR, server_id VARCHAR DEFAULT 's', login BIGINT DEFAULT 9,
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, management_rate DECIMAL(24, 12),
    performance_rate DECIMAL(24, 12), subscription_amount DECIMAL(24, 8),
    subscription_currency VARCHAR, fees_posted VARCHAR,
    management_pattern VARCHAR DEFAULT 'Management%',
    performance_pattern VARCHAR DEFAULT 'Performance%', subscription_pattern VARCHAR, {_SYSTEM});
CREATE TABLE raw.crm_copy_investments (
    strategy_id VARCHAR DEFAULT 'S', server_id VARCHAR DEFAULT 's', login BIGINT DEFAULT 1,
    valid_from DATE DEFAULT '2026-01-01', valid_to DATE, {_SYSTEM});
CREATE TABLE canonical.can_accounts AS SELECT
    't/s/1' AS account_key, 't/C1' AS client_key, 'mt5' AS platform,
    'USD' AS account_currency,
    'USD' AS main_currency, 2 AS currency_digits, 1 AS money_divisor;
CREATE TABLE canonical.can_fx_to_reporting AS
    SELECT day::DATE AS business_date, 'USD' AS currency, 1::DECIMAL(24, 12) AS rate
    FROM generate_series(DATE '2026-01-01', DATE '2027-12-31', INTERVAL 1 DAY) AS days(day);
CREATE TABLE canonical.can_deals (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', platform VARCHAR DEFAULT 'mt5',
    deal_key VARCHAR, deal_id BIGINT, account_key VARCHAR DEFAULT 't/s/1', business_date DATE,
    executed_at_utc TIMESTAMP, changed_at_utc TIMESTAMP, action_code BIGINT DEFAULT 4,
    is_trade BOOLEAN DEFAULT false, component VARCHAR DEFAULT 'charge', comment VARCHAR,
    balance_effect_amount DECIMAL(24, 8));
CREATE TABLE finance.fct_account_days (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's',
    account_key VARCHAR DEFAULT 't/s/1', business_date DATE,
    {", ".join(f"{name}_amount DECIMAL(38, 8) DEFAULT 0" for name in _MOVED)});
CREATE TABLE intermediate.int_server_closes (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', business_date DATE);
CREATE TABLE reference.ref_ctrader_balance_operations (
    operation_code INTEGER, copy_fee_kind VARCHAR);
CREATE TABLE partners.fct_commission_ledger (
    model VARCHAR DEFAULT 'copy_fee_share', deal_key VARCHAR, business_date DATE,
    amount_reporting DECIMAL(38, 8));
"""
_FILLED = (
    "raw.crm_copy_strategies", "raw.crm_copy_investments", "canonical.can_deals",
    "finance.fct_account_days", "intermediate.int_server_closes", "partners.fct_commission_ledger",
)  # fmt: skip
Row = dict[str, Any]


@dataclass
class MemoryCopy:
    """One investor's days and charges, and the fees they come to."""

    con: duckdb.DuckDBPyConnection
    models: dict[str, str] = field(repr=False)

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

    def fees(self, columns: str, kind: str = "performance") -> list[tuple[Any, ...]]:
        """Fees of one kind in order of months."""
        return self.con.execute(
            f"SELECT {columns} FROM partners.fct_copy_fees WHERE fee_kind = ? ORDER BY month_from",
            [kind],
        ).fetchall()


def memory_copy(home: Path) -> MemoryCopy:
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
    con.execute(_TABLES)
    nodes = [compiled[model] for model in MODELS]
    return MemoryCopy(con, {node.relation: node.compiled for node in nodes})


def month_end(number: int) -> dt.date:
    """Last day of a month counted from January 2026."""
    following = dt.date(2026 + (number + 1) // 12, (number + 1) % 12 + 1, 1)
    return following - dt.timedelta(days=1)


def months(results: list[Decimal], paid_in: list[Decimal]) -> list[Row]:
    """A first deposit in January, then each month's result and what is paid in on its last day."""
    rows: list[Row] = [{"business_date": dt.date(2026, 1, 1), "equity_amount": 1000,
                        "deposits_amount": 1000}]  # fmt: skip
    return rows + [
        {"business_date": month_end(number), "closed_pnl_amount": result,
         "equity_amount": 1000, "deposits_amount": max(paid, Decimal(0)),
         "withdrawals_amount": min(paid, Decimal(0))}
        for number, (result, paid) in enumerate(zip(results, paid_in, strict=True))
    ]  # fmt: skip
