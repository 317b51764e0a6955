"""The marts whose figures can be explained."""

from __future__ import annotations

from quality.lineage import (
    account_days,
    breaks,
    commission_ledger,
    daily_pnl,
    losing_account_days,
    open_positions,
)
from quality.lineage.declaration import Lineage
from warehouse.errors import UsageError

MARTS: dict[str, Lineage] = {
    module.LINEAGE.table: module.LINEAGE
    for module in (
        daily_pnl,
        account_days,
        open_positions,
        breaks,
        commission_ledger,
        losing_account_days,
    )
}


def lineage_of(table: str) -> Lineage:
    """The declaration of a mart, named with or without its schema.

    Raises:
        UsageError: no declaration has that name.
    """
    for name, lineage in MARTS.items():
        if table.lower() in (name, name.partition(".")[2]):
            return lineage
    raise UsageError(
        f"There is no explanation for {table}.", todo=f"explain one of: {', '.join(MARTS)}"
    )
