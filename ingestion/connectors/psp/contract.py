"""The contract of a mapped provider: one common shape, whatever the provider calls it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import polars as pl

from ingestion.checks import ROW
from ingestion.connectors.psp.mapping import Mapping
from ingestion.connectors.psp.time_zones import is_time_zone
from ingestion.connectors.psp.vocabulary import EVENT_TYPES, STATUSES
from ingestion.contracts import Column, Rule, TableContract


def _amount(name: str, *, nullable: bool = True) -> tuple[Column, Column]:
    """An amount, and its exact text where it has more than 8 decimals."""
    return (
        Column(name, "DECIMAL(24,8)", nullable=nullable),
        Column(f"{name}_exact", "VARCHAR"),
    )


def _refused(rows: pl.DataFrame, column: str, reason: pl.Expr) -> pl.DataFrame:
    return rows.select(ROW, pl.lit(column).alias("column_name"), reason.alias("reason"))


def status_is_mapped(rows: pl.DataFrame) -> pl.DataFrame:
    """A status that the mapping does not name means nothing to anyone: the row waits for it."""
    return _refused(
        rows.filter(pl.col("status").is_null()), "status", _unmapped("status", "statuses")
    )


def type_is_mapped(rows: pl.DataFrame) -> pl.DataFrame:
    """The same for the type of an event."""
    return _refused(
        rows.filter(pl.col("event_type").is_null()), "event_type", _unmapped("event_type", "types")
    )


def _unmapped(field: str, table: str) -> pl.Expr:
    return pl.format(
        "the mapping does not say what {} '{}' means: add it to [{}]",
        pl.lit(field.replace("_", " ")),
        pl.col(f"source_{field}").fill_null(""),
        pl.lit(table),
    )


def zone_is_known(rows: pl.DataFrame) -> pl.DataFrame:
    """An event's time zone is one of the IANA names."""
    known = [name for name in rows["event_zone"].unique().to_list() if is_time_zone(name)]
    return _refused(
        rows.filter(~pl.col("event_zone").is_in(known)),
        "event_zone",
        pl.format("no time zone is called '{}': add it to [time.zones]", "event_zone"),
    )


def net_adds_up(rows: pl.DataFrame) -> pl.DataFrame:
    """In one currency, net is gross less fee and reserve."""
    one_currency = pl.col("gross_currency") == pl.col("net_currency").fill_null(
        pl.col("gross_currency")
    )
    fees_too = pl.col("gross_currency") == pl.col("fee_currency").fill_null(
        pl.col("gross_currency")
    )
    expected = (
        pl.col("gross_amount")
        - pl.col("fee_amount").fill_null(0)
        - pl.col("reserve_amount").fill_null(0)
    )
    off = rows.filter(one_currency & fees_too & pl.col("net_amount").is_not_null()).filter(
        expected != pl.col("net_amount")
    )
    return _refused(
        off, "net_amount", pl.lit("net is not gross less fee and reserve, in one currency")
    )


_RULES: tuple[Rule, ...] = (status_is_mapped, type_is_mapped, zone_is_known)

TRANSACTIONS = TableContract(
    table="psp_transactions",
    source_table="file",
    key=("psp_account", "event_id"),
    rules=_RULES,
    columns=(
        Column("psp_account", "VARCHAR", nullable=False),
        Column("event_id", "VARCHAR", nullable=False),
        Column("provider", "VARCHAR", nullable=False),
        Column("parent_id", "VARCHAR"),
        Column("merchant_reference", "VARCHAR"),
        Column("client_reference", "VARCHAR"),
        Column("event_type", "VARCHAR", allowed=EVENT_TYPES),
        Column("source_event_type", "VARCHAR"),
        Column("status", "VARCHAR", allowed=STATUSES),
        Column("source_status", "VARCHAR"),
        Column("gross_currency", "VARCHAR", nullable=False),
        *_amount("gross_amount", nullable=False),
        Column("fx_rate", "DECIMAL(24,12)"),
        Column("net_currency", "VARCHAR"),
        *_amount("net_amount"),
        Column("fee_currency", "VARCHAR"),
        *_amount("fee_amount"),
        *_amount("reserve_amount"),
        Column("amount_unit", "VARCHAR", nullable=False, allowed=("major", "minor")),
        Column("event_time", "VARCHAR", name="event_time_text"),
        Column("event_at", "TIMESTAMP", nullable=False),
        Column("event_zone", "VARCHAR", nullable=False),
        Column("value_date", "DATE"),
        Column("batch_id", "VARCHAR"),
        Column("payout_id", "VARCHAR"),
        Column("method", "VARCHAR"),
        Column("payer_name", "VARCHAR", pii=True),
        Column("payer_email", "VARCHAR", pii=True),
        Column("payer_account", "VARCHAR", pii=True),
        Column("details", "VARCHAR", pii=True),
    ),
)

CONTRACTS = (TRANSACTIONS,)

# Our column -> the fields of [columns] that it is read from.
_READ_FROM = {
    "gross_amount": ("gross_amount", "debit_amount", "credit_amount"),
    "net_amount": ("net_amount", "net_debit_amount", "net_credit_amount"),
    "fee_amount": ("fee_amounts",),
    "event_at": ("event_time",),
    "source_status": ("status",),
    "source_event_type": ("event_type",),
}


@lru_cache(maxsize=64)
def _named(names: tuple[tuple[str, str], ...], checks_net: bool) -> TableContract:
    sources = dict(names)
    return replace(
        TRANSACTIONS,
        columns=tuple(
            replace(column, source=sources.get(column.target, column.source), name=column.target)
            for column in TRANSACTIONS.columns
        ),
        rules=(*_RULES, net_adds_up) if checks_net else _RULES,
    )


def contract_of(mapping: Mapping) -> TableContract:
    """The contract under the provider's own column names, so that a refusal speaks of those."""
    stated = mapping.columns.model_dump(exclude_none=True)
    names = []
    for column in TRANSACTIONS.columns:
        theirs = [
            name
            for field in _READ_FROM.get(column.target, (column.target,))
            for name in _texts(stated.get(field))
        ]
        if theirs:
            names.append((column.target, "/".join(theirs)))
    return _named(tuple(names), mapping.numbers.check_net)


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
