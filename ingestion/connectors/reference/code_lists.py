"""Lists of codes as their keepers publish them: ISO 4217, ISO 10383, GLEIF's golden copy."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from lxml import etree

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.reference.contract import LEIS, MICS
from ingestion.connectors.safe_xml import children, local_name, text
from ingestion.contracts import TableContract

_CURRENCY_HEADERS = {
    "entity_name": "entity",
    "currency": "alphabeticcode",
    "currency_name": "currency",
    "numeric_code": "numericcode",
    "minor_units": "minorunit",
}
_MIC_HEADERS = {
    "mic": "MIC", "operating_mic": "OPERATING MIC", "mic_type": "OPRT/SGMT",
    "market_name": "MARKET NAME-INSTITUTION DESCRIPTION", "legal_entity_name": "LEGAL ENTITY NAME",
    "lei": "LEI", "market_category": "MARKET CATEGORY CODE", "acronym": "ACRONYM",
    "country": "ISO COUNTRY CODE (ISO 3166)", "city": "CITY", "website": "WEBSITE",
    "status": "STATUS", "created_date": "CREATION DATE", "updated_date": "LAST UPDATE DATE",
    "validated_date": "LAST VALIDATION DATE", "expiry_date": "EXPIRY DATE",
    "comments": "COMMENTS",
}  # fmt: skip
_LEI_HEADERS = {
    "lei": "LEI", "legal_name": "Entity.LegalName", "country": "Entity.LegalAddress.Country",
    "jurisdiction": "Entity.LegalJurisdiction", "category": "Entity.EntityCategory",
    "legal_form": "Entity.LegalForm.EntityLegalFormCode", "entity_status": "Entity.EntityStatus",
    "registration_status": "Registration.RegistrationStatus",
    "registered_at_utc": "Registration.InitialRegistrationDate",
    "updated_at_utc": "Registration.LastUpdateDate",
    "next_renewal_at_utc": "Registration.NextRenewalDate",
    "managing_lou": "Registration.ManagingLOU",
}  # fmt: skip
_OPTIONAL = frozenset({"lei", "legal_entity_name", "expiry_date", "validated_date", "comments",
                       "acronym", "website", "legal_form", "category", "jurisdiction"})  # fmt: skip
_OFFSET = r"([+-])(\d{2}):(\d{2})$"


def is_currency_list(root: etree._Element) -> bool:
    """Whether a document is ISO 4217's list one."""
    return local_name(root) == "ISO_4217"


def is_currency_header(header: list[str]) -> bool:
    """Whether a header is that of list one as CSV."""
    return set(_CURRENCY_HEADERS.values()) <= {_plain(name) for name in header}


def is_mic_header(header: list[str]) -> bool:
    """Whether a header is that of ISO10383_MIC.csv."""
    return {"MIC", "OPERATING MIC", "OPRT/SGMT"} <= {name.strip() for name in header}


def is_lei_header(header: list[str]) -> bool:
    """Whether a header is that of GLEIF's golden copy (LEI-CDF as CSV)."""
    return {"LEI", "Entity.LegalName"} <= {name.strip() for name in header}


def missing_columns(contract: TableContract, header: list[str]) -> list[str]:
    """Headers that a list must have and does not."""
    wanted = _MIC_HEADERS if contract is MICS else _LEI_HEADERS
    held = {name.strip() for name in header}
    key = contract.key[0]
    return [
        theirs
        for ours, theirs in wanted.items()
        if theirs not in held and (ours == key or ours not in _OPTIONAL)
    ]


def read_currency_xml(root: etree._Element, name: str) -> tuple[pl.DataFrame, dt.date | None]:
    """Rows of list one, and the day it was published."""
    table = next(children(root, "CcyTbl"), None)
    found = [] if table is None else list(children(table, "CcyNtry"))
    rows = [
        {
            "entity_name": text(item, "CtryNm"), "currency": text(item, "Ccy"),
            "currency_name": text(item, "CcyNm"), "numeric_code": text(item, "CcyNbr"),
            "minor_units": text(item, "CcyMnrUnts"),
        }
        for item in found
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=dict.fromkeys(_CURRENCY_HEADERS, pl.String()))
    return _without_units(_placed(frame, name, first_row=1)), _published(root.get("Pblshd"))


