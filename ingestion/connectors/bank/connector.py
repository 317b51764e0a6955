"""One pass over a folder of bank statements: camt, MT940 and MT942, mapped CSV, by content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.batch import Completeness
from ingestion.connectors.bank import frames
from ingestion.connectors.bank.camt import CamtError, messages, read_camt
from ingestion.connectors.bank.continuity import continuity_problems
from ingestion.connectors.bank.contract import STATEMENTS
from ingestion.connectors.bank.mapped_csv import CsvLayoutError, csv_layout, read_mapped_csv
from ingestion.connectors.bank.options import BankOptions, bank_options
from ingestion.connectors.bank.redelivery import Repeated, shortened, sort_statements
from ingestion.connectors.bank.statements import Statement, distinct, numbered
from ingestion.connectors.bank.swift_fields import is_swift_text
from ingestion.connectors.bank.swift_statements import SwiftError, read_swift
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.safe_xml import UnreadableXmlError, charset_declared, parse_xml
from ingestion.problems import Problem
from warehouse.errors import SettingsError

_LEGACY_CHARSET = "windows-1252"
_REMEMBERED = "bank:continuity"


@dataclass
class _Remarks:
    """What was odd about a file that could be read all the same."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, what: str, todo: str) -> None:
        self.problems.append(Problem(STATEMENTS.table, "warning", what, todo))


class _RefusedError(ValueError):
    """The file is a statement and cannot be taken; says why and what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.todo = todo


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before, then check what is held.

    Raises:
        SettingsError: an option cannot be used.
        SourceError: the folder cannot be read.
    """
    options = bank_options(context.source)
    if options.csv is not None:
        try:
            csv_layout(options.csv)
        except (CsvLayoutError, KeyError, TypeError) as error:
            raise SettingsError(
                f"options.csv cannot be used: {error}.",
                where=f"source {context.source.name}",
                todo="ingestion/connectors/bank/README.md shows a mapping",
            ) from error
    sync_dropped_files(context, lambda file: read_file(context, file, options))
    _check(context)


def read_file(context: PassContext, file: DroppedFile, options: BankOptions) -> Sequence[TableRows]:
    """The rows of one file; none when it holds no statement of any kind."""
    remarks = _Remarks()
    try:
        statements = _statements(file, options, remarks)
    except _RefusedError as refusal:
        problem = Problem(
            STATEMENTS.table,
            "error",
            f"{file.name}: {refusal}; nothing of the file was loaded.",
            refusal.todo,
        )
        return [TableRows(STATEMENTS, None, [problem])]
    if statements is None:
        return []
    taken = [numbered(statement) for statement in distinct(statements)]
    parted = sort_statements(context.con, context.source.tenant, context.source.name, taken)
    for repeated in parted.repeated:
        _name_repeated(file, repeated, remarks)
    _compare_details(file, parted.load, remarks)
    tables = _tables(context, file, parted.load, parted.known)
    if not tables:
        # All of it is held: the file is taken with nothing to load, and says why.
        return [TableRows(STATEMENTS, frames.empty(STATEMENTS, file.name), remarks.problems)]
    return [replace(tables[0], problems=remarks.problems), *tables[1:]]


def _statements(
    file: DroppedFile, options: BankOptions, remarks: _Remarks
) -> list[Statement] | None:
    """The statements of a file by its content; None if it holds none."""
    size = file.path.stat().st_size
    if size > options.max_bytes:
        raise _RefusedError(
            f"it has {size >> 20} MiB, more than the {options.max_bytes >> 20} that are allowed",
            "split it, or raise options.max_megabytes",
        )
    content = file.path.read_bytes()
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff\x00 \t\r\n").startswith(b"<"):
        return _from_xml(file, content, options, remarks)
    text = _decoded(file, content, options, remarks)
    if is_swift_text(text):
        try:
            read = read_swift(text, options)
        except SwiftError as error:
            raise _RefusedError(str(error), "ask the bank for the whole file") from error
        for remark in read.remarks:
            remarks.add(f"{file.name}: {remark}.", "compare it with the bank's own statement")
        return read.statements
    if options.csv is not None and file.path.suffix.lower() in (".csv", ".txt"):
        try:
            return read_mapped_csv(content, options)
        except CsvLayoutError as error:
            raise _RefusedError(
                str(error), "correct options.csv, or export the file again"
            ) from error
    return None


