"""Texts of another system in the one form that the contract checks read.

What cannot be brought into that form keeps its text, quoted, and says why after it, so that the
checks refuse it and quarantine shows both.
"""

from __future__ import annotations

import polars as pl

_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
_PLAIN_UTC = r"(?:Z|[+-]00:?00)$"
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}
_MICROSECONDS = pl.Datetime("us")


def in_contract_form(
    values: pl.Series, wanted: str, form: str, zone: str, decimal_comma: bool
) -> pl.Series:
    """A column as read, in the form its contract type is parsed from.

    Args:
        wanted: the contract's type.
        form: strptime form of texts, ``epoch_s`` or ``epoch_ms``; empty for ISO 8601.
        zone: IANA zone of times that state no offset.
        decimal_comma: numbers are written 1.234,56.
    """
    if wanted == "TIMESTAMP":
        return _times(values, form, zone)
    if values.dtype != pl.String:
        return values
    if wanted == "DATE" and form:
        return _dates(values, form)
    if decimal_comma and wanted in ("DECIMAL(24,8)", "DECIMAL(24,12)", "DOUBLE"):
        plain = values.str.replace_all(r"[.\s\u00a0]", "").str.replace(",", ".", literal=True)
        return plain.alias(values.name)
    return values


def _times(values: pl.Series, form: str, zone: str) -> pl.Series:
    """Times as UTC: by their own offset where they state one, else by the zone's clock."""
    if form in _EPOCHS:
        return _epochs(values, _EPOCHS[form])
    if values.dtype == pl.String:
        return _texts(values, form, zone)
    naive = isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None
    if zone == "UTC" or not (naive or values.dtype == pl.Int64):
        return values
    # Integers are microseconds since 1970 on the source's clock: MySQL dates as they travel.
    local = values.cast(_MICROSECONDS)
    utc = _by_zone(local, zone)
    lost = utc.is_null() & local.is_not_null() & (local.dt.timestamp("us") > 0)
    return utc if not lost.any() else _told(values.cast(pl.String), utc, lost, _gap(zone))


def _texts(values: pl.Series, form: str, zone: str) -> pl.Series:
    if not form and zone == "UTC":
        offsets = values.str.strip_chars().str.contains(_OFFSET)
        if not (offsets & ~values.str.strip_chars().str.contains(_PLAIN_UTC)).any():
            return values
    text = values.str.strip_chars()
    with_offset = text.str.contains(_OFFSET).fill_null(False)
    iso = text.str.replace("T", " ", literal=True)
    # chrono's %z wants a number, and %f takes any count of digits only after a point.
    by_offset = (
        iso.str.replace(r"Z$", "+00:00")
        .str.replace(r"(:\d{2})([+-]\d{2}:?\d{2})$", "${1}.0${2}")
        .str.to_datetime("%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_unit="us", time_zone="UTC")
        .dt.replace_time_zone(None)
    )
    local = text.str.to_datetime(form, strict=False, time_unit="us") if form else _iso(iso)
    utc = local if zone == "UTC" else _by_zone(local, zone)
    read = by_offset.zip_with(with_offset & by_offset.is_not_null(), utc)
    empty = text.is_null() | (text == "") | text.str.contains(r"^(0000-|\d{4}-00)")
    gap = read.is_null() & local.is_not_null() & ~with_offset
    other = read.is_null() & ~gap & ~empty
    reason = f"is not in the form {form}" if form else "is no ISO 8601 time"
    told = _told(text, read, gap, _gap(zone))
    return _told(told, read, other, reason) if other.any() else told


def _iso(text: pl.Series) -> pl.Series:
    whole = text.zip_with(text.str.len_chars() != 10, text + " 00:00:00")
    seconds = whole.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    minutes = whole.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us")
    return seconds.zip_with(seconds.is_not_null(), minutes)


def _by_zone(local: pl.Series, zone: str) -> pl.Series:
    """UTC of a zone's wall clock; the hour that comes twice in autumn is read as the first one."""
    return (
        local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
        .dt.replace_time_zone(None)
    )


def _gap(zone: str) -> str:
    return f"does not exist on the clock of {zone}: it is skipped in spring"


def _epochs(values: pl.Series, unit: int) -> pl.Series:
    number = values.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    read = (number * unit).cast(pl.Int64, strict=False).cast(_MICROSECONDS)
    texts = values.cast(pl.String)
    wrong = read.is_null() & texts.is_not_null() & (texts.str.strip_chars() != "")
    return _told(texts, read, wrong, "is no number of seconds since 1970")


def _dates(values: pl.Series, form: str) -> pl.Series:
    text = values.str.strip_chars()
    read = text.str.to_date(form, strict=False)
    wrong = read.is_null() & text.is_not_null() & (text != "")
    shown = read.dt.strftime("%Y-%m-%d")
    told = '"' + text + f'" is not in the form {form}'
    return told.zip_with(wrong, shown).alias(values.name)


def _told(texts: pl.Series, read: pl.Series, wrong: pl.Series, reason: str) -> pl.Series:
    """The times as ISO texts; where ``wrong``, what was there and the reason after it."""
    shown = (
        texts
        if read.dtype == pl.String
        else read.dt.strftime("%Y-%m-%d %H:%M:%S%.6f").zip_with(read.is_not_null(), texts)
    )
    told = '"' + texts + f'" {reason}'
    return told.zip_with(wrong, shown).alias(texts.name)
