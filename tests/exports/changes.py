"""Changing and publishing the hand-written broker's lake."""

from __future__ import annotations

from tests.golden.tiny_lake import SERVER, TENANT
from warehouse.connection import connect
from warehouse.publishing import current_snapshot
from warehouse.settings import Settings
from warehouse.writer import transaction


def change(settings: Settings, *statements: str) -> int:
    """Change the lake and tell the snapshot after it."""
    con = connect("write", settings=settings)
    try:
        with transaction(con, "a test's change", settings):
            for statement in statements:
                con.execute(statement)
        return current_snapshot(con)
    finally:
        con.close()


def publish(settings: Settings, day: str, version: int, snapshot: int, at: str) -> None:
    """Publish a day at a snapshot."""
    change(
        settings,
        f"INSERT INTO lake.meta.published VALUES (2, '{TENANT}', '{SERVER}', '{day}', {version}, "
        f"{snapshot}, 2, '{at}', 'ada', '0', '{{}}')",
    )


def multiply(settings: Settings, login: int, client: str, times: int) -> int:
    """So many more clients, each with a copy of an account and all that it did.

    Copies have logins of 1,000,000 and up, clients K1, K2, ...; deals and orders keep their numbers
    with the copy's before them.
    """
    shift = "1000000 + copies.n"
    key = f"'{TENANT}/{SERVER}/' || ({shift})"
    keys = f"{shift} AS login, {key} AS account_key"
    tables = {
        "canonical.can_accounts": f"{keys}, '{TENANT}/K' || copies.n AS client_key",
        "canonical.can_deals": f"{keys}, copies.n * 1000 + deal_id AS deal_id, "
        "copies.n * 1000 + position_id AS position_id",
        "finance.fct_account_days": keys,
        "finance.fct_open_positions": f"{keys}, copies.n * 1000 + position_id AS position_id",
        "statements.fct_account_margins": keys,
        "statements.fct_working_orders": f"{keys}, copies.n * 1000 + order_id AS order_id",
    }
    statements = [
        f"INSERT INTO lake.{table} SELECT held.* REPLACE ({columns}) FROM lake.{table} AS held "
        f"CROSS JOIN range(1, {times} + 1) AS copies(n) WHERE held.login = {login}"
        for table, columns in tables.items()
    ]
    statements.append(
        "INSERT INTO lake.pii.crm_clients SELECT clients.* REPLACE ('K' || copies.n AS client_id, "
        "'Client ' || copies.n AS name, 1000 + copies.n AS _row_id) "
        f"FROM lake.pii.crm_clients AS clients CROSS JOIN range(1, {times} + 1) AS copies(n) "
        f"WHERE client_id = '{client}' AND NOT _is_deleted AND _row_id = ("
        f"SELECT max(_row_id) FROM lake.pii.crm_clients WHERE client_id = '{client}')"
    )
    return change(settings, *statements)
