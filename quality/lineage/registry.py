"""The marts whose figures can be explained, and where the figures of the others come from."""

from __future__ import annotations

from quality.lineage import (
    account_days,
    breaks,
    broker_pnl,
    challenge_days,
    challenge_payouts,
    challenges,
    commission_ledger,
    copy_fees,
    daily_pnl,
    general_ledger,
    journal_entries,
    journal_postings,
    ledger_days,
    losing_account_days,
    lp_balances,
    open_positions,
    trial_balance,
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
        lp_balances,
        commission_ledger,
        losing_account_days,
        broker_pnl,
        journal_entries,
        journal_postings,
        ledger_days,
        general_ledger,
        trial_balance,
        challenge_days,
        challenges,
        challenge_payouts,
        copy_fees,
    )
}

# What to look at instead. A mart of schema finance is in one of the two.
ELSEWHERE: dict[str, str] = {
    "finance.rpt_pnl_explain": "it splits the total of finance.fct_daily_pnl by cause",
    "finance.fct_lp_fills": "a row is one fill: its raw_row_id is the source row",
    "finance.fct_lp_reconciliation": "it sums rows of finance.fct_lp_fills and "
    "canonical.can_deals of its day, book and instrument; its result is explained as lines "
    "hedge_residual and valuation of finance.fct_broker_pnl",
    "finance.fct_counterparty_breaks": "explain the balance in finance.fct_lp_balances, or "
    "`select * from finance.fct_lp_fills` of its day and instrument",
    "finance.rpt_ledger__client_accounts": "explain the account's day in finance.fct_account_days",
    "finance.rpt_ledger__fx_revaluations": "explain the posting of kind fx_revaluation of its day "
    "in finance.fct_journal_postings",
    "finance.rpt_ledger__statement_balances": "it sums finance.fct_journal_postings of the account "
    "up to the statement",
    "finance.rpt_ledger__year_closes": "explain the posting of kind year_close in "
    "finance.fct_journal_postings",
    "finance.rpt_ledger__entry_sources": "a row is one source row of a journal entry",
    "finance.fct_challenge_reviews": "its profit is that of finance.fct_challenge_days on its last "
    "day less that on the last day of the review before; the balance allocated in the end is "
    "explained in finance.fct_challenges",
    "finance.fct_restatements": "old and new figure are explained in their own mart, with --as-of "
    "its two snapshots",
}


def lineage_of(table: str) -> Lineage:
    """The declaration of a mart, named with or without its schema.

    Raises:
        UsageError: no declaration has that name.
    """
    for name, lineage in MARTS.items():
        if table.lower() in (name, name.partition(".")[2]):
            return lineage
    for name, instead in ELSEWHERE.items():
        if table.lower() in (name, name.partition(".")[2]):
            raise UsageError(f"{name} is not explained by itself.", todo=instead)
    raise UsageError(
        f"There is no explanation for {table}.", todo=f"explain one of: {', '.join(MARTS)}"
    )
