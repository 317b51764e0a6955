"""Schema ``live``: the daily books' tables as views over what is loaded, build or no build."""

from __future__ import annotations

import re

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
    "fct_open_positions": "finance",
    "fct_account_days": "finance",
    "fct_daily_pnl": "finance",
}
_NAMED = re.compile(
    r"\blake\.(?:" + "|".join(rf"{schema}\.{name}" for name, schema in TABLES.items()) + r")\b"
)


def as_now(query: str) -> str:
    """A query over built tables (``lake.schema.table``) as one over their live views."""
    return _NAMED.sub(lambda found: f"lake.{SCHEMA}.{found.group().rpartition('.')[2]}", query)