def read_currency_csv(path: Path, name: str) -> pl.DataFrame:
    """Rows of list one as CSV; withdrawn currencies, where it has them, are left to their list."""
    frame = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
    held = {_plain(column): column for column in frame.columns}
    rows = _placed(
        frame.select(pl.col(held[theirs]).alias(ours) for ours, theirs in _CURRENCY_HEADERS.items())
        .with_columns(
            pl.Series("withdrawn", frame[held["withdrawaldate"]])
            if "withdrawaldate" in held
            else pl.lit(None, dtype=pl.String).alias("withdrawn")
        ),
        name, first_row=2,
    )  # fmt: skip
    return _without_units(rows.filter(pl.col("withdrawn").is_null()).drop("withdrawn"))


def read_mics(path: Path, name: str) -> pl.DataFrame:
    """Rows of ISO10383_MIC.csv, its YYYYMMDD as dates."""
    frame = pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
    rows = _placed(_renamed(frame.lazy(), frame.columns, _MIC_HEADERS).collect(), name, first_row=2)
    return rows.with_columns(
        pl.col(day).str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
        for day in ("created_date", "updated_date", "validated_date", "expiry_date")
    )


def read_leis(path: Path, name: str, chunk_rows: int) -> Iterator[pl.DataFrame]:
    """The few columns that are needed of the hundreds there are, streamed, in chunks."""
    scanned = pl.scan_csv(path, infer_schema=False)
    columns = scanned.collect_schema().names()
    rows = _placed(
        _renamed(scanned, columns, _LEI_HEADERS).collect(engine="streaming"), name, first_row=2
    ).with_columns(
        _utc(moment) for moment in ("registered_at_utc", "updated_at_utc", "next_renewal_at_utc")
    )
    yield from rows.iter_slices(chunk_rows) if rows.height else (rows,)


def is_delta(name: str) -> bool:
    """Whether a golden copy file holds changes only."""
    return bool(re.search(r"(?i)delta|intraday|lastday|lastweek|lastmonth", name))


def contract_of(header: list[str]) -> TableContract | None:
    """Which list a CSV header is of; None: of neither."""
    if is_mic_header(header):
        return MICS
    return LEIS if is_lei_header(header) else None


def _renamed(frame: pl.LazyFrame, held: list[str], headers: dict[str, str]) -> pl.LazyFrame:
    names = {name.strip(): name for name in held}
    return frame.select(
        pl.col(names[theirs]).str.strip_chars().replace("", None).alias(ours)
        if theirs in names
        else pl.lit(None, dtype=pl.String).alias(ours)
        for ours, theirs in headers.items()
    )


def _placed(frame: pl.DataFrame, name: str, first_row: int) -> pl.DataFrame:
    return frame.with_row_index(SOURCE_ROW, offset=first_row).with_columns(
        pl.col(SOURCE_ROW).cast(pl.Int64), pl.lit(name).alias(SOURCE_TABLE)
    )


def _without_units(frame: pl.DataFrame) -> pl.DataFrame:
    # Gold and the like have no minor unit: "N.A." or "-".
    units = pl.col("minor_units").str.strip_chars()
    return frame.with_columns(pl.when(~units.is_in(["N.A.", "-", ""])).then(units))


def _utc(column: str) -> pl.Expr:
    """``2026-01-05T10:00:00+02:00`` as UTC text."""
    offset = pl.col(column).str.extract_groups(_OFFSET)
    minutes = pl.when(offset.struct[0] == "-").then(-1).otherwise(1) * (
        offset.struct[1].cast(pl.Int64) * 60 + offset.struct[2].cast(pl.Int64)
    )
    plain = pl.col(column).str.replace(_OFFSET, "").str.replace(r"Z$", "")
    moment = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    shifted = moment - pl.duration(minutes=minutes.fill_null(0))
    return pl.coalesce(shifted.dt.to_string("%Y-%m-%d %H:%M:%S"), pl.col(column)).alias(column)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _published(stated: str | None) -> dt.date | None:
    for form in ("%Y-%m-%d", "%B %d, %Y", "%d %B %Y"):
        try:
            return dt.datetime.strptime(stated or "", form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None
