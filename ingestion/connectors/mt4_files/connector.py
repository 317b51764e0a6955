"""One pass over a folder of MetaTrader 4 files: Raw Reports of the manager, account statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.mt4.reference import missing_reference
from ingestion.connectors.mt4_files.contract import REPORT_TRADES, STATEMENTS
from ingestion.connectors.mt4_files.raw_reports import read_raw_report
from ingestion.connectors.mt4_files.statements import read_statement
from ingestion.connectors.mt4_files.texts import assumed_encoding, decode
from ingestion.connectors.servers import record_server, require_clock
from ingestion.problems import Problem
from warehouse.errors import SettingsError

PATTERNS = ("*.csv", "*.txt", "*.htm", "*.html")
_WEB = (".htm", ".html")
_REFERENCE = "missing reference"


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    ``options.encoding`` names the files' character set; ``options.totals`` is ``refuse`` (default)
    or ``warn``: what becomes of a report whose totals do not tie to its rows.

    Raises:
        SettingsError: an option or the server's clock is missing or wrong.
        SourceError: the folder cannot be read.
    """
    require_clock(context.source)
    totals = str(context.source.options.get("totals", "refuse"))
    if totals not in ("refuse", "warn"):
        raise SettingsError(
            f"options.totals is neither refuse nor warn: {totals}.",
            where=f"source {context.source.name}",
            todo="leave it out to have a report refused whose totals do not tie",
        )
    encoding = context.source.options.get("encoding")
    if context.sweep:
        record_server(context)
    reader = partial(read_file, encoding=encoding, refuses_totals=totals == "refuse")
    sync_dropped_files(context, reader, PATTERNS)
    if context.results or context.sweep or _REFERENCE not in context.memory:
        context.memory[_REFERENCE] = missing_reference(context, REPORT_TRADES, None)
    known = context.memory[_REFERENCE]
    if isinstance(known, list):
        context.problems.extend(known)


def read_file(
    file: DroppedFile, *, encoding: str | None = None, refuses_totals: bool = True
) -> Sequence[TableRows]:
    """The rows of one file; nothing for a file of another layout.

    Args:
        encoding: its character set; None finds out.
        refuses_totals: a report whose totals do not tie is refused, not merely named.
    """
    is_web = file.path.suffix.lower() in _WEB
    contract = STATEMENTS if is_web else REPORT_TRADES
    try:
        text, assumed = decode(file.path.read_bytes(), encoding)
    except (UnicodeDecodeError, LookupError) as error:
        return [
            TableRows(
                contract,
                None,
                [
                    Problem(
                        contract.table,
                        "error",
                        f"{file.name} cannot be read as {encoding}: {error}.",
                        "correct options.encoding of the source; nothing was loaded",
                    )
                ],
            )
        ]
    if is_web:
        tables = read_statement(file.name, text)
    else:
        tables = read_raw_report(file.name, text, refuses_totals=refuses_totals)
    if not tables or assumed is None:
        return tables
    warning = Problem(contract.table, "warning", *assumed_encoding(file.name, assumed))
    first = tables[0]
    told = TableRows(first.contract, first.frame, [warning, *first.problems], first.complete)
    return [told, *tables[1:]]
