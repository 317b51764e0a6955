"""Schema ``live``: the daily books' tables as views over what is loaded, build or no build."""

from __future__ import annotations

import re

import duckdb

SCHEMA = "live"
# The last load that a finished build has seen, as a scalar subquery; 0 before the first.
LAST_BUILT = "(SELECT coalesce(max(watermark_to), 0) FROM lake.meta.builds WHERE status = 'done')"
# Table and the schema it is built in, in the order in which they read one another.
TABLES = {
    "can_accounts": "canonical",
    "can_account_books": "canonical",
    "can_instruments": "canonical",
    "can_fx_rates": "canonical",
    "can_fx_to_reporting": "canonical",
    "int_server_closes": "intermediate",
    "can_deals": "canonical",
    "int_builds__days_restated": "intermediate",
    "fct_open_positions": "finance",
    "fct_account_days": "finance",
    "fct_daily_pnl": "finance",
}
# The macro that names the rows of a model that a build deletes first; a model that is not here is
# made whole by every build.
TOUCHED = {
    "can_deals": "touched_days()",
    "fct_open_positions": "touched_reporting_days()",
    "fct_account_days": "touched_accounts()",
    "fct_daily_pnl": "pnl_days()",
}
_NAMED = re.compile(
    r"\blake\.(?:" + "|".join(rf"{schema}\.{name}" for name, schema in TABLES.items()) + r")\b"
)
# Whether a finished build has not seen all that is loaded, or none has finished.
IS_AHEAD = (
    f"SELECT coalesce((SELECT max(load_id) FROM lake.meta.loads) > {LAST_BUILT}, false) AS is_ahead"
)


# What the rows of a table and their parts are called in one another's text, and in ``temp``.
PREFIX = "live_"


def as_held(query: str) -> str:
    """A query over built tables (``lake.schema.table``) as one over what :func:`hold` has."""
    return _NAMED.sub(lambda found: f"temp.{PREFIX}{found.group().rpartition('.')[2]}", query)


def hold(con: duckdb.DuckDBPyConnection) -> bool:
    """Work the live rows out once for a connection, for many queries with :func:`as_held`.

    DuckDB plans a view anew in every query, and each of these stands on those before it. Here
    each is planned once, over the rows of those before. Rows of days that nothing touched are not
    copied.

    Returns:
        False where no build has made the live views yet.
    """
    try:
        texts = con.execute("SELECT name, text FROM lake.meta.live_texts ORDER BY place").fetchall()
    except duckdb.CatalogException:
        return False
    for name, text in texts:
        kind = "VIEW" if name in TOUCHED else "TABLE"
        con.execute(f"CREATE TEMP {kind} {PREFIX}{name} AS {text}")
    return bool(texts)
