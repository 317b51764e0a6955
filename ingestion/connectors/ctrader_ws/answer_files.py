"""Dropped files of the web service's answers; which table a file holds is told by its content."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.batch import Completeness
from ingestion.connectors.ctrader_ws.answers import (
    contract_of_csv,
    contract_of_json,
    read_list,
    read_positions,
)
from ingestion.connectors.ctrader_ws.contract import OPEN_POSITIONS, TRADERS
from ingestion.connectors.dropped_files import DroppedFile, TableRows
from ingestion.problems import Problem

PATTERNS = ("*.csv", "*.json")


def read_file(file: DroppedFile) -> Sequence[TableRows]:
    """The rows of one file; nothing for a file that is no answer of the service.

    A file of open positions is all there were: positions it lacks are buried.
    """
    content = file.path.read_bytes()
    if file.path.suffix.lower() == ".json":
        try:
            contract = contract_of_json(content)
        except ValueError as error:
            what = f"{file.name} is no JSON: {error}."
            todo = "ask for it again; nothing of it was loaded"
            return [TableRows(TRADERS, None, [Problem("", "error", what, todo)])]
        if contract is None:
            return ()
        read = read_list(content, file.name, contract)
    else:
        contract = contract_of_csv(content)
        if contract is None:
            return ()
        read = read_positions(content, file.name, contract)
    refused = any(problem.severity == "error" for problem in read.problems)
    return [
        TableRows(
            contract,
            None if refused else read.frame,
            read.problems,
            Completeness(everything=True) if contract is OPEN_POSITIONS else None,
        )
    ]
