"""`daybook breaks` lists the breaks in an order that does not depend on the build."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from orchestration.cli.breaks import app
from orchestration.control_state import is_control_state_held, load_control_state
from quality.breaks import find_break, list_breaks, settleable
from warehouse.connection import connect
from warehouse.control.break_actions import break_actions
from warehouse.errors import DaybookError, UsageError
from warehouse.settings import Settings

Change = Callable[..., None]


@pytest.mark.unit
def test_breaks_are_listed_by_day(settings: Settings, change: Change) -> None:
    row = (
        "INSERT INTO lake.finance.fct_breaks VALUES ('{key}', 'demo', 'mt5_live', {login}, 'a', "
        "'{day}', '2026-10-30', 'balance', 'late_deal', {amount}, 'USD', 'A deal came late.', "
        "'closed', 3, NULL, NULL, NULL, NULL, NULL)"
    )
    assert list_breaks(settings) == []
    change(
        row.format(key="B2", login=1002, day="2026-10-29", amount="1.50"),
        row.format(key="B1", login=1002, day="2026-10-28", amount="-2"),
        row.format(key="B3", login=1001, day="2026-10-29", amount="7"),
    )
    breaks = list_breaks(settings)
    assert [item.break_key for item in breaks] == ["B1", "B3", "B2"]
    assert breaks[2].amount == Decimal("1.5")


@pytest.mark.unit
def test_books_that_were_never_built(settings: Settings, change: Change) -> None:
    change("DROP TABLE lake.finance.fct_breaks")
    with pytest.raises(DaybookError, match="daybook build"):
        list_breaks(settings)


@pytest.mark.unit
def test_a_snapshot_from_before_people_could_answer(settings: Settings, change: Change) -> None:
    change(
        "INSERT INTO lake.finance.fct_breaks VALUES ('B1', 'demo', 'mt5_live', 1002, 'a', "
        "'2026-10-28', '2026-10-30', 'balance', 'unknown', -2, 'USD', 'Nobody knows.', 'open', 2, "
        "NULL, NULL, NULL, NULL, NULL)",
        "ALTER TABLE lake.finance.fct_breaks DROP COLUMN assigned_to",
        "ALTER TABLE lake.finance.fct_breaks DROP COLUMN resolved_by",
    )
    (found,) = list_breaks(settings)
    assert (found.place, found.assigned_to, found.resolved_by) == ("mt5_live 1002", None, None)


@pytest.mark.unit
def test_a_break_is_settled_only_once_it_is_explained(settings: Settings, change: Change) -> None:
    change(
        "INSERT INTO lake.finance.fct_breaks VALUES ('B1', 'demo', 'mt5_live', 1002, 'a', "
        "'2026-10-28', '2026-10-30', 'balance', 'unknown', -2, 'USD', 'Nobody knows.', 'open', 2, "
        "NULL, NULL, NULL, NULL, NULL)",
    )
    with pytest.raises(UsageError, match="Nothing explains this break"):
        settleable(find_break(settings, "B1"))
    change("UPDATE lake.finance.fct_breaks SET explained_by = 'A. Person'")
    settleable(find_break(settings, "B1"))
    with pytest.raises(UsageError, match="no break B2"):
        find_break(settings, "B2")


@pytest.mark.unit
def test_people_answer_for_a_break_from_a_shell(
    settings: Settings, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        "INSERT INTO lake.finance.fct_breaks VALUES ('B1', 'demo', 'mt5_live', 1002, 'a', "
        "'2026-10-28', '2026-10-30', 'balance', 'unknown', -2, 'USD', 'Nobody knows.', 'open', 2, "
        "NULL, NULL, NULL, NULL, NULL)",
    )
    monkeypatch.setattr("orchestration.cli.breaks.load_settings", lambda: settings)
    runner = CliRunner()
    say = ["--reason", "a test", "--by", "A. Lead"]
    refused = runner.invoke(app, ["resolve", "B1", *say])
    assert isinstance(refused.exception, UsageError)
    assert runner.invoke(app, ["assign", "B1", "--to", "B. Clerk", *say]).exit_code == 0
    assert runner.invoke(app, ["explain", "B1", *say]).exit_code == 0
    change("UPDATE lake.finance.fct_breaks SET explained_by = 'A. Lead', assigned_to = 'B. Clerk'")
    assert runner.invoke(app, ["resolve", "B1", *say]).exit_code == 0
    assert [(item.action, item.assigned_to) for item in break_actions(settings)] == [
        ("assigned", "B. Clerk"),
        ("resolved", None),
    ]
    with connect("write", settings=settings) as con:
        assert not is_control_state_held(con, settings)
        load_control_state(con, settings)
        assert is_control_state_held(con, settings)
        held = con.execute(
            "SELECT action_number, break_key, action, amount FROM lake.meta.break_actions"
        ).fetchall()
    assert held == [(1, "B1", "assigned", Decimal(-2)), (2, "B1", "resolved", Decimal(-2))]
    listed = runner.invoke(app, ["--assigned-to", "B. Clerk", "--json"])
    assert [item["break_key"] for item in json.loads(listed.stdout)] == ["B1"]
    assert json.loads(runner.invoke(app, ["--status", "closed", "--json"]).stdout) == []
