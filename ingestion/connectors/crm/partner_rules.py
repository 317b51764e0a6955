"""What a CRM's partner tables must satisfy beyond their types; each rule names what it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.crm.rules import overlapping, refusals, refused

_AGREEMENT = ("partner_id", "level", "model", "symbol_pattern", "account_group_pattern")
_AMOUNTS_EACH = ("per_lot", "per_million", "cpa")
_NOT_NEGATIVE = (
    "rate", "lot_ratio", "hybrid_ratio", "markup_points", "spread_cap_points", "trade_cap_amount",
    "period_cap_amount", "minimum_seconds", "activity_minimum_lots",
)  # fmt: skip
_ENDLESS = dt.date.max


def amounts_have_currency(rows: pl.DataFrame) -> pl.DataFrame:
    """An amount per lot, per million or per client says in which currency; so does a cap."""
    bare = rows.filter(pl.col("currency").is_null())
    rate = bare.filter(pl.col("model").is_in(_AMOUNTS_EACH))
    capped = bare.filter(
        ~pl.col("model").is_in(_AMOUNTS_EACH)
        & (pl.col("trade_cap_amount").is_not_null() | pl.col("period_cap_amount").is_not_null())
    )
    return pl.concat(
        [
            refused(rate, "currency", pl.format("a {} rate needs a currency", pl.col("model"))),
            refused(capped, "currency", "a cap needs a currency"),
        ]
    )


def shares_are_ratios(rows: pl.DataFrame) -> pl.DataFrame:
    """A share, and the part of a hybrid, lie between 0 and 1."""
    share = rows.filter(~pl.col("model").is_in(_AMOUNTS_EACH) & (pl.col("rate") > 1))
    hybrid = rows.filter(pl.col("hybrid_ratio") > 1).join(share, on=ROW, how="anti")
    return pl.concat(
        [
            refused(share, "rate", pl.format("a {} above 1 is no share", pl.col("model"))),
            refused(hybrid, "hybrid_ratio", "hybrid_ratio is above 1"),
        ]
    )


def amounts_are_not_negative(rows: pl.DataFrame) -> pl.DataFrame:
    """Nothing that an agreement states is below zero."""
    found = [
        refused(rows.filter(pl.col(name) < 0), name, f"{name} is negative")
        for name in (*_NOT_NEGATIVE, "level")
    ]
    return pl.concat(found).unique(ROW, keep="first", maintain_order=True)


def models_have_their_terms(rows: pl.DataFrame) -> pl.DataFrame:
    """A share of the mark-up states the mark-up; net deposits are what CPA alone is laddered by;
    a share of copy fees has no trades to count tiers by."""
    markup = rows.filter((pl.col("model") == "markup_share") & pl.col("markup_points").is_null())
    ladder = (pl.col("tier_basis") == "net_deposit").fill_null(False)
    wrong = rows.filter((pl.col("model") == "cpa") != ladder)
    tiered = rows.filter(
        (pl.col("model") == "copy_fee_share") & pl.col("tier_basis").is_not_null() & ~ladder
    )
    return pl.concat(
        [
            refused(markup, "markup_points", "a markup_share needs markup_points"),
            refused(
                wrong,
                "tier_basis",
                pl.format(
                    "a {} agreement with tier_basis {}: cpa, and only cpa, goes by net_deposit",
                    pl.col("model"),
                    pl.col("tier_basis").fill_null("none"),
                ),
            ),
            refused(tiered, "tier_basis", "a copy_fee_share has no tiers: a fee has no lots"),
        ]
    )


def overrides_have_a_level(rows: pl.DataFrame) -> pl.DataFrame:
    """What is carved out of a sub-partner's rate is an override: nobody stands below level 0."""
    return refused(
        rows.filter((pl.col("override_convention") == "carved_out") & (pl.col("level") == 0)),
        "override_convention",
        "carved_out at level 0: there is no sub-partner to carve it out of",
    )


def tiers_are_stated_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """Tiers have a basis and a mode; active clients are known at the month's end only."""
    half = rows.filter(
        (pl.col("tier_basis").is_null() != pl.col("tier_mode").is_null())
        & (pl.col("model") != "cpa")
    )
    early = rows.filter(
        (pl.col("tier_basis") == "active_clients") & (pl.col("tier_mode") == "marginal")
    )
    return pl.concat(
        [
            refused(half, "tier_mode", "tier_basis and tier_mode go together"),
            refused(early, "tier_mode", "tiers by active_clients can only be retroactive"),
        ]
    )


