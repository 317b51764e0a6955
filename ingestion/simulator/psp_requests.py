"""The client money that a payment provider carries, as every provider's files need it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import polars as pl

from ingestion.simulator.clock import to_utc_ms
from ingestion.simulator.crm import main_amount, psp_references
from ingestion.simulator.market import CURRENCY_DIGITS, main_currency
from ingestion.simulator.routing import provider_of
from ingestion.simulator.world import World

TENANT = "demo"
_DECIMAL = pl.Decimal(38, 8)


@dataclass(frozen=True)
class PspRequest:
    """A deposit or withdrawal of the CRM as its provider sees it; ``created`` is UTC seconds."""

    number: int
    reference: str
    currency: str
    amount: Decimal
    is_deposit: bool
    created: int
    account: int
    client: int


@dataclass(frozen=True)
class Movement:
    """What one entry of a provider's files does to the balance: gross less fee is net."""

    kind: str
    currency: str
    gross: Decimal
    fee: Decimal

    @property
    def net(self) -> Decimal:
        """What the balance moves by."""
        return self.gross - self.fee


def utc_seconds(server_ms: int) -> int:
    """UTC seconds of a server-clock time."""
    return int(to_utc_ms(np.array([server_ms], dtype=np.int64))[0]) // 1000


def psp_requests(world: World, provider: str) -> list[PspRequest]:
    """The requests of a provider in time order; it sees them a minute before they are booked."""
    references = psp_references(world)
    requests = [
        PspRequest(
            operation.request,
            references[operation.request],
            main_currency(world.population.currency[operation.account]),
            main_amount(operation, world.population),
            operation.amount > 0,
            utc_seconds(operation.server_ms) - 60,
            operation.account,
            int(world.population.client[operation.account]),
        )
        for operation in world.cash.operations
        if operation.request and provider_of(operation) == provider
    ]
    return sorted(requests, key=lambda request: (request.created, request.number))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in whole minor units of its currency."""
    unit = Decimal(1).scaleb(-CURRENCY_DIGITS[currency])
    return amount.quantize(unit, rounding=ROUND_HALF_UP)


def totals_frame(source: str, movements: Iterable[Movement]) -> pl.DataFrame:
    """What a provider's entries come to, by kind and currency."""
    rows = [(m.kind, m.currency, m.gross, m.fee, m.net) for m in movements]
    return (
        pl.DataFrame(
            rows,
            schema={
                "kind": pl.String,
                "currency": pl.String,
                "gross": _DECIMAL,
                "fee": _DECIMAL,
                "net": _DECIMAL,
            },
            orient="row",
        )
        .group_by("kind", "currency")
        .agg(pl.len().cast(pl.Int64).alias("entries"), pl.col("gross", "fee", "net").sum())
        .select(
            pl.lit(TENANT).alias("tenant_id"),
            pl.lit(source).alias("psp_account_id"),
            "kind",
            "currency",
            "entries",
            "gross",
            "fee",
            "net",
        )
        .sort("kind", "currency")
    )


def requests_frame(source: str, requests: Sequence[PspRequest]) -> pl.DataFrame:
    """Every request of a provider with its reference, signed as it moves the broker's money."""
    return pl.DataFrame(
        [
            (
                TENANT, source, str(r.number), r.reference, r.currency,
                r.amount if r.is_deposit else -r.amount,
            )
            for r in requests
        ],
        schema={
            "tenant_id": pl.String,
            "psp_account_id": pl.String,
            "request_id": pl.String,
            "psp_reference": pl.String,
            "currency": pl.String,
            "gross": _DECIMAL,
        },
        orient="row",
    )  # fmt: skip
