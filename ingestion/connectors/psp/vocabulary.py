"""Daybook's own words for what happens at a payment provider.

Attempted, approved, settled, paid out and received at the bank are five different facts; a mapping
says which of them a provider's status means.
"""

from __future__ import annotations

# A status that moves the balance at the provider -> True.
STATUS_MOVES = {
    "attempted": False,
    "pending": False,
    "approved": False,
    "settled": True,
    "paid_out": True,
    "declined": False,
    "cancelled": False,
    "expired": False,
    "failed": False,
    "refunded": True,
    "chargeback": True,
    "chargeback_reversed": True,
    "reserve": True,
    "fee": True,
}
STATUSES = tuple(STATUS_MOVES)
MOVING_STATUSES = tuple(status for status, moves in STATUS_MOVES.items() if moves)

# Event type -> the way its amount goes, seen from the broker's balance at the provider: 1 in,
# -1 out, None where it may go either way.
DIRECTIONS: dict[str, int | None] = {
    "deposit": 1,
    "withdrawal": -1,
    "withdrawal_reversal": 1,
    "refund": -1,
    "refund_reversal": 1,
    "chargeback": -1,
    "chargeback_reversal": 1,
    "fee": -1,
    "payout": -1,
    "payout_failure": 1,
    "reserve_hold": -1,
    "reserve_release": 1,
    "carry_over": None,
    "conversion": None,
    "transfer": None,
    "adjustment": None,
    # A line that states something and moves nothing, such as an opening balance.
    "memo": None,
}
EVENT_TYPES = tuple(DIRECTIONS)
