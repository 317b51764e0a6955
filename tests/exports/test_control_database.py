"""The control database: migrations, registers, and an audit chain that cannot be edited unseen."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from warehouse.control import audit, database, migrate, verify_audit
from warehouse.control.break_actions import act_on_break, break_actions
from warehouse.control.explanations import break_explanations, explain_break
from warehouse.control.registers import StatementRecord, now_utc, register_statement, statements
from warehouse.errors import UsageError
from warehouse.settings import Settings

pytestmark = pytest.mark.unit

_WRITER = """
import sys
from pathlib import Path
from warehouse.control import audit
from warehouse.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
for n in range(15):
    audit.record(settings, actor=sys.argv[2], action="test.written", object_type="test",
                 object_id=str(n))
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def _record(settings: Settings, n: int) -> None:
    audit.record(
        settings,
        actor="ada",
        action="statement.read",
        object_type="statement",
        object_id=f"S-{n}",
        details={"format": "pdf", "name": "Zoë"},
    )


def _tamper(settings: Settings, statement: str) -> None:
    connection = sqlite3.connect(settings.home / "control.sqlite")
    for verb in ("update", "delete"):
        connection.execute(f"DROP TRIGGER audit_log_no_{verb}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_the_code_knows_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD_REVISION


def test_models_and_migrations_agree(settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from warehouse.control.models import Base

    with database.writing(settings) as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(settings: Settings) -> None:
    migrate(settings)
    _record(settings, 1)
    migrate(settings)
    assert verify_audit(settings).rows == 1


def test_a_database_of_a_newer_release_is_refused(settings: Settings) -> None:
    migrate(settings)
    connection = sqlite3.connect(settings.home / "control.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(database.ControlDatabaseError, match="install the newer Daybook"):
        migrate(settings)


def test_chain_holds_over_rows(settings: Settings) -> None:
    for n in range(5):
        _record(settings, n)
    verification = verify_audit(settings)
    assert verification.is_intact
    assert verification.rows == 5
    assert verification.head_hash == audit.entries(settings)[-1].hash


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_log SET actor = 'eve' WHERE seq = 2", "row 2 was changed"),
        ("UPDATE audit_log SET details_json = '{}' WHERE seq = 3", "row 3 was changed"),
        ("DELETE FROM audit_log WHERE seq = 2", "row 2 is missing"),
    ],
)
def test_tampering_is_seen(settings: Settings, statement: str, problem: str) -> None:
    for n in range(4):
        _record(settings, n)
    _tamper(settings, statement)
    verification = verify_audit(settings)
    assert not verification.is_intact
    assert any(problem in found for found in verification.problems)


def test_a_cut_tail_changes_the_head_hash(settings: Settings) -> None:
    for n in range(4):
        _record(settings, n)
    kept = verify_audit(settings).head_hash
    _tamper(settings, "DELETE FROM audit_log WHERE seq = 4")
    assert verify_audit(settings).head_hash != kept


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'eve'", "DELETE FROM audit_log"]
)
def test_the_database_refuses_to_change_the_log(settings: Settings, statement: str) -> None:
    _record(settings, 1)
    connection = sqlite3.connect(settings.home / "control.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_concurrent_writers_extend_one_chain(settings: Settings) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(settings.home), f"writer {n}"])
        for n in range(4)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0, 0]
    verification = verify_audit(settings)
    assert verification.problems == ()
    assert verification.rows == 60


def test_a_failed_change_leaves_no_audit_row(settings: Settings) -> None:
    def change() -> None:
        with database.writing(settings) as session:
            audit.append(session, actor="ada", action="x", object_type="t", object_id="1")
            raise RuntimeError("the change itself failed")

    with pytest.raises(RuntimeError):
        change()
    assert verify_audit(settings).rows == 0


def test_an_unreachable_database_says_where() -> None:
    settings = Settings(home=Path("/proc/nowhere"))
    with pytest.raises(database.ControlDatabaseError) as caught:
        migrate(settings)
    assert not isinstance(caught.value, SQLAlchemyError)
    assert "/proc/nowhere" in caught.value.where


def test_explaining_a_break_needs_name_and_reason(settings: Settings) -> None:
    with pytest.raises(UsageError, match="name and a reason"):
        explain_break(settings, break_key="b1", explained_by=" ", reason="late")
    explain_break(settings, break_key="b1", explained_by="ada", reason="first thought")
    explain_break(settings, break_key="b1", explained_by="ada", reason="dividend posted late")
    (explanation,) = break_explanations(settings)
    assert explanation.reason == "dividend posted late"
    assert [row.action for row in audit.entries(settings)] == ["break.explained"] * 2


def test_what_is_done_about_a_break_is_kept_and_audited(settings: Settings) -> None:
    told: dict[str, Any] = {
        "break_key": "b1", "amount": Decimal("-1.50"), "acted_by": "ada", "reason": "hers",
    }  # fmt: skip
    act_on_break(settings, action="assigned", assigned_to="bob", **told)
    act_on_break(settings, action="resolved", **told | {"reason": "credited on the 4th"})
    found = break_actions(settings)
    assert [(item.action, item.assigned_to, item.amount) for item in found] == [
        ("assigned", "bob", Decimal("-1.50")),
        ("resolved", None, Decimal("-1.50")),
    ]
    assert [(row.action, row.details) for row in audit.entries(settings)] == [
        ("break.assigned", {"reason": "hers", "amount": "-1.50", "assigned_to": "bob"}),
        ("break.resolved", {"reason": "credited on the 4th", "amount": "-1.50"}),
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"action": "forced"}, "cannot be forced"),
        ({"acted_by": " "}, "a name and a reason"),
        ({"reason": ""}, "a name and a reason"),
        ({"action": "assigned"}, "assigned to somebody"),
        ({"assigned_to": "bob"}, "assigned to somebody"),
    ],
)
def test_an_action_that_says_too_little(
    settings: Settings, wrong: dict[str, str], message: str
) -> None:
    told: dict[str, Any] = {
        "break_key": "b1", "action": "resolved", "amount": Decimal(1), "acted_by": "ada",
        "reason": "credited",
    }  # fmt: skip
    with pytest.raises(UsageError, match=message):
        act_on_break(settings, **told | wrong)
    assert audit.entries(settings) == []


def test_what_was_done_about_a_break_cannot_be_changed(settings: Settings) -> None:
    act_on_break(
        settings, break_key="b1", action="resolved", amount=Decimal(1), acted_by="ada", reason="x"
    )
    with (
        pytest.raises(database.ControlDatabaseError, match="append-only"),
        database.writing(settings) as session,
    ):
        session.execute(text("UPDATE break_actions SET amount = '2'"))


def test_the_same_statement_bytes_are_registered_once(settings: Settings) -> None:
    record = StatementRecord(
        statement_number="demo-C1-2026-10-v1",
        kind="client",
        tenant_id="demo",
        subject_key="demo/C1",
        period="2026-10",
        snapshot_id=3,
        code_version="0",
        format="pdf",
        sha256="a" * 64,
        path="aa/a.pdf",
        replaces=None,
        made_by="ada",
        created_at=now_utc(),
    )
    assert register_statement(settings, record) == register_statement(settings, record)
    assert len(statements(settings)) == 1
    assert [row.details["already_registered"] for row in audit.entries(settings)] == [False, True]
