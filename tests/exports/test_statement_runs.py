"""Papers for every client: past failures, after kills, by number, made again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from exports.statements.client import ACCOUNT, CLIENT, make_client_statement
from exports.statements.paper_run import run_papers
from exports.statements.registered_kinds import COSTS
from exports.statements.reproducing import reproduce
from exports.statements.shown import shown_paper
from quality.statement_checks import paper_checks
from tests.exports.changes import change, multiply, publish
from warehouse.control import audit, database, verify_audit
from warehouse.control.models import Paper
from warehouse.control.papers import NumberTakenError, find_paper, papers, register_papers
from warehouse.control.registers import statements
from warehouse.settings import PROJECT_ROOT, Settings

MONTH = "2026-10"
CHILD = """
import sys
from pathlib import Path
from exports.statements.client import CLIENT
from exports.statements.paper_run import run_papers
from warehouse.settings import Settings
run_papers(Settings(home=Path(sys.argv[1])), CLIENT, sys.argv[2], ("pdf",))
"""


def test_everybody_gets_a_paper_and_totals_tie(tiny: Settings, out: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = run_papers(
        tiny,
        CLIENT,
        MONTH,
        ("pdf", "csv"),
        out=out,
        told=lambda done, due: seen.append((done, due)),
    )
    assert (result.due, result.made, result.left_out, result.exit_code) == (4, 4, [], 0)
    assert seen[-1] == (4, 4)
    tie, numbers = result.ties
    assert (tie.population, tie.broken) == (5, 0), "five accounts on four statements"
    assert (numbers.population, numbers.broken) == (4, 0)
    assert sorted(path.name for path in out.iterdir()) == [
        f"demo-C-2026-{number:06d}.{format}" for number in range(1, 5) for format in ("csv", "pdf")
    ]


def test_a_second_run_makes_nothing_new_and_another_format_takes_no_number(tiny: Settings) -> None:
    run_papers(tiny, CLIENT, MONTH, ("csv",))
    again = run_papers(tiny, CLIENT, MONTH, ("csv",))
    assert (again.made, again.already) == (0, 4)
    with_pdf = run_papers(tiny, CLIENT, MONTH, ("csv", "pdf"))
    assert (with_pdf.made, with_pdf.already) == (0, 4)
    assert len(papers(tiny)) == 4
    assert sorted({row.format for row in statements(tiny)}) == ["csv", "pdf"]


def test_each_account_has_a_series_of_its_own(tiny: Settings) -> None:
    result = run_papers(tiny, ACCOUNT, MONTH, ("csv",))
    assert result.made == 5
    assert [row.paper_number for row in papers(tiny)] == [
        f"demo-A-2026-{number:06d}" for number in range(1, 6)
    ]


def test_a_client_whose_figures_disagree_is_left_out_and_takes_no_number(tiny: Settings) -> None:
    snapshot = change(tiny, "DELETE FROM lake.canonical.can_deals WHERE deal_id = 11")
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    result = run_papers(tiny, CLIENT, MONTH, ("csv",))
    assert [row.subject_key for row in result.left_out] == ["demo/C2"]
    assert "deals come to" in result.left_out[0].error.what
    assert (result.made, result.exit_code) == (3, 1)
    assert [row.sequence for row in papers(tiny)] == [1, 2, 3]


def test_what_cannot_be_rendered_takes_no_number_either(tiny: Settings) -> None:
    snapshot = change(tiny, "UPDATE lake.pii.crm_clients SET name = 'ליאון' WHERE client_id = 'C2'")
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    nowhere = tiny.model_copy(
        update={"statements": tiny.statements.model_copy(update={"font_paths": []})}
    )
    result = run_papers(nowhere, CLIENT, MONTH, ("pdf",))
    assert [row.subject_key for row in result.left_out] == ["demo/C2"]
    assert "Noto Serif Hebrew is not installed" in result.left_out[0].error.what
    assert (result.made, result.exit_code) == (3, 3)
    assert [row.sequence for row in papers(tiny)] == [1, 2, 3]
    for row in papers(tiny):
        assert reproduce(nowhere, row.paper_number).identical


def test_an_unclosed_period_leaves_everybody_out(tiny: Settings) -> None:
    result = run_papers(tiny, CLIENT, "2026-11", ("csv",))
    assert (len(result.left_out), result.made, result.exit_code) == (4, 0, 3)
    assert "2026-11-02 on mt5_live" in result.left_out[0].error.what


def test_a_correction_reaches_those_it_touches(tiny: Settings) -> None:
    run_papers(tiny, CLIENT, MONTH, ("csv",))
    snapshot = change(
        tiny, "UPDATE lake.pii.crm_clients SET name = 'Ann Carter' WHERE client_id = 'C1'"
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    result = run_papers(tiny, CLIENT, MONTH, ("csv",))
    assert (result.made, result.corrected, result.already) == (1, 1, 3)
    newest = papers(tiny, subject_key="demo/C1")[-1]
    assert newest.replaces == papers(tiny, subject_key="demo/C1")[0].paper_number


@pytest.mark.parametrize("format", ["pdf", "csv", "xlsx"])
def test_a_paper_is_made_again_byte_for_byte_after_the_books_moved_on(
    tiny: Settings, out: Path, format: str
) -> None:
    made = make_client_statement(tiny, "C1", MONTH, format, out)  # type: ignore[arg-type]
    snapshot = change(
        tiny,
        "UPDATE lake.pii.crm_clients SET name = 'Ann Carter' WHERE client_id = 'C1'",
        "UPDATE lake.canonical.can_accounts SET client_key = 'demo/C4' WHERE login = 1002",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    other_name = tiny.model_copy(update={"display_name": "Southwind"})
    again = reproduce(other_name, made.statement_number, actor="bob")
    assert again.identical
    assert [file.sha256_sent for file in again.files] == [made.sha256]
    actions = [
        (row.actor, row.action)
        for row in audit.entries(tiny, object_type="statement", object_id=made.statement_number)
    ]
    assert actions == [("daybook", "statement.made"), ("bob", "statement.reproduced")]


def test_other_bytes_are_told(tiny: Settings, out: Path) -> None:
    number = make_client_statement(tiny, "C1", MONTH, "csv", out).statement_number
    with closing(sqlite3.connect(tiny.home / "control.sqlite")) as control:
        control.execute("UPDATE statements SET sha256 = 'x', code_version = 'older'")
        control.commit()
    again = reproduce(tiny, number)
    assert not again.identical
    assert again.files[0].code_then == "older"


def test_looking_at_a_paper_is_audited(tiny: Settings, out: Path) -> None:
    made = make_client_statement(tiny, "C1", MONTH, "csv", out)
    shown = shown_paper(tiny, made.statement_number, out=out / "copy", actor="bob")
    assert shown.facts["subject"] == "demo/C1"
    (copy,) = (out / "copy").iterdir()
    assert copy.read_bytes() == made.path.read_bytes()
    assert audit.entries(tiny, object_id=made.statement_number)[-1].actor == "bob"


def test_a_number_is_given_once(tiny: Settings, out: Path) -> None:
    number = make_client_statement(tiny, "C1", MONTH, "csv", out).statement_number
    files = statements(tiny, statement_number=number)
    with pytest.raises(NumberTakenError, match="1 was given last"):
        register_papers(tiny, [(find_paper(tiny, number), files)])
    assert len(papers(tiny)) == 1
    with (
        pytest.raises(database.ControlDatabaseError, match="append-only"),
        database.writing(tiny) as session,
    ):
        session.query(Paper).delete()


def test_a_missing_number_and_a_balance_that_moved_are_seen(tiny: Settings, out: Path) -> None:
    run_papers(tiny, CLIENT, MONTH, ("csv",))
    with closing(sqlite3.connect(tiny.home / "control.sqlite")) as control:
        control.execute("DROP TRIGGER papers_no_delete")
        control.execute("DROP TRIGGER papers_no_update")
        control.execute("DELETE FROM papers WHERE sequence = 2")
        control.execute(
            "UPDATE papers SET balances_json = replace(balances_json, '89938', '89939')"
        )
        control.execute(
            "UPDATE papers SET balances_json = replace(balances_json, '\"743.9', '\"744.9')"
        )
        control.commit()
    tie, numbers = paper_checks(tiny)
    assert (tie.broken, f"{tie.worst:.2f}") == (1, "1.00")
    assert numbers.broken == 1


@pytest.mark.fault
def test_a_killed_run_goes_on_where_it_stopped(tiny: Settings) -> None:
    more = 200
    snapshot = multiply(tiny, 1001, "C1", more)
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tiny.home), MONTH],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    deadline = time.monotonic() + 120
    while _papers_made(tiny) < 40 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "it ended before it could be killed"
    before = _papers_made(tiny)
    assert 40 <= before < more + 4
    result = run_papers(tiny, CLIENT, MONTH, ("pdf",))
    assert (result.already, result.made) == (before, more + 4 - before)
    assert result.exit_code == 0
    held = papers(tiny)
    assert sorted(row.sequence for row in held) == list(range(1, more + 5))
    assert len({row.subject_key for row in held}) == more + 4
    assert verify_audit(tiny).is_intact


def _papers_made(settings: Settings) -> int:
    path = settings.home / "control.sqlite"
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(path, timeout=5)) as control:
            return int(control.execute("SELECT count(*) FROM papers").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_lake_published_by_an_older_daybook_has_neither_orders_nor_costs(tiny: Settings) -> None:
    snapshot = change(
        tiny,
        "DROP TABLE lake.statements.fct_working_orders",
        "DROP TABLE lake.statements.fct_account_margins",
        "DROP TABLE lake.statements.fct_deal_costs",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    assert run_papers(tiny, CLIENT, MONTH, ("csv",)).made == 4
    result = run_papers(tiny, COSTS, MONTH, ("csv",))
    assert (result.made, len(result.left_out), result.exit_code) == (0, 4, 3)
    assert "before Daybook kept statements.fct_deal_costs" in result.left_out[0].error.what
