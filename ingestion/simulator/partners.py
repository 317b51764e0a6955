"""Introducing brokers: their tree and their agreements."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from ingestion.simulator.clock import Window, day_of
from ingestion.simulator.crm import write_csv
from ingestion.simulator.population import Population, client_id
from ingestion.simulator.world import World

PARTNERS = (("P1", "Northgate Introducers"), ("P2", "Velm Partners"), ("P3", "Oro Referrals"),
            ("P4", "Quiet Harbour Agency"))  # fmt: skip
_DIRECT = ("P3", "P2", "P3", "P1", "", "P4", "P3", "")
"""Direct partner by client number, repeating; '' has none."""
MOVED_CLIENT = 6
DEEPEST_LEVEL = 2


@dataclass(frozen=True)
class TreeEdge:
    """A client or partner under its parent, half open."""

    child_kind: str
    child_id: str
    parent_partner_id: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Agreement:
    """What a partner is paid at a level, half open in time."""

    agreement_id: str
    partner_id: str
    level: int
    model: str
    rate: Decimal
    currency: str | None
    symbol_pattern: str
    account_group_pattern: str
    valid_from: date
    valid_to: date | None


def in_force(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day < valid_to)


def tree_edges(population: Population, window: Window) -> list[TreeEdge]:
    """P3 under P2 under P1, P4 under P1; one client moves from P3 to P2 in mid-window."""
    start = day_of(window.first) - timedelta(days=60)
    middle = day_of(window.trading_day_near(0.5))
    edges = [
        TreeEdge("partner", "P2", "P1", start, None),
        TreeEdge("partner", "P3", "P2", start, None),
        TreeEdge("partner", "P4", "P1", start, None),
    ]
    for client in range(population.clients):
        partner = _DIRECT[client % len(_DIRECT)]
        if client == MOVED_CLIENT:
            edges.append(TreeEdge("client", client_id(client), "P3", start, middle))
            edges.append(TreeEdge("client", client_id(client), "P2", middle, None))
        elif partner:
            edges.append(TreeEdge("client", client_id(client), partner, start, None))
    return edges


def agreements(window: Window) -> list[Agreement]:
    """Per lot and commission share, own clients and two override levels; P4 has none."""
    start = day_of(window.first) - timedelta(days=60)
    change = day_of(window.trading_day_near(0.6))
    book_b, book_a, every = r"real\B%", r"real\A%", "%"
    lot, share = "per_lot", "commission_share"
    terms: list[tuple[str, int, str, str, str | None, str, str, date, date | None]] = [
        ("P3", 0, lot, "6", "USD", every, book_b, start, change),
        ("P3", 0, lot, "7", "USD", every, book_b, change, None),
        ("P3", 0, share, "0.3", None, every, book_a, start, None),
        ("P2", 0, lot, "5", "USD", "EUR%", every, start, None),
        ("P2", 0, lot, "8.5", "EUR", "XAU%", every, start, None),
        ("P2", 0, share, "0.25", None, every, every, start, None),
        ("P2", 1, lot, "1.5", "USD", every, every, start, None),
        ("P1", 0, lot, "6.5", "USD", every, every, start, None),
        ("P1", 1, lot, "1", "USD", every, book_b, start, None),
        ("P1", 2, lot, "0.5", "USD", every, every, start, None),
        ("P1", 2, share, "0.05", None, every, book_a, start, None),
    ]
    return [
        Agreement(
            f"A{number:03d}", partner, level, model, Decimal(rate), currency, symbols, groups,
            valid_from, valid_to,
        )
        for number, (
            partner, level, model, rate, currency, symbols, groups, valid_from, valid_to,
        ) in enumerate(terms, start=1)
    ]  # fmt: skip


def write_partners(world: World, folder: Path) -> dict[str, int]:
    """partners.csv, partner_tree.csv, partner_agreements.csv; gives rows per table."""
    return {
        "partners": write_csv(
            folder / "partners.csv",
            ("partner_id", "client_id", "status", "name", "email"),
            (
                (number, "", "active", name, f"{number.lower()}@example.com")
                for number, name in PARTNERS
            ),
        ),
        "partner_tree": write_csv(
            folder / "partner_tree.csv",
            ("child_kind", "child_id", "parent_partner_id", "valid_from", "valid_to"),
            (astuple(edge) for edge in tree_edges(world.population, world.window)),
        ),
        "partner_agreements": write_csv(
            folder / "partner_agreements.csv",
            ("agreement_id", "partner_id", "level", "model", "rate", "currency", "symbol_pattern",
             "account_group_pattern", "valid_from", "valid_to"),
            (astuple(agreement) for agreement in agreements(world.window)),
        ),
    }  # fmt: skip
