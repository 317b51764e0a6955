"""Adyen's files: settlement reports in two layouts and a workbook, webhooks by month."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ingestion.simulator.crm import write_csv
from ingestion.simulator.market import CURRENCY_DIGITS
from ingestion.simulator.psp_adyen import (
    CHARGEBACK_DAYS,
    Batch,
    Line,
    chargeback_reference,
    disputed_request,
    settlement_batches,
)
from ingestion.simulator.psp_requests import PspRequest, psp_requests
from ingestion.simulator.routing import ADYEN
from ingestion.simulator.world import World

MERCHANT = "NorthwindECOM"
_ZONE = ZoneInfo("Europe/Amsterdam")
_DAY = 86_400

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
    disputed = disputed_request(world)
    if disputed is not None:
        later = disputed.created + CHARGEBACK_DAYS * _DAY
        reference = chargeback_reference(disputed)
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
