"""Which (server, login, business date) a load invalidates: the work list of the next build."""

from __future__ import annotations

import duckdb

from ingestion.batch import Batch
from ingestion.connectors.ctrader.contract import LOGIN as CTRADER_LOGIN
from ingestion.contracts import LoginLookup, TableContract
from ingestion.raw_tables import Target
from ingestion.touched_closes import late_closes, record_quotes
from ingestion.versions import BATCH_VIEW, CHANGED, Plan
from warehouse.lake_columns import columns_held
from warehouse.sql_text import literal, quoted

# Tables whose rows prove that a login had something on a day: its column, and the day.
_DATED = (
    ("mt5_deals", "login", "_business_date"),
    ("mt5_daily", "login", "_business_date"),
    # A trade counts from its opening on; the day before is early enough for every end of day.
    ("mt4_trades", "login", "make_timestamp(open_time * 1000000)::DATE - 1"),
    ("mt4_daily", "login", "_business_date"),
    ("ctrader_deals", CTRADER_LOGIN.number, "_business_date"),
    ("ctrader_cash_flows", CTRADER_LOGIN.number, "_business_date"),
)
# Where the group of a login stands, which the broker's mapping files it under.
_GROUPS = (
    ("mt5_users", "login", '"group"'),
    ("mt4_users", "login", '"group"'),
    ("ctrader_traders", "trader_login", "coalesce(broker_name, '')"),
)


