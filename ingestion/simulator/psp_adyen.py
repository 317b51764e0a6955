"""Adyen: weekly settlement batches with fees, refunds, a chargeback, carry-overs and payouts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from ingestion.simulator.clock import DAY_MS
from ingestion.simulator.crm import write_csv
from ingestion.simulator.market import CURRENCY_DIGITS
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
MERCHANT = "NorthwindECOM"
_ZONE = ZoneInfo("Europe/Amsterdam")
# Pounds are settled in euros; every other currency in itself.
_SETTLED_IN = {"GBP": "EUR"}
_DAY = 86_400
_CHARGEBACK_DAYS = 6

_OLD = (
    "Company Account", "Merchant Account", "Psp Reference", "Merchant Reference",
    "Payment Method", "Creation Date", "TimeZone", "Type", "Modification Reference",
    "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Exchange Rate", "Net Currency",
    "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)",
    "Interchange (NC)", "Payment Method Variant", "Modification Merchant Reference",
    "Batch Number", "Reserved4", "Reserved5",
)  # fmt: skip
_NEW = (
    "Merchant Account", "Batch Number", "Booking Date", "Booking Date TimeZone", "Creation Date",
    "TimeZone", "Type", "Psp Reference", "Merchant Reference", "Modification Reference",
    "Modification Merchant Reference", "Company Account", "Payment Method",
    "Payment Method Variant", "Net Currency", "Net Credit (NC)", "Net Debit (NC)",
    "Gross Currency", "Gross Credit (GC)", "Gross Debit (GC)", "Exchange Rate",
    "Interchange (NC)", "Scheme Fees (NC)", "Markup (NC)", "Commission (NC)",
)  # fmt: skip


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
    disputed = _disputed(world)
    if disputed is not None:
        currency, line = _settled(world, disputed)
        fee = rounded(Decimal("7.50") * (150 if currency == "JPY" else 1), currency)
        gross = sum(line.fees.values(), line.net)
        lines.append(
            (
                currency,
                Line(
                    "Chargeback", disputed.created + _CHARGEBACK_DAYS * _DAY, -gross - fee,
                    disputed.reference, str(disputed.number), f"CB{disputed.reference[2:]}", "",
                    disputed.currency, -disputed.amount, line.rate, {"Commission (NC)": fee},
                ),
            )
        )  # fmt: skip
    return sorted(lines, key=lambda item: (item[1].created, item[1].psp_reference, item[1].kind))


def _disputed(world: World) -> PspRequest | None:
    """The first deposit whose chargeback still falls into the window."""
    end = utc_seconds(world.window.end_ms)
    for request in psp_requests(world, ADYEN):
        if request.is_deposit and request.created + _CHARGEBACK_DAYS * _DAY < end:
            return request
    return None


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


def _cells(batch: Batch, line: Line) -> dict[str, str]:
    created = datetime.fromtimestamp(line.created, _ZONE)
    booked = datetime.fromtimestamp(batch.closed, _ZONE)
    cells = {
        "Company Account": "Northwind", "Merchant Account": MERCHANT,
        "Psp Reference": line.psp_reference, "Merchant Reference": line.merchant_reference,
        "Payment Method": "visa" if line.psp_reference else "",
        "Payment Method Variant": "visastandarddebit" if line.psp_reference else "",
        "Creation Date": f"{created:%Y-%m-%d %H:%M:%S}", "TimeZone": f"{created:%Z}",
        "Booking Date": f"{booked:%Y-%m-%d %H:%M:%S}", "Booking Date TimeZone": f"{booked:%Z}",
        "Type": line.kind, "Modification Reference": line.modification,
        "Modification Merchant Reference": line.modification_merchant,
        "Gross Currency": line.gross_currency,
        "Exchange Rate": "" if line.rate is None else f"{line.rate.normalize():f}",
        "Net Currency": batch.currency, "Batch Number": str(batch.number),
        f"Net {'Credit' if line.net >= 0 else 'Debit'} (NC)": f"{abs(line.net)}",
    }  # fmt: skip
    if line.gross is not None:
        cells[f"Gross {'Credit' if line.gross >= 0 else 'Debit'} (GC)"] = f"{abs(line.gross)}"
    return cells | {name: f"{fee}" for name, fee in line.fees.items()}


def write_adyen(world: World, folder: Path) -> dict[str, int]:
    """Reports by batch, old and new layout, one delivered twice, one as a workbook; webhooks."""
    folder.mkdir(parents=True, exist_ok=True)
    batches = settlement_batches(world)
    for position, batch in enumerate(batches):
        name = f"settlement_detail_report_batch_{batch.number}"
        newer = position >= len(batches) // 2
        cells = [_cells(batch, line) for line in batch.lines]
        if position == len(batches) - 1:
            _write_workbook(folder / f"{name}.xlsx", _NEW, cells)
            continue
        _write_report(folder / f"{name}.csv", _NEW if newer else _OLD, cells)
        if position == 0:
            # Delivered again in the newer layout: the same lines, now with a booking date.
            _write_report(folder / f"{name}_generated_again.csv", _NEW, cells)
    return {
        "adyen_settlement_lines": sum(len(batch.lines) for batch in batches),
        "adyen_notifications": _write_notifications(world, folder),
    }


def _write_report(path: Path, header: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    write_csv(path, header, ([row.get(name, "") for name in header] for row in rows))


def _write_workbook(path: Path, header: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    """As finance departments keep them: a blank row and column first, numbers as numbers."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001
    sheet = book.add_worksheet("Data")
    for column, name in enumerate(header, start=1):
        sheet.write_string(1, column, name)
        for row, cells in enumerate(rows, start=2):
            text = cells.get(name, "")
            if text and (name.endswith(("C)", "Number")) or name == "Exchange Rate"):
                sheet.write_number(row, column, float(text))
            elif text:
                sheet.write_string(row, column, text)
    book.close()


