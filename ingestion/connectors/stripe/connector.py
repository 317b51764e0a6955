"""One pass over a folder of Stripe files: API lists as JSON, itemised reports as CSV.

A file is taken once, known by its content. Files add to each other and are merged by id: a
transaction that turns from pending to available is a new version. Nothing is ever deleted.
Files are read in the order of their names, so dated names put the newest version last.
"""

from __future__ import annotations

from pathlib import Path

from ingestion.batch import Batch
from ingestion.connectors.context import PassContext
from ingestion.connectors.csv_files import FileRead, file_hash, read_csv
from ingestion.connectors.held_files import is_held
from ingestion.connectors.stripe.balance_lists import read_balance_list
from ingestion.connectors.stripe.contract import BALANCE_TRANSACTIONS, REPORT_LINES
from ingestion.contracts import TableContract
from warehouse.errors import SourceError

# The report's name for the payout that took a line along.
_RENAMED = {"automatic_payout_id": "payout_id"}


def sync(context: PassContext) -> None:
    """Load every file of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
    """
    folder = context.source.path
    if folder is None or not folder.is_dir():
        raise SourceError(
            "The folder of the source does not exist.",
            where=f"source {context.source.name}, {folder}",
            todo="create it, or correct path in daybook.toml",
        )
    for path in sorted(folder.iterdir()):
        if context.stopping():
            return
        if path.suffix in (".json", ".jsonl", ".ndjson"):
            _sync_file(context, BALANCE_TRANSACTIONS, path)
        elif path.suffix == ".csv":
            _sync_file(context, REPORT_LINES, path)


def _sync_file(context: PassContext, contract: TableContract, path: Path) -> None:
    status = path.stat()
    stamp = (status.st_mtime_ns, status.st_size)
    remembered = context.memory.get(f"file:{path}")
    if isinstance(remembered, tuple) and remembered[0] == stamp:
        context.problems.extend(remembered[1])
        return
    sha256 = file_hash(path)
    read = FileRead(None, sha256, [])
    if not is_held(context, contract.table, sha256):
        read = (
            read_balance_list(path)
            if contract is BALANCE_TRANSACTIONS
            else read_csv(path, contract, _RENAMED)
        )
    if read.frame is not None:
        context.load(
            Batch(
                contract=contract,
                tenant=context.source.tenant,
                source=context.source.name,
                kind=context.source.kind,
                frame=read.frame,
                detail={"files": {path.name: sha256}, "rows": read.frame.height},
                content_sha256=sha256,
            )
        )
        context.memory[f"content:{contract.table}:{sha256}"] = True
    context.problems.extend(read.problems)
    context.memory[f"file:{path}"] = (stamp, read.problems)
