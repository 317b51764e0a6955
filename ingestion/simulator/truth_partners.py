"""The truth about partner commissions: which deal pays whom, at which level, how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from ingestion.simulator.chargebacks import Chargeback, chargebacks
from ingestion.simulator.clock import DAY_MS, day_of
from ingestion.simulator.exact_money import decimals
from ingestion.simulator.market import GROUPS, SYMBOLS, TENANT, main_currency
from ingestion.simulator.partners import (
    DEEPEST_LEVEL,
    Agreement,
    TreeEdge,
    agreements,
    clawbacks,
    in_force,
    tiers,
    tree_edges,
)
from ingestion.simulator.population import client_id
from ingestion.simulator.rates import RATE_SCALE
from ingestion.simulator.truth_copy import fees_of
from ingestion.simulator.world import World

COPY_FEE_SHARE = "copy_fee_share"
_RATE_SCALE = 10_000
"""Agreement rates have at most four decimals, so that every amount is exact."""


def _matches(pattern: str, value: str) -> bool:
    """SQL LIKE for patterns whose only wildcard is %."""
    return fnmatchcase(value.replace("\\", "/"), pattern.replace("\\", "/").replace("%", "*"))


class _Tree:
    def __init__(self, edges: list[TreeEdge]) -> None:
        self._edges: dict[tuple[str, str], list[TreeEdge]] = {}
        for edge in edges:
            self._edges.setdefault((edge.child_kind, edge.child_id), []).append(edge)

    def chain(self, client: str, day: date) -> list[str]:
        """Direct partner first, then its parents, at most three."""
        chain: list[str] = []
        kind, child = "client", client
        while len(chain) <= DEEPEST_LEVEL:
            parent = next(
                (
                    edge.parent_partner_id
                    for edge in self._edges.get((kind, child), [])
                    if in_force(edge.valid_from, edge.valid_to, day)
                ),
                None,
            )
            if parent is None:
                break
            chain.append(parent)
            kind, child = "partner", parent
        return chain


def _lines(world: World) -> Iterator[tuple[tuple[int, str, int], list[Agreement]]]:
    """Agreements in force for each (account, symbol, day) that traded, one list per level."""
    population = world.population
    tree = _Tree(tree_edges(population, world.window))
    terms = agreements(world.window)
    taken_back = clawbacks(population, world.window)
    charged_back = chargebacks(world)
    cells = _paying_deals(world).select("account", "symbol", "day").unique().sort(pl.all())
    for account, symbol, day_number in cells.iter_rows():
        client = int(population.client[account])
        if client < 0:
            continue
        day = day_of(day_number)
        if any(
            clawback.client_id == client_id(client)
            and in_force(clawback.valid_from, clawback.valid_to, day)
            for clawback in taken_back
        ):
            continue
        group = GROUPS[population.group[account]].group
        name = SYMBOLS[symbol].symbol
        for level, partner in enumerate(tree.chain(client_id(client), day)):
            found = [
                term
                for term in terms
                if term.partner_id == partner
                and term.level == level
                and term.model != COPY_FEE_SHARE
                and in_force(term.valid_from, term.valid_to, day)
                and _matches(term.symbol_pattern, name)
                and _matches(term.account_group_pattern, group)
                and not any(_claws_back(term, one, client, day) for one in charged_back)
            ]
            if found:
                yield (account, name, day_number), found


def _claws_back(term: Agreement, chargeback: Chargeback, client: int, day: date) -> bool:
    """Whether the agreement gives up what the charged-back deposit funded on that day."""
    return (
        term.clawback_on_chargeback == "true"
        and chargeback.client == client
        and chargeback.deposited <= day <= chargeback.charged_back
        and (
            term.clawback_days is None or (chargeback.charged_back - day).days <= term.clawback_days
        )
    )


def _paying_deals(world: World) -> pl.DataFrame:
    """Trades outside excluded groups that are turnover (not rollover, not variation margin)."""
    excluded = [index for index, flag in enumerate(world.population.is_excluded()) if flag]
    return world.deals.filter(
        (pl.col("action") <= 1)
        & ~pl.col("reason").is_in([6, 8])
        & ~pl.col("account").is_in(excluded)
    ).with_columns(day=pl.col("server_ms") // DAY_MS)


def commission_ledger_truth(world: World) -> pl.DataFrame:
    """Paying lines only: per lot on closed volume, share on the deal's own commission.

    A tiered agreement pays the rate of the month's lots; a carved-out override comes off the direct
    partner's amount per lot of the same deal and currency, or pays nothing where there is none.
    """
    population = world.population
    symbols = {spec.symbol: index for index, spec in enumerate(SYMBOLS)}
    terms = pl.DataFrame(
        [
            (
                account, symbols[name], day, term.partner_id, term.level, term.model,
                int(term.rate * _RATE_SCALE),
                term.currency or main_currency(population.currency[account]),
                term.agreement_id, day_of(day).strftime("%Y-%m"),
                term.override_convention == "carved_out",
            )
            for (account, name, day), found in _lines(world)
            for term in found
        ],
        schema={"account": pl.Int64, "symbol": pl.Int64, "day": pl.Int64, "partner_id": pl.String,
                "level": pl.Int64, "model": pl.String, "rate": pl.Int64, "currency": pl.String,
                "agreement_id": pl.String, "month": pl.String, "is_carved": pl.Boolean},
        orient="row",
    )  # fmt: skip
    deals = _paying_deals(world).select(
        "account", "symbol", "day", "deal", "closed_volume", "commission"
    )
    per_lot = pl.col("model") == "per_lot"
    lines = deals.join(terms, on=["account", "symbol", "day"]).filter(
        (per_lot & (pl.col("closed_volume") > 0)) | (~per_lot & (pl.col("commission") < 0))
    )
    # Lots are hundredths and rates 1e-4; money is minor units: both become integers of 1e-8.
    account = lines["account"].to_numpy()
    base = np.where(
        lines["model"].to_numpy() == "per_lot",
        lines["closed_volume"].to_numpy() * 100,
        -lines["commission"].to_numpy() * 10 ** (4 - population.currency_digits[account]),
    )
    base = base // population.cents[account]
    lines = _tiered(world, lines.with_columns(base=pl.Series(base)))
    lines = _carved(lines.with_columns(amount=pl.col("base") * pl.col("rate")))
    traded = lines.select(
        pl.lit(world.server_id).alias("server_id"),
        "deal", "partner_id", "level", "model",
        decimals(lines["amount"].to_numpy(), 24).alias("amount"),
        "currency",
    )  # fmt: skip
    shared = pl.DataFrame(list(_copy_fee_shares(world)), schema=traded.schema, orient="row")
    return pl.concat([traded, shared]).sort("deal", "level", "partner_id", "model")


def _copy_fee_shares(world: World) -> Iterator[tuple[str, int, str, int, str, Decimal, str]]:
    """Each copy fee on an investor's account, shared with the partners above him on its day."""
    if world.tenant != TENANT:
        return
    population = world.population
    tree = _Tree(tree_edges(population, world.window))
    comments = [fee.comment for fee in fees_of(world)]
    charged = world.deals.filter(pl.col("comment").is_in(comments))
    for row in charged.select("deal", "account", "server_ms", "profit").iter_rows(named=True):
        account, day_number = row["account"], row["server_ms"] // DAY_MS
        day, code = day_of(day_number), population.currency[account]
        fee = Decimal(-row["profit"]).scaleb(-int(population.currency_digits[account]))
        chain = tree.chain(client_id(int(population.client[account])), day)
        for level, partner in enumerate(chain):
            for term in agreements(world.window):
                if (
                    (term.partner_id, term.level, term.model) == (partner, level, COPY_FEE_SHARE)
                    and in_force(term.valid_from, term.valid_to, day)
                    and _matches(
                        term.account_group_pattern, GROUPS[population.group[account]].group
                    )
                ):
                    currency = term.currency or main_currency(code)
                    cross = world.rates.scaled_cross(main_currency(code), currency, day_number)
                    base = fee / int(population.cents[account]) * cross / RATE_SCALE
                    amount = (base * term.rate).quantize(Decimal("1e-8"), ROUND_HALF_UP)
                    yield (world.server_id, row["deal"], partner, level, COPY_FEE_SHARE,
                           amount, currency)  # fmt: skip


