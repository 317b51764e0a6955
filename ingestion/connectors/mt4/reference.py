"""What MetaTrader 4's database does not say: is it in the broker's own reference files?

There is no table of symbols and none of groups, so contract size, profit currency and often the
account currency come from ``symbols.csv`` and ``groups.csv`` of the ``broker`` source. A symbol or
a group that is not there is loaded all the same and named; nothing is assumed about it.
"""

from __future__ import annotations

from ingestion.connectors.broker.contract import GROUPS as BROKER_GROUPS
from ingestion.connectors.broker.contract import SYMBOLS as BROKER_SYMBOLS
from ingestion.connectors.context import PassContext
from ingestion.connectors.full_exports import holds_rows
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from ingestion.raw_tables import targets
from ingestion.versions import current_rows

_SHOWN = 20


def missing_reference(
    context: PassContext, trades: TableContract, users: TableContract | None
) -> list[Problem]:
    """Symbols without a contract size and groups without a currency, one problem for each kind.

    Args:
        trades: a loaded table with ``symbol``.
        users: a loaded table with ``group`` and ``currency``; None where the source has none.
    """
    problems = []
    symbols = _missing_symbols(context, trades) if holds_rows(context, trades) else []
    if symbols:
        problems.append(
            Problem(
                trades.table,
                "warning",
                f"No contract size and currencies are known of {_listed(symbols)}.",
                "add them to symbols.csv of the broker source; their trades are loaded, but no "
                "notional can be computed",
            )
        )
    if users is None or not holds_rows(context, users):
        return problems
    groups = _missing_groups(context, users)
    if groups:
        problems.append(
            Problem(
                users.table,
                "warning",
                f"The account currency of these groups is not known: {_listed(groups)}.",
                "add column currency for them to groups.csv of the broker source; their rows are "
                "loaded, with amounts as the platform's doubles have them",
            )
        )
    return problems


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _place(context: PassContext) -> dict[str, object]:
    return {"tenant": context.source.tenant, "source": context.source.name}


def _broker_rows(contract: TableContract) -> str:
    """Current rows of a broker file, of whatever source delivered it."""
    return (
        f"(SELECT * FROM {targets(contract)[0].name} AS r ANTI JOIN lake.raw.superseded AS s "
        "ON s.superseded_row_id = r._row_id WHERE r._tenant_id = $tenant "
        "AND r.server_id = $source AND NOT r._is_deleted)"
    )


def _missing_symbols(context: PassContext, trades: TableContract) -> list[str]:
    held = current_rows(targets(trades)[0]).format(range="")
    # A balance operation has its comment or nothing for a symbol.
    is_trade = "t.cmd < 6" if "cmd" in {c.target for c in trades.columns} else _IS_TRADE
    rows = context.con.execute(
        f"SELECT DISTINCT t.symbol FROM {held} AS t "
        f"ANTI JOIN {_broker_rows(BROKER_SYMBOLS)} AS s ON s.symbol = t.symbol "
        f"WHERE NOT t._is_deleted AND {is_trade} AND t.symbol <> '' ORDER BY 1",
        _place(context),
    ).fetchall()
    return [symbol for (symbol,) in rows]


_IS_TRADE = "t.type NOT IN ('balance', 'credit')"


def _missing_groups(context: PassContext, users: TableContract) -> list[str]:
    held = current_rows(targets(users)[0]).format(range="")
    rows = context.con.execute(
        f'SELECT DISTINCT u."group" FROM {held} AS u '
        f"ANTI JOIN {_broker_rows(BROKER_GROUPS)} AS g "
        'ON u."group" LIKE g.group_pattern AND g.currency IS NOT NULL '
        "WHERE NOT u._is_deleted AND coalesce(u.currency, '') = '' ORDER BY 1",
        _place(context),
    ).fetchall()
    return [group for (group,) in rows]
