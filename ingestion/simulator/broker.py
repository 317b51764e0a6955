"""The broker's own reference files, and a configuration that reads everything simulated."""

from __future__ import annotations

from pathlib import Path

from ingestion.simulator.crm import write_csv
from ingestion.simulator.market import SERVER_ID
from ingestion.simulator.systems import SYSTEMS

MT5_FILE = f"{SERVER_ID}.sqlite"
URL_VARIABLE = "DAYBOOK_MT5_URL"

_ENTITY_B = "Harbour Lane Markets (CY) Ltd"
_ENTITY_A = "Harbour Lane Prime Ltd"
_GROUPS = (
    (r"real\B-%", "B", _ENTITY_B, "retail", "false", "", "false"),
    (r"real\B-cent-%", "B", _ENTITY_B, "micro", "false", "", "true"),
    (r"real\A-%", "A", _ENTITY_A, "prime", "false", "", "false"),
    (r"managers\%", "B", _ENTITY_B, "house", "true", "manager accounts", "false"),
    (r"demo\%", "B", _ENTITY_B, "house", "true", "demo accounts", "false"),
    (r"test\%", "B", _ENTITY_B, "house", "true", "test accounts", "false"),
)


def write_broker(folder: Path) -> dict[str, int]:
    """groups.csv and desks.csv; gives rows per file."""
    return {
        "broker_groups": write_csv(
            folder / "groups.csv",
            ("server_id", "group_pattern", "book", "legal_entity", "desk", "is_excluded",
             "exclusion_reason", "is_cent", "valid_from"),
            ((SERVER_ID, *row, "") for row in _GROUPS),
        ),
        "broker_desks": write_csv(
            folder / "desks.csv",
            ("desk", "name"),
            (("retail", "Retail desk"), ("micro", "Cent accounts"), ("prime", "Agency desk"),
             ("house", "House accounts")),
        ),
    }  # fmt: skip


def write_configuration(path: Path, *, from_environment: bool) -> None:
    """daybook.toml beside the simulated sources; a database URL is never written into it."""
    address = f'url_env = "{URL_VARIABLE}"' if from_environment else f'url = "sqlite:///{MT5_FILE}"'
    path.write_text(
        "# Written by `daybook simulate`: reads the simulated broker beside this file.\n"
        'home = "home"\ntenant = "demo"\nreporting_currency = "USD"\ntruth_path = "truth"\n\n'
        f'[[sources]]\nname = "{SERVER_ID}"\nkind = "mt5"\n{address}\n\n'
        '[[sources]]\nname = "ecb"\nkind = "ecb"\n\n'
        '[[sources]]\nname = "crm"\nkind = "crm"\npath = "crm"\n\n'
        '[[sources]]\nname = "broker"\nkind = "broker"\npath = "broker"\n'
        + "".join(f"\n{system.configuration}" for system in SYSTEMS if system.configuration),
        encoding="utf-8",
    )
