"""What deals and positions name and nobody delivered: without it they have no login, no lots."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.problems import Problem

_SHOWN = 10

_CURRENT = """
    SELECT * FROM lake.raw.{table} AS r
    ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
    WHERE r._tenant_id = $tenant AND r._source = $source AND NOT r._is_deleted
"""

_QUERY = f"""
    WITH named AS (
        SELECT symbol_id, ctid_trader_account_id FROM ({_CURRENT.format(table="ctrader_deals")})
        UNION
        SELECT symbol_id, ctid_trader_account_id
        FROM ({_CURRENT.format(table="ctrader_open_positions")})
    )
    SELECT DISTINCT 'symbol' AS kind, symbol_id AS id FROM named
    ANTI JOIN ({_CURRENT.format(table="ctrader_symbol_names")}) AS s USING (symbol_id)
    UNION ALL
    SELECT DISTINCT 'account', ctid_trader_account_id FROM named
    ANTI JOIN ({_CURRENT.format(table="ctrader_traders")}) AS t USING (ctid_trader_account_id)
    ORDER BY kind, id
"""

_MESSAGES = {
    "symbol": ("ctrader_symbol_names", "ProtoOASymbolsListRes and ProtoOASymbolByIdRes"),
    "account": ("ctrader_traders", "ProtoOATraderRes"),
}


def check_references(context: PassContext) -> None:
    """Add a warning for the symbols and one for the accounts that are not known."""
    loaded = any(result.load_id is not None for result in context.results)
    known = context.memory.get("references")
    if not loaded and isinstance(known, list):
        context.problems.extend(known)
        return
    rows = context.con.execute(
        _QUERY, {"tenant": context.source.tenant, "source": context.source.name}
    ).fetchall()
    problems = []
    for kind, (table, messages) in _MESSAGES.items():
        ids = [str(number) for found, number in rows if found == kind]
        if not ids:
            continue
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        problems.append(
            Problem(
                table,
                "warning",
                f"Deals or positions name {kind}s that are not known: "
                f"{', '.join(ids[:_SHOWN])}{more}.",
                f"deliver {messages} of this server; until then what they tell is missing",
            )
        )
    context.problems.extend(problems)
    context.memory["references"] = problems
