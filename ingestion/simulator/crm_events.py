"""What happened in the broker's CRM: staff, approvals, notes, log-ins, devices and bonus grants.

Every person and address is invented; IP addresses are of the ranges kept for documentation
(RFC 5737). Two clients share a device, a twentieth of the log-ins fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from ingestion.simulator.cash import CREDIT, CashOperation
from ingestion.simulator.challenges import challenge_cases, plans
from ingestion.simulator.clock import DAY_MS, MINUTE_MS, to_utc_ms
from ingestion.simulator.copy_trading import investments, strategies
from ingestion.simulator.crm import (
    classifications,
    main_amount,
    unfinished_requests,
    utc_text,
    write_csv,
)
from ingestion.simulator.market import SERVER_ID, main_currency
from ingestion.simulator.partners import (
    PARTNERS,
    PAYOUT_TERMS,
    agreements,
    clawbacks,
    tiers,
    tree_edges,
)
from ingestion.simulator.platform_clients import platform_accounts, platform_requests
from ingestion.simulator.population import client_id
from ingestion.simulator.world import World, stream

TENANT = "demo"
STAFF = (
    ("S1", "payments", "Back office", "active", "Tiva Merel"),
    ("S2", "payments", "Back office", "active", "Boro Linka"),
    ("S3", "finance", "Back office", "active", "Elno Dasa"),
    ("S4", "compliance", "Compliance", "active", "Miru Denbor"),
    ("S5", "sales", "Team South", "active", "Yuka Volta"),
    ("S6", "sales", "Team North", "left", "Saru Nokel"),
)
# From this amount on, in main units, finance looks at a withdrawal after payments did.
SECOND_LOOK = Decimal(1_000)
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_SHARED_DEVICE = (3, 8)

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class BonusGrant:
    """A bonus as the CRM has it; one that was cancelled or expired never reached the platform."""

    account: int
    status: str
    amount: Decimal
    currency: str
    granted_ms: int
    ended_ms: int | None


def bonus_grants(world: World) -> list[BonusGrant]:
    """One for each credit the platform booked, and some that were taken back before."""
    population = world.population
    grants = [
        BonusGrant(
            operation.account,
            "granted",
            main_amount(operation, population),
            main_currency(population.currency[operation.account]),
            operation.server_ms - 12 * MINUTE_MS,
            None,
        )
        for operation in world.cash.operations
        if operation.action == CREDIT and operation.amount > 0
    ]
    for number, account in enumerate(population.primary_accounts()[4:]):
        if number % 3 != 1:
            continue
        granted = (world.window.first + 3 + number % 7) * DAY_MS + 11 * 60 * MINUTE_MS
        currency = main_currency(population.currency[account])
        units = Decimal("50.50") if currency != "JPY" else Decimal(7_500)
        status = "cancelled" if number % 2 else "expired"
        grants.append(BonusGrant(account, status, units, currency, granted, granted + 5 * DAY_MS))
    return grants


def approvals(world: World) -> Rows:
    """Decisions on cash requests: card deposits pass by themselves, everything else is looked at.

    A withdrawal of SECOND_LOOK or more is looked at twice.
    """
    decisions: list[tuple[object, str, str, str, int, str]] = []
    for operation in world.cash.operations:
        if not operation.request or (operation.amount > 0 and operation.method == "card"):
            continue
        looked_ms = operation.server_ms - (2 if operation.amount > 0 else 40) * MINUTE_MS
        first = f"S{operation.request % 2 + 1}"
        when = utc_text(looked_ms)
        decisions.append((operation.request, first, "approved", when, 1, ""))
        if _is_looked_at_twice(world, operation):
            later = utc_text(looked_ms + 25 * MINUTE_MS)
            decisions.append((operation.request, "S3", "approved", later, 2, ""))
    for wire in platform_requests(world):
        looked_ms = wire.server_ms - (2 if wire.is_deposit else 40) * MINUTE_MS
        when = utc_text(looked_ms)
        decisions.append((wire.number, f"S{wire.number % 2 + 1}", "approved", when, 1, ""))
        if not wire.is_deposit and wire.amount >= SECOND_LOOK:
            later = utc_text(looked_ms + 25 * MINUTE_MS)
            decisions.append((wire.number, "S3", "approved", later, 2, ""))
    for request in unfinished_requests(world):
        number, status, asked, done = request[0], request[5], request[8], request[9]
        if status == "approved":
            decisions.append((number, "S1", "approved", str(asked), 1, "paid tomorrow"))
        elif status == "declined":
            decisions.append((number, "S1", "escalated", str(asked), 1, "card of another name"))
            decisions.append((number, "S4", "declined", str(done), 2, "see the note"))
    return [(f"AP{n:06d}", *decision) for n, decision in enumerate(decisions, start=1)]


def _is_looked_at_twice(world: World, operation: CashOperation) -> bool:
    return operation.amount < 0 and main_amount(operation, world.population) >= SECOND_LOOK


def notes(world: World) -> Rows:
    """A note on every third client, and its text with the client's name in it."""
    population = world.population
    return [
        (
            f"N{client + 1:05d}",
            client_id(client),
            f"S{5 if client % 2 else 4}",
            ("call", "kyc", "complaint")[client % 9 // 3],
            utc_text((world.window.first + 2 + client % 11) * DAY_MS + 13 * 60 * MINUTE_MS),
            f"Spoke to {population.names[client]}, who will send the document again",
        )
        for client in range(0, population.clients, 3)
    ]


def _devices_of(client: int) -> list[str]:
    own = [f"D{client + 1:05d}a"] + ([f"D{client + 1:05d}b"] if client % 4 == 1 else [])
    return [f"D{_SHARED_DEVICE[0] + 1:05d}a"] if client == _SHARED_DEVICE[1] else own


def _address(client: int) -> str:
    return f"{_NETWORKS[client % 3]}.{client % 250 + 1}"


def devices(world: World) -> Rows:
    """Each client registers its devices, the first one with the account, a second a day later."""
    population = world.population
    rows: Rows = []
    for client, account in enumerate(population.primary_accounts()):
        registered = int(population.registered_ms[account]) + 6 * MINUTE_MS
        for number, device in enumerate(_devices_of(client)):
            platform = ("Windows", "iOS", "Android")[(client + number) % 3]
            at = utc_text(registered + number * DAY_MS)
            event = (client_id(client), device, at, "registered", platform, _address(client))
            rows.append((f"E{len(rows) + 1:06d}", *event))
    return rows


def logins(world: World) -> pl.DataFrame:
    """About a log-in a client and trading day, some of them failures; columns of the CSV."""
    population, window = world.population, world.window
    rng = stream(world.seed, "logins")
    days = window.trading_days()
    active = rng.random((population.clients, len(days))) < 0.6
    client, day = np.nonzero(active)
    minute = rng.integers(7 * 60, 21 * 60, len(client))
    server_ms = days[day] * DAY_MS + minute * MINUTE_MS + rng.integers(0, 60, len(client)) * 1_000
    registered = population.registered_ms[np.array(population.primary_accounts())]
    failed = rng.random(len(client)) < 0.05
    kept = server_ms > registered[client] + 30 * MINUTE_MS
    device = np.array([_devices_of(n)[0] for n in range(population.clients)])
    ids = np.array([client_id(n) for n in range(population.clients)])
    countries = np.array(population.countries)
    addresses = np.array([_address(n) for n in range(population.clients)])
    who = client[kept]
    return (
        pl.DataFrame(
            {
                "client_id": ids[who],
                "utc_ms": to_utc_ms(server_ms[kept]),
                "result": np.where(failed[kept], "failure", "success"),
                "channel": np.where(who % 3 == 0, "web", "app"),
                "country": countries[who],
                "device_id": device[who],
                "ip_address": addresses[who],
            }
        )
        .sort("utc_ms", "client_id")
        .with_row_index("number", offset=1)
        .select(
            pl.format("L{}", pl.col("number").cast(pl.String).str.zfill(7)).alias("event_id"),
            "client_id",
            pl.from_epoch("utc_ms", time_unit="ms")
            .dt.strftime("%Y-%m-%d %H:%M:%S")
            .alias("occurred_at"),
            "result", "channel", "country", "device_id", "ip_address",
        )
    )  # fmt: skip


def _grant_rows(world: World) -> Rows:
    population = world.population
    return [
        (
            f"G{number:05d}", client_id(int(population.client[grant.account])), SERVER_ID,
            population.login[grant.account], "Welcome" if grant.status == "granted" else "Autumn",
            grant.status, grant.amount, grant.currency, utc_text(grant.granted_ms),
            None if grant.ended_ms is None else utc_text(grant.ended_ms), "S5",
        )
        for number, grant in enumerate(bonus_grants(world), start=1)
    ]  # fmt: skip


def write_crm_events(world: World, folder: Path) -> dict[str, int]:
    """Write the six files beside the CRM's others; gives rows per table."""
    made = datetime(2025, 1, 6, 9, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S")
    log = logins(world)
    folder.mkdir(parents=True, exist_ok=True)
    log.write_csv(folder / "login_events.csv")
    return {
        "login_events": log.height,
        "staff_users": write_csv(
            folder / "staff_users.csv",
            ("staff_id", "role", "team", "status", "created_at", "name", "email"),
            (
                (number, role, team, status, made, name, f"{number.lower()}@example.com")
                for number, role, team, status, name in STAFF
            ),
        ),
        "cash_approvals": write_csv(
            folder / "cash_approvals.csv",
            ("approval_id", "request_id", "staff_id", "decision", "decided_at", "step", "comment"),
            approvals(world),
        ),
        "client_notes": write_csv(
            folder / "client_notes.csv",
            ("note_id", "client_id", "staff_id", "category", "written_at", "body"),
            notes(world),
        ),
        "device_events": write_csv(
            folder / "device_events.csv",
            ("event_id", "client_id", "device_id", "occurred_at", "event", "platform",
             "ip_address"),
            devices(world),
        ),
        "bonus_grants": write_csv(
            folder / "bonus_grants.csv",
            ("grant_id", "client_id", "server_id", "login", "campaign", "status", "amount",
             "currency", "granted_at", "ended_at", "staff_id"),
            _grant_rows(world),
        ),
    }  # fmt: skip


def crm_truth(world: World) -> dict[str, pl.DataFrame]:
    """How many rows each table of the CRM has, and what the bonus grants come to."""
    population = world.population
    requested = sum(1 for operation in world.cash.operations if operation.request)
    requested += len(platform_requests(world))
    cases = challenge_cases(world)
    counts = {
        "clients": population.clients,
        "client_classifications": len(classifications(population, world.window)),
        "client_accounts": int((population.client >= 0).sum()) + len(platform_accounts(world)),
        "cash_requests": requested + len(unfinished_requests(world)),
        "partners": len(PARTNERS),
        "partner_tree": len(tree_edges(population, world.window)),
        "partner_agreements": len(agreements(world.window)),
        "partner_tiers": len(tiers(world.window)),
        "partner_payout_terms": len(PAYOUT_TERMS),
        "partner_clawbacks": len(clawbacks(population, world.window)),
        "copy_strategies": len(strategies(population, world.window, world.server_id)),
        "copy_investments": len(investments(world.window)),
        "staff_users": len(STAFF),
        "cash_approvals": len(approvals(world)),
        "client_notes": len(notes(world)),
        "login_events": logins(world).height,
        "device_events": len(devices(world)),
        "bonus_grants": len(bonus_grants(world)),
        "challenge_phases": len(plans(cases)),
        "challenges": len(cases),
    }
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for grant in bonus_grants(world):
        number, amount = sums.get((grant.currency, grant.status), (0, Decimal(0)))
        sums[grant.currency, grant.status] = (number + 1, amount + grant.amount)
    return {
        "crm_tables": pl.DataFrame(
            {"table_name": list(counts), "row_count": list(counts.values())}
        ).select(pl.lit(TENANT).alias("tenant_id"), "table_name", "row_count"),
        "crm_bonus_grants": pl.DataFrame(
            [(TENANT, *key, *value) for key, value in sorted(sums.items())],
            schema={
                "tenant_id": pl.String(),
                "currency": pl.String(),
                "status": pl.String(),
                "grants": pl.Int64(),
                "amount": pl.Decimal(38, 8),
            },
            orient="row",
        ),
    }