def _tiered(world: World, lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of a tiered agreement at the rate that the lots of their month reach."""
    for agreement in {tier.agreement_id for tier in tiers(world.window)}:
        steps = [tier for tier in tiers(world.window) if tier.agreement_id == agreement]
        own = pl.col("agreement_id") == agreement
        reached = lines.filter(own).group_by("month").agg(pl.col("base").sum())
        for month, lots in reached.iter_rows():
            # a base is in 1e-4 lots
            rate = max(
                (step.lower_bound, step.rate)
                for step in steps
                if step.lower_bound * _RATE_SCALE <= lots
            )[1]
            lines = lines.with_columns(
                rate=pl.when(own & (pl.col("month") == month))
                .then(int(rate * _RATE_SCALE))
                .otherwise(pl.col("rate"))
            )
    return lines


def _carved(lines: pl.DataFrame) -> pl.DataFrame:
    """What carved-out overrides take comes off the direct partner's line."""
    key = ["deal", "model", "currency"]
    taken = (
        lines.filter("is_carved")
        .join(lines.filter(pl.col("level") == 0).select(key), on=key, how="semi")
        .select(*key, "level", taken="amount")
    )
    off = (
        taken.group_by(key)
        .agg(off=pl.col("taken").sum())
        .with_columns(level=pl.lit(0).cast(pl.Int64))
    )
    return (
        lines.join(off, on=[*key, "level"], how="left")
        .with_columns(amount=pl.col("amount") - pl.col("off").fill_null(0))
        .join(taken.select(*key, "level", kept=pl.lit(True)), on=[*key, "level"], how="left")
        .filter(~pl.col("is_carved") | pl.col("kept").fill_null(False))
        .filter(pl.col("amount") != 0)
    )
