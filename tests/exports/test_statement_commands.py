"""`daybook statement` from a shell: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestration.cli.app import app
from warehouse.errors import UsageError
from warehouse.settings import Settings


@pytest.fixture
def shell(tiny: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    config = tiny.home.parent / "daybook.toml"
    config.write_text('home = "home"\ndisplay_name = "Northwind Markets"\n', "utf-8")
    monkeypatch.setenv("DAYBOOK_CONFIG", str(config))
    return CliRunner()


def _said(shell: CliRunner, *arguments: str) -> Result:
    return shell.invoke(app, ["statement", *arguments])


def test_run_list_show_and_reproduce(shell: CliRunner, out: Path) -> None:
    ran = _said(shell, "run", "--period", "2026-10", "--format", "csv", "--json")
    assert ran.exit_code == 0, ran.output
    result = json.loads(ran.stdout)
    assert (result["made"], result["left_out"]) == (4, [])
    assert [check["broken"] for check in result["ties"]] == [0, 0]
    listed = json.loads(_said(shell, "list", "--period", "2026-10", "--json").stdout)
    assert [row["paper_number"] for row in listed] == [
        f"demo-C-2026-{number:06d}" for number in range(1, 5)
    ]
    number = listed[0]["paper_number"]
    assert "demo/C1" in _said(shell, "list").stdout
    shown = _said(shell, "show", number, "--out", str(out))
    assert shown.exit_code == 0
    assert (out / f"{number}.csv").is_file()
    again = _said(shell, "reproduce", number)
    assert (again.exit_code, "the same bytes" in again.stdout) == (0, True)


def test_exit_codes_tell_what_kept_papers_from_being_made(shell: CliRunner) -> None:
    unclosed = _said(shell, "run", "--period", "2026-11", "--format", "csv")
    assert unclosed.exit_code == 3
    assert "left out: demo/C1" in unclosed.stdout
    assert "not published" in unclosed.output
    assert _said(shell, "run", "--kind", "gift", "--period", "2026-10").exit_code == 2
    with pytest.raises(UsageError, match="not configured"):
        shell.invoke(
            app,
            ["statement", "deliver", "--channel", "mail", "--period", "2026-10"],
            catch_exceptions=False,
        )
    assert _said(shell, "deliver", "--channel", "mail").exit_code == 2
