"""Introducing brokers: their tree and their agreements."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace
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
CLAWING_PARTNER = "P3"
"""Whose agreements say that a provider's chargeback claws back by itself."""
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
    override_convention: str = ""
    tier_basis: str = ""
    tier_mode: str = ""
    clawback_on_chargeback: str = ""
    clawback_days: int | None = None


@dataclass(frozen=True)
class Tier:
    """A step of an agreement's rate, from its lower bound in lots a month."""

    agreement_id: str
    lower_bound: Decimal
    upper_bound: Decimal | None
    rate: Decimal


@dataclass(frozen=True)
class Clawback:
    """Trades of a client that pay nothing after his deposit was charged back; half open."""

    clawback_id: str
    client_id: str
    cause: str
    valid_from: date
    valid_to: date
    decided_on: date


PAYOUT_TERMS = (
    ("P1", "EUR", "bank", "period_end", 0, "0", "Northgate Introducers",
     "DE89370400440532013000", "COBADEFFXXX", ""),
    ("P2", "USD", "bank", "trade", 0, "25", "Velm Partners", "GB29NWBK60161331926819",
     "NWBKGB2L", ""),
    ("P3", "USD", "wallet", "trade", 3, "0", "Oro Referrals", "", "", "TQ5simulatedwallet0003"),
)  # fmt: skip
CLAWED_BACK_CLIENT = 1


def in_force(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day < valid_to)


def comes_by(client: int, partner: str) -> bool:
    """Whether that partner brought a client, and kept him."""
    return client != MOVED_CLIENT and _DIRECT[client % len(_DIRECT)] == partner


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
    """Per lot, commission and copy fee share, own clients and two override levels; P4 has none."""
    start = day_of(window.first) - timedelta(days=60)
    change = day_of(window.trading_day_near(0.6))
    book_b, book_a, every = r"real\B%", r"real\A%", "%"
    lot, share, copied = "per_lot", "commission_share", "copy_fee_share"
    terms: list[tuple[str, int, str, str, str | None, str, str, date, date | None]] = [
        ("P3", 0, lot, "6", "USD", every, book_b, start, change),
        ("P3", 0, lot, "7", "USD", every, book_b, change, None),
        ("P3", 0, share, "0.3", None, every, book_a, start, None),
        ("P2", 0, lot, "5", "USD", "EUR%", every, start, None),
        ("P2", 0, lot, "8.5", "EUR", "XAU%", every, start, None),
        ("P2", 0, share, "0.25", None, every, every, start, None),
        ("P2", 1, lot, "1.5", "USD", every, book_b, start, None),
        ("P1", 0, lot, "6.5", "USD", every, every, start, None),
        ("P1", 1, lot, "1", "USD", every, book_b, start, None),
        ("P1", 2, lot, "0.5", "USD", every, every, start, None),
        ("P1", 2, share, "0.05", None, every, book_a, start, None),
        ("P3", 0, copied, "0.2", None, every, every, start, None),
        ("P2", 0, copied, "0.15", None, every, every, start, None),
        ("P2", 1, copied, "0.1", None, every, every, start, None),
        ("P1", 2, copied, "0.05", "USD", every, every, start, None),
    ]
    return [
        special(
            Agreement(
                f"A{number:03d}", partner, level, model, Decimal(rate), currency, symbols, groups,
                valid_from, valid_to,
            )
        )
        for number, (
            partner, level, model, rate, currency, symbols, groups, valid_from, valid_to,
        ) in enumerate(terms, start=1)
    ]  # fmt: skip


def special(agreement: Agreement) -> Agreement:
    """The agreement with what only some have: P2's override goes by the month's lots, P1's second
    one is carved out of the direct partner's rate, P3's trades are clawed back by chargebacks, his
    shares of commission for three days back."""
    if agreement.model == "per_lot" and (agreement.partner_id, agreement.level) == ("P2", 1):
        return replace(agreement, tier_basis="closed_lots", tier_mode="retroactive")
    if agreement.model == "per_lot" and (agreement.partner_id, agreement.level) == ("P1", 2):
        return replace(agreement, override_convention="carved_out")
    if agreement.partner_id == CLAWING_PARTNER and agreement.model != "copy_fee_share":
        days = 3 if agreement.model == "commission_share" else None
        return replace(agreement, clawback_on_chargeback="true", clawback_days=days)
    return agreement


def tiers(window: Window) -> list[Tier]:
    """Two steps for each agreement that goes by lots."""
    bound, higher = Decimal(5), Decimal("0.5")
    return [
        tier
        for agreement in agreements(window)
        if agreement.tier_basis
        for tier in (
            Tier(agreement.agreement_id, Decimal(0), bound, agreement.rate),
            Tier(agreement.agreement_id, bound, None, agreement.rate + higher),
        )
    ]


def clawbacks(population: Population, window: Window) -> list[Clawback]:
    """Three days of one client, before the middle of the window."""
    if population.clients <= CLAWED_BACK_CLIENT:
        return []
    first = day_of(window.trading_day_near(0.3))
    last = first + timedelta(days=3)
    client = client_id(CLAWED_BACK_CLIENT)
    return [Clawback("CB1", client, "chargeback", first, last, last)]


def write_partners(world: World, folder: Path) -> dict[str, int]:
    """The CRM's partner tables; gives rows per table."""
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
            _names(Agreement),
            (astuple(agreement) for agreement in agreements(world.window)),
        ),
        "partner_tiers": write_csv(
            folder / "partner_tiers.csv",
            _names(Tier),
            (astuple(tier) for tier in tiers(world.window)),
        ),
        "partner_clawbacks": write_csv(
            folder / "partner_clawbacks.csv",
            _names(Clawback),
            (astuple(clawback) for clawback in clawbacks(world.population, world.window)),
        ),
        "partner_payout_terms": write_csv(
            folder / "partner_payout_terms.csv",
            ("partner_id", "payout_currency", "method", "valid_from", "conversion_date",
             "hold_days", "minimum_payout_amount", "payee_name", "iban", "bic", "wallet_address",
             "valid_to"),
            (
                (partner, currency, method, day_of(world.window.first) - timedelta(days=60),
                 *terms, "")
                for partner, currency, method, *terms in PAYOUT_TERMS
            ),
        ),
    }  # fmt: skip


def _names(shape: type[Agreement] | type[Tier] | type[Clawback]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))