def notifications(world: World) -> list[dict[str, object]]:
    """Each payment's webhook, a refund's, and the chargeback's two, in time order."""
    items = [
        _notification(
            "AUTHORISATION" if request.is_deposit else "REFUND", request.created,
            request.reference, request,
        )
        for request in psp_requests(world, ADYEN)
    ]  # fmt: skip
    disputed = _disputed(world)
    if disputed is not None:
        later = disputed.created + _CHARGEBACK_DAYS * _DAY
        reference = f"CB{disputed.reference[2:]}"
        items += [
            _notification(code, later - early, reference, disputed, disputed.reference)
            for code, early in (("NOTIFICATION_OF_CHARGEBACK", _DAY), ("CHARGEBACK", 0))
        ]
    return sorted(items, key=lambda item: (str(item["_utc"]), str(item["pspReference"])))


def _notification(
    code: str, moment: int, reference: str, request: PspRequest, original: str = ""
) -> dict[str, object]:
    item: dict[str, object] = {
        "_utc": datetime.fromtimestamp(moment, UTC).isoformat(),
        "amount": {
            "currency": request.currency,
            "value": int(request.amount.scaleb(CURRENCY_DIGITS[request.currency])),
        },
        "eventCode": code,
        "eventDate": datetime.fromtimestamp(moment, _ZONE).isoformat(),
        "merchantAccountCode": MERCHANT,
        "merchantReference": str(request.number),
        "paymentMethod": "visa",
        "pspReference": reference,
        "reason": "",
        "success": "true",
    }
    return item | ({"originalReference": original} if original else {})


def _write_notifications(world: World, folder: Path) -> int:
    """One file a month, newest first in every third; every fifth webhook is delivered twice."""
    items = notifications(world)
    months: dict[str, list[dict[str, object]]] = {}
    for item in items:
        months.setdefault(str(item["_utc"])[:7], []).append(item)
    for position, (month, of_month) in enumerate(sorted(months.items())):
        delivered = of_month + of_month[::5]
        if position % 3 == 0:
            delivered.reverse()
        bodies = [
            {
                "live": "true",
                "notificationItems": [
                    {"NotificationRequestItem": {k: v for k, v in item.items() if k != "_utc"}}
                ],
            }
            for item in delivered
        ]
        text = "\n".join(json.dumps(body) for body in bodies)
        (folder / f"notifications_{month}.jsonl").write_text(text + "\n", encoding="utf-8")
    return len(items)


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
