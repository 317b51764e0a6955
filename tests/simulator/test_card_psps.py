"""Stripe, Adyen and PayPal of a simulated broker, from its files to `daybook check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.simulator import simulate
from ingestion.sync import sync_once
from orchestration.dbt_runner import run_dbt
from quality.lake_tables import held_tables
from quality.truth import truth_checks
from quality.truth_card_psps import CARD_PSP_COMPARISONS
from warehouse.connection import connect
from warehouse.settings import Settings, load_settings

pytestmark = pytest.mark.dbt

SOURCES = ("stripe", "adyen", "paypal")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A broker whose three providers are loaded and staged."""
    folder = tmp_path_factory.mktemp("providers") / "broker"
    simulate(7, 40, 30, folder)
    settings = load_settings(folder / "daybook.toml")
    for source in SOURCES:
        [report] = sync_once(settings, source).sources
        assert not [p for p in report.problems if p.severity == "error"], report
        assert report.quarantined == 0
    models = [f"path:models/staging/{kind}" for kind in SOURCES]
    built = run_dbt(
        settings, ["build", "--select", "ref_currencies", "ref_psp_minor_units", *models]
    )
    assert not built.failed, [(node.name, node.message) for node in built.failed]
    return settings


def broken(settings: Settings) -> dict[str, int]:
    """Broken figures by check, of the checks on these providers."""
    assert settings.truth_path is not None
    ours = {comparison.id for comparison in CARD_PSP_COMPARISONS}
    with connect("read", settings=settings) as con:
        checks = truth_checks(con, settings.truth_path, held_tables(con))
    assert all(check.population for check in checks if check.id in ours)
    return {check.id: check.broken for check in checks if check.id in ours}


def test_every_figure_and_request_equals_the_truth(broker: Settings) -> None:
    assert broken(broker) == {comparison.id: 0 for comparison in CARD_PSP_COMPARISONS}


def test_a_second_pass_loads_nothing(broker: Settings) -> None:
    for source in SOURCES:
        [report] = sync_once(broker, source).sources
        assert report.loads == 0


def test_a_lost_line_is_found(broker: Settings) -> None:
    with connect("write", settings=broker) as con:
        con.execute(
            "DELETE FROM lake.raw.adyen_settlement_lines "
            "WHERE type = 'Settled' AND line_key = (SELECT min(line_key) "
            "FROM lake.raw.adyen_settlement_lines WHERE type = 'Settled')"
        )
        con.execute("UPDATE lake.raw.paypal_transactions SET fee = fee + 0.01 WHERE fee <> 0")
    found = broken(broker)
    assert found["truth_adyen_totals"] == 1
    assert found["truth_adyen_requests"] == 1
    assert found["truth_paypal_totals"] > 0
    assert found["truth_stripe_totals"] == 0


def test_the_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        simulate(3, 20, 12, tmp_path / name)
    for system in SOURCES:
        files = sorted(path.name for path in (tmp_path / "one" / system).iterdir())
        assert files == sorted(path.name for path in (tmp_path / "two" / system).iterdir())
        for name in files:
            assert (tmp_path / "one" / system / name).read_bytes() == (
                tmp_path / "two" / system / name
            ).read_bytes(), name
