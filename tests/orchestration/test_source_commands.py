"""`daybook source add | test | list | preview`, as a person or a script runs them."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingestion.sync import sync_once
from orchestration.cli.app import app
from orchestration.source_file import source_block
from tests.ingestion.exports import DEALS, USERS, Export, deal
from tests.ingestion.rest_server import TOKEN, CrmApi, served
from warehouse.connection import connect
from warehouse.errors import DaybookError, UsageError
from warehouse.settings import load_settings

CONFIGURATION = """\
# Ours, and it stays as it is.
home = "home"   # beside this file
tenant = "demo"

[[sources]]
name = "crm"           # the back office
kind = "crm"
path = "crm"
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a CRM of CSV files."""
    (tmp_path / "daybook.toml").write_text(CONFIGURATION, "utf-8")
    folder = tmp_path / "crm"
    folder.mkdir()
    (folder / "clients.csv").write_text(
        "client_id,country,registered_at,email\n"
        "C1,CY,2026-01-02 03:04:05,ada@secret.example\n"
        "C2,DE,soon,bob@secret.example\n",
        "utf-8",
    )
    (folder / "client_accounts.csv").write_text(
        "client_id,server_id,login,valid_from\nC1,mt5_live,1001,2026-01-02\n", "utf-8"
    )
    monkeypatch.setenv("DAYBOOK_CONFIG", str(tmp_path / "daybook.toml"))
    return tmp_path


def run(*arguments: str) -> Result:
    """The command's result; an error of ours is left in ``exception``."""
    return CliRunner().invoke(app, ["source", *arguments])


