"""What a CRM's challenge tables must satisfy beyond types; each rule names what it refuses."""

from __future__ import annotations

from itertools import groupby

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.crm.rules import overlapping, refusals, refused

_RATES = (
    "profit_target_rate", "daily_loss_rate", "total_loss_rate", "profit_split_rate",
    "scaling_profit_rate", "scaling_step_rate",
)  # fmt: skip
_AT_LEAST_ONE = ("phase", "maximum_days", "scaling_months")
_SCALING = ("scaling_months", "scaling_profit_rate", "scaling_step_rate")


def rates_are_ratios(rows: pl.DataFrame) -> pl.DataFrame:
    """A rate lies between 0 and 1; days, months and a cap are what can be counted or paid."""
    found = [
        refused(
            rows.filter(~pl.col(name).is_between(0, 1)),
            name,
            f"{name} is not between 0 and 1: 5 % is 0.05",
        )
        for name in _RATES
    ]
    found += [
        refused(rows.filter(pl.col(name) < 1), name, f"{name} is below 1") for name in _AT_LEAST_ONE
    ]
    found += [
        refused(
            rows.filter(pl.col("minimum_trading_days") < 0),
            "minimum_trading_days",
            "minimum_trading_days is negative",
        ),
        refused(
            rows.filter(pl.col("scaling_cap_amount") <= 0),
            "scaling_cap_amount",
            "scaling_cap_amount is not above 0",
        ),
    ]
    return pl.concat(found).unique(ROW, keep="first", maintain_order=True)


def limits_have_a_basis(rows: pl.DataFrame) -> pl.DataFrame:
    """A loss limit says what it is a part of, and a basis of what it is the limit."""
    found = []
    for limit in ("daily_loss", "total_loss"):
        rate, basis = pl.col(f"{limit}_rate"), pl.col(f"{limit}_basis")
        found += [
            refused(
                rows.filter(rate.is_not_null() & basis.is_null()),
                f"{limit}_basis",
                f"{limit}_rate needs {limit}_basis",
            ),
            refused(
                rows.filter(rate.is_null() & basis.is_not_null()),
                f"{limit}_rate",
                f"{limit}_basis without {limit}_rate",
            ),
        ]
    return pl.concat(found).unique(ROW, keep="first", maintain_order=True)


def targets_have_no_split(rows: pl.DataFrame) -> pl.DataFrame:
    """A phase with a target is passed by a day, one without pays: never both."""
    has_target = pl.col("profit_target_rate").is_not_null()
    split = rows.filter(has_target & pl.col("profit_split_rate").is_not_null())
    endless = rows.filter(~has_target & pl.col("maximum_days").is_not_null())
    return pl.concat(
        [
            refused(split, "profit_split_rate", "a phase with a profit target splits no profit"),
            refused(endless, "maximum_days", "maximum_days without a profit target to reach"),
        ]
    )


def scaling_is_stated_whole(rows: pl.DataFrame) -> pl.DataFrame:
    """Scaling says after how many months, for which profit and by how much; a cap goes with it."""
    stated = pl.sum_horizontal(pl.col(name).is_not_null() for name in _SCALING)
    half = rows.filter(stated.is_between(1, len(_SCALING) - 1))
    bare = rows.filter((stated == 0) & pl.col("scaling_cap_amount").is_not_null())
    return pl.concat(
        [
            refused(half, "scaling_months", f"{', '.join(_SCALING)} go together"),
            refused(bare, "scaling_cap_amount", "scaling_cap_amount without scaling"),
        ]
    )


def periods_do_not_overlap(rows: pl.DataFrame) -> pl.DataFrame:
    """Of versions of a plan's phase whose times overlap, the one that starts later is refused."""
    return overlapping(
        rows,
        ("plan_id", "phase"),
        lambda held: f"overlaps the same phase of the plan from {held['valid_from']}",
    )


def phases_have_no_hole(rows: pl.DataFrame) -> pl.DataFrame:
    """The phases of a plan are numbered 1, 2, 3; else all are refused.

    Who passed the phase before a hole would have nowhere to go.
    """
    found: list[tuple[int, str, str]] = []
    ordered = rows.sort("plan_id", "phase", "valid_from", ROW).iter_rows(named=True)
    for plan, group in groupby(ordered, key=lambda row: row["plan_id"]):
        versions = list(group)
        numbers = {row["phase"] for row in versions}
        missing = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
        if missing <= max(numbers):
            reason = f"plan {plan} has no phase {missing}"
            found += [(row[ROW], "phase", reason) for row in versions]
    return refusals(found)


def amounts_are_above_zero(rows: pl.DataFrame) -> pl.DataFrame:
    """A challenge begins with money, in a phase that is counted from 1."""
    return pl.concat(
        [
            refused(
                rows.filter(pl.col("initial_balance_amount") <= 0),
                "initial_balance_amount",
                "initial_balance_amount is not above 0",
            ),
            refused(rows.filter(pl.col("phase") < 1), "phase", "phase is below 1"),
        ]
    ).unique(ROW, keep="first", maintain_order=True)


def accounts_have_one_challenge(rows: pl.DataFrame) -> pl.DataFrame:
    """An account is in one challenge at a time; the one that starts later is refused."""
    return overlapping(
        rows,
        ("server_id", "login"),
        lambda held: f"the account is in another challenge from {held['valid_from']}",
    )
