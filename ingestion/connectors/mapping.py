"""How another system's tables, columns, words, dates and clock map to contracts of ours.

A mapping is data: the options of a source, or a TOML file that ``options.mapping`` names, with the
same keys. It turns a contract into one that speaks the source's names, so that every message names
the column a person finds there, and it turns what was read into what the contract expects. Nothing
is guessed: a word that is not mapped, a date in another form and a time that does not exist on the
source's clock go to quarantine with their reason.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping as Pairs
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion.checks import ROW
from ingestion.connectors.context import PassContext
from ingestion.connectors.mapped_values import in_contract_form
from ingestion.contracts import Column, Rule, TableContract
from warehouse.errors import SettingsError, faults_of

# The target of a word whose rows are left out: a CRM keeps transfers among its cash requests.
SKIP = "skip"
# Options of a source that are not part of the mapping.
_OTHER_OPTIONS = {
    "mapping", "schema", "rest", "chunk_rows", "overlap_seconds", "overlap_rows", "sweep_seconds",
    # What every source may say: columns given up, SFTP, patience.
    "dropped_columns", "keep_extra_columns", "silence_seconds", "key_file", "key_passphrase_env",
    "password_env", "host_key", "known_hosts", "fetch_seconds", "settle_seconds",
}  # fmt: skip


class Mapping(BaseModel):
    """What a mapping may say; tables and columns are keyed by our names.

    Attributes:
        zone: IANA zone of times that state no offset.
        date_format, datetime_format: strptime forms of texts; empty means ISO 8601. Also
            ``epoch_s`` and ``epoch_ms`` for times.
        formats: table -> column -> form, where one differs.
        decimal_comma: numbers are written 1.234,56.
        delimiter: of CSV files.
        tables: table -> the source's name of the table, file or endpoint.
        columns: table -> column -> the source's name (a dotted path in JSON).
        values: table -> column -> the source's word -> ours; ``skip`` leaves the row out.
        constants: table -> column -> the value of every row.
        cursors: table -> the source's column to read it by; empty reads it whole.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str = "UTC"
    date_format: str = ""
    datetime_format: str = ""
    formats: dict[str, dict[str, str]] = Field(default_factory=dict)
    decimal_comma: bool = False
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    tables: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    values: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)
    constants: dict[str, dict[str, str | int]] = Field(default_factory=dict)
    cursors: dict[str, str] = Field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A hash of what it says; empty when it says nothing: rows read by another one differ."""
        said = self.model_dump(exclude_defaults=True)
        if not said:
            return ""
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def of(self, contract: TableContract) -> MappedTable:
        """The mapping of one table."""
        name = contract.source_table
        return MappedTable(
            contract=self._renamed(contract),
            values=self.values.get(name, {}),
            constants=self.constants.get(name, {}),
            formats={column.target: self._format(name, column) for column in contract.columns},
            zone=self.zone,
            decimal_comma=self.decimal_comma,
            cursor=self.cursors.get(name),
        )

    def _format(self, table: str, column: Column) -> str:
        default = {"TIMESTAMP": self.datetime_format, "DATE": self.date_format}
        return self.formats.get(table, {}).get(column.target, default.get(column.type, ""))

    def _renamed(self, contract: TableContract) -> TableContract:
        name = contract.source_table
        theirs = self.columns.get(name, {})
        constants = self.constants.get(name, {})
        values = self.values.get(name, {})
        columns = tuple(
            replace(
                column,
                source=theirs.get(column.target, column.source),
                name=column.target,
                required=column.required and column.target not in constants,
                allowed=() if column.target in values else column.allowed,
            )
            for column in contract.columns
        )
        words = tuple(
            _only_mapped_words(f"values.{name}.{column}", contract.column(column), columns, pairs)
            for column, pairs in values.items()
            if contract.column(column).type == "VARCHAR"
        )
        return replace(
            contract,
            source_table=self.tables.get(name, name),
            # A table that somebody names is wanted.
            optional=contract.optional and name not in self.tables,
            columns=columns,
            rules=(*words, *contract.rules),
        )


@dataclass(frozen=True)
class MappedTable:
    """One table under a mapping.

    Attributes:
        contract: ours, with the source's names of table and columns.
        cursor: the source's column to read it by; None takes the contract's, empty means whole.
    """

    contract: TableContract
    values: Pairs[str, Pairs[str, str]]
    constants: Pairs[str, str | int]
    formats: Pairs[str, str]
    zone: str
    decimal_comma: bool
    cursor: str | None

    def shaped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What was read, in the words, dates and clock of the contract; skipped rows are gone."""
        constants = [pl.lit(value).alias(name) for name, value in self.constants.items()]
        shaped = frame.with_columns(constants) if constants else frame
        for name, pairs in self.values.items():
            if name not in shaped.columns:
                continue
            words = pl.col(name).cast(pl.String).str.strip_chars()
            shaped = shaped.with_columns(words.replace(dict(pairs)).alias(name))
            if SKIP in pairs.values():
                shaped = shaped.filter(pl.col(name).ne_missing(SKIP))
        return shaped.with_columns(
            in_contract_form(
                shaped[column.target],
                column.type,
                self.formats.get(column.target, ""),
                self.zone,
                self.decimal_comma,
            )
            for column in self.contract.columns
            if column.target in shaped.columns
        )


