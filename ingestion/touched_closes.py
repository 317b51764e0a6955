"""The closes whose open positions a load changes, beside the days of its own rows.

A trade that comes late, vanishes or is edited was, or was not, open at every close of its life. And
a position that the closing quotes value changes with them. A trade that is opened or closed on the
day it is loaded adds nothing: those closes are not over yet.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from ingestion.batch import Batch
from ingestion.versions import Plan
from warehouse.lake_columns import columns_held
from warehouse.sql_text import literal, quoted

# A quote stands in for missing ones this many days: fx_max_age_days of the models.
_CARRIED_DAYS = 5
# Whoever lists its accounts here has its positions valued by closing quotes.
_VALUED = ("mt4_users", "ctrader_traders")
_MT4, _CTRADER = "mt4_trades", "ctrader_deals"

# What makes another position of a MetaTrader 4 ticket; its closing time counts apart.
_OPENING = ("login", "cmd", "symbol", "volume", "open_time", "open_price")


def late_closes(
    con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int
) -> str | None:
    """SQL of (login, business_date) of closes before the newest day known, or None for none."""
    if batch.contract.table not in (_MT4, _CTRADER):
        return None
    newest = _newest_day(con, batch, load_id)
    if newest is None:
        return None
    last = f"DATE {literal(newest.isoformat())}"
    lives = (_mt4_lives if batch.contract.table == _MT4 else _ctrader_lives)(batch, plan, load_id)
    return (
        "SELECT l.login, unnest(generate_series(l.first_day::TIMESTAMP, "
        f"least(l.last_day, {last})::TIMESTAMP, INTERVAL 1 DAY))::DATE AS business_date "
        f"FROM ({lives}) AS l WHERE l.first_day < {last}"
    )


def record_quotes(con: duckdb.DuckDBPyConnection, batch: Batch, load_id: int) -> None:
    """Touch the closes that newly loaded closing quotes value, on every server that needs them."""
    held = columns_held(con, "raw")
    servers = " UNION ".join(
        f"SELECT _source AS server_id FROM lake.raw.{table} WHERE _tenant_id = $tenant"
        for table in _VALUED
        if f"raw.{table}" in held
    )
    if not servers:
        return
    con.execute(
        "INSERT INTO lake.meta.touched_days "
        "SELECT DISTINCT $load::BIGINT, $tenant, s.server_id, q.day + a.age::INTEGER "
        "FROM (SELECT DISTINCT quoted_at::DATE AS day FROM lake.raw.reference_quotes "
        "WHERE _load_id = $load AND quote_kind = 'closing') AS q "
        f"CROSS JOIN range({_CARRIED_DAYS + 1}) AS a(age) CROSS JOIN ({servers}) AS s "
        "JOIN (SELECT server_id, business_date FROM lake.meta.touched_days "
        "WHERE tenant_id = $tenant GROUP BY ALL) AS known ON known.server_id = s.server_id "
        "AND (known.business_date = q.day + a.age::INTEGER "
        "OR (a.age = 0 AND known.business_date < q.day)) ORDER BY 3, 4",
        {"load": load_id, "tenant": batch.tenant},
    )


def _newest_day(con: duckdb.DuckDBPyConnection, batch: Batch, load_id: int) -> dt.date | None:
    row = con.execute(
        "SELECT max(business_date) FROM lake.meta.touched_days "
        "WHERE tenant_id = ? AND server_id = ? AND load_id < ?",
        [batch.tenant, batch.source, load_id],
    ).fetchone()
    return row[0] if row else None


def _mt4_lives(batch: Batch, plan: Plan, load_id: int) -> str:
    """Tickets that came, went or were edited, in both versions; and closings that moved."""
    opened, closed = (_server_day("{row}." + name, batch) for name in ("open_time", "close_time"))
    forever = "DATE '9999-12-31'"
    # A split of a position is none of its past: see the model's mt4_roots.
    whole = "coalesce({row}.comment, '') NOT LIKE 'from #%'"
    split = "coalesce(n.comment, '') LIKE 'to #%'"
    edited = " OR ".join(f"n.{quoted(c)} IS DISTINCT FROM o.{quoted(c)}" for c in _OPENING)
    pairs = (
        f"FROM {plan.target.name} AS n "
        f"LEFT JOIN {plan.verdicts} AS v ON v._n = n._row_id - {load_id} * 4294967296 "
        f"LEFT JOIN {plan.target.name} AS o ON o._row_id = v.held_row_id "
        f"WHERE n._load_id = {load_id} AND n.cmd <= 1"
    )

    def life(row: str) -> str:
        return (
            f"SELECT {row}.login AS login, {opened.format(row=row)} AS first_day, "
            f"coalesce({closed.format(row=row)}, {forever}) AS last_day"
        )

    old_close, new_close = closed.format(row="o"), closed.format(row="n")
    return (
        f"{life('n')} {pairs} AND {whole.format(row='n')} "
        f"AND (o._row_id IS NULL OR o._is_deleted OR (({edited}) AND NOT {split})) "
        f"UNION ALL {life('o')} {pairs} AND ({edited}) AND NOT {split} "
        f"UNION ALL SELECT n.login, least(coalesce({old_close}, {forever}), {new_close}), "
        f"greatest(coalesce({old_close}, {forever}), {new_close}) "
        f"{pairs} AND o._row_id IS NOT NULL AND n.close_time IS DISTINCT FROM o.close_time "
        f"AND n.close_time IS NOT NULL"
    )


def _ctrader_lives(batch: Batch, plan: Plan, load_id: int) -> str:
    """From each deal that came, went or changed to the last deal of a position that is closed."""
    table = plan.target.name
    deals = f"SELECT * FROM {table} WHERE _load_id = {load_id}"
    if not plan.is_all_new:
        deals += (
            f" UNION ALL SELECT r.* FROM {table} AS r JOIN {plan.verdicts} AS v "
            "ON v.held_row_id = r._row_id AND v.verdict = 'changed'"
        )
    return (
        "SELECT d.ctid_trader_account_id AS login, d._business_date AS first_day, "
        "CASE WHEN p.net = 0 THEN p.last_day ELSE DATE '9999-12-31' END AS last_day "
        f"FROM ({deals}) AS d LEFT JOIN (SELECT position_id, ctid_trader_account_id, "
        "sum(CASE trade_side WHEN 2 THEN -filled_volume ELSE filled_volume END) AS net, "
        f"max(_business_date) AS last_day FROM {table} WHERE _source = {literal(batch.source)} "
        f"AND _tenant_id = {literal(batch.tenant)} AND deal_status IN (2, 3) AND NOT _is_deleted "
        "GROUP BY ALL) AS p USING (position_id, ctid_trader_account_id)"
    )


def _server_day(column: str, batch: Batch) -> str:
    return f"(make_timestamp({column} * 1000000) + to_minutes({batch.day_shift_minutes:d}))::DATE"