def clawbacks_are_stated_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """How far a chargeback reaches back is a number of days, and said where one claws back."""
    stated = rows.filter(pl.col("clawback_days").is_not_null())
    idle = stated.filter(~pl.col("clawback_on_chargeback").fill_null(False))
    short = stated.filter(pl.col("clawback_days") < 1).join(idle, on=ROW, how="anti")
    return pl.concat(
        [
            refused(
                idle,
                "clawback_days",
                "clawback_days without clawback_on_chargeback: no chargeback claws anything back; "
                "set clawback_on_chargeback, or leave clawback_days empty",
            ),
            refused(
                short,
                "clawback_days",
                pl.format(
                    "clawback_days is {}: give 1 or more, or leave it empty for all days since "
                    "the deposit",
                    pl.col("clawback_days"),
                ),
            ),
        ]
    )


def agreements_do_not_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """Of agreements on the same thing whose times overlap, the one that starts later is refused."""
    return overlapping(
        rows,
        _AGREEMENT,
        lambda held: (
            f"overlaps agreement {held['agreement_id']} on the same partner, level and patterns"
        ),
    )


def tiers_have_no_hole(rows: pl.DataFrame) -> pl.DataFrame:
    """The tiers of an agreement follow one another from 0 without end; else all are refused.

    Half a table of tiers would pay by a rate nobody agreed on.
    """
    ordered = rows.sort("agreement_id", "lower_bound")
    found: list[tuple[int, str, str]] = []
    for agreement, group in groupby(
        ordered.iter_rows(named=True), key=lambda row: row["agreement_id"]
    ):
        tiers = list(group)
        fault = _fault_of_tiers(tiers)
        if fault is not None:
            column, reason = fault
            found += [(row[ROW], column, f"tiers of {agreement}: {reason}") for row in tiers]
    return refusals(found)


def _fault_of_tiers(tiers: list[dict[str, Any]]) -> tuple[str, str] | None:
    reached: Decimal | None = Decimal(0)
    for row in tiers:
        lower: Decimal = row["lower_bound"]
        upper: Decimal | None = row["upper_bound"]
        if reached is None:
            return "upper_bound", f"the tier before {_short(lower)} has no end"
        if lower != reached:
            kind = "a hole" if lower > reached else "an overlap"
            first, last = sorted((reached, lower))
            return "lower_bound", f"{kind} from {_short(first)} to {_short(last)}"
        if upper is not None and upper <= lower:
            return "upper_bound", f"the tier from {_short(lower)} ends before it begins"
        reached = upper
    if reached is not None:
        return "upper_bound", f"nothing is agreed above {_short(reached)}"
    return None


def _short(bound: object) -> str:
    assert isinstance(bound, Decimal)
    return f"{bound.normalize():f}"


class _Link(NamedTuple):
    row: int
    child: str
    parent: str
    valid_from: dt.date
    valid_to: dt.date


def tree_has_no_cycle(rows: pl.DataFrame) -> pl.DataFrame:
    """No partner stands above himself on any day; the link that closes the circle is refused."""
    links = [
        _Link(row[ROW], row["child_id"], row["parent_partner_id"], row["valid_from"],
              row["valid_to"] or _ENDLESS)
        for row in rows.filter(pl.col("child_kind") == "partner")
        .sort("valid_from", ROW)
        .iter_rows(named=True)
    ]  # fmt: skip
    above: dict[str, list[_Link]] = {}
    found: list[tuple[int, str, str]] = []
    for link in links:
        circle = next(_circles(above, link, [link.child]), None)
        if circle is None:
            above.setdefault(link.child, []).append(link)
        else:
            reason = f"a circle from {link.valid_from}: {' > '.join(circle)}"
            found.append((link.row, "parent_partner_id", reason))
    return refusals(found)


def _circles(above: dict[str, list[_Link]], link: _Link, path: list[str]) -> Iterator[list[str]]:
    """The ways up through ``link``, in force on a common day, that come back to its child."""
    if link.parent == path[0]:
        yield [*path, link.parent]
        return
    if link.parent in path:
        return
    for higher in above.get(link.parent, []):
        first = max(link.valid_from, higher.valid_from)
        last = min(link.valid_to, higher.valid_to)
        if first < last:
            both = higher._replace(valid_from=first, valid_to=last)
            yield from _circles(above, both, [*path, link.parent])


def ibans_are_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """An IBAN's check digits are right (ISO 13616: modulo 97 is 1)."""
    found = [
        (number, "iban", "the check digits of the IBAN are wrong")
        for number, iban in rows.select(ROW, "iban").drop_nulls("iban").iter_rows()
        if not _is_iban(iban.replace(" ", "").upper())
    ]
    return refusals(found)


def _is_iban(iban: str) -> bool:
    if not (15 <= len(iban) <= 34 and iban.isalnum() and iban.isascii()):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
