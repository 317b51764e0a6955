"""Which (server, login, business date) a load invalidates: the work list of the next build."""

from __future__ import annotations

import duckdb

from ingestion.batch import Batch
from ingestion.contracts import quoted
from ingestion.raw_tables import Target
from ingestion.versions import BATCH_VIEW, CHANGED, Plan

# Tables whose rows prove that a login had something on a day.
_DATED = ("mt5_deals", "mt5_daily")


def record(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    """Add the load's touched accounts and days, inside the load's transaction.

    A dated row touches its own day, in its old and its new version. A change of a user's group or
    of a client's accounts touches the login from its first known day on, because both are read as
    of today; so does a changed group mapping for every login of the groups it matches.
    """
    touches = batch.contract.touches
    if touches == "day":
        _record_days(con, batch, plan, load_id)
    elif touches == "history":
        _record_histories(con, batch, plan, load_id)
    elif touches == "group":
        _record_groups(con, batch, plan, load_id)


def _record_days(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    columns = "login, _business_date AS business_date"
    changed = f"SELECT {columns} FROM {BATCH_VIEW} AS b {plan.written_rows}"
    if plan.counts.get(CHANGED) or plan.gone_count:
        # Their day before, which the batch does not know.
        changed += (
            f" UNION ALL SELECT {columns} FROM {plan.target.name} AS r SEMI JOIN ("
            f"SELECT held_row_id AS _row_id FROM {plan.verdicts} WHERE verdict = '{CHANGED}' "
            f"UNION ALL SELECT _row_id FROM {plan.gone}) AS c ON c._row_id = r._row_id"
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE daybook_touched AS SELECT DISTINCT * "
        f"FROM ({changed}) WHERE business_date IS NOT NULL"
    )
    con.execute(
        "INSERT INTO lake.meta.touched_accounts "
        "SELECT ?, ?, ?, login, min(business_date) FROM temp.daybook_touched "
        "GROUP BY login ORDER BY login",
        [load_id, batch.tenant, batch.source],
    )
    con.execute(
        "INSERT INTO lake.meta.touched_days "
        "SELECT DISTINCT ?::BIGINT, ?, ?, business_date FROM temp.daybook_touched ORDER BY 4",
        [load_id, batch.tenant, batch.source],
    )


def _changed_rows(batch: Batch, plan: Plan, load_id: int) -> str:
    """Rows whose change matters: all new and buried ones, and changes of a touching column."""
    target = plan.target
    columns = batch.contract.touch_columns
    differs = (
        " OR ".join(f"n.{quoted(c)} IS DISTINCT FROM o.{quoted(c)}" for c in columns) or "true"
    )
    return (
        f"SELECT n.* FROM {target.name} AS n "
        f"LEFT JOIN {plan.verdicts} AS v ON v._n = n._row_id - {load_id} * 4294967296 "
        f"LEFT JOIN {target.name} AS o ON o._row_id = v.held_row_id "
        f"WHERE n._load_id = {load_id} AND (o._row_id IS NULL OR {differs}) "
        f"UNION ALL SELECT o.* FROM {target.name} AS o "
        f"JOIN {plan.verdicts} AS v ON v.held_row_id = o._row_id AND v.verdict = '{CHANGED}' "
        f"JOIN {target.name} AS n ON n._row_id = v._n + {load_id} * 4294967296 "
        f"WHERE {differs}"
    )


def _record_histories(
    con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int
) -> None:
    server = "server_id" if _has(plan.target, "server_id") else "_source"
    _insert_histories(
        con,
        batch,
        f"SELECT DISTINCT {server} AS server_id, login "
        f"FROM ({_changed_rows(batch, plan, load_id)})",
        load_id,
    )


def _record_groups(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    _insert_histories(
        con,
        batch,
        "SELECT DISTINCT u._source AS server_id, u.login FROM lake.raw.mt5_users AS u "
        f"JOIN ({_changed_rows(batch, plan, load_id)}) AS g ON g.server_id = u._source "
        'AND u._tenant_id = g._tenant_id AND u."group" LIKE g.group_pattern',
        load_id,
    )


def _insert_histories(
    con: duckdb.DuckDBPyConnection, batch: Batch, logins: str, load_id: int
) -> None:
    days = " UNION ALL ".join(
        f"SELECT _source, login, _business_date FROM lake.raw.{table} WHERE _tenant_id = $tenant"
        for table in _DATED
    )
    con.execute(
        "INSERT INTO lake.meta.touched_accounts "
        "SELECT $load, $tenant, l.server_id, l.login, min(d._business_date) "
        f"FROM ({logins}) AS l JOIN ({days}) AS d "
        "ON d._source = l.server_id AND d.login = l.login "
        "GROUP BY l.server_id, l.login ORDER BY l.server_id, l.login",
        {"load": load_id, "tenant": batch.tenant},
    )


def _has(target: Target, column: str) -> bool:
    return any(name == column for name, _ in target.all_columns)
