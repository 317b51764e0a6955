"""Contract of the European Central Bank's reference rates."""

from __future__ import annotations

from ingestion.contracts import Column, TableContract

RATES = TableContract(
    table="ecb_rates",
    source_table="eurofxref-hist",
    key=("rate_date", "currency"),
    required=True,
    columns=(
        Column("rate_date", "DATE", required=True, nullable=False),
        Column("currency", "VARCHAR", required=True, nullable=False),
        Column("rate_per_eur", "DECIMAL(24,12)", required=True, nullable=False),
    ),
)

CONTRACTS = (RATES,)
