"""What tests of the daily work ask of an installation."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from ingestion.simulator import simulate
from orchestration.build import begin_build, finish_build
from orchestration.dbt_runner import run_dbt
from tests.conftest import ACCOUNTS, DAYS, SEED
from warehouse.connection import connect
from warehouse.settings import Settings

MARTS = (
    "canonical.can_deals",
    "finance.fct_account_days",
    "finance.fct_daily_pnl",
    "finance.fct_open_positions",
    "finance.fct_breaks",
    "compliance.fct_alerts",
)


def rows(settings: Settings, query: str, as_of: int | str | None = None) -> list[tuple[Any, ...]]:
    """Rows of the lake, now or as of a snapshot or a date."""
    with connect("read", as_of, settings=settings) as con:
        return con.execute(query).fetchall()


def platform(settings: Settings) -> sqlite3.Connection:
    """The database of the MetaTrader 5 server."""
    url = settings.source("mt5_live").database_url()
    assert url is not None
    return sqlite3.connect(url.removeprefix("sqlite:///"))


def correct(settings: Settings) -> None:
    """The platform corrects days it had reported: a late deal, an edited and a deleted one."""
    assert settings.config_path is not None
    simulate(
        seed=SEED,
        days=DAYS,
        accounts=ACCOUNTS,
        out=settings.config_path.parent,
        corrections=True,
        white_label=False,
    )


def figures(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart, without the columns that say when or by which load it was made."""
    found = {}
    with connect("read", settings=settings) as con:
        for mart in MARTS:
            names = [
                name
                for (name,) in con.execute(
                    "SELECT column_name FROM information_schema.columns "
                    "WHERE table_schema || '.' || table_name = ? ORDER BY ordinal_position",
                    [mart],
                ).fetchall()
                if name not in {"load_id", "source_row_id", "build_id", "age_days"}
            ]
            listed = ", ".join(f'"{name}"' for name in names)
            found[mart] = con.execute(f"SELECT {listed} FROM {mart} ORDER BY ALL").fetchall()
    return found


def rebuild_whole(settings: Settings) -> None:
    """Every table again from its first row; dbt's own tests are not asked."""
    start = begin_build(settings)
    command = ["run", "--full-refresh", "--exclude", "config.materialized:view"]
    result = run_dbt(settings, command, variables=start.variables, watermark=start.watermark_to)
    assert not result.failed, [(node.name, node.message) for node in result.failed]
    finish_build(settings, start, "done")


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the shell over an installation."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "daybook"), *arguments],
        env={**os.environ, "DAYBOOK_CONFIG": str(settings.config_path)},
        capture_output=True,
        text=True,
        check=False,
    )
