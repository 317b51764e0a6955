"""One pass over a folder of a liquidity provider: mapped CSV files and FIX drop copies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.lp.contract import BALANCES, FILLS, STATEMENT_LINES
from ingestion.connectors.lp.drop_copy import is_drop_copy, read_drop_copy
from ingestion.connectors.lp.fills import mapped_fills
from ingestion.connectors.lp.mapped_csv import read_texts
from ingestion.connectors.lp.mapping import MappedFile, Mapping, mapping_of
from ingestion.connectors.lp.statements import mapped_balances, statement_tables
from ingestion.connectors.refusals import FileRefusedError
from ingestion.problems import Problem

_CONTRACTS = {"fills": FILLS, "statement": STATEMENT_LINES, "balances": BALANCES}


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
        SettingsError: the mapping cannot be.
    """
    mapping = mapping_of(context.source, context.settings)
    sync_dropped_files(context, partial(read_file, mapping=mapping))


def read_file(file: DroppedFile, mapping: Mapping) -> Sequence[TableRows]:
    """The rows of one file, or the reason why there are none.

    A file whose name the mapping knows is read by it, any other by its content: a log of FIX
    messages, or nothing of this source.
    """
    mapped = next((one for one in mapping.files if one.takes(file.name)), None)
    if mapped is not None:
        try:
            return _mapped_tables(file, mapped)
        except FileRefusedError as refusal:
            return [refusal.rows_of(_CONTRACTS[mapped.holds])]
    if is_drop_copy(file.path):
        return read_drop_copy(file, mapping.fix)
    return []


def _mapped_tables(file: DroppedFile, mapped: MappedFile) -> Sequence[TableRows]:
    frame, extra = read_texts(file, mapped)
    contract = _CONTRACTS[mapped.holds]
    problems = (
        [
            Problem(
                contract.table,
                "warning",
                f"{file.name} has columns that are not loaded: {', '.join(extra)}.",
                "map them, or list them under ignored in the mapping",
            )
        ]
        if extra
        else []
    )
    if mapped.holds == "fills":
        return [TableRows(contract, mapped_fills(frame, mapped), problems)]
    if mapped.holds == "balances":
        return [TableRows(contract, mapped_balances(frame, mapped), problems)]
    return statement_tables(file.name, frame, mapped, problems)
