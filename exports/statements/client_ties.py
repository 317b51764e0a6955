"""What must be equal before a client statement may be printed."""

from __future__ import annotations

from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.statements.client_records import Account, ClientRecords, Deal

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
