"""One pass over a folder of a mapped provider's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.exact_amounts import rounding_problems
from ingestion.connectors.psp.batches import unbalanced_batches
from ingestion.connectors.psp.contract import TRANSACTIONS, contract_of
from ingestion.connectors.psp.currencies import currency_digits
from ingestion.connectors.psp.fields import fields_of, wanted_columns
from ingestion.connectors.psp.mapping_file import ReadMapping, line_of, read_mapping
from ingestion.connectors.psp.remapping import reread_under
from ingestion.connectors.psp.text_tables import TableError, TextTable, read_table
from ingestion.contracts import TableContract
from ingestion.problems import Problem


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before, under the source's mapping.

    When the mapping has changed, the files taken before are read again from the archive.

    Raises:
        SettingsError: the mapping is missing or wrong; key and line are named.
        SourceError: the folder cannot be read.
    """
    stated = read_mapping(context.settings, context.source)
    reader = MappedFiles(stated, contract_of(stated.mapping), context.source.name)
    patterns = [pattern.lower() for pattern in stated.mapping.file.patterns]
    remembered = context.memory.get("mapping")
    if remembered != stated.fingerprint:
        # What a poll loop remembers of refused files was said of the mapping before.
        for key in [key for key in context.memory if key.startswith("file:")]:
            del context.memory[key]
        context.memory["mapping"] = stated.fingerprint
    if has_files(context, patterns):
        reread_under(context, reader.contract, stated.fingerprint, reader.read)
    sync_dropped_files(context, reader.read, patterns)
    context.problems.extend(unbalanced_batches(context, stated.mapping))


def has_files(context: PassContext, patterns: Sequence[str]) -> bool:
    """Whether there is anything to read: an empty folder leaves no trace in the lake."""
    folder = context.source.path
    return context.state.table(TRANSACTIONS.table).last_load > 0 or (
        folder is not None
        and folder.is_dir()
        and any(fnmatch(path.name.lower(), p) for path in folder.iterdir() for p in patterns)
    )


@dataclass(frozen=True)
class MappedFiles:
    """Reads files under one mapping.

    Attributes:
        account: what the account at the provider is called where neither file nor mapping says.
    """

    stated: ReadMapping
    contract: TableContract
    account: str

    def read(self, file: DroppedFile) -> Sequence[TableRows]:
        """The rows of one file; refused when it is not laid out as the mapping says."""
        mapping = self.stated.mapping
        try:
            table = read_table(file.path, mapping.file, mapping.numbers, wanted_columns(mapping))
        except TableError as error:
            problem = Problem(self.contract.table, "error", error.what, error.todo)
            return [TableRows(self.contract, None, [problem])]
        problems = self._layout_problems(file, table)
        if any(problem.severity == "error" for problem in problems):
            return [TableRows(self.contract, None, problems)]
        digits = currency_digits() if mapping.numbers.unit == "minor" else {}
        frame = fields_of(mapping, table.frame, file.name, self.account, digits)
        problems += rounding_problems(self.contract, file.name, frame)
        return [TableRows(self.contract, frame, problems)]

    def _layout_problems(self, file: DroppedFile, table: TextTable) -> list[Problem]:
        mapping = self.stated.mapping
        optional = set(mapping.file.optional_columns)
        if mapping.file.format in ("json", "form"):
            # Records leave out what they have no value for.
            optional |= set(wanted_columns(mapping)) - self._needed()
        problems = [
            Problem(
                self.contract.table,
                "error",
                f"{file.name} has no column {name}, which the mapping names{self._place_of(name)}.",
                "export that column too, or correct the mapping; nothing of the file was loaded",
            )
            for name in table.missing
            if name not in optional
        ]
        ignored = [pattern.casefold() for pattern in mapping.file.ignored_columns]
        others = [
            name
            for name in table.others
            if not any(fnmatch(name.casefold(), pattern) for pattern in ignored)
        ]
        if others:
            problems.append(
                Problem(
                    self.contract.table,
                    "warning",
                    f"{file.name} has columns that are not loaded: {', '.join(others)}.",
                    "map them, or list them in file.ignored_columns of the mapping",
                )
            )
        return problems

    def _needed(self) -> set[str]:
        columns = self.stated.mapping.columns
        fields = (columns.event_id, columns.status, columns.event_type, columns.event_time,
                  columns.gross_currency, [columns.gross_amount])  # fmt: skip
        return {name for field in fields for name in field or [] if name}

    def _place_of(self, name: str) -> str:
        for field, value in self.stated.mapping.columns.model_dump(exclude_none=True).items():
            if name == value or (isinstance(value, list) and name in value):
                number = line_of(self.stated.text, ("columns", field))
                line = f", {Path(self.stated.place).name} line {number}" if number else ""
                return f" for columns.{field}{line}"
        return ""
