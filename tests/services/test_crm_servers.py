"""CRM databases on MariaDB and PostgreSQL: FXBackOffice, and event tables read by a cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.source_examination import examine_source
from ingestion.sync import sync_once
from tests.ingestion.exports import Export, settings_for
from tests.ingestion.fxbo_behaviour import FxboBehaviour
from tests.ingestion.lake import one, rows
from tests.services.servers import Server
from warehouse.settings import SourceSettings

pytestmark = pytest.mark.services


class TestFxboOnMariadb(FxboBehaviour):
    """The shared tests, on the database it runs on."""

    @pytest.fixture
    def export(self, mariadb_url: str) -> Export:
        """An empty database."""
        return Export(mariadb_url)


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_events_are_read_by_time_on_a_server(
    home: Path, request: pytest.FixtureRequest, name: str
) -> None:
    server: Server = request.getfixturevalue(f"{name}_server")
    export = Export(server.database(), lower=name == "postgresql")
    columns = {"event_id": "BIGINT", "client_id": "TEXT", "occurred_at": "DATETIME",
               "result": "TEXT"}  # fmt: skip
    logins = [
        {"event_id": n, "client_id": "C1", "occurred_at": f"2026-07-01 10:{n:02d}:00.250000",
         "result": "success"}
        for n in range(1, 31)
    ]  # fmt: skip
    export.create("crm_clients", {"client_id": "TEXT", "country": "TEXT"},
                  [{"client_id": "C1", "country": "CY"}])  # fmt: skip
    export.create("crm_client_accounts", {"client_id": "TEXT", "server_id": "TEXT",
                                          "login": "BIGINT", "valid_from": "DATE"})  # fmt: skip
    export.create("crm_login_events", columns, logins)
    source = SourceSettings(
        name="crm", kind="crm", url=export.url, options={"zone": "Asia/Nicosia", "chunk_rows": 12}
    )
    settings = settings_for(home, source)
    assert sync_once(settings).sources[0].new == 31
    assert one(settings, "SELECT max(occurred_at)::VARCHAR FROM lake.raw.crm_login_events") == (
        "2026-07-01 07:30:00.25"
    )
    late = logins[0] | {"event_id": 90, "occurred_at": "2026-07-01 10:25:00"}
    export.insert("crm_login_events", [late], columns)
    report = sync_once(settings).sources[0]
    assert (report.new, report.changed, report.loads) == (1, 0, 1)
    assert report.read < 20
    findings = examine_source(settings, source)
    assert [f.state for f in findings if f.part == "clock"] == ["ok"]
    wanted = [f.todo for f in findings if "no index on occurred_at" in f.detail]
    assert len(wanted) == 1
    # What it asks the DBA for is SQL that this database takes.
    export.run(wanted[0].removeprefix("ask the DBA for: ").removesuffix(";"))
    assert not [f for f in examine_source(settings, source) if "no index" in f.detail]
    assert rows(settings, "SELECT count(*) FROM lake.raw.quarantine") == [(0,)]
