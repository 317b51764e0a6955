"""How many decimals a currency has: the project's one list, which staging reads too."""

from __future__ import annotations

import csv
from functools import lru_cache

from warehouse.settings import PROJECT_ROOT

_SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "reference" / "ref_currencies.csv"


@lru_cache(maxsize=1)
def currency_digits() -> dict[str, int]:
    """Decimals by currency code (ISO 4217, and what the market uses for coins)."""
    with _SEED.open(encoding="utf-8", newline="") as file:
        return {row["currency"]: int(row["minor_units"]) for row in csv.DictReader(file)}
