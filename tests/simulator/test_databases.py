"""PostgreSQL and MariaDB receive what SQLite receives, and are corrected the same way."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingestion.simulator import simulate
from ingestion.simulator.tables import TABLES
from tests.services.fixtures import (  # noqa: F401
    mariadb_server,
    mariadb_url,
    postgresql_server,
    postgresql_url,
)
from tests.simulator.conftest import ACCOUNTS, DAYS, SEED, table

pytestmark = pytest.mark.services


@pytest.mark.parametrize("kind", ["postgresql_url", "mariadb_url"])
def test_server_holds_the_same_rows_before_and_after_corrections(
    kind: str, request: pytest.FixtureRequest, base: Path, tmp_path: Path,
    correction: tuple[Path, object],
) -> None:  # fmt: skip
    url = request.getfixturevalue(kind)
    simulate(SEED, DAYS, ACCOUNTS, tmp_path, database_url=url)
    assert not (tmp_path / "mt5_live.sqlite").exists()
    source = tomllib.loads((tmp_path / "daybook.toml").read_text())["sources"][0]
    assert source == {"name": "mt5_live", "kind": "mt5", "url_env": "DAYBOOK_MT5_URL"}
    engine = sa.create_engine(url)
    compare(engine, base)
    simulate(SEED, DAYS, ACCOUNTS, tmp_path, database_url=url, corrections=True)
    compare(engine, correction[0])
    engine.dispose()


def compare(engine: sa.Engine, folder: Path) -> None:
    quote = engine.dialect.identifier_preparer.quote_identifier
    for spec in TABLES:
        expected = table(folder, spec.name).sort(spec.key)
        names = ", ".join(quote(name) for name, _ in spec.columns)
        keys = ", ".join(quote(name) for name in spec.key)
        # Text keys sort by the server's collation: order them here.
        with engine.connect() as connection:
            rows = connection.execute(
                sa.text(f"SELECT {names} FROM {quote(spec.name)} ORDER BY {keys}")
            ).all()
        got = sorted((tuple(row) for row in rows), key=str)
        assert got == sorted(expected.rows(), key=str), spec.name
