"""The lake's catalog in a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from warehouse.connection import connect
from warehouse.lake_statistics import note_empty_tables
from warehouse.settings import Settings

pytestmark = pytest.mark.services


def test_empty_tables_are_noted_in_it(postgresql_url: str, tmp_path: Path) -> None:
    url = make_url(postgresql_url)
    catalog = f"dbname={url.database} host={url.host} port={url.port} user={url.username}"
    settings = Settings(home=tmp_path / "home", catalog_url=SecretStr(catalog))
    with connect("write", settings=settings) as con:
        con.execute("CREATE TABLE lake.main.small (x INTEGER, y DOUBLE)")
        assert note_empty_tables(con, settings) == 1
        assert note_empty_tables(con, settings) == 0
        con.execute("INSERT INTO lake.main.small VALUES (1, 2)")
        assert con.execute("SELECT count(*), max(x) FROM lake.main.small").fetchall() == [(1, 1)]