def _from_xml(
    file: DroppedFile, content: bytes, options: BankOptions, remarks: _Remarks
) -> list[Statement] | None:
    charset = None
    if not charset_declared(content) and not _is_utf8(content):
        charset = options.encoding or _LEGACY_CHARSET
        _say_charset(file, charset, options, remarks)
    try:
        root = parse_xml(content, charset)
    except UnreadableXmlError as error:
        raise _RefusedError(f"it is no XML that can be read: {error}", "export it again") from error
    if not messages(root):
        return None
    try:
        return read_camt(root, options)
    except CamtError as error:
        raise _RefusedError(str(error), "ask the bank for a complete message") from error


def _decoded(file: DroppedFile, content: bytes, options: BankOptions, remarks: _Remarks) -> str:
    if options.encoding is None and _is_utf8(content):
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    charset = options.encoding or _LEGACY_CHARSET
    try:
        text = content.decode(charset)
    except UnicodeDecodeError:
        # Bytes without a meaning there stand in texts, never in an amount.
        text = content.decode(charset, errors="replace")
    if is_swift_text(text):
        _say_charset(file, charset, options, remarks)
    return text.replace("\r\n", "\n")


def _say_charset(file: DroppedFile, charset: str, options: BankOptions, remarks: _Remarks) -> None:
    if options.encoding is None:
        remarks.add(
            f"{file.name} is not UTF-8 and does not say its charset: it was read as {charset}.",
            "set options.encoding to the bank's charset",
        )


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _name_repeated(file: DroppedFile, repeated: Repeated, remarks: _Remarks) -> None:
    statement = repeated.statement
    if statement.format == "csv" and repeated.held_format == "csv":
        return
    remarks.add(
        f"{file.name}: statement {statement.statement_id} of {statement.account_id} "
        f"{statement.currency} is statement {repeated.held_id} of {repeated.held_file} "
        f"({repeated.held_format}), which was loaded before.",
        "nothing was loaded twice; deliver each statement in one format only",
    )


def _compare_details(file: DroppedFile, statements: Sequence[Statement], remarks: _Remarks) -> None:
    """Where every transaction of a batch states its amount, they come to the entry's."""
    for statement in statements:
        for entry in statement.entries:
            amounts = [
                detail.amount for detail in entry.details
                if detail.amount_currency in (None, statement.currency)
            ]  # fmt: skip
            stated = [amount for amount in amounts if amount is not None]
            if len(stated) < max(len(entry.details), 2) or any(
                isinstance(amount, str) for amount in (*stated, entry.amount)
            ):
                continue
            total = sum(stated)  # type: ignore[arg-type]
            if total != entry.amount:
                remarks.add(
                    f"{file.name}: entry {entry.entry_id} of statement {statement.statement_id} is "
                    f"{entry.amount}, its {len(stated)} transactions come to {total}.",
                    "the entry counts; ask the bank which of its transactions are missing",
                )


def _tables(
    context: PassContext, file: DroppedFile, load: list[Statement], known: frozenset[int]
) -> list[TableRows]:
    """Rows to add; for a statement that lists less than is held of it, rows that replace it."""
    shorter = shortened(
        context.con,
        context.source.tenant,
        context.source.name,
        [statement for statement in load if statement.number in known],
    )
    others = [statement for statement in load if statement.number not in shorter]
    found = [TableRows(contract, frame) for contract, frame in frames.tables(others, file.name)]
    for statement in load:
        if statement.number in shorter:
            block = Completeness(low=statement.number, high=statement.number)
            found.extend(
                TableRows(contract, frame, complete=block)
                for contract, frame in frames.tables([statement], file.name)
            )
    return found


def _check(context: PassContext) -> None:
    """Problems of what is held; looked for again only when a pass loaded something."""
    remembered = context.memory.get(_REMEMBERED)
    loaded = any(
        result.load_id is not None and result.table == STATEMENTS.table
        for result in context.results
    )
    if isinstance(remembered, list) and not loaded:
        context.problems.extend(remembered)
        return
    found = continuity_problems(context.con, context.source.tenant, context.source.name)
    context.memory[_REMEMBERED] = found
    context.problems.extend(found)
