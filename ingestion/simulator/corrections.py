"""The second act: deals of closed days are edited, deleted and added, and the platform restates.

Rows of the days that were closed stay as they were; from the next day on the platform's daily
rows, users and accounts state the corrected balance.
"""

from __future__ import annotations

import polars as pl

from ingestion.simulator.cash import CHARGE, CORRECTION, at
from ingestion.simulator.clock import DAY_MS, day_of, to_filetime
from ingestion.simulator.deals import FIRST_DEAL
from ingestion.simulator.errors import SimulationError
from ingestion.simulator.planted import restatable_day
from ingestion.simulator.platform_reference import platform_tables
from ingestion.simulator.population import FIRST_ORDINARY
from ingestion.simulator.restatements import Restatement, edit_one_deal
from ingestion.simulator.tables import TABLES, TableSpec
from ingestion.simulator.world import World
from ingestion.simulator.writers import PlatformDatabase, open_engine, physical_tables

LATE_ACCOUNT = FIRST_ORDINARY + 3
LATE_AMOUNT = 4_321


def correct_past(world: World) -> tuple[World, list[str]]:
    """The broker after its past was changed, and one sentence per change.

    Raises:
        SimulationError: too little trading for a deal to edit.
    """
    moment = at(world.window.last + 1, 3, 15)
    touched = frozenset(item.account for item in world.restatements)
    deals, edited = edit_one_deal(
        world.deals, world.population, world.window, fraction=0.3, modify_flags=2,
        shift_points=-42, changed_ms=moment, avoid=touched | {LATE_ACCOUNT},
    )  # fmt: skip
    deals, deleted, gone = _delete_charge(deals)
    deals, late, added = _add_late_correction(world, deals, moment + 60_000)
    login = world.population.login
    notes = [
        f"{text} of login {login[item.account]} on {day_of(item.day)}"
        for text, item in (
            ("edited a closing deal", edited),
            (f"deleted deal {gone}", deleted),
            (f"added late deal {added}", late),
        )
    ]
    return world.with_deals(deals, [edited, deleted, late]), notes


def _delete_charge(deals: pl.DataFrame) -> tuple[pl.DataFrame, Restatement, int]:
    """A charge waived after the fact: its deal is gone from the platform."""
    found = deals.filter((pl.col("action") == CHARGE) & (pl.col("account") == FIRST_ORDINARY))
    if found.is_empty():
        raise SimulationError("No charge is left to delete.", todo="simulate afresh")
    row = found.row(0, named=True)
    restatement = Restatement(
        row["account"], row["server_ms"] // DAY_MS, "charges", row["profit"], "deleted_deal"
    )
    return deals.filter(pl.col("deal") != row["deal"]), restatement, row["deal"]


def _add_late_correction(
    world: World, deals: pl.DataFrame, moment: int
) -> tuple[pl.DataFrame, Restatement, int]:
    """A correction booked today for a day long closed."""
    day = restatable_day(world.window, 0.7)
    number = int(deals["deal"].to_numpy().max(initial=FIRST_DEAL)) + 1
    row = {name: 0 if kind != pl.String else "" for name, kind in deals.schema.items()} | {
        "deal": number,
        "arrival_ms": moment,
        "changed_ms": moment,
        "server_ms": at(day, 16, 20),
        "account": LATE_ACCOUNT,
        "login": int(world.population.login[LATE_ACCOUNT]),
        "action": CORRECTION,
        "reason": 2,
        "symbol": -1,
        "profit": LATE_AMOUNT,
        "position": -1,
        "comment": "Late correction",
    }
    added = pl.DataFrame([row], schema=deals.schema)
    restatement = Restatement(LATE_ACCOUNT, day, "corrections", -LATE_AMOUNT, "late_deal")
    return pl.concat([deals, added]), restatement, number


def _changes(
    spec: TableSpec, before: pl.DataFrame, after: pl.DataFrame, stamp: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of ``before`` to take away and rows of ``after`` to put in their place."""
    old = before.join(after, on=before.columns, how="anti")
    new = after.join(before, on=after.columns, how="anti")
    if spec.name in ("mt5_daily", "mt5_users") and not new.is_empty():
        new = new.with_columns(Timestamp=stamp + pl.int_range(pl.len(), dtype=pl.Int64))
    return old, new


def apply_corrections(url: str, before: World, after: World, *, by_year: bool) -> dict[str, int]:
    """Write the difference between two states of a broker; gives changed rows per table."""
    old_tables, new_tables = platform_tables(before), platform_tables(after)
    moment = at(before.window.last + 1, 3, 20)
    stamp = int(to_filetime(pl.Series([moment]).to_numpy())[0])
    rows: dict[str, int] = {}
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            database = PlatformDatabase(connection)
            for spec in TABLES:
                if spec.name == "mt5_orders_history":
                    continue  # an order keeps the price it was filled at
                old, new = _changes(spec, old_tables[spec.name], new_tables[spec.name], stamp)
                split = by_year and spec.name == "mt5_deals"
                parts = physical_tables(spec, old, split)
                for name, added in physical_tables(spec, new, split).items():
                    parts.setdefault(name, old.clear())
                    rows[spec.name] = rows.get(spec.name, 0) + database.replace_rows(
                        spec, name, parts.pop(name), added
                    )
                for name, gone in parts.items():
                    rows[spec.name] = rows.get(spec.name, 0) + database.replace_rows(
                        spec, name, gone, new.clear()
                    )
    finally:
        engine.dispose()
    return {name: count for name, count in rows.items() if count}
