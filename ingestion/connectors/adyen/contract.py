"""Contracts of Adyen: lines of the settlement detail report, and notifications (webhooks)."""

from __future__ import annotations

import polars as pl

from ingestion.checks import ROW
from ingestion.contracts import Column, ColumnType, TableContract

MONEY: ColumnType = "DECIMAL(24,8)"


def _line(source: str, kind: ColumnType = "VARCHAR", *, must: bool = False) -> Column:
    """A column that any report has (``must``: in every row too)."""
    return Column(source, kind, name=_name(source), required=True, nullable=not must)


def _late(source: str, kind: ColumnType = "VARCHAR") -> Column:
    """A column that only some layouts have."""
    return Column(source, kind, name=_name(source))


def _name(source: str) -> str:
    plain = source.replace(" (GC)", "").replace(" (NC)", "").replace("TimeZone", "time zone")
    return plain.lower().replace(" ", "_")


def one_side_is_filled(rows: pl.DataFrame) -> pl.DataFrame:
    """A line moves the balance to one side: a formula without a value leaves both empty."""
    filled = (rows["net_debit"].fill_null(0) != 0).cast(pl.Int8) + (
        rows["net_credit"].fill_null(0) != 0
    ).cast(pl.Int8)
    empty = rows.filter(rows["net_debit"].is_null() & rows["net_credit"].is_null())
    both = rows.filter(filled == 2)
    return pl.concat(
        [
            _refused(empty, "net_credit", "neither Net Debit (NC) nor Net Credit (NC) is given"),
            _refused(both, "net_credit", "both Net Debit (NC) and Net Credit (NC) are given"),
        ]
    )


def amounts_are_not_negative(rows: pl.DataFrame) -> pl.DataFrame:
    """The side says the sign: a minus in a debit or credit would turn it round."""
    found = [
        _refused(rows.filter(pl.col(name) < 0), name, f"{source} is negative")
        for name, source in (
            ("gross_debit", "Gross Debit (GC)"),
            ("gross_credit", "Gross Credit (GC)"),
            ("net_debit", "Net Debit (NC)"),
            ("net_credit", "Net Credit (NC)"),
        )
    ]
    return pl.concat(found)


def currencies_are_codes(rows: pl.DataFrame) -> pl.DataFrame:
    """Currencies are three letters."""
    return pl.concat(
        [
            _refused(
                rows.filter(~pl.col(name).str.contains(r"^[A-Za-z]{3}$")),
                name,
                f"{source} is no three-letter code",
            )
            for name, source in (
                ("gross_currency", "Gross Currency"),
                ("net_currency", "Net Currency"),
            )
        ]
    )


def _refused(rows: pl.DataFrame, column: str, reason: str) -> pl.DataFrame:
    return rows.select(ROW, pl.lit(column).alias("column_name"), pl.lit(reason).alias("reason"))


SETTLEMENT_LINES = TableContract(
    table="adyen_settlement_lines",
    source_table="settlement_detail_report",
    key=("merchant_account", "batch_number", "line_key"),
    rules=(one_side_is_filled, amounts_are_not_negative, currencies_are_codes),
    columns=(
        _line("Merchant Account", must=True),
        _line("Batch Number", "BIGINT", must=True),
        # Made here: fee, payout and balance transfer lines have no reference of their own.
        Column("line_key", "VARCHAR", nullable=False),
        _line("Type", must=True),
        _line("Psp Reference"),
        _line("Merchant Reference"),
        _line("Modification Reference"),
        _late("Modification Merchant Reference"),
        _late("Company Account"),
        _late("Payment Method"),
        _late("Payment Method Variant"),
        _line("Creation Date", "TIMESTAMP", must=True),
        _line("TimeZone", must=True),
        Column("creation_zone", "VARCHAR"),
        _late("Booking Date", "TIMESTAMP"),
        _late("Booking Date TimeZone"),
        Column("booking_zone", "VARCHAR"),
        _line("Gross Currency"),
        _line("Gross Debit (GC)", MONEY),
        _line("Gross Credit (GC)", MONEY),
        _line("Exchange Rate", "DECIMAL(24,12)"),
        _line("Net Currency", must=True),
        _line("Net Debit (NC)", MONEY),
        _line("Net Credit (NC)", MONEY),
        _late("Commission (NC)", MONEY),
        _late("Markup (NC)", MONEY),
        _late("Scheme Fees (NC)", MONEY),
        _late("Interchange (NC)", MONEY),
    ),
)

NOTIFICATIONS = TableContract(
    table="adyen_notifications",
    source_table="notification",
    # One notification is delivered several times; a later state of it has a later event date.
    key=("psp_reference", "event_code", "success", "event_at"),
    columns=(
        Column("pspReference", "VARCHAR", required=True, nullable=False),
        Column("eventCode", "VARCHAR", required=True, nullable=False),
        Column("success", "VARCHAR", nullable=False, allowed=("true", "false", "none")),
        Column("eventAt", "TIMESTAMP", nullable=False),
        Column("eventDate", "VARCHAR"),
        Column("originalReference", "VARCHAR"),
        Column("merchantAccountCode", "VARCHAR"),
        Column("merchantReference", "VARCHAR"),
        Column("paymentMethod", "VARCHAR"),
        Column("currency", "VARCHAR"),
        Column("value", "BIGINT"),
        Column("reason", "VARCHAR"),
        Column("live", "VARCHAR"),
        Column("chargebackReasonCode", "VARCHAR"),
        Column("chargebackSchemeCode", "VARCHAR"),
        Column("disputeStatus", "VARCHAR"),
        Column("defensePeriodEndsAt", "VARCHAR"),
        Column("cardSummary", "VARCHAR", pii=True),
        Column("shopperReference", "VARCHAR", pii=True),
    ),
)

CONTRACTS = (SETTLEMENT_LINES, NOTIFICATIONS)
