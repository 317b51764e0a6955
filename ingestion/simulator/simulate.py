"""Runs a simulation: sources, reference files, configuration and truth under one folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ingestion.simulator.broker import mt5_file, write_broker, write_configuration
from ingestion.simulator.clock import day_of
from ingestion.simulator.corrections import apply_corrections, correct_past
from ingestion.simulator.crm import write_crm
from ingestion.simulator.days import AccountDays
from ingestion.simulator.errors import SimulationError
from ingestion.simulator.market import SERVER_ID, WHITE_LABEL, WHITE_LABEL_SERVER
from ingestion.simulator.partners import write_partners
from ingestion.simulator.platform_clients import account_rows, request_rows
from ingestion.simulator.platform_orders import pending_orders_truth
from ingestion.simulator.platform_reference import platform_tables
from ingestion.simulator.population import LEAST_ACCOUNTS
from ingestion.simulator.systems import SYSTEMS
from ingestion.simulator.tables import TABLES
from ingestion.simulator.truth_alerts import alerts_truth
from ingestion.simulator.truth_books import account_days_truth, breaks_truth, statements_truth
from ingestion.simulator.truth_challenges import (
    challenge_days_truth,
    challenge_payouts_truth,
    challenges_truth,
)
from ingestion.simulator.truth_copy import copy_fees_truth
from ingestion.simulator.truth_hedging import hedged_pnl_truth
from ingestion.simulator.truth_losing import losing_accounts_truth
from ingestion.simulator.truth_partners import commission_ledger_truth
from ingestion.simulator.truth_pnl import daily_pnl_truth
from ingestion.simulator.world import World, build_world
from ingestion.simulator.writers import write_tables

Progress = Callable[[str, float], None]

RECORD_FILE = "simulation.json"


@dataclass(frozen=True)
class SimulationSummary:
    """What was simulated. Seconds are wall-clock and differ from run to run; rows do not."""

    rows: dict[str, int]
    paths: dict[str, Path]
    first_day: str
    last_day: str
    generate_seconds: float
    write_seconds: float
    corrected: list[str] = field(default_factory=list)
    """One sentence per change of the past, when corrections were asked for."""


def simulate(
    seed: int, days: int, accounts: int, out: Path, database_url: str | None = None,
    corrections: bool = False, deals_per_day: float | None = None,
    progress: Progress | None = None, *, target_deals: int | None = None,
    deals_by_year: bool = False, indexes: bool = True, truth: bool = True,
    white_label: bool = True,
) -> SimulationSummary:  # fmt: skip
    """Simulate a broker into a folder; the same arguments give the same rows and truth bytes.

    Args:
        seed: 0 or more.
        days: calendar days that end on 2026-10-30; at least 16.
        accounts: client accounts, at least 12; four house and orphan accounts come on top.
        out: folder that receives the sources, ``truth/`` and ``daybook.toml``.
        database_url: SQLAlchemy URL (PostgreSQL, MariaDB, MySQL, SQLite) for the platform's
            tables; without it they go to ``out/mt5_live.sqlite``. It is never written to a file.
        corrections: change the past of a broker that is already in ``out``: one deal edited, one
            deleted, one late, with the platform's own restatement.
        deals_per_day: trade deals per account and trading day, 4 by default.
        progress: called with what is being done and the share of it that is done.
        target_deals: about how many trade deals in all; wins over ``deals_per_day``.
        deals_by_year: write mt5_deals_YYYY instead of mt5_deals.
        indexes: put an index on the Timestamp columns (MT5 itself does not).
        truth: write ``truth/``; benchmarks may do without.
        white_label: a second tenant with a trading server, CRM and books of its own, a quarter of
            the size and with the same logins and client ids; its files lie under ``out/aurora``.

    Raises:
        SimulationError: too few accounts or days; ``corrections`` without a matching simulation
            in ``out``, or for the second time.
    """
    arguments: dict[str, object] = {
        "seed": seed, "days": days, "accounts": accounts, "deals_per_day": deals_per_day,
        "target_deals": target_deals, "deals_by_year": deals_by_year, "white_label": white_label,
    }  # fmt: skip
    _check_record(out, arguments, corrections)
    started = time.perf_counter()
    if progress:
        progress("simulating", 0.0)
    world = build_world(seed, days, accounts, deals_per_day, target_deals)
    worlds = [world]
    if white_label:
        worlds.append(
            build_world(
                seed + 1, days, max(accounts // 4, LEAST_ACCOUNTS), deals_per_day, None,
                WHITE_LABEL, WHITE_LABEL_SERVER,
            )
        )  # fmt: skip
    url = database_url or f"sqlite:///{(out / mt5_file(SERVER_ID)).resolve()}"
    if corrections:
        changed, notes = correct_past(world)
        generated = time.perf_counter()
        rows = apply_corrections(url, world, changed, by_year=deals_by_year)
        worlds[0] = changed
    else:
        generated = time.perf_counter()
        out.mkdir(parents=True, exist_ok=True)
        if database_url is None:
            (out / mt5_file(SERVER_ID)).unlink(missing_ok=True)
        rows, notes = {}, []
        for one in worlds:
            main = one is world
            place = out if main else out / one.tenant
            written = _write_platform(
                one, url if main else _fresh_file(place / mt5_file(one.server_id)),
                indexes=indexes, by_year=deals_by_year, progress=progress,
            ) | _write_own_files(one, place, has_platforms=main)  # fmt: skip
            rows |= written if main else {f"{one.tenant}/{k}": n for k, n in written.items()}
        for system in SYSTEMS:
            rows |= system.write(world, out)
        write_configuration(
            out / "daybook.toml",
            from_environment=database_url is not None, white_label=white_label,
        )  # fmt: skip
    if truth:
        rows |= write_truth(worlds, out / "truth", progress)
        if not corrections:
            # Corrections change the trading server's past; the other systems stay as they are.
            rows |= _write_truth_of_systems(world, out / "truth")
    record = arguments | {"corrected": corrections}
    (out / RECORD_FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return SimulationSummary(
        rows=rows,
        paths={
            "configuration": out / "daybook.toml", "crm": out / "crm", "stripe": out / "stripe",
            "broker": out / "broker", "truth": out / "truth",
        } | ({} if database_url else {"mt5": out / mt5_file(SERVER_ID)}),
        first_day=day_of(world.window.first).isoformat(),
        last_day=day_of(world.window.last).isoformat(),
        generate_seconds=generated - started,
        write_seconds=time.perf_counter() - generated,
        corrected=notes,
    )  # fmt: skip


def _check_record(out: Path, arguments: dict[str, object], corrections: bool) -> None:
    if not corrections:
        return
    path = out / RECORD_FILE
    if not path.exists():
        raise SimulationError(
            "There is no simulated broker to correct.", where=str(out),
            todo="run the simulation without corrections first",
        )  # fmt: skip
    record = json.loads(path.read_text(encoding="utf-8"))
    if record.pop("corrected"):
        raise SimulationError(
            "This simulated broker has been corrected already.", where=str(out),
            todo="simulate it afresh, then correct it once",
        )  # fmt: skip
    if record != arguments:
        raise SimulationError(
            f"The broker here was simulated with other arguments: {record}.", where=str(out),
            todo="give the same seed, days, accounts and volumes",
        )  # fmt: skip


def _fresh_file(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return f"sqlite:///{path.resolve()}"


def _write_platform(
    world: World, url: str, *, indexes: bool, by_year: bool, progress: Progress | None
) -> dict[str, int]:
    tables = platform_tables(world)
    write_tables(
        url, [(spec, tables[spec.name]) for spec in TABLES],
        indexes=indexes, by_year=by_year, progress=progress,
    )  # fmt: skip
    return {name: len(frame) for name, frame in tables.items()}


def _write_own_files(world: World, out: Path, *, has_platforms: bool) -> dict[str, int]:
    """CRM and the broker's own reference: every tenant has them, one has other platforms too."""
    rows = write_crm(
        world, out / "crm",
        account_rows(world) if has_platforms else [], request_rows(world) if has_platforms else [],
    )  # fmt: skip
    rows |= write_partners(world, out / "crm")
    rows |= write_broker(world.server_id, out / "broker")
    return rows


