"""dbt's own unit tests: each model of them over rows that are written beside it."""

from __future__ import annotations

import pytest

from orchestration.dbt_runner import parsed_project, run_dbt
from warehouse.settings import Settings

pytestmark = pytest.mark.dbt


def test_every_unit_test_of_a_model_passes(broker: Settings) -> None:
    result = run_dbt(broker, ["test", "--no-write-json", "--select", "test_type:unit"])
    assert [(node.name, node.message) for node in result.nodes if node.status != "pass"] == []
    assert len(result.nodes) == len(parsed_project(broker).unit_tests) > 0
