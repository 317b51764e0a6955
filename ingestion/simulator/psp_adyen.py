"""Adyen: weekly settlement batches with fees, refunds, a chargeback, carry-overs and payouts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from ingestion.simulator.clock import DAY_MS
from ingestion.simulator.market import CURRENCY_DIGITS
from ingestion.simulator.partners import CLAWING_PARTNER, comes_by
from ingestion.simulator.psp_requests import (
    Movement,
    PspRequest,
    psp_requests,
    requests_frame,
    rounded,
    totals_frame,
    utc_seconds,
)
from ingestion.simulator.routing import ADYEN
from ingestion.simulator.world import World

SOURCE = "adyen"
# Pounds are settled in euros; every other currency in itself.
_SETTLED_IN = {"GBP": "EUR"}
_DAY = 86_400
CHARGEBACK_DAYS = 6


@dataclass(frozen=True)
class Line:
    """A line of a batch; ``net`` and fees in the batch's currency, signed."""

    kind: str
    created: int
    net: Decimal
    psp_reference: str = ""
    merchant_reference: str = ""
    modification: str = ""
    modification_merchant: str = ""
    gross_currency: str = ""
    gross: Decimal | None = None
    rate: Decimal | None = None
    fees: dict[str, Decimal] = field(default_factory=dict)


@dataclass
class Batch:
    """A settlement batch: it closes on a Friday and nets to zero."""

    number: int
    currency: str
    closed: int
    lines: list[Line] = field(default_factory=list)


def settlement_batches(world: World) -> list[Batch]:
    """The batches of each settlement currency, one a week where anything happened."""
    payments = _payments(world)
    batches: list[Batch] = []
    carried: dict[str, Decimal] = {}
    previous: dict[str, int] = {}
    number = 236
    start = 0
    for day in world.window.all_days():
        if (int(day) + 3) % 7 != 4:
            continue
        closed = utc_seconds((int(day) + 1) * DAY_MS)
        for currency in sorted({currency for currency, _ in payments}):
            lines = [
                line
                for settled, line in payments
                if settled == currency and start <= line.created < closed
            ]
            if not lines and not carried.get(currency):
                continue
            number += 1
            batch = Batch(number, currency, closed, lines)
            _close(batch, carried, previous)
            batches.append(batch)
        start = closed
    return batches


def _payments(world: World) -> list[tuple[str, Line]]:
    lines: list[tuple[str, Line]] = []
    for request in psp_requests(world, ADYEN):
        lines.append(_settled(world, request))
    disputed = disputed_request(world)
    if disputed is not None:
        currency, line = _settled(world, disputed)
        fee = rounded(Decimal("7.50") * (150 if currency == "JPY" else 1), currency)
        gross = sum(line.fees.values(), line.net)
        lines.append(
            (
                currency,
                Line(
                    "Chargeback", disputed.created + CHARGEBACK_DAYS * _DAY, -gross - fee,
                    disputed.reference, str(disputed.number), chargeback_reference(disputed), "",
                    disputed.currency, -disputed.amount, line.rate, {"Commission (NC)": fee},
                ),
            )
        )  # fmt: skip
    return sorted(lines, key=lambda item: (item[1].created, item[1].psp_reference, item[1].kind))


def disputed_request(world: World) -> PspRequest | None:
    """The first deposit whose chargeback still falls into the window, if there is one, of a client
    whose partner's commission it claws back."""
    end = utc_seconds(world.window.end_ms)
    early = [
        request
        for request in psp_requests(world, ADYEN)
        if request.is_deposit and request.created + CHARGEBACK_DAYS * _DAY < end
    ]
    clawing = [request for request in early if comes_by(request.client, CLAWING_PARTNER)]
    return next(iter(clawing + early), None)


def chargeback_reference(request: PspRequest) -> str:
    """Adyen's own reference of a chargeback."""
    return f"CB{request.reference[2:]}"


def _settled(world: World, request: PspRequest) -> tuple[str, Line]:
    currency = _SETTLED_IN.get(request.currency, request.currency)
    rate = Decimal(1)
    if currency != request.currency:
        rate = Decimal(
            world.rates.scaled_cross(request.currency, currency, request.created // _DAY)
        ).scaleb(-12).quantize(Decimal("0.000001"))  # fmt: skip
    signed = request.amount if request.is_deposit else -request.amount
    gross = rounded(signed * rate, currency)
    shares = {"Markup (NC)": "0.006", "Scheme Fees (NC)": "0.0012", "Interchange (NC)": "0.003"}
    if request.is_deposit:
        fees = {name: rounded(gross * Decimal(share), currency) for name, share in shares.items()}
    else:
        fees = {"Commission (NC)": rounded(Decimal("0.20"), currency)}
    return currency, Line(
        "Settled" if request.is_deposit else "Refunded", request.created,
        gross - sum(fees.values(), Decimal(0)), request.reference, str(request.number),
        f"M{request.reference[1:]}", "", request.currency, signed, rate,
        {name: fee for name, fee in fees.items() if fee},
    )  # fmt: skip


def _close(batch: Batch, carried: dict[str, Decimal], previous: dict[str, int]) -> None:
    """Carry in what the batch before left, take the week's fees, pay out, carry the rest over."""
    currency, moment = batch.currency, batch.closed - 3_600
    before = carried.pop(currency, Decimal(0))
    if before:
        opened = min([moment, *(line.created for line in batch.lines)]) - 60
        batch.lines.insert(
            0,
            Line(
                "Balancetransfer", opened, before, modification="Balancetransfer",
                modification_merchant=f"Balancetransfer from batch {previous[currency]}",
            ),
        )  # fmt: skip
    count = sum(line.kind in ("Settled", "Refunded") for line in batch.lines)
    if count:
        each = Decimal("0.12") if CURRENCY_DIGITS[currency] else Decimal(18)
        month = datetime.fromtimestamp(moment, UTC).strftime("%B %Y")
        batch.lines.append(
            Line("Fee", moment, -each * count, modification=f"Transaction Fees {month}")
        )
    balance = sum((line.net for line in batch.lines), Decimal(0))
    kept = rounded(balance / 10, currency) if balance > 0 else balance
    if balance > 0:
        batch.lines.append(
            Line("MerchantPayout", moment, kept - balance, modification=f"Batch {batch.number}")
        )
    if kept:
        batch.lines.append(
            Line(
                "Balancetransfer", moment, -kept, modification="Balancetransfer",
                modification_merchant=f"Balancetransfer to batch {batch.number + 1}",
            )
        )  # fmt: skip
        carried[currency], previous[currency] = kept, batch.number


def adyen_truth(world: World) -> dict[str, pl.DataFrame]:
    """What the batches come to, and every request that must be found in them."""
    movements = []
    for batch in settlement_batches(world):
        for line in batch.lines:
            inside = sum(line.fees.values(), Decimal(0))
            fee = -line.net if line.kind == "Fee" else inside
            movements.append(Movement(line.kind, batch.currency, line.net + fee, fee))
    return {
        "adyen_totals": totals_frame(SOURCE, movements),
        "adyen_requests": requests_frame(SOURCE, psp_requests(world, ADYEN)),
    }
