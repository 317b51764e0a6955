"""PayPal: monthly activity downloads of an English account, one of them in German."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from ingestion.simulator.crm import write_csv
from ingestion.simulator.population import client_id
from ingestion.simulator.psp_requests import (
    Movement,
    psp_requests,
    requests_frame,
    rounded,
    totals_frame,
)
from ingestion.simulator.routing import PAYPAL
from ingestion.simulator.world import World

SOURCE = "paypal"
_HEADERS = {
    "en": (
        "Date", "Time", "TimeZone", "Name", "Type", "Status", "Currency", "Gross ", "Fee ", "Net",
        "From Email Address", "To Email Address", "Transaction ID", "Reference Txn ID",
        "Invoice Number", "Balance", "Balance Impact",
    ),
    "de": (
        "Datum", "Uhrzeit", "Zeitzone", "Name", "Typ", "Status", "Währung", "Brutto", "Gebühr",
        "Netto", "Absender E-Mail-Adresse", "Empfänger E-Mail-Adresse", "Transaktionscode",
        "Zugehöriger Transaktionscode", "Rechnungsnummer", "Guthaben", "Auswirkung auf Guthaben",
    ),
}  # fmt: skip
_WORDS = {
    "Completed": "Abgeschlossen", "Pending": "Ausstehend", "Express Checkout Payment":
    "PayPal Express-Zahlung", "Mass Pay Payment": "Sammelzahlung", "General Withdrawal":
    "Allgemeine Abbuchung", "General Currency Conversion": "Allgemeine Währungsumrechnung",
    "Credit": "Haben", "Debit": "Soll",
}  # fmt: skip
_ZONES = {"en": ZoneInfo("America/Los_Angeles"), "de": ZoneInfo("Europe/Berlin")}
_OURS = "payments@northwind.example"


@dataclass(frozen=True)
class Transaction:
    """One row of a download; ``moment`` in UTC seconds, money signed."""

    moment: int
    kind: str
    currency: str
    gross: Decimal
    fee: Decimal
    identifier: str
    reference: str = ""
    invoice: str = ""
    name: str = ""
    email: str = ""
    status: str = "Completed"

    @property
    def net(self) -> Decimal:
        """What the balance moves by."""
        return self.gross + self.fee


def activity(world: World) -> dict[str, list[Transaction]]:
    """The rows of each UTC month, in time order; each month ends with pounds changed and a sweep.

    Balances go to the bank on the last day of a month, so that every file has a date that shows
    how it is written.
    """
    months: dict[str, list[Transaction]] = defaultdict(list)
    for request in psp_requests(world, PAYPAL):
        month = f"{datetime.fromtimestamp(request.created, UTC):%Y-%m}"
        share, flat = (Decimal("0.029"), Decimal("0.35")) if request.is_deposit else (
            Decimal("0.02"), Decimal(0),
        )  # fmt: skip
        fee = -rounded(request.amount * share + flat, request.currency)
        months[month].append(
            Transaction(
                request.created,
                "Express Checkout Payment" if request.is_deposit else "Mass Pay Payment",
                request.currency,
                request.amount if request.is_deposit else -request.amount,
                fee,
                request.reference,
                invoice=str(request.number),
                name=world.population.names[request.client],
                email=f"{client_id(request.client).lower()}@example.com",
            )
        )
    balances: dict[str, Decimal] = defaultdict(Decimal)
    last_day = datetime.fromtimestamp(world.window.last * 86_400, UTC)
    for month in sorted(months):
        for transaction in months[month]:
            balances[transaction.currency] += transaction.net
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        end = min((first + timedelta(days=32)).replace(day=1) - timedelta(days=1), last_day)
        months[month] += _sweep(world, month, int(end.timestamp()) + 20 * 3_600, balances)
    return dict(months)


def _sweep(
    world: World, month: str, moment: int, balances: dict[str, Decimal]
) -> list[Transaction]:
    rows: list[Transaction] = []

    def add(kind: str, currency: str, gross: Decimal, reference: str = "", **more: str) -> None:
        identifier = f"{month.replace('-', '')}{len(rows):02d}{currency}SWEEP0"
        rows.append(
            Transaction(moment, kind, currency, gross, Decimal(0), identifier, reference, **more)
        )
        balances[currency] += gross

    pounds = balances.get("GBP", Decimal(0))
    if pounds > 0:
        rate = Decimal(world.rates.scaled_cross("GBP", "EUR", moment // 86_400)).scaleb(-12)
        add("General Currency Conversion", "GBP", -pounds, "CONVERSION")
        add("General Currency Conversion", "EUR", rounded(pounds * rate, "EUR"), "CONVERSION")
    for currency in sorted(balances):
        if balances[currency]:
            status = "Pending" if balances[currency] > 0 else "Completed"
            add("General Withdrawal", currency, -balances[currency], status=status)
    return rows


def write_paypal(world: World, folder: Path) -> dict[str, int]:
    """One file a month, the second in German; the first again, its withdrawals completed."""
    folder.mkdir(parents=True, exist_ok=True)
    months = activity(world)
    opening: dict[str, Decimal] = defaultdict(Decimal)
    for position, (month, rows) in enumerate(sorted(months.items())):
        language = "de" if position == 1 else "en"
        before = dict(opening)
        _write_download(folder / f"activity_{month}.csv", language, rows, opening)
        if position == 0 and len(months) > 1:
            settled = [replace(row, status="Completed") for row in rows]
            again: dict[str, Decimal] = defaultdict(Decimal, before)
            _write_download(folder / f"activity_{month}_again.csv", language, settled, again)
    return {"paypal_transactions": sum(len(rows) for rows in months.values())}


def _write_download(
    path: Path, language: str, rows: list[Transaction], balances: dict[str, Decimal]
) -> None:
    def word(text: str) -> str:
        return _WORDS.get(text, text) if language == "de" else text

    def money(amount: Decimal) -> str:
        text = f"{amount:,.2f}"
        return text.translate(str.maketrans(",.", ".,")) if language == "de" else text

    lines = []
    for row in rows:
        balances[row.currency] += row.net
        local = datetime.fromtimestamp(row.moment, _ZONES[language])
        date = (
            f"{local:%d.%m.%Y}" if language == "de" else f"{local.month}/{local.day}/{local.year}"
        )
        incoming = row.net >= 0
        lines.append(
            (
                date, f"{local:%H:%M:%S}", "Europe/Berlin" if language == "de" else f"{local:%Z}",
                row.name, word(row.kind), word(row.status), row.currency, money(row.gross),
                money(row.fee), money(row.net), row.email if incoming else _OURS,
                _OURS if incoming else row.email, row.identifier, row.reference, row.invoice,
                money(balances[row.currency]), word("Credit" if incoming else "Debit"),
            )
        )  # fmt: skip
    write_csv(path, _HEADERS[language], lines)


def paypal_truth(world: World) -> dict[str, pl.DataFrame]:
    """What the transactions come to by currency, and every request that must be found there."""
    movements = [
        Movement("all", row.currency, row.gross, -row.fee)
        for rows in activity(world).values()
        for row in rows
    ]
    return {
        "paypal_totals": totals_frame(SOURCE, movements),
        "paypal_requests": requests_frame(SOURCE, psp_requests(world, PAYPAL)),
    }
