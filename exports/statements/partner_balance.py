"""What a partner is owed and was paid: the balance and payment tables of his statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from exports.statements.document import Cell, Column, Section
from warehouse.control.partner_payments import Payment
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)
_METHODS = {"bank": "bank transfer", "wallet": "wallet"}


def balance_section(
    earned_before: Mapping[str, Decimal],
    earned: Mapping[str, Decimal],
    payments: Sequence[Payment],
    period_from: dt.date,
) -> Section:
    """Commission not paid yet, before and at the end of the period, by ledger currency.

    Args:
        earned_before: all that was booked on days before the period; unrounded.
        earned: what was booked in the period; unrounded.
        payments: of runs that were paid up to the end of the period.
        period_from: the period's first day.
    """
    taken_before = _taken(payment for payment in payments if payment.paid_on < period_from)
    taken = _taken(payment for payment in payments if payment.paid_on >= period_from)
    rows: list[tuple[Cell, ...]] = []
    for currency in sorted({*earned_before, *earned, *taken_before, *taken}):
        unit = minor_unit(currency)
        in_period = earned.get(currency, _ZERO)
        paid = taken.get(currency, _ZERO)
        before = earned_before.get(currency, _ZERO) - taken_before.get(currency, _ZERO)
        unpaid = before + in_period - paid
        shown = [round_half_away(amount, unit) for amount in (in_period, paid, unpaid)]
        rows.append((currency, shown[2] - shown[0] + shown[1], *shown))
    columns = (
        Column("currency", "Currency"),
        Column("unpaid_before", "Unpaid before", "money"),
        Column("earned", "Earned in this period", "money"),
        Column("taken", "Paid out of it", "money"),
        Column("unpaid", "Unpaid at the end", "money"),
    )
    return Section("balance", "Balance", columns, tuple(rows))


def payments_section(payments: Sequence[Payment], period_from: dt.date) -> Section:
    """The payments of the period, each with what it took over, paid and carried over."""
    rows: list[tuple[Cell, ...]] = []
    for payment in payments:
        if payment.paid_on < period_from:
            continue
        line = payment.line
        unit = minor_unit(line.payout_currency)
        carried_in, let_go, paid, carried_out = (
            round_half_away(amount, unit)
            for amount in (line.carried_in, line.let_go, line.paid, line.carried_out)
        )
        rows.append(
            (
                payment.paid_on,
                payment.period,
                _METHODS.get(line.method, line.method),
                line.reference,
                line.payout_currency,
                carried_in,
                paid + carried_out - let_go - carried_in,
                let_go,
                carried_out,
                paid,
            )
        )
    columns = (
        Column("date", "Paid on", "date"),
        Column("run", "Run of"),
        Column("method", "By"),
        Column("reference", "Reference"),
        Column("currency", "Currency"),
        Column("carried_in", "Carried in", "money"),
        Column("taken", "Commission", "money"),
        Column("let_go", "Let go", "money"),
        Column("carried_out", "Carried over", "money"),
        Column("paid", "Paid", "money"),
    )
    section = Section(
        "payments", "Payments", columns, tuple(rows), empty="Nothing was paid in this period."
    )
    return section.without_empty(("carried_in", "let_go", "carried_out"))


def _taken(payments: Iterable[Payment]) -> dict[str, Decimal]:
    taken: dict[str, Decimal] = {}
    for payment in payments:
        for source in payment.line.sources:
            held = taken.get(source.ledger_currency, _ZERO)
            taken[source.ledger_currency] = held + source.booked
    return taken
