"""What must be equal before a client statement may be printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from exports.errors import FiguresDisagreeError, StatementGapError
from exports.statements.client_records import Account, ClientRecords, Deal
from warehouse.control.papers import AccountBalances, PaperRecord

_ZERO = Decimal(0)


def check_ties(records: ClientRecords) -> None:
    """Prove that the data sets agree with each other before any of them is printed.

    Raises:
        FiguresDisagreeError: an account does not open where it closed before, its components,
            deals or open positions do not add up, or its equity is not the sum of its parts.
    """
    for account in records.accounts:
        balances = records.balances.get(account.account_key)
        deals = [deal for deal in records.deals if deal.account_key == account.account_key]
        if balances is None:
            balance_moved = sum((deal.balance_effect for deal in deals), _ZERO)
            _same(account, "movements of an account without account days", balance_moved, _ZERO)
            continue
        if balances.broken_day is not None:
            raise FiguresDisagreeError(
                f"The opening balance of {balances.broken_day} is not the closing balance before.",
                where=f"account {account.account_key}",
                todo="run `daybook check`, rebuild the account's days, and close them again",
            )
        if balances.previous_balance is None and balances.opening_balance != _ZERO:
            raise StatementGapError(
                f"The account opens with {balances.opening_balance}, but no day before the period "
                "says how it came there.",
                where=f"account {account.account_key}",
                todo="load and close the account's earlier days",
            )
        moved = balances.closing_balance - balances.opening_balance
        credit_moved = balances.closing_credit - balances.opening_credit
        positions = [
            held for held in records.open_positions if held.account_key == account.account_key
        ]
        _same(account, "components", sum(balances.components.values(), _ZERO), moved)
        _same(account, "deals", sum((deal.balance_effect for deal in deals), _ZERO), moved)
        _same(
            account,
            "trades' profit, swap, commission and fees and its balance operations",
            sum((_own_effect(deal) for deal in deals), _ZERO),
            moved,
        )
        _same(account, "credit changes", balances.credit_change, credit_moved)
        _same(
            account,
            "credit operations",
            sum((deal.credit_effect for deal in deals), _ZERO),
            credit_moved,
        )
        if account.server_id in records.servers_with_positions:
            _same(
                account,
                "open positions' profit",
                sum((held.floating_pnl for held in positions), _ZERO),
                balances.floating_pnl,
            )
            _same(
                account,
                "open positions' swap",
                sum((held.floating_swap for held in positions), _ZERO),
                balances.floating_swap,
            )
        _same(
            account,
            "balance, credit and floating profit",
            balances.closing_balance
            + balances.closing_credit
            + balances.floating_pnl
            + balances.floating_swap,
            balances.equity,
        )


def check_continuity(
    before: PaperRecord, balances: Mapping[str, AccountBalances], first: dt.date
) -> None:
    """Prove that every account opens where the last statement sent of it closed.

    Raises:
        StatementGapError: it does not; the error names the account and both balances.
    """
    for account_key, held in sorted(balances.items()):
        closed = before.balances.get(account_key)
        if closed is None or Decimal(closed.closing_balance) == Decimal(held.opening_balance):
            continue
        gap_from = before.period_to + dt.timedelta(days=1)
        raise StatementGapError(
            f"It would open at {held.opening_balance}, but statement {before.paper_number} for "
            f"{before.period} closed at {closed.closing_balance}.",
            where=f"account {account_key}",
            todo=f"make the statements of {gap_from} to {first - dt.timedelta(days=1)} first"
            if gap_from < first
            else f"days of {before.period} were corrected: make its statement again first, "
            f"`daybook statement run --period {before.period}`",
        )


def _own_effect(deal: Deal) -> Decimal:
    if not deal.is_trade:
        return deal.balance_effect
    return deal.closed_pnl + deal.swap + deal.commission + deal.fee


def _same(account: Account, what: str, parts: Decimal, whole: Decimal) -> None:
    if parts != whole:
        raise FiguresDisagreeError(
            f"The account's {what} come to {parts}, its account days say {whole}.",
            where=f"account {account.account_key}",
            todo="run `daybook check`, rebuild the account's days, and close them again",
        )