def answer(*arguments: str, code: int = 0) -> Any:
    """What a command prints as JSON."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.stdout)


def details(findings: list[dict[str, str]], state: str) -> str:
    """The details and advice of the findings in a state."""
    return "\n".join(
        f"{f['part']}: {f['detail']} {f['todo']}" for f in findings if f["state"] == state
    )


def test_list_before_and_after_a_load(office: Path) -> None:
    (before,) = answer("list")
    assert (before["health"], before["last_load"], before["rows"]) == ("never loaded", None, 0)
    assert before["address"] == str(office / "crm")
    sync_once(load_settings())
    (after,) = answer("list")
    assert (after["rows"], after["quarantined"]) == (2, 1)
    assert after["last_load"]
    assert after["warnings"] > 0
    shown = run("list")
    assert shown.exit_code == 0
    assert "crm" in shown.stdout


def test_list_shows_no_secret(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACK_URL", "mysql://daybook:hunter2@db.example/crm?token=hunter3")
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "back"\nkind = "crm"\nurl_env = "BACK_URL"\n')
    listed = run("list", "--json").stdout
    assert "$BACK_URL mysql://db.example/crm" in listed
    assert "hunter" not in listed
    assert "daybook:" not in listed


def test_a_source_that_can_be_loaded_passes_with_its_warnings(office: Path) -> None:
    told = answer("test", "crm")
    assert told["loadable"]
    warnings = details(told["findings"], "warning")
    assert "1 of 2 rows looked at would be quarantined" in warnings
    assert "registered_at is not a TIMESTAMP (clients.csv row 3" in warnings
    assert "The file partners.csv is missing." in warnings
    assert "no residence_country" in details(told["findings"], "ok")
    assert not (office / "home").exists()


def test_a_source_that_cannot_be_loaded_fails(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office / "crm" / "client_accounts.csv").unlink()
    told = answer("test", "crm", code=1)
    assert "client_accounts.csv is missing" in details(told["findings"], "error")
    (office / "crm").rename(office / "gone")
    told = answer("test", "crm", code=1)
    assert "folder of the source does not exist" in details(told["findings"], "error")
    monkeypatch.delenv("NOT_SET", raising=False)
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "back"\nkind = "crm"\nurl_env = "NOT_SET"\n')
    told = answer("test", "back", code=1)
    assert "NOT_SET is not set" in details(told["findings"], "error")
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "mt5"\nkind = "mt5"\nurl = "mysql://127.0.0.1:1/x"\n')
    told = answer("test", "mt5", code=1)
    assert "cannot be read" in details(told["findings"], "error")
    assert isinstance(run("test", "nobody").exception, DaybookError)


def test_a_database_is_asked_for_its_indexes_and_its_missing_columns(office: Path) -> None:
    path = office / "mt5.sqlite"
    path.touch()
    export = Export(f"sqlite:///{path}")
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 40)], key='"Deal"')
    export.create("mt5_users", USERS)
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "mt5"\nkind = "mt5"\nurl = "sqlite:///mt5.sqlite"\n')
    told = run("test", "mt5", "--json")
    findings = json.loads(told.stdout)["findings"]
    assert "mt5_deals has no index on Timestamp" in details(findings, "warning")
    assert 'CREATE INDEX "daybook_mt5_deals" ON "mt5_deals" ("Timestamp");' in details(
        findings, "warning"
    )
    export.run('CREATE INDEX by_time ON mt5_deals ("Timestamp")')
    findings = json.loads(run("test", "mt5", "--json").stdout)["findings"]
    assert "no index" not in details(findings, "warning")


def test_rows_dated_in_the_future_are_doubted(office: Path) -> None:
    (office / "crm" / "clients.csv").write_text(
        "client_id,country,registered_at\nC1,CY,2199-01-02 03:04:05\n", "utf-8"
    )
    told = answer("test", "crm")
    assert "registered_at lies in the future, up to 2199-01-02" in details(
        told["findings"], "warning"
    )


def test_preview_types_masks_and_refuses_and_writes_nothing(office: Path) -> None:
    shown = answer("preview", "crm", "--table", "clients")
    assert list(shown["tables"]) == ["crm_clients"]
    clients = shown["tables"]["crm_clients"]
    assert clients["rows"] == [
        {
            "client_id": "C1",
            "country": "CY",
            "residence_country": None,
            "registered_at": "2026-01-02T03:04:05",
            "status": None,
            "kyc_status": None,
            "risk_class": None,
            "name": None,
            "birth_date": None,
            "email": "•••",
            "phone": None,
            "address": None,
            "_source_table": "clients.csv",
        }
    ]
    (refused,) = clients["quarantine"]
    assert (refused["row_key"], refused["column_name"]) == ("C2", "registered_at")
    assert "secret.example" not in run("preview", "crm").output
    assert not (office / "home").exists()


def test_preview_of_a_database_reads_a_few_rows(office: Path) -> None:
    path = office / "mt5.sqlite"
    path.touch()
    export = Export(f"sqlite:///{path}")
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 200)], key='"Deal"')
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "mt5"\nkind = "mt5"\nurl = "sqlite:///mt5.sqlite"\n')
    shown = answer("preview", "mt5", "--table", "mt5_deals", "--rows", "4")
    deals = shown["tables"]["mt5_deals"]
    assert [row["deal"] for row in deals["rows"]] == [1, 2, 3, 4]
    assert deals["read"] < 20


def test_preview_takes_nothing_from_a_folder_of_dropped_files(office: Path) -> None:
    folder = office / "stripe"
    folder.mkdir()
    (folder / "list.json").write_text(
        json.dumps(
            [
                {"id": "t1", "object": "balance_transaction", "amount": 5, "currency": "usd",
                 "fee": 1, "net": 4, "type": "charge", "created": 1_793_174_400},
            ]
        ),
        "utf-8",
    )  # fmt: skip
    with (office / "daybook.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[sources]]\nname = "stripe"\nkind = "stripe"\npath = "stripe"\n')
    shown = answer("preview", "stripe")
    assert shown["tables"]["stripe_balance_transactions"]["good"] == 1
    assert not (office / "home").exists()
    assert sync_once(load_settings(), "stripe").sources[0].new == 1
    with connect("read", settings=load_settings()) as con:
        loads = con.execute("SELECT count(*) FROM lake.meta.loads").fetchall()
        assert answer("preview", "stripe")["tables"]["stripe_balance_transactions"]["good"] == 1
        assert con.execute("SELECT count(*) FROM lake.meta.loads").fetchall() == loads


def test_preview_of_an_api_asks_for_one_page(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_TOKEN", TOKEN)
    api = CrmApi(
        lists={
            "clients": [{"client_id": f"C{n}", "country": "CY"} for n in range(9)],
            "client_accounts": [],
        },
        size=5,
    )
    with served(api) as base:
        with (office / "daybook.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[sources]]\nname = "api"\nkind = "crm"\nurl = "{base}"\n'
                '[sources.options.rest]\nauth = { type = "bearer", env = "CRM_TOKEN" }\n'
                'pages = { kind = "page_number" }\n'
            )
        shown = answer("preview", "api", "--rows", "3")
        assert len(shown["tables"]["crm_clients"]["rows"]) == 3
        assert [q for p, q in api.asked if p == "clients"] == [{"page": "1"}]
        told = answer("test", "api")
        assert told["loadable"]
        assert "CRM_TOKEN is set" in details(told["findings"], "ok")


def test_add_appends_a_block_and_tests_it(office: Path) -> None:
    (office / "second").mkdir()
    result = run("add", "second", "--kind", "crm", "--path", "second", "--set", "poll_seconds=60",
                 "--set", 'options.zone="Asia/Nicosia"',
                 "--set", "options.values.cash_requests.status.OK=processed")  # fmt: skip
    # It holds no files yet: written, and said to be not loadable.
    assert result.exit_code == 1
    assert "clients.csv is missing" in result.output
    text = (office / "daybook.toml").read_text("utf-8")
    assert text.startswith(CONFIGURATION)
    assert text[len(CONFIGURATION) :] == (
        '\n[[sources]]\nname = "second"\nkind = "crm"\ntenant = "demo"\npath = "second"\n'
        'poll_seconds = 60\n\n[sources.options]\nzone = "Asia/Nicosia"\n\n'
        '[sources.options.values.cash_requests.status]\nOK = "processed"\n'
    )
    source = load_settings().source("second")
    assert source.path == office / "second"
    assert source.options["values"]["cash_requests"]["status"] == {"OK": "processed"}
    assert answer("add", "third", "--kind", "ecb", "--no-test")["source"] == "third"
    assert [s.name for s in load_settings().sources] == ["crm", "second", "third"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["crm", "--kind", "crm", "--path", "x"], "is named crm already"),
        (["x", "--kind", "mt9", "--path", "x"], "No connector reads sources of kind mt9"),
        (["x", "--kind", "stripe"], "needs a path"),
        (["--kind", "stripe"], "needs a name"),
        (["X y", "--kind", "ecb"], "pattern"),
        (["x", "--kind", "crm", "--url", "mysql://me:hunter2@db/crm"], "url holds a secret"),
        (["x", "--kind", "crm", "--url", "https://crm/?api_key=hunter2"], "url holds a secret"),
        (
            ["x", "--kind", "crm", "--path", "x", "--set", "options.rest.auth.token=hunter2"],
            "options.rest.auth.token holds a secret",
        ),
        (["x", "--kind", "ecb", "--set", "color=red"], "cannot be used"),
        (["x", "--kind", "ecb", "--set", "color"], "no key=value"),
    ],
)
def test_add_refuses_and_leaves_the_file_alone(
    office: Path, arguments: list[str], told: str
) -> None:
    result = run("add", *arguments)
    assert isinstance(result.exception, DaybookError)
    assert result.exception.exit_code == 2
    assert told in result.exception.describe()
    assert "hunter2" not in result.exception.describe() + result.output
    assert (office / "daybook.toml").read_text("utf-8") == CONFIGURATION
    assert sorted(os.listdir(office)) == ["crm", "daybook.toml"]


def test_a_block_writes_what_toml_reads_back() -> None:
    block = source_block(
        {"name": "x", "kind": "crm", "path": 'a"b\\c'},
        ["options.columns.clients.client_id=Client ID", "options.values.a.b={\"Ä x\" = 'y'}"],
    )
    import tomllib

    (source,) = tomllib.loads(block)["sources"]
    assert source["path"] == 'a"b\\c'
    assert source["options"] == {
        "columns": {"clients": {"client_id": "Client ID"}},
        "values": {"a": {"b": {"Ä x": "y"}}},
    }
    with pytest.raises(UsageError, match="is a value already"):
        source_block({"name": "x"}, ["name.deep=1"])


def test_a_crm_database_is_tested_by_its_cursor_columns(office: Path) -> None:
    path = office / "crm.sqlite"
    with sqlite3.connect(path) as con:
        con.executescript(
            """
            CREATE TABLE crm_clients (client_id TEXT, country TEXT);
            CREATE TABLE crm_client_accounts (
                client_id TEXT, server_id TEXT, login INTEGER, valid_from DATE);
            CREATE TABLE log (id INTEGER PRIMARY KEY, who TEXT, at TEXT, outcome TEXT);
            INSERT INTO log VALUES (1, 'C1', '2026-01-02 03:04:05', 'success');
            """
        )
    con.close()
    block = """
[[sources]]
name = "sql"
kind = "crm"
url = "sqlite:///crm.sqlite"
[sources.options.tables]
login_events = "log"
[sources.options.columns.login_events]
event_id = "id"
client_id = "who"
occurred_at = "at"
result = "outcome"
"""
    (office / "daybook.toml").write_text(CONFIGURATION + block, "utf-8")
    findings = answer("test", "sql")["findings"]
    assert "log has no index on at: each poll" in details(findings, "warning")
    (office / "daybook.toml").write_text(
        CONFIGURATION + block + '[sources.options.cursors]\nlogin_events = "id"\n', "utf-8"
    )
    findings = answer("test", "sql")["findings"]
    assert "no index" not in details(findings, "warning")


def test_add_asks_on_a_terminal_for_what_is_missing(office: Path) -> None:
    ours, theirs = pty.openpty()
    command = "from orchestration.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "source", "add", "--no-test"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    os.write(ours, b"asked\nstripe\nfolder of files\n")
    told, _ = process.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, told
    assert "kind (ecb, broker, crm" in told.decode()
    source = load_settings().source("asked")
    assert (source.kind, source.path) == ("stripe", office / "folder of files")
