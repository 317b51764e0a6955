"""The broker's own reference files, and a configuration that reads everything simulated."""

from __future__ import annotations

from pathlib import Path

from ingestion.simulator import mt4_accounts
from ingestion.simulator.crm import write_csv
from ingestion.simulator.ctrader_accounts import SERVER_ID as CTRADER_SERVER
from ingestion.simulator.market import SERVER_ID, SYMBOLS, WHITE_LABEL, WHITE_LABEL_SERVER
from ingestion.simulator.systems import SYSTEMS

URL_VARIABLE = "DAYBOOK_MT5_URL"

# Legal entity of the B-book and of the A-book, by trading server.
_ENTITIES = {
    SERVER_ID: ("Harbour Lane Markets (CY) Ltd", "Harbour Lane Prime Ltd"),
    WHITE_LABEL_SERVER: ("Aurora Trade Ltd", "Aurora Trade Ltd"),
}


def _groups(server_id: str) -> tuple[tuple[str, ...], ...]:
    entity_b, entity_a = _ENTITIES[server_id]
    return (
        (r"real\B-%", "B", entity_b, "retail", "false", "", "false"),
        (r"real\B-cent-%", "B", entity_b, "micro", "false", "", "true"),
        (r"real\A-%", "A", entity_a, "prime", "false", "", "false"),
        (r"managers\%", "B", entity_b, "house", "true", "manager accounts", "false"),
        (r"demo\%", "B", entity_b, "house", "true", "demo accounts", "false"),
        (r"test\%", "B", entity_b, "house", "true", "test accounts", "false"),
    )


def mt5_file(server_id: str) -> str:
    """The SQLite file of a trading server."""
    return f"{server_id}.sqlite"


def write_broker(server_id: str, folder: Path) -> dict[str, int]:
    """groups.csv, desks.csv and symbols.csv; gives rows per file.

    The MT4 server is the first tenant's: its groups and symbols stand in that tenant's files.
    """
    mt4_groups = mt4_accounts.GROUPS if server_id == SERVER_ID else ()
    entity = _ENTITIES[server_id][0]
    return {
        "broker_groups": write_csv(
            folder / "groups.csv",
            ("server_id", "group_pattern", "book", "legal_entity", "desk", "is_excluded",
             "exclusion_reason", "is_cent", "valid_from", "currency", "is_swap_posted"),
            (
                *((server_id, *row, "", "", "") for row in _groups(server_id)),
                *(
                    (mt4_accounts.SERVER_ID, group.name, "B", entity, "retail", "false", "",
                     "true" if group.currency == "USC" else "false", "", group.currency,
                     "true" if group.posts_swap else "false")
                    for group in mt4_groups
                ),
                *(
                    [(CTRADER_SERVER, "%", "B", entity, "retail", "false", "", "false", "", "", "")]
                    if mt4_groups
                    else []
                ),
            ),
        ),
        "broker_symbols": write_csv(
            folder / "symbols.csv",
            ("server_id", "symbol", "contract_size", "base_currency", "profit_currency",
             "digits", "description", "swap_long_points", "swap_short_points"),
            (
                (mt4_accounts.SERVER_ID, spec.symbol, spec.contract_size, spec.base, spec.profit,
                 spec.digits, spec.description, spec.swap_long, spec.swap_short)
                for spec in (SYMBOLS if mt4_groups else ())
            ),
        ),
        "broker_desks": write_csv(
            folder / "desks.csv",
            ("desk", "name"),
            (("retail", "Retail desk"), ("micro", "Cent accounts"), ("prime", "Agency desk"),
             ("house", "House accounts")),
        ),
    }  # fmt: skip


_WHITE_LABEL = f"""
[[sources]]
name = "{WHITE_LABEL_SERVER}"
kind = "mt5"
tenant = "{WHITE_LABEL}"
url = "sqlite:///{WHITE_LABEL}/{WHITE_LABEL_SERVER}.sqlite"

[[sources]]
name = "crm_{WHITE_LABEL}"
kind = "crm"
tenant = "{WHITE_LABEL}"
path = "{WHITE_LABEL}/crm"

[[sources]]
name = "broker_{WHITE_LABEL}"
kind = "broker"
tenant = "{WHITE_LABEL}"
path = "{WHITE_LABEL}/broker"
"""


def write_configuration(path: Path, *, from_environment: bool, white_label: bool) -> None:
    """daybook.toml beside the simulated sources; a database URL is never written into it."""
    file = f'url = "sqlite:///{mt5_file(SERVER_ID)}"'
    address = f'url_env = "{URL_VARIABLE}"' if from_environment else file
    path.write_text(
        "# Written by `daybook simulate`: reads the simulated broker beside this file.\n"
        'display_name = "Daybook demo"\nhome = "home"\ntenant = "demo"\n'
        'reporting_currency = "USD"\ntruth_path = "truth"\n\n'
        f'[[sources]]\nname = "{SERVER_ID}"\nkind = "mt5"\n{address}\n\n'
        '[[sources]]\nname = "ecb"\nkind = "ecb"\n\n'
        '[[sources]]\nname = "crm"\nkind = "crm"\npath = "crm"\n\n'
        '[[sources]]\nname = "broker"\nkind = "broker"\npath = "broker"\n'
        + "".join(f"\n{system.configuration}" for system in SYSTEMS if system.configuration)
        + (_WHITE_LABEL if white_label else ""),
        encoding="utf-8",
    )
