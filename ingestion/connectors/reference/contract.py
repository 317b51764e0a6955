"""Contracts of reference data: quotes, currencies, market codes, LEIs, a bank's exchange rates."""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.published_lists import versions_contract
from ingestion.contracts import Column, ColumnType, TableContract


def _must(name: str, column_type: ColumnType = "VARCHAR", allowed: tuple[str, ...] = ()) -> Column:
    return Column(name, column_type, required=True, nullable=False, allowed=allowed)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "VARCHAR") for name in names)


def quotes_are_possible(rows: pl.DataFrame) -> pl.DataFrame:
    """A price is above zero, and nobody bids more than he asks."""
    low = pl.min_horizontal("bid", "ask") <= 0
    return rows.filter(low | (pl.col("bid") > pl.col("ask"))).select(
        ROW,
        pl.when(pl.col("ask") <= 0)
        .then(pl.lit("ask"))
        .otherwise(pl.lit("bid"))
        .alias("column_name"),
        pl.when(low)
        .then(pl.lit("a price is not above zero"))
        .otherwise(pl.lit("crossed quote: bid is above ask"))
        .alias("reason"),
    )


def rates_are_positive(rows: pl.DataFrame) -> pl.DataFrame:
    """A rate and the units it is for are above zero."""
    return rows.filter(pl.min_horizontal("rate", "base_units") <= 0).select(
        ROW, pl.lit("rate").alias("column_name"), pl.lit("rate is not above zero").alias("reason")
    )


QUOTES = TableContract(
    table="reference_quotes",
    source_table="quotes",
    key=("quoted_at_utc", "symbol", "quote_kind"),
    business_date=("quoted_at_utc", "timestamp"),
    touches="quotes",
    rules=(quotes_are_possible,),
    columns=(
        _must("symbol"),
        _must("quote_kind", allowed=("closing", "minute")),
        _must("quoted_at", "TIMESTAMP"),
        _must("quoted_zone"),
        _must("quoted_at_utc", "TIMESTAMP"),
        _must("bid", "DECIMAL(24,12)"),
        _must("ask", "DECIMAL(24,12)"),
    ),
)
CURRENCIES = TableContract(
    table="reference_currencies",
    source_table="iso 4217",
    key=("entity_name", "currency"),
    columns=(
        _must("entity_name"),
        # ISO 4217 lists places that have no currency of their own.
        Column("currency", "VARCHAR"),
        *_texts("currency_name", "numeric_code"),
        Column("minor_units", "INTEGER"),
    ),
)
MICS = TableContract(
    table="reference_mics",
    source_table="iso 10383",
    key=("mic",),
    columns=(
        _must("mic"),
        *_texts(
            "operating_mic", "mic_type", "market_name", "legal_entity_name", "lei",
            "market_category", "acronym", "country", "city", "website",
        ),
        _must("status"),
        Column("created_date", "DATE"),
        Column("updated_date", "DATE"),
        Column("validated_date", "DATE"),
        Column("expiry_date", "DATE"),
        Column("comments", "VARCHAR"),
    ),
)  # fmt: skip
LEIS = TableContract(
    table="reference_leis",
    source_table="gleif golden copy",
    key=("lei",),
    columns=(
        _must("lei"),
        _must("legal_name"),
        *_texts("country", "jurisdiction", "category", "legal_form"),
        _must("entity_status"),
        _must("registration_status"),
        Column("registered_at_utc", "TIMESTAMP"),
        Column("updated_at_utc", "TIMESTAMP"),
        Column("next_renewal_at_utc", "TIMESTAMP"),
        Column("managing_lou", "VARCHAR"),
    ),
)
FX_RATES = TableContract(
    table="reference_fx_rates",
    source_table="exchange rates",
    key=("rate_date", "base_currency", "quote_currency"),
    rules=(rates_are_positive,),
    columns=(
        _must("rate_date", "DATE"),
        _must("base_currency"),
        _must("quote_currency"),
        _must("base_units", "DECIMAL(24,8)"),
        _must("rate", "DECIMAL(24,12)"),
    ),
)
LIST_VERSIONS = versions_contract("reference_list_versions")

CONTRACTS = (QUOTES, CURRENCIES, MICS, LEIS, FX_RATES, LIST_VERSIONS)
