"""How a provider's files are to be read: columns, formats and words, as configuration.

A new provider is a new mapping, not code.
"""

from __future__ import annotations

import codecs
import tomllib
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingestion.connectors.lp.contract import BALANCE_TYPES, LINE_TYPES
from warehouse.errors import SettingsError, faults_of
from warehouse.settings import Settings, SourceSettings

Holds = Literal["fills", "statement", "balances"]
Unit = Literal["units", "lots"]

# What a file may state for each table, and what it must.
_TARGETS: dict[Holds, tuple[frozenset[str], frozenset[str]]] = {
    "fills": (
        frozenset({"fill_id", "executed_at", "symbol", "quantity", "price"}),
        frozenset(
            {"side", "kind", "ref_fill_id", "order_id", "client_order_id", "trade_id", "account",
             "currency", "commission", "commission_currency", "value_date", "market",
             "order_status", "comment"}
        ),
    ),
    "statement": (
        frozenset({"line_id", "booked_on", "line_type", "amount", "currency"}),
        frozenset({"account", "symbol", "reference", "description"}),
    ),
    "balances": (
        frozenset({"balance_date", "currency", "closing_balance"}),
        frozenset({"account", *BALANCE_TYPES}),
    ),
}  # fmt: skip

_SIDES = {"buy": "buy", "b": "buy", "bought": "buy", "1": "buy",
          "sell": "sell", "s": "sell", "sold": "sell", "2": "sell"}  # fmt: skip
_ALLOWED_WORDS: dict[str, tuple[str, ...]] = {
    "side": ("buy", "sell"),
    "kind": ("trade", "cancel", "correct"),
    "line_type": (*LINE_TYPES, *BALANCE_TYPES),
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Volume(_Strict):
    """What a quantity counts.

    Attributes:
        volume_unit: units of the instrument, or lots.
        units_per_lot: by symbol as the provider spells it; ``default`` for all others.
    """

    volume_unit: Unit = "units"
    units_per_lot: dict[str, Decimal] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _lots_have_a_size(self) -> Self:
        if self.volume_unit == "lots" and not self.units_per_lot:
            raise ValueError("volume_unit is lots: state units_per_lot, at least its default")
        return self


class MappedFile(Volume):
    """One kind of file of a provider.

    Attributes:
        names: patterns of file names, without regard to case.
        holds: what its rows are.
        columns: our column -> the file's column; several are joined by a space (times) or a slash
            (ids).
        values: our column -> what it is in every row of such a file.
        words: our column -> the file's word -> ours.
        negated: our amount columns whose sign the file states from the provider's side.
        ignored: patterns of the file's columns that nobody needs.
        skip_lines: lines above the header.
        time_format, date_format: as in strptime; ``%z`` where the file states the offset.
        time_zone: IANA name of the zone of its times, unless the format has ``%z``.
        lines_are_complete: opening balance plus lines must come to the closing balance.
    """

    names: list[str] = Field(min_length=1)
    holds: Holds
    columns: dict[str, str | list[str]]
    values: dict[str, str] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    negated: list[str] = Field(default_factory=list)
    ignored: list[str] = Field(default_factory=list)
    encoding: str = "utf-8-sig"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    skip_lines: int = Field(default=0, ge=0)
    decimal_mark: Literal[".", ","] = "."
    time_format: str = "%Y-%m-%d %H:%M:%S%.f"
    date_format: str = "%Y-%m-%d"
    time_zone: str = ""
    lines_are_complete: bool = False

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        required, optional = _TARGETS[self.holds]
        given = self.columns.keys() | self.values.keys()
        if missing := sorted(required - given):
            raise ValueError(f"holds {self.holds}: no column is given for {', '.join(missing)}")
        if unknown := sorted(given - required - optional):
            raise ValueError(f"holds {self.holds}: no such columns: {', '.join(unknown)}")
        for column, words in self.words.items():
            wrong = sorted(set(words.values()) - set(_ALLOWED_WORDS.get(column, ())))
            if wrong:
                raise ValueError(f"words.{column}: none of ours: {', '.join(wrong)}")
        if self.holds == "fills" and "%z" not in self.time_format and not self.time_zone:
            raise ValueError("holds fills: state the time_zone of its times")
        if self.time_zone:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"time_zone {self.time_zone} is no IANA zone") from error
        codecs.lookup(self.encoding)
        return self

    def takes(self, name: str) -> bool:
        """Whether a file of that name is of this kind."""
        return any(fnmatch(name.lower(), pattern.lower()) for pattern in self.names)

    def words_of(self, column: str) -> dict[str, str]:
        """The file's words for ours, in lower case; sides have the usual ones."""
        words = self.words.get(column) or (_SIDES if column == "side" else {})
        own = {word: word for word in _ALLOWED_WORDS[column]} if column != "side" else {}
        return own | {word.lower(): ours for word, ours in words.items()}


class Mapping(_Strict):
    """All kinds of files of one provider; ``fix`` is about its drop copies."""

    files: list[MappedFile] = Field(default_factory=list)
    fix: Volume = Field(default_factory=Volume)


def mapping_of(source: SourceSettings, settings: Settings) -> Mapping:
    """The mapping of a source: ``options.mapping``, a table or the name of a TOML file.

    A relative name counts from the folder of daybook.toml.

    Raises:
        SettingsError: it cannot be read, or does not make sense.
    """
    given = source.options.get("mapping", {})
    where = f"source {source.name}, options.mapping"
    if isinstance(given, str):
        base = settings.config_path.parent if settings.config_path else Path.cwd()
        path = base / given
        where = str(path)
        try:
            given = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise SettingsError(
                f"The mapping cannot be read: {error.strerror}.",
                where=where,
                todo="correct options.mapping; it counts from the folder of daybook.toml",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The mapping is no TOML: {error}.", where=where, todo="correct it there"
            ) from error
    try:
        return Mapping.model_validate(_listed(given))
    except ValidationError as error:
        told = faults_of(error).replace(": Value error, ", ": ")
        raise SettingsError(
            f"The mapping does not make sense: {told}.",
            where=where,
            todo="docs in ingestion/connectors/lp/README.md",
        ) from error
    except LookupError as error:
        raise SettingsError(f"The mapping: {error}.", where=where, todo="correct it") from error


def _listed(given: Any) -> Any:
    """One name may stand without a list."""
    if not isinstance(given, dict):
        return given
    files = given.get("files", [])
    if not isinstance(files, list):
        return given
    return given | {
        "files": [
            file | {"names": [file["names"]]}
            if isinstance(file, dict) and isinstance(file.get("names"), str)
            else file
            for file in files
        ]
    }
