"""The house's own rules, checked on its own code."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.settings import PROJECT_ROOT

pytestmark = pytest.mark.unit

PACKAGES = ("orchestration", "dashboards", "exports", "ingestion", "quality", "warehouse")
# Past this, one file holds two ideas.
LONGEST_MODULE = 400


def modules() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (PROJECT_ROOT / package).rglob("*.py"))


def test_imports_point_down() -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PROJECT_ROOT)))
def test_a_module_holds_one_idea_and_says_which(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert file.stem not in {"utils", "helpers", "common", "misc"}
    assert len(text.splitlines()) <= LONGEST_MODULE
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module says what it holds"


def test_importing_does_nothing(tmp_path: Path) -> None:
    names = [
        ".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in modules()
        if "migrations" not in file.parts and "pages" not in file.parts and file.stem != "app"
    ]
    imports = "\n".join(f"import {name}" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", imports],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(".")] == []
