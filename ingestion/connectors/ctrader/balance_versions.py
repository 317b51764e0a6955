"""Every change of a balance raises its balanceVersion by one: gaps and replays show themselves.

A version that no row carries is a deal or a cash flow that was never loaded; a version that two
rows carry is one of them told twice. Versions before the first one held are history that was never
asked for, and no gap.
"""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.problems import Problem

_SHOWN = 5

_CURRENT = """
    SELECT * FROM lake.raw.{table} AS r
    ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
    WHERE r._tenant_id = $tenant AND r._source = $source AND NOT r._is_deleted
"""

_QUERY = f"""
    WITH traders AS ({_CURRENT.format(table="ctrader_traders")}),
    deals AS ({_CURRENT.format(table="ctrader_deals")}),
    flows AS ({_CURRENT.format(table="ctrader_cash_flows")}),
    held AS (
        SELECT ctid_trader_account_id AS account, close_balance_version AS version, 1 AS times
        FROM deals WHERE close_balance_version IS NOT NULL
        UNION ALL
        SELECT ctid_trader_account_id, balance_version, 1
        FROM flows WHERE balance_version IS NOT NULL
        UNION ALL
        -- The account's own version must be held; the one after it closes the last gap.
        SELECT ctid_trader_account_id, balance_version + 1, 0
        FROM traders WHERE balance_version IS NOT NULL
    ),
    versions AS (
        SELECT account, version, sum(times)::INTEGER AS times FROM held GROUP BY ALL
    ),
    stepped AS (
        SELECT
            account,
            version,
            times,
            lag(version) OVER (PARTITION BY account ORDER BY version) AS before
        FROM versions
    )
    SELECT
        coalesce(t.trader_login, s.account) AS login,
        CASE WHEN times > 1 THEN 'replay' ELSE 'gap' END AS kind,
        CASE WHEN times > 1 THEN version ELSE before + 1 END AS first_version,
        CASE WHEN times > 1 THEN version ELSE version - 1 END AS last_version
    FROM (
        SELECT account, version, times, before FROM stepped WHERE times > 1
        UNION ALL
        SELECT account, version, 0, before FROM stepped WHERE before < version - 1
    ) AS s
    LEFT JOIN traders AS t ON t.ctid_trader_account_id = s.account
    ORDER BY login, kind, first_version
"""


def check_balance_versions(context: PassContext) -> None:
    """Add a problem for each account whose balance versions are not there once each."""
    loaded = any(result.load_id is not None for result in context.results)
    known = context.memory.get("balance_versions")
    if not loaded and isinstance(known, list):
        context.problems.extend(known)
        return
    found: dict[tuple[int, str], list[str]] = {}
    rows = context.con.execute(
        _QUERY, {"tenant": context.source.tenant, "source": context.source.name}
    ).fetchall()
    for login, kind, first, last in rows:
        text = str(first) if first == last else f"{first} to {last}"
        found.setdefault((login, kind), []).append(text)
    problems = [_problem(login, kind, texts) for (login, kind), texts in found.items()]
    context.problems.extend(problems)
    context.memory["balance_versions"] = problems


def _problem(login: int, kind: str, versions: list[str]) -> Problem:
    more = len(versions) - _SHOWN
    text = ", ".join(versions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    if kind == "gap":
        return Problem(
            "ctrader_cash_flows",
            "error",
            f"Account {login}: balance versions {text} are not held: its balance changed without "
            "a deal or cash flow that was loaded.",
            "deliver deals and cash flows of that time; the balances around the gap show when",
        )
    return Problem(
        "ctrader_cash_flows",
        "error",
        f"Account {login}: balance versions {text} are held more than once: a deal or cash flow "
        "was told twice, or two servers are mixed in one source.",
        "compare the rows with that version; give each server a source of its own",
    )
