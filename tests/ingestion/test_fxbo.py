"""FXBackOffice on SQLite: loading, and what staging makes of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.fxbo.contract import CONTRACTS
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from tests.ingestion.exports import Export, mt5, settings_for
from tests.ingestion.fxbo_behaviour import FxboBehaviour, synced
from tests.ingestion.fxbo_database import COLUMNS, fxbo, lay, transaction
from tests.ingestion.lake import one, rows
from warehouse.connection import connect
from warehouse.settings import Settings


class TestFxboOnSqlite(FxboBehaviour):
    """The common behaviour, on SQLite."""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"zone": "Mars/Olympus"}, "zone is not known"),
        ({"servers": None}, "options.servers"),
        ({"types": {"x": "gift"}}, "options.types leads to gift"),
        ({"speed": 1}, "options.speed"),
    ],
)
def test_options_that_cannot_be_are_named(
    home: Path, export: Export, options: dict[str, Any], told: str
) -> None:
    report = sync_once(settings_for(home, fxbo(export.url, **options))).sources[0]
    assert report.error is not None
    assert told in report.error


def test_two_tenants_with_the_same_ids(home: Path, export: Export) -> None:
    lay(export)
    settings = settings_for(home, fxbo(export.url), fxbo(export.url, "fxbo_two", "two"))
    sync_once(settings)
    assert rows(
        settings, "SELECT _tenant_id, count(*) FROM lake.raw.fxbo_users GROUP BY 1 ORDER BY 1"
    ) == [("demo", 4), ("two", 4)]


def test_a_crash_loads_all_or_nothing(home: Path, export: Export) -> None:
    lay(export)
    settings = settings_for(home, fxbo(export.url))

    def fault(step: str) -> None:
        seen.append(step)
        if step == "written" and len(seen) > 12:
            raise KeyboardInterrupt

    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        sync_once(settings, fault=fault)
    sync_once(settings)
    assert sync_once(settings).sources[0].loads == 0
    for table in ("fxbo_users", "fxbo_accounts", "fxbo_transactions"):
        assert (
            one(settings, f"SELECT count(*) - count(DISTINCT _row_id) FROM lake.raw.{table}") == 0
        )
    assert one(settings, "SELECT count(*) FROM lake.raw.fxbo_transactions") == 6


def build(settings: Settings, *models: str) -> None:
    """Build staging views and run their tests."""
    result = run_dbt(settings, ["build", "--select", *models])
    assert not result.failed, [(node.name, node.message) for node in result.failed]


def staged(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """Rows of staging, money as plain decimals."""
    with connect("read", settings=settings) as con:
        return [
            tuple(v.normalize() if isinstance(v, Decimal) else v for v in row)
            for row in con.execute(query).fetchall()
        ]


@pytest.mark.dbt
def test_staging_gives_the_shapes_of_a_crm(home: Path, export: Export) -> None:
    lay(export)
    taken_back = transaction(7, processedAmount="-3.50", pspId=None)
    export.insert("transactions", [taken_back], COLUMNS["transactions"])
    settings = settings_for(home, fxbo(export.url), mt5("sqlite:///nowhere.sqlite"))
    synced(settings)
    build(settings, "staging.fxbo")
    assert staged(
        settings,
        "SELECT request_id, kind, amount, currency, native_amount, psp, is_client_money "
        "FROM lake.staging.stg_fxbo__cash_requests ORDER BY 1",
    ) == [
        ("1", "deposit", Decimal("100.1"), "USD", Decimal("100.1"), "Stripe", True),
        ("2", "withdrawal", Decimal("50.05"), "USD", Decimal("-50.05"), "Stripe", True),
        ("3", "deposit", Decimal("123.45"), "USD", Decimal(12345).normalize(), "Stripe", True),
        ("4", "ib_withdrawal", Decimal(7), "USD", Decimal(-7), "Stripe", False),
        ("5", "deposit", None, "USD", None, "Stripe", True),
        ("6", "deposit", Decimal("100.1"), "USD", Decimal("100.1"), "Stripe", True),
        ("7", "deposit", Decimal("-3.5"), "USD", Decimal("-3.5"), None, True),
    ]
    assert staged(
        settings,
        "SELECT client_id, server_id, login, is_ib_wallet FROM lake.staging.stg_fxbo__accounts "
        "ORDER BY login",
    ) == [("1", None, 77, True), ("10", "mt5_live", 1001, False), ("11", None, 2001, False)]
    assert staged(settings, "SELECT client_id, tag FROM lake.staging.stg_fxbo__client_tags") == [
        ("10", "Team South")
    ]
    edges = (
        "SELECT child_kind, child_id, parent_partner_id, valid_to IS NULL "
        "FROM lake.staging.stg_fxbo__partner_tree ORDER BY child_id, known_from_utc"
    )
    direct = [
        ("client", "10", "2", True),
        ("client", "11", "1", True),
        ("partner", "2", "1", True),
    ]
    assert staged(settings, edges) == direct
    # Client 10 moves from 2 to 1: the tree of now forgets, the versions do not.
    export.delete("ib_tree", "referralId = 10")
    export.insert("ib_tree", [{"ibId": 1, "referralId": 10, "level": 1}], COLUMNS["ib_tree"])
    synced(settings)
    assert staged(settings, edges) == [
        ("client", "10", "2", False),
        ("client", "10", "1", True),
        *direct[1:],
    ]
    assert staged(
        settings,
        "SELECT count(*) FROM lake.staging.stg_fxbo__partner_tree AS a "
        "INNER JOIN lake.staging.stg_fxbo__partner_tree AS b "
        "ON a.child_id = b.child_id AND a.known_to_utc = b.known_from_utc",
    ) == [(1,)]


@pytest.mark.dbt
def test_the_tree_with_selves_says_the_same(home: Path, export: Export) -> None:
    lay(export, "ib_tree")
    settings = settings_for(home, fxbo(export.url), mt5("sqlite:///nowhere.sqlite"))
    assert synced(settings).problems == ()
    build(settings, "stg_fxbo__partner_tree")
    assert staged(
        settings,
        "SELECT child_kind, child_id, parent_partner_id "
        "FROM lake.staging.stg_fxbo__partner_tree ORDER BY child_id",
    ) == [("client", "10", "2"), ("client", "11", "1"), ("partner", "2", "1")]


def test_every_table_has_its_key_among_its_columns() -> None:
    for contract in CONTRACTS:
        names = {column.target for column in contract.columns}
        assert set(contract.key) <= names, contract.table
