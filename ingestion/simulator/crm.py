"""The broker's CRM as CSV: clients, links, cash requests, partners, tree and agreements."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from ingestion.simulator.cash import CashOperation
from ingestion.simulator.clock import DAY_MS, MINUTE_MS, Window, day_of, to_utc_ms
from ingestion.simulator.market import (
    CURRENCY_DIGITS,
    GROUPS,
    main_currency,
    money_divisor,
)
from ingestion.simulator.population import Population, client_id
from ingestion.simulator.routing import (
    ADYEN,
    BANK,
    COINSPAID,
    PAYPAL,
    STRIPE,
    WALLET,
    provider_of,
)
from ingestion.simulator.world import World, stream

Rows = list[Sequence[object]]


def utc_text(server_ms: int) -> str:
    """ISO UTC text (no zone) of a server-clock time."""
    utc = int(to_utc_ms(np.array([server_ms], dtype=np.int64))[0])
    return datetime.fromtimestamp(utc // 1000, UTC).replace(tzinfo=None).isoformat(" ")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a UTF-8 CSV with a header; gives the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(["" if value is None else value for value in row])
            count += 1
    return count


def main_amount(operation: CashOperation, population: Population) -> Decimal:
    """The amount as the client sees it: main currency, cents of a cent account divided out."""
    currency = GROUPS[population.group[operation.account]].currency
    units = Decimal(abs(operation.amount)).scaleb(-CURRENCY_DIGITS[currency])
    return units / money_divisor(currency)


@dataclass(frozen=True)
class Classification:
    """A dated client classification, half open."""

    client: int
    classification: str
    valid_from: date
    valid_to: date | None


def classifications(population: Population, window: Window) -> list[Classification]:
    """Retail by default; every ninth client professional, some of those only from mid-window."""
    middle = day_of(window.trading_day_near(0.5))
    start = day_of(window.first) - timedelta(days=30)
    rows: list[Classification] = []
    for client in range(population.clients):
        if client % 9 == 6:
            rows.append(Classification(client, "retail", start, middle))
            rows.append(Classification(client, "professional", middle, None))
        elif client % 9 == 8:
            rows.append(Classification(client, "professional", start, None))
        else:
            rows.append(Classification(client, "retail", start, None))
    return rows


def classification_on(rows: list[Classification], client: int, day: date) -> str:
    """The classification in force; '' if none."""
    for row in rows:
        begun = row.client == client and row.valid_from <= day
        if begun and (row.valid_to is None or day < row.valid_to):
            return row.classification
    return ""


def psp_references(world: World) -> dict[int, str]:
    """The provider's reference per request id, in the provider's own form; '' for a wire."""
    rng = stream(world.seed, "references")
    alphabet = np.array(list("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"))
    references: dict[int, str] = {}
    for operation in world.cash.operations:
        if not operation.request:
            continue
        token = "".join(rng.choice(alphabet, 20))
        deposit = operation.amount > 0
        references[operation.request] = {
            STRIPE: ("ch_" if deposit else "re_") + token,
            ADYEN: token[:16].upper(),
            PAYPAL: token[:17].upper(),
            COINSPAID: f"{operation.request}{len(references):04d}",
            WALLET: f"W{operation.request}",
            BANK: "" if deposit else "po_" + token,
        }[provider_of(operation)]
    return references


def _cash_requests(world: World) -> Rows:
    population, references = world.population, psp_references(world)
    rows: Rows = []
    for operation in world.cash.operations:
        if not operation.request:
            continue
        deposit = operation.amount > 0
        asked = operation.server_ms - (4 if deposit else 95) * MINUTE_MS
        rows.append(
            (
                operation.request, client_id(int(population.client[operation.account])),
                world.server_id, population.login[operation.account],
                "deposit" if deposit else "withdrawal",
                "processed", main_amount(operation, population),
                main_currency(population.currency[operation.account]), utc_text(asked),
                utc_text(operation.server_ms), operation.method,
                provider_of(operation), references[operation.request],
            )
        )  # fmt: skip
    return rows + unfinished_requests(world)


def unfinished_requests(world: World) -> Rows:
    """Pending, approved and declined requests: they must move nothing."""
    population, window = world.population, world.window
    number = world.cash.next_request
    rows: Rows = []
    cases = (
        ("withdrawal", "requested", 40), ("deposit", "declined", 600),
        ("withdrawal", "declined", 55), ("withdrawal", "approved", 35),
    )  # fmt: skip
    for index, (kind, status, amount) in enumerate(cases):
        account = population.primary_accounts()[4 + index]
        asked = (window.last - index) * DAY_MS + 15 * 60 * MINUTE_MS
        done = utc_text(asked + 30 * MINUTE_MS) if status == "declined" else None
        currency = main_currency(population.currency[account])
        units = amount * (150 if currency == "JPY" else 1)
        rows.append(
            (
                number + index, client_id(int(population.client[account])), world.server_id,
                population.login[account], kind, status, Decimal(units), currency,
                utc_text(asked), done, "card", "stripe", "",
            )
        )  # fmt: skip
    return rows


def write_crm(
    world: World, folder: Path, other_accounts: Rows, other_requests: Rows
) -> dict[str, int]:
    """Write clients, classifications, links and requests; gives rows per table.

    Args:
        world: the tenant's broker.
        folder: the CRM's.
        other_accounts: rows of client_accounts about servers beside the main one.
        other_requests: rows of cash_requests about them.
    """
    population, window = world.population, world.window
    first = population.primary_accounts()
    registered = [int(population.registered_ms[account]) for account in first]
    birth = date(1960, 1, 1)
    counts = {
        "clients": write_csv(
            folder / "clients.csv",
            ("client_id", "country", "residence_country", "registered_at", "status", "kyc_status",
             "risk_class", "name", "birth_date", "email", "phone", "address"),
            (
                (
                    client_id(n), population.countries[n], population.countries[n],
                    utc_text(registered[n]), "active", "approved" if n % 11 else "review",
                    ("low", "medium", "low", "high")[n % 4], population.names[n],
                    birth + timedelta(days=411 * (n % 37)), f"{client_id(n).lower()}@example.com",
                    f"+000000{10_001 + n}", f"{n % 90 + 1} Example Street",
                )
                for n in range(population.clients)
            ),
        ),
        "client_classifications": write_csv(
            folder / "client_classifications.csv",
            ("client_id", "classification", "valid_from", "valid_to"),
            (
                (client_id(row.client), row.classification, row.valid_from, row.valid_to)
                for row in classifications(population, window)
            ),
        ),
        "client_accounts": write_csv(
            folder / "client_accounts.csv",
            ("client_id", "server_id", "login", "valid_from"),
            (
                *(
                    (client_id(int(client)), world.server_id, login, day_of(int(when) // DAY_MS))
                    for client, login, when in zip(
                        population.client, population.login, population.registered_ms, strict=True
                    )
                    if client >= 0
                ),
                *other_accounts,
            ),
        ),
        "cash_requests": write_csv(
            folder / "cash_requests.csv",
            ("request_id", "client_id", "server_id", "login", "kind", "status", "amount",
             "currency", "requested_at", "processed_at", "method", "psp", "psp_reference"),
            [*_cash_requests(world), *other_requests],
        ),
    }  # fmt: skip
    return counts