def record(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    """Add the load's touched accounts and days, inside the load's transaction.

    A dated row touches its own day, in its old and its new version, and the closes at which its
    position was open. A closing quote touches the closes that it values. A change of a user's
    group or of a client's accounts touches the login from its first known day on, because both are
    read as of today; so does a changed group mapping for every login of the groups it matches.
    """
    touches = batch.contract.touches
    if touches == "day":
        _record_days(con, batch, plan, load_id)
    elif touches == "history":
        _record_histories(con, batch, plan, load_id)
    elif touches == "group":
        _record_groups(con, batch, plan, load_id)
    elif touches == "quotes":
        record_quotes(con, batch, load_id)


def _record_days(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    contract = batch.contract
    account = quoted(contract.login.number) if contract.login else "login"
    days = ["_business_date"]
    days += [
        f"(make_timestamp({quoted(column)} * 1000000) "
        f"+ to_minutes({batch.day_shift_minutes:d}))::DATE"
        for column in contract.touch_days
    ]
    rows = _written_rows(batch, plan, load_id)
    changed = " UNION ALL ".join(
        f"SELECT {account} AS login, {day} AS business_date FROM ({rows})" for day in days
    )
    late = late_closes(con, batch, plan, load_id)
    if late:
        changed += f" UNION ALL {late}"
    if contract.login:
        changed = (
            "SELECT coalesce(a.login, c.login) AS login, c.business_date "
            f"FROM ({changed}) AS c LEFT JOIN ({_logins(contract.login, batch)}) AS a "
            "ON a.number = c.login"
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


def _written_rows(batch: Batch, plan: Plan, load_id: int) -> str:
    """The rows that matter, in their old and their new version."""
    if batch.contract.touch_columns and (plan.counts.get(CHANGED) or plan.gone_count):
        return _changed_rows(batch, plan, load_id)
    names = [*_day_columns(batch.contract), "_business_date"]
    columns = ", ".join(quoted(name) for name in names)
    rows = f"SELECT {columns} FROM {BATCH_VIEW} AS b {plan.written_rows}"
    if plan.counts.get(CHANGED) or plan.gone_count:
        # Their day before, which the batch does not know.
        rows += (
            f" UNION ALL SELECT {columns} FROM {plan.target.name} AS r SEMI JOIN ("
            f"SELECT held_row_id AS _row_id FROM {plan.verdicts} WHERE verdict = '{CHANGED}' "
            f"UNION ALL SELECT _row_id FROM {plan.gone}) AS c ON c._row_id = r._row_id"
        )
    return rows


def _day_columns(contract: TableContract) -> list[str]:
    return [contract.login.number if contract.login else "login", *contract.touch_days]


def _logins(lookup: LoginLookup, batch: Batch) -> str:
    """The newest login known of each account number, as ``number`` and ``login``."""
    return (
        f"SELECT {quoted(lookup.number)} AS number, "
        f"arg_max({quoted(lookup.login)}, _load_id) AS login FROM lake.raw.{lookup.table} "
        f"WHERE _tenant_id = {literal(batch.tenant)} AND _source = {literal(batch.source)} "
        "GROUP BY ALL"
    )


def _changed_rows(batch: Batch, plan: Plan, load_id: int) -> str:
    """Rows whose change matters: all new and buried ones, and changes of a touching column."""
    target = plan.target
    columns = batch.contract.touch_columns
    differs = (
        " OR ".join(f"{_of(c, 'n')} IS DISTINCT FROM {_of(c, 'o')}" for c in columns) or "true"
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


def _of(column: str, row: str) -> str:
    return column.format(row=row) if "{row}" in column else f"{row}.{quoted(column)}"


def _record_histories(
    con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int
) -> None:
    server = "server_id" if _has(plan.target, "server_id") else "_source"
    changed = _changed_rows(batch, plan, load_id)
    lookup = batch.contract.login
    # Until a login was known, what there was stood under the account's number.
    columns = [lookup.login, lookup.number] if lookup else ["login"]
    logins = " UNION ".join(
        f"SELECT DISTINCT {server} AS server_id, {quoted(column)} AS login FROM ({changed})"
        for column in columns
    )
    _insert_histories(con, batch, logins, load_id)


def _record_groups(con: duckdb.DuckDBPyConnection, batch: Batch, plan: Plan, load_id: int) -> None:
    held = _held_tables(con)
    users = " UNION ALL ".join(
        f"SELECT _source AS server_id, {login} AS login, {group} AS group_name "
        f"FROM lake.raw.{table} WHERE _tenant_id = {literal(batch.tenant)}"
        for table, login, group in _GROUPS
        if table in held
    )
    if not users:
        return
    _insert_histories(
        con,
        batch,
        f"SELECT DISTINCT u.server_id, u.login FROM ({users}) AS u "
        f"JOIN ({_changed_rows(batch, plan, load_id)}) AS g ON g.server_id = u.server_id "
        "AND u.group_name LIKE g.group_pattern",
        load_id,
    )


def _insert_histories(
    con: duckdb.DuckDBPyConnection, batch: Batch, logins: str, load_id: int
) -> None:
    parts, held = [], _held_tables(con)
    for table, login, day in _DATED:
        if table not in held:
            continue
        rows = f"FROM lake.raw.{table} AS r"
        parts.append(f"SELECT _source, {login} AS login, {day} AS day {rows} WHERE {_OURS}")
        if login == CTRADER_LOGIN.number and CTRADER_LOGIN.table in held:
            parts.append(
                f"SELECT r._source, t.{CTRADER_LOGIN.login}, r.{day} {rows} "
                f"JOIN lake.raw.{CTRADER_LOGIN.table} AS t ON t._tenant_id = r._tenant_id "
                f"AND t._source = r._source AND t.{login} = r.{login} WHERE r.{_OURS}"
            )
    if not parts:
        return
    con.execute(
        "INSERT INTO lake.meta.touched_accounts "
        "SELECT $load, $tenant, l.server_id, l.login, min(d.day) "
        f"FROM ({logins}) AS l JOIN ({' UNION ALL '.join(parts)}) AS d "
        "ON d._source = l.server_id AND d.login = l.login "
        "GROUP BY l.server_id, l.login ORDER BY l.server_id, l.login",
        {"load": load_id, "tenant": batch.tenant},
    )


_OURS = "_tenant_id = $tenant"


def _has(target: Target, column: str) -> bool:
    return any(name == column for name, _ in target.all_columns)


def _held_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """A preview or a measurement lays the tables of one connector only."""
    return {name.removeprefix("raw.") for name in columns_held(con, "raw")}
