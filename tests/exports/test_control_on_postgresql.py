"""The control database on a PostgreSQL server: migrations, one chain, no edits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from warehouse.control import audit, migrate, verify_audit
from warehouse.settings import Settings

pytestmark = pytest.mark.services

_WRITER = """
import sys
from pathlib import Path
from pydantic import SecretStr
from warehouse.control import audit
from warehouse.settings import Settings
settings = Settings(home=Path("/nowhere"), control_database_url=SecretStr(sys.argv[1]))
for n in range(10):
    audit.record(settings, actor=sys.argv[2], action="test.written", object_type="test",
                 object_id=str(n))
"""


@pytest.fixture
def settings(postgresql_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, control_database_url=SecretStr(postgresql_url))


def test_concurrent_writers_extend_one_chain(settings: Settings) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, settings.control_url, f"writer {n}"])
        for n in range(3)
    ]
    assert [writer.wait(timeout=300) for writer in writers] == [0, 0, 0]
    verification = verify_audit(settings)
    assert verification.problems == ()
    assert verification.rows == 30


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET actor = 'eve'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
def test_the_server_refuses_to_change_the_log(settings: Settings, statement: str) -> None:
    migrate(settings)
    audit.record(settings, actor="ada", action="made", object_type="test", object_id="1")
    engine = create_engine(settings.control_url)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert verify_audit(settings).is_intact