def _write_truth_of_systems(world: World, folder: Path) -> dict[str, int]:
    frames = {name: frame for system in SYSTEMS for name, frame in system.truth(world).items()}
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return {f"truth/{name}": len(frame) for name, frame in frames.items()}


def write_truth(
    worlds: Sequence[World], folder: Path, progress: Progress | None = None
) -> dict[str, int]:
    """What every figure must come to, one Parquet file each; gives rows per file."""
    folder.mkdir(parents=True, exist_ok=True)
    days = {world.server_id: world.account_days() for world in worlds}
    parts: dict[str, Callable[[World, AccountDays], pl.DataFrame]] = {
        "account_days": account_days_truth,
        "daily_pnl": lambda world, _: daily_pnl_truth(world),
        "commission_ledger": lambda world, _: commission_ledger_truth(world),
        "copy_fees": lambda world, _: copy_fees_truth(world),
        "alerts": lambda world, _: alerts_truth(world),
        "breaks": breaks_truth,
        "hedged_pnl": lambda world, _: hedged_pnl_truth(world),
        "losing_accounts": losing_accounts_truth,
        "pending_orders": lambda world, _: pending_orders_truth(world),
        "statements": statements_truth,
        "challenge_days": challenge_days_truth,
        "challenges": challenges_truth,
        "challenge_payouts": challenge_payouts_truth,
    }
    rows: dict[str, int] = {}
    for number, (name, build) in enumerate(parts.items(), start=1):
        frame = pl.concat([build(world, days[world.server_id]) for world in worlds])
        frame.write_parquet(folder / f"{name}.parquet")
        rows[f"truth/{name}"] = len(frame)
        if progress:
            progress(f"truth: {name}", number / len(parts))
    return rows
