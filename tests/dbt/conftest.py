"""The books of the pencil broker, built once and then changed step by step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.dbt_runner import DbtResult, run_dbt
from tests.conftest import made_once
from tests.dbt.pencil_broker import PencilBroker, first_load
from warehouse.connection import connect
from warehouse.lake_statistics import note_empty_tables
from warehouse.settings import Settings

MODELS = ("+identities_finance", "+fct_daily_pnl", "can_cash_movements")
LEDGER_MODELS = ("+identities_ledger", "+path:models/marts/ledger")
MARTS = {
    "canonical.can_deals": "deal_id",
    "finance.fct_open_positions": "business_date, position_id",
    "finance.fct_account_days": "business_date, login",
    "finance.fct_daily_pnl": "business_date, login, symbol",
    "finance.fct_breaks": "break_key",
    "meta.identities_finance": "identity_id, business_date",
}


@dataclass
class PencilBooks:
    """The broker and the models built over it."""

    settings: Settings
    broker: PencilBroker
    models: tuple[str, ...] = MODELS
    built_to: int = 0

    def build(self, *, full_refresh: bool = False, tests: bool = False) -> DbtResult:
        """Build what the loads since the last build touched."""
        # Cautious: no test that needs a model beside those asked for.
        command = ["build", "--exclude-resource-type", "unit_test"]
        command += ["--indirect-selection", "cautious"]
        if not tests:
            command += ["--exclude-resource-type", "test"]
        # They stand in every staged home, and follow what is loaded.
        command += ["--exclude-resource-type", "seed", "--exclude", "path:models/staging"]
        if full_refresh:
            command.append("--full-refresh")
        result = run_dbt(
            self.settings,
            [*command, "--select", *self.models],
            variables={"watermark_from": self.built_to, "watermark_to": self.broker.load_id},
            watermark=self.broker.load_id,
        )
        assert not result.failed, [(node.name, node.message) for node in result.failed]
        self.built_to = self.broker.load_id
        with connect("write", settings=self.settings) as con:
            note_empty_tables(con, self.settings)
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of one query, money as plain decimals."""
        with connect("read", settings=self.settings) as con:
            return [
                tuple(value.normalize() if isinstance(value, Decimal) else value for value in row)
                for row in con.execute(query).fetchall()
            ]

    def marts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every mart."""
        return {
            mart: self.rows(f"SELECT * FROM lake.{mart} ORDER BY {order}")
            for mart, order in MARTS.items()
        }

    def broken(self) -> list[str]:
        """Identities that do not hold."""
        rows = self.rows(
            "SELECT DISTINCT identity_id FROM lake.meta.identities_finance WHERE broken > 0"
        )
        return sorted(name for (name,) in rows)


@pytest.fixture(scope="session")
def pencil_home(staged_empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The broker as of Wednesday evening, loaded and built; for copying."""

    def make(folder: Path) -> None:
        settings = Settings(home=folder / "home")
        shutil.copytree(staged_empty_home, settings.home)
        made = PencilBooks(settings, PencilBroker(settings), models=(*MODELS, *LEDGER_MODELS))
        made.broker.load(first_load())
        made.build(tests=True)
        (folder / "rows").write_text(str(made.broker.rows))

    return made_once(tmp_path_factory, "pencil", make)


@pytest.fixture(scope="module")
def books(
    request: pytest.FixtureRequest, pencil_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> PencilBooks:
    """The broker as of Wednesday evening; a module's BUILT names what it builds from then on."""
    settings = Settings(home=tmp_path_factory.mktemp("pencil") / "home")
    shutil.copytree(pencil_home / "home", settings.home)
    rows = int((pencil_home / "rows").read_text())
    broker = PencilBroker(settings, load_id=1, rows=rows)
    return PencilBooks(settings, broker, getattr(request.module, "BUILT", MODELS), built_to=1)
