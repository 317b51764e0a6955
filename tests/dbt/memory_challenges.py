"""The challenge models' own SQL over tables in memory: a case is a plan and what an account did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from ingestion.simulator.challenge_days import Challenge, next_weekday
from ingestion.simulator.challenge_tracks import Track
from ingestion.simulator.clock import day_of
from orchestration.dbt_runner import run_dbt
from warehouse.connection import connect
from warehouse.settings import Settings

MODELS = (
    "int_challenges__days_floored", "fct_challenge_days", "fct_challenge_payouts",
    "fct_challenge_reviews", "fct_challenges",
)  # fmt: skip
KEY = "t/C/1"
_TABLES = """
CREATE SCHEMA intermediate; CREATE SCHEMA finance; CREATE SCHEMA canonical;
CREATE SCHEMA reference;
CREATE TABLE intermediate.int_challenges__phases_ruled (
    tenant_id VARCHAR DEFAULT 't', server_id VARCHAR DEFAULT 's', login BIGINT DEFAULT 1,
    account_key VARCHAR DEFAULT 't/s/1', challenge_key VARCHAR DEFAULT 't/C',
    challenge_phase_key VARCHAR DEFAULT 't/C/1', challenge_id VARCHAR DEFAULT 'C',
    phase INTEGER DEFAULT 1, client_key VARCHAR DEFAULT 't/K', plan_id VARCHAR DEFAULT 'P',
    initial_balance_amount DECIMAL(24, 8), valid_from DATE, valid_to DATE,
    is_ruled BOOLEAN DEFAULT true, plan_name VARCHAR, profit_target_rate DECIMAL(24, 12),
    daily_loss_rate DECIMAL(24, 12), daily_loss_basis VARCHAR, total_loss_rate DECIMAL(24, 12),
    total_loss_basis VARCHAR, minimum_trading_days INTEGER, maximum_days INTEGER,
    profit_split_rate DECIMAL(24, 12), scaling_months INTEGER,
    scaling_profit_rate DECIMAL(24, 12), scaling_step_rate DECIMAL(24, 12),
    scaling_cap_amount DECIMAL(24, 8), account_currency VARCHAR DEFAULT 'USD',
    main_currency VARCHAR DEFAULT 'USD', money_divisor INTEGER DEFAULT 1);
CREATE TABLE intermediate.int_challenges__days_measured (
    challenge_phase_key VARCHAR, business_date DATE, next_date DATE,
    result_amount DECIMAL(38, 8), lowest_running_amount DECIMAL(38, 8), is_trading_day BOOLEAN,
    opening_floating_amount DECIMAL(38, 8), floating_amount DECIMAL(38, 8));
CREATE TABLE canonical.can_fx_to_reporting (
    business_date DATE, currency VARCHAR, rate DECIMAL(24, 12));
CREATE TABLE reference.ref_currencies AS SELECT 'USD' AS currency, 2 AS minor_units;
"""


@dataclass
class MemoryChallenges:
    """A challenge and what the models make of it."""

    con: duckdb.DuckDBPyConnection

    def lay(self, challenge: Challenge, track: Track, first: int, last: int) -> None:
        """Replace the challenge; its days are those of the window, all of them closed."""
        plan = challenge.plan
        self._replace(
            "int_challenges__phases_ruled",
            {
                "initial_balance_amount": challenge.initial,
                "valid_from": day_of(challenge.first),
                "valid_to": None if challenge.until is None else day_of(challenge.until),
                "profit_target_rate": plan.profit_target_rate,
                "daily_loss_rate": plan.daily_loss_rate,
                "daily_loss_basis": plan.daily_loss_basis or None,
                "total_loss_rate": plan.total_loss_rate,
                "total_loss_basis": plan.total_loss_basis or None,
                "minimum_trading_days": plan.minimum_trading_days,
                "profit_split_rate": plan.profit_split_rate,
                "scaling_months": plan.scaling_months,
                "scaling_profit_rate": plan.scaling_profit_rate,
                "scaling_step_rate": plan.scaling_step_rate,
                "scaling_cap_amount": plan.scaling_cap_amount,
            },
        )
        until = last + 1 if challenge.until is None else challenge.until
        self._replace(
            "int_challenges__days_measured",
            *(
                {
                    "challenge_phase_key": KEY,
                    "business_date": day_of(day),
                    "next_date": day_of(day + 1 if day < last else next_weekday(day)),
                    "result_amount": track.result[day - first],
                    "lowest_running_amount": track.lowest[day - first],
                    "is_trading_day": track.opened[day - first],
                    "opening_floating_amount": (
                        track.floating[day - first - 1] if day > first else Decimal(0)
                    ),
                    "floating_amount": track.floating[day - first],
                }
                for day in range(challenge.first, min(until - 1, last) + 1)
            ),
        )

    def _replace(self, table: str, *rows: dict[str, Any]) -> None:
        self.con.execute(f"DELETE FROM intermediate.{table}")
        for row in rows:
            self.con.execute(
                f"INSERT INTO intermediate.{table} ({', '.join(row)}) "
                f"VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query, money as plain decimals."""
        return [
            tuple(value.normalize() if isinstance(value, Decimal) else value for value in row)
            for row in self.con.execute(query).fetchall()
        ]


def memory_challenges(home: Path) -> MemoryChallenges:
    """The models over empty tables.

    Args:
        home: an empty folder; a lake without tables is laid there.
    """
    settings = Settings(home=home)
    connect("write", settings=settings).close()
    listed = run_dbt(settings, ["compile", "--full-refresh", "--select", *MODELS])
    compiled = {node.name: node for node in listed.nodes if node.kind == "model"}
    con = duckdb.connect(config={"threads": 1})
    con.execute("ATTACH ':memory:' AS lake")
    con.execute("USE lake")
    con.execute(_TABLES)
    for model in MODELS:
        con.execute(f"CREATE VIEW {compiled[model].relation} AS {compiled[model].compiled}")
    return MemoryChallenges(con)


def day(text: str) -> int:
    """Days since 1970 of an ISO date."""
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days
