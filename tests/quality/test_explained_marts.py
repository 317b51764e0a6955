"""Every mart of the books is explained, or says what is explained instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.lineage import MARTS, lineage_of
from quality.lineage.registry import ELSEWHERE
from warehouse.errors import UsageError
from warehouse.settings import PROJECT_ROOT

pytestmark = pytest.mark.unit

MODELS = Path(PROJECT_ROOT) / "dbt_project" / "models" / "marts"
FINANCE = {
    f"finance.{path.stem}"
    for part in ("finance", "ledger", "challenges")
    for path in MODELS.glob(f"{part}/*.sql")
}


def test_no_mart_of_the_books_is_forgotten() -> None:
    explained = {name for name in MARTS if name.startswith("finance.")}
    assert explained | set(ELSEWHERE) == FINANCE
    assert not explained & set(ELSEWHERE)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_a_mart_without_an_explanation_says_where_to_look(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is not explained by itself") as caught:
        lineage_of(name.partition(".")[2])
    assert caught.value.todo == ELSEWHERE[name]
