"""What identifies a row of a model: the columns its documentation tests as unique."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from warehouse.settings import PROJECT_ROOT

# Both build plain values only; the parser of libyaml is ten times quicker, where there is one.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MODELS = PROJECT_ROOT / "dbt_project" / "models"


@cache
def keys() -> dict[str, tuple[str, ...]]:
    """Model -> the columns of its key, for every model above staging that tests one."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(_MODELS.rglob("*.yml")):
        if "staging" in path.relative_to(_MODELS).parts:
            continue
        described = yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {}  # noqa: S506
        for model in described.get("models", ()):
            key = _combination(model) or _single(model)
            if key:
                found[model["name"]] = key
    return found


def _combination(model: dict[str, Any]) -> tuple[str, ...]:
    for test in model.get("data_tests", ()):
        stated = test.get("unique_combination") if isinstance(test, dict) else None
        if stated:
            return tuple(stated.get("arguments", stated)["columns"])
    return ()


def _single(model: dict[str, Any]) -> tuple[str, ...]:
    for column in model.get("columns", ()):
        for test in column.get("data_tests", ()):
            if test == "unique" or (isinstance(test, dict) and "unique" in test):
                return (column["name"],)
    return ()
