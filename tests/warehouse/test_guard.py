"""What analysts may ask, and what is refused from the start."""

from __future__ import annotations

import pytest

from warehouse.connection import connect
from warehouse.errors import QueryRefusedError
from warehouse.guard import OPERATOR_SCHEMAS, check_query, run_guarded_query
from warehouse.settings import Settings
from warehouse.writer import transaction


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    installation = Settings(home=tmp_path_factory.mktemp("guard"))
    with connect("write", settings=installation) as con, transaction(con, "x", installation):
        con.execute("CREATE SCHEMA finance")
        con.execute(
            "CREATE TABLE finance.days AS SELECT i AS day, i * 1.5::DECIMAL(24,8) AS amount "
            "FROM range(10) AS r(i)"
        )
        con.execute(
            "CREATE TABLE finance.owned AS SELECT * FROM (VALUES ('ours', 1), ('theirs', 2)) "
            "AS v(tenant_id, amount)"
        )
        con.execute("CREATE TABLE pii.people AS SELECT 'A. Person' AS name")
    return installation


ALLOWED = [
    ("SELECT count(*) FROM finance.days", [(10,)]),
    ("WITH d AS (SELECT day FROM finance.days) SELECT max(day) FROM d", [(9,)]),
    (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'finance' "
        "ORDER BY table_name",
        [("days",), ("owned",)],
    ),
    ("SELECT sum(i) FROM range(3) AS r(i)", [(3,)]),
    ("FROM lake.finance.days SELECT min(day)", [(0,)]),
]

REFUSED = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_parquet('**/*.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "ATTACH 'other.db'",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "COPY finance.days FROM '/etc/passwd'",
    "SET threads = 1",
    "RESET memory_limit",
    "PRAGMA version",
    "CALL pragma_version()",
    "INSTALL httpfs",
    "LOAD httpfs",
    "INSERT INTO finance.days VALUES (1, 1)",
    "UPDATE finance.days SET day = 1",
    "DELETE FROM finance.days",
    "DROP TABLE finance.days",
    "CREATE TABLE finance.t AS SELECT 1",
    "CREATE TEMP TABLE t AS SELECT 1",
    "SELECT 1; DROP TABLE finance.days",
    "EXPORT DATABASE '/tmp/x'",
    "VACUUM",
    "SELECT * FROM pii.people",
    "SELECT * FROM lake.pii.people",
    "SELECT name FROM finance.days JOIN pii.people ON true",
    "SELECT * FROM (SELECT * FROM finance.days) WHERE EXISTS (SELECT 1 FROM pii.people)",
    "SELECT * FROM raw.quarantine",
    "SELECT * FROM __ducklake_metadata_lake.ducklake_table",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT current_setting('temp_directory')",
    "SELECT getenv('HOME')",
    "DESCRIBE finance.days",
    "EXPLAIN SELECT 1",
    "SELECT * FROM sqlite_scan('x.sqlite', 't')",
    "SELECT * FROM postgres_query('x', 'select 1')",
    "",
]


@pytest.mark.parametrize(("query", "rows"), ALLOWED)
def test_reading_marts_is_allowed(
    lake: Settings, query: str, rows: list[tuple[object, ...]]
) -> None:
    assert run_guarded_query(query, settings=lake).frame.rows() == rows


@pytest.mark.parametrize("query", REFUSED)
def test_everything_else_is_refused(lake: Settings, query: str) -> None:
    with pytest.raises(QueryRefusedError) as raised:
        run_guarded_query(query, settings=lake)
    assert raised.value.exit_code == 2
    with connect("read", settings=lake) as con:
        assert con.execute("SELECT count(*) FROM finance.days").fetchall() == [(10,)]


@pytest.mark.unit
def test_operators_see_source_rows_but_no_names() -> None:
    check_query("SELECT * FROM raw.quarantine", OPERATOR_SCHEMAS)
    with pytest.raises(QueryRefusedError, match="personal data"):
        check_query("SELECT * FROM pii.people", OPERATOR_SCHEMAS)


def test_a_cut_result_says_so(lake: Settings) -> None:
    result = run_guarded_query("SELECT day FROM finance.days ORDER BY day", settings=lake, limit=3)
    assert result.frame["day"].to_list() == [0, 1, 2]
    assert result.is_cut
    assert not run_guarded_query("SELECT 1", settings=lake, limit=3).is_cut


def test_a_file_is_out_of_reach_even_past_the_syntax_check(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.guard.check_query", lambda query, schemas: None)
    with pytest.raises(QueryRefusedError, match="disabled by configuration"):
        run_guarded_query("SELECT * FROM read_text('/etc/passwd')", settings=lake)


def test_a_query_that_runs_too_long_is_stopped(lake: Settings) -> None:
    impatient = lake.model_copy(update={"query_timeout_seconds": 0.2})
    endless = "SELECT sum(a.i * b.i) FROM range(10000000) AS a(i), range(10000000) AS b(i)"
    with pytest.raises(QueryRefusedError, match="ran longer than"):
        run_guarded_query(endless, settings=impatient)
    assert run_guarded_query("SELECT 1 AS one", settings=impatient).frame.height == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sum(amount) FROM finance.owned",
        "SELECT sum(amount) FROM FINANCE.Owned",
        "WITH owned AS (SELECT * FROM finance.owned) SELECT sum(amount) FROM owned",
        "SELECT sum(a.amount) FROM finance.owned AS a JOIN finance.owned AS b ON true",
        "SELECT (SELECT sum(amount) FROM finance.owned)",
        "SELECT sum(amount) FROM (FROM finance.owned UNION ALL FROM finance.owned LIMIT 1)",
    ],
)
def test_of_other_tenants_there_is_nothing(lake: Settings, query: str) -> None:
    assert run_guarded_query(query, settings=lake, tenant="ours").frame.rows() == [(1,)]


def test_a_tenant_reads_what_belongs_to_nobody_and_cannot_go_around(lake: Settings) -> None:
    shared = run_guarded_query("SELECT count(*) FROM finance.days", settings=lake, tenant="ours")
    assert shared.frame.rows() == [(10,)]
    with pytest.raises(QueryRefusedError, match="names the catalog"):
        run_guarded_query("SELECT * FROM lake.finance.owned", settings=lake, tenant="ours")
    nobody = "SELECT count(*) FROM finance.owned"
    strange = run_guarded_query(nobody, settings=lake, tenant="' OR true --")
    assert strange.frame.rows() == [(0,)]
