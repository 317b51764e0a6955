"""The partners and compliance models, built over tiny hand-written canonical tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.dbt_runner import run_dbt
from tests.dbt_partners.memory_partners import MemoryPartners, memory_partners
from warehouse.connection import connect
from warehouse.settings import Settings
from warehouse.writer import transaction

HERE = Path(__file__).parent
MODELS = {
    "partners": ["path:models/intermediate/partners", "path:models/marts/partners"],
    "compliance": [
        "rul_aml_scenarios",
        "path:models/intermediate/compliance",
        "path:models/marts/compliance",
    ],
}


@dataclass(frozen=True)
class TinyReferrals:
    """One lake, and which part of the project is built over it."""

    settings: Settings
    part: str

    def build(
        self,
        build_id: int,
        loads: tuple[int, int],
        *,
        full_refresh: bool = False,
        only: str | None = None,
    ) -> None:
        """Build the models of the part, or one of them; they see as new what came after
        ``loads[0]``, up to ``loads[1]``."""
        result = run_dbt(
            self.settings,
            [
                "build",
                "--exclude-resource-type",
                "unit_test",
                "--exclude-resource-type",
                "test",
                *(["--full-refresh"] if full_refresh else []),
                "--select",
                *([only] if only else MODELS[self.part]),
            ],
            variables={
                "build_id": build_id,
                "watermark_from": loads[0],
                "watermark_to": loads[1],
                "built_at": f"2026-08-05 {build_id:02}:00:00",
            },
        )
        assert not result.failed, [(node.name, node.message) for node in result.failed]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of one query."""
        with connect("read", settings=self.settings) as con:
            return con.execute(query).fetchall()

    def change(self, statements: str) -> None:
        """Change the tables by hand, as a load would."""
        with connect("write", settings=self.settings) as con, transaction(con, "change"):
            con.execute(statements)

    def booked(self, build_id: int) -> list[tuple[Any, ...]]:
        """What a build booked: entry, deal, partner, model, amount, currency."""
        return self.rows(f"""
            SELECT entry_type, deal_id, partner_id, model, amount::VARCHAR, amount_currency
            FROM lake.partners.fct_commission_ledger
            WHERE build_id = {build_id}
            ORDER BY deal_id, partner_id DESC, model, amount
        """)

    def broken(self) -> list[tuple[Any, ...]]:
        """Identities that do not hold."""
        return self.rows(f"""
            SELECT identity_id, sum(broken)::BIGINT
            FROM lake.meta.identities_{self.part}
            GROUP BY identity_id
            HAVING sum(broken) > 0
            ORDER BY identity_id
        """)


@pytest.fixture(scope="module")
def referrals(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> TinyReferrals:
    """The tiny broker before anything is built; the module says which part it builds."""
    settings = Settings(home=tmp_path_factory.mktemp("referrals") / "home")
    with connect("write", settings=settings) as con, transaction(con, "lay the tiny broker"):
        con.execute((HERE / "tiny_referrals.sql").read_text(encoding="utf-8"))
    return TinyReferrals(settings, request.module.PART)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> MemoryPartners:
    """The partner engine's SQL in memory, without a lake."""
    return memory_partners(tmp_path_factory.mktemp("partners"))
