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
