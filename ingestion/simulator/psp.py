"""Stripe: balance transactions of card payments as API lists by month, and one report CSV."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from ingestion.simulator.cash import CashOperation
from ingestion.simulator.clock import DAY_MS, HOUR_MS, to_utc_ms
from ingestion.simulator.crm import main_amount, psp_references, write_csv
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency
from ingestion.simulator.routing import STRIPE, provider_of
from ingestion.simulator.world import World

DISPUTE_DAYS = 6


@dataclass(frozen=True)
class BalanceTransaction:
    """A Stripe balance transaction; money in the currency's minor units."""

    id: str
    amount: int
    currency: str
    fee: int
    net: int
    type: str
    reporting_category: str
    status: str
    created: int
    available_on: int
    source: str
    description: str
    exchange_rate: float | None = None
    balance_type: str = "payments"
    object: str = "balance_transaction"
    payout: str = ""
    """The automatic payout that took it along; told by reports only."""


def _seconds(server_ms: int) -> int:
    return int(to_utc_ms(np.array([server_ms], dtype=np.int64))[0]) // 1000


def balance_transactions(world: World) -> list[BalanceTransaction]:
    """Charges with fees, refunds, one dispute, and a weekly payout per currency, in time order."""
    references = psp_references(world)
    end = _seconds(world.window.end_ms)
    rows: list[BalanceTransaction] = []
    disputed = disputed_deposit(world)

    def add(
        amount: int, fee: int, currency: str, kind: str, category: str, created: int,
        source: str, text: str,
    ) -> None:  # fmt: skip
        available = created + 2 * 86_400
        rows.append(
            BalanceTransaction(
                "", amount, currency.lower(), fee, amount - fee, kind, category,
                "available" if available <= end else "pending", created, available, source, text,
            )
        )  # fmt: skip

    for operation in world.cash.operations:
        if not operation.request or provider_of(operation) != STRIPE:
            continue
        currency = main_currency(world.population.currency[operation.account])
        units = main_amount(operation, world.population)
        minor = int(units.scaleb(CURRENCY_DIGITS[currency]))
        created = _seconds(operation.server_ms) - 60
        source = references[operation.request]
        if operation.amount > 0:
            fee = minor * 29 // 1000 + (30 if currency != "JPY" else 45)
            text = f"deposit {operation.request}"
            add(minor, fee, currency, "charge", "charge", created, source, text)
            if operation is disputed:
                text = f"dispute of deposit {operation.request}"
                late = _seconds(operation.server_ms + DISPUTE_DAYS * DAY_MS)
                disputed_id = source.replace("ch_", "dp_")
                add(-minor, 1_500, currency, "adjustment", "dispute", late, disputed_id,
                    text)  # fmt: skip
        else:
            add(-minor, 0, currency, "refund", "refund", created, source,
                f"withdrawal {operation.request}")  # fmt: skip
    charge = next((row for row in rows if row.type == "charge"), None)
    if charge is not None and not any(row.type == "refund" for row in rows):
        add(-(charge.amount // 10), 0, charge.currency, "refund", "refund",
            charge.created + 86_400, charge.source.replace("ch_", "re_"),
            "partial refund")  # fmt: skip
    rows.extend(_payouts(world, rows))
    rows.sort(key=lambda row: (row.created, row.source, row.type))
    return [
        BalanceTransaction(**(asdict(row) | {"id": f"txn_{world.seed:04d}{n:08d}"}))
        for n, row in enumerate(rows, start=1)
    ]


def disputed_deposit(world: World) -> CashOperation | None:
    """The first deposit by Stripe whose dispute still falls into the window."""
    return next(
        (
            operation
            for operation in world.cash.operations
            if operation.request
            and operation.amount > 0
            and provider_of(operation) == STRIPE
            and operation.server_ms + DISPUTE_DAYS * DAY_MS < world.window.end_ms
        ),
        None,
    )


def _payouts(world: World, rows: list[BalanceTransaction]) -> list[BalanceTransaction]:
    """Every Friday 12:00, per currency: the net of what became available since the last payout."""
    payouts: list[BalanceTransaction] = []
    paid: set[int] = set()
    for day in world.window.all_days():
        if (int(day) + 3) % 7 != 4:
            continue
        moment = _seconds(int(day) * DAY_MS + 12 * HOUR_MS)
        due: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            if number not in paid and row.available_on <= moment:
                due[row.currency].append(number)
        for currency in sorted(due):
            total = sum(rows[number].net for number in due[currency])
            # What is owed to Stripe waits for the next week's charges.
            if total <= 0:
                continue
            identifier = f"po_{day}{currency}"
            paid.update(due[currency])
            for number in due[currency]:
                rows[number] = replace(rows[number], payout=identifier)
            payouts.append(
                BalanceTransaction(
                    "", -total, currency, 0, -total, "payout", "payout", "available", moment,
                    moment, identifier, "STRIPE PAYOUT", payout=identifier,
                )
            )  # fmt: skip
    return payouts


def _api(row: BalanceTransaction) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if name != "payout"}


def _write_report(folder: Path, month: str, rows: list[BalanceTransaction]) -> int:
    return write_csv(
        folder / f"balance_change_from_activity_itemized_3_{month}.csv",
        ("balance_transaction_id", "created_utc", "available_on_utc", "currency", "gross", "fee",
         "net", "reporting_category", "source_id", "charge_id", "automatic_payout_id",
         "description"),
        (
            (
                row.id, _moment(row.created), _moment(row.available_on), row.currency,
                _units(row.amount, row.currency), _units(row.fee, row.currency),
                _units(row.net, row.currency), row.reporting_category, row.source,
                row.source if row.type == "charge" else "", row.payout, row.description,
            )
            for row in rows
        ),
    )  # fmt: skip


def write_stripe(world: World, folder: Path) -> dict[str, int]:
    """JSON lists by UTC month, and report CSVs that repeat each month's lines."""
    folder.mkdir(parents=True, exist_ok=True)
    months: dict[str, list[BalanceTransaction]] = defaultdict(list)
    rows = balance_transactions(world)
    for row in rows:
        months[f"{datetime.fromtimestamp(row.created, UTC):%Y-%m}"].append(row)
    for month, items in months.items():
        body = {
            "object": "list",
            "url": "/v1/balance_transactions",
            "has_more": False,
            "data": [_api(item) for item in items],
        }
        path = folder / f"balance_transactions_{month}.json"
        path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    lines = sum(_write_report(folder, month, items) for month, items in months.items())
    return {"stripe_balance_transactions": len(rows), "stripe_report_lines": lines}


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ")


def _units(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-CURRENCY_DIGITS[currency.upper()])
