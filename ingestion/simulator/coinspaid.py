"""CoinsPaid: callbacks of crypto deposits and withdrawals, as a receiver writes them down.

A deposit is sent in BTC or USDT and received in the account's currency, a withdrawal the other way
round. Callbacks repeat, and a not_confirmed one may arrive after the confirmed one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ingestion.simulator.clock import DAY_MS, MINUTE_MS, to_utc_ms
from ingestion.simulator.crm import main_amount, psp_references
from ingestion.simulator.market import main_currency
from ingestion.simulator.population import client_id
from ingestion.simulator.routing import COINSPAID, provider_of
from ingestion.simulator.world import World

CONFIGURATION = '[[sources]]\nname = "coinspaid"\nkind = "coinspaid"\npath = "coinspaid"\n'
_COIN = Decimal("0.00000001")


@dataclass(frozen=True)
class CryptoOperation:
    """One deposit or withdrawal: fiat in the account's currency, the coin at the day's rate."""

    request: int
    operation_id: int
    client: str
    is_deposit: bool
    currency: str
    amount: Decimal
    fees: tuple[tuple[str, Decimal], ...]
    coin: str
    coin_amount: Decimal
    utc_ms: int


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_COIN, rounding=ROUND_HALF_UP)


def crypto_operations(world: World) -> list[CryptoOperation]:
    """Every request that CoinsPaid carries, with its fees."""
    references = psp_references(world)
    per_eur = {code: Decimal(str(series[-1])) for code, series in world.rates.per_eur.items()}
    per_eur["EUR"] = Decimal(1)
    rows = []
    for operation in world.cash.operations:
        if not operation.request or provider_of(operation) != COINSPAID:
            continue
        currency = main_currency(world.population.currency[operation.account])
        amount = main_amount(operation, world.population)
        day = operation.server_ms // DAY_MS
        coin = "BTC" if operation.request % 2 else "USDT"
        in_usd = Decimal(62_000 + 150 * (day % 40)) if coin == "BTC" else Decimal("1.0002")
        in_fiat = in_usd * per_eur[currency] / per_eur["USD"]
        deposit = operation.amount > 0
        fees = [("exchange", _rounded(amount * Decimal("0.008")))]
        if not deposit:
            fees.append(("mining", _rounded(Decimal("0.00005") * in_fiat)))
        rows.append(
            CryptoOperation(
                operation.request, int(references[operation.request]),
                client_id(int(world.population.client[operation.account])), deposit, currency,
                amount, tuple(fees), coin, _rounded(amount / in_fiat),
                int(to_utc_ms(np.array([operation.server_ms], dtype=np.int64))[0]),
            )
        )  # fmt: skip
    return rows


def _body(operation: CryptoOperation, status: str) -> dict[str, Any]:
    """A callback in the provider's own shape."""
    fiat = {"currency": operation.currency, "amount": f"{operation.amount:.8f}"}
    coin = {"currency": operation.coin, "amount": f"{operation.coin_amount:.8f}"}
    fees = operation.fees if status == "confirmed" else ()
    address: dict[str, Any] = {
        "id": 380_000 + operation.request % 10_000,
        "currency": operation.coin,
        "convert_to": operation.currency,
        "address": f"sim{operation.coin.lower()}{operation.client.lower()}",
        "tag": None,
    }
    body: dict[str, Any] = {
        "id": operation.operation_id,
        "type": "deposit_exchange" if operation.is_deposit else "withdrawal_exchange",
        "crypto_address": address,
        "currency_sent": coin if operation.is_deposit else fiat,
        "currency_received": fiat if operation.is_deposit else coin,
        "transactions": [
            {
                "id": operation.operation_id * 10 + 1, "currency": operation.coin,
                "transaction_type": "blockchain",
                "type": "deposit" if operation.is_deposit else "withdrawal",
                "address": address["address"], "tag": None, "amount": coin["amount"],
                "txid": f"{operation.operation_id:064x}",
                "confirmations": "3" if status == "confirmed" else "0",
            },
            {
                "id": operation.operation_id * 10 + 2, "transaction_type": "exchange",
                "type": "exchange",
                "currency": operation.coin if operation.is_deposit else operation.currency,
                "currency_to": operation.currency if operation.is_deposit else operation.coin,
                "amount": coin["amount"] if operation.is_deposit else fiat["amount"],
                "amount_to": fiat["amount"] if operation.is_deposit else coin["amount"],
            },
        ],
        "fees": [
            {"type": kind, "currency": operation.currency, "amount": f"{fee:.8f}"}
            for kind, fee in fees
        ],
        "error": "",
        "status": status,
    }  # fmt: skip
    if operation.is_deposit:
        # The address is the client's for life.
        address["foreign_id"] = operation.client
        net = operation.amount - sum((fee for _, fee in fees), Decimal(0))
        body["currency_received"] = fiat | {"amount_minus_fee": f"{net:.8f}"}
    else:
        body["foreign_id"] = str(operation.request)
    return body


def write_coinspaid(world: World, folder: Path) -> dict[str, int]:
    """Callbacks as JSON lines by UTC month of receipt; every ninth repeats, every fifth overtakes.

    A callback received in time order stands where it was received: the file is a log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    received: list[tuple[int, int, str]] = []
    for number, operation in enumerate(crypto_operations(world)):
        early = "not_confirmed" if operation.is_deposit else "processing"
        first, done = operation.utc_ms - 9 * MINUTE_MS, operation.utc_ms
        if number % 5 == 4:
            first = done + 3 * MINUTE_MS
        times = [(first, early), (done, "confirmed")]
        if number % 9 == 2:
            times.append((done + 5 * MINUTE_MS, "confirmed"))
        received += [
            (ms, operation.operation_id, json.dumps(_body(operation, status)))
            for ms, status in times
        ]
    months: dict[str, list[str]] = defaultdict(list)
    for ms, _, body in sorted(received):
        at = datetime.fromtimestamp(ms // 1000, UTC)
        stated = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        months[f"{at:%Y-%m}"].append(f'{{"received_at": "{stated}", "body": {body}}}')
    for month, lines in months.items():
        (folder / f"callbacks_{month}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return {"coinspaid_callbacks": len(received)}


def coinspaid_truth(world: World) -> dict[str, pl.DataFrame]:
    """Per currency of the account: what came and went, gross, fees, net, and how many."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for operation in crypto_operations(world):
        gross = operation.amount if operation.is_deposit else -operation.amount
        fee = sum((fee for _, fee in operation.fees), Decimal(0))
        held = sums[operation.currency]
        sums[operation.currency] = [
            held[0] + gross, held[1] + fee, held[2] + gross - fee, held[3] + 1,
        ]  # fmt: skip
    return {"coinspaid_totals": totals_frame("coinspaid", sums)}


def totals_frame(provider: str, sums: dict[str, list[Decimal]]) -> pl.DataFrame:
    """Totals of a provider by currency: gross, fee, net, events."""
    money = pl.Decimal(38, 8)
    return pl.DataFrame(
        [("demo", provider, currency, *sums[currency]) for currency in sorted(sums)],
        schema={
            "tenant_id": pl.String(), "provider": pl.String(), "currency": pl.String(),
            "gross": money, "fee": money, "net": money, "events": money,
        },
        orient="row",
    )  # fmt: skip