def mapping_of(
    context: PassContext, contracts: tuple[TableContract, ...], **defaults: Any
) -> Mapping:
    """The mapping of a source: its file, then its options, which win.

    Raises:
        SettingsError: it names a table, column or word that no contract has, or cannot be read.
    """
    options = context.source.options
    said: dict[str, Any] = dict(defaults)
    named = options.get("mapping")
    if named is not None:
        said = _merged(said, _file(context, str(named)))
    said = _merged(said, {key: v for key, v in options.items() if key not in _OTHER_OPTIONS})
    where = f"source {context.source.name}" + (f", {named}" if named else "")
    try:
        mapping = Mapping(**said)
    except ValidationError as error:
        raise SettingsError(
            f"The mapping cannot be used: {faults_of(error)}.",
            where=where,
            todo="the connector's README lists what a mapping may say",
        ) from error
    _check(mapping, contracts, where)
    return mapping


def _file(context: PassContext, named: str) -> dict[str, Any]:
    base = context.settings.config_path
    path = (base.resolve().parent if base is not None else Path.cwd()) / named
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The mapping file cannot be read: {error}.",
            where=f"source {context.source.name}, {path}",
            todo="correct options.mapping; the path counts from the folder of daybook.toml",
        ) from error


def _merged(first: dict[str, Any], second: Pairs[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        held = merged.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            merged[key] = _merged(held, value)
        else:
            merged[key] = value
    return merged


def _check(mapping: Mapping, contracts: tuple[TableContract, ...], where: str) -> None:
    known = {contract.source_table: contract for contract in contracts}
    by_column = (mapping.columns, mapping.values, mapping.constants, mapping.formats)
    for part in (mapping.tables, mapping.cursors, *by_column):
        for table in part:
            if table not in known:
                _refuse(f"there is no table {table}", where, f"use one of: {', '.join(known)}")
    for pairs in by_column:
        for table, columns in pairs.items():
            names = [column.target for column in known[table].columns]
            for column in columns:
                if column not in names:
                    todo = f"use one of: {', '.join(names)}"
                    _refuse(f"table {table} has no column {column}", where, todo)
    for table, values in mapping.values.items():
        for column, words in values.items():
            allowed = known[table].column(column).allowed
            wrong = sorted(set(words.values()) - {*allowed, SKIP}) if allowed else []
            if wrong:
                _refuse(
                    f"values.{table}.{column} leads to {', '.join(wrong)}",
                    where,
                    f"use one of: {', '.join((*allowed, SKIP))}",
                )
    try:
        ZoneInfo(mapping.zone)
    except (ZoneInfoNotFoundError, ValueError):
        _refuse(f"zone {mapping.zone} is not known", where, "name an IANA zone: Asia/Nicosia")


def _refuse(what: str, where: str, todo: str) -> None:
    raise SettingsError(f"The mapping cannot be used: {what}.", where=where, todo=todo)


def _only_mapped_words(
    section: str, column: Column, renamed: tuple[Column, ...], pairs: Pairs[str, str]
) -> Rule:
    """A rule: a row whose word is in no pair is refused, and the word is named."""
    name = column.target
    theirs = next(c.source for c in renamed if c.target == name)
    ours = sorted({word for word in pairs.values() if word != SKIP} | set(column.allowed))
    told = pl.lit("a word") if column.pii else pl.format('"{}"', pl.col(name))

    def only_mapped_words(rows: pl.DataFrame) -> pl.DataFrame:
        strange = rows.filter(pl.col(name).is_not_null() & ~pl.col(name).is_in(ours))
        return strange.select(
            ROW,
            pl.lit(name).alias("column_name"),
            pl.format(
                f"{theirs} says {{}}, which the mapping does not translate: add it to "
                f"{section} (ours: {', '.join(ours)}, or {SKIP})",
                told,
            ).alias("reason"),
        )

    return only_mapped_words
