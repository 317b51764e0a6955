"""Reads what was taken before once more when the mapping has changed.

A status that the mapping did not name left its rows in quarantine; once it is added, those rows are
read again from the archived files. Nobody has to deliver anything twice.
"""

from __future__ import annotations

import hashlib

import polars as pl

from ingestion.batch import Batch, CursorMove
from ingestion.checks import SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, FileReader
from ingestion.connectors.psp.contract import TRANSACTIONS
from ingestion.contracts import TableContract
from ingestion.problems import Problem

_CURSOR = "mapping"
_KEY = list(TRANSACTIONS.key)


def reread_under(
    context: PassContext, contract: TableContract, fingerprint: str, read: FileReader
) -> None:
    """Load every archived file under the mapping of that fingerprint, unless that was done.

    Called before new files are taken, so that the mapping is noted before anything is read under
    it. A key that several files hold is taken from the one taken last, as the loads did.
    """
    held = context.state.cursors.get(_CURSOR)
    if (held is not None and held[1] == fingerprint) or context.stopping():
        return
    taken = context.con.execute(
        "SELECT file_name, sha256, archive_path FROM lake.meta.files "
        "WHERE tenant_id = ? AND source = ? ORDER BY taken_at, file_name",
        [context.source.tenant, context.source.name],
    ).fetchall()
    frames: list[pl.DataFrame] = []
    for name, sha256, archived in taken:
        file = DroppedFile(name, context.settings.archive_path / archived, sha256)
        for table in read(file):
            context.problems.extend(table.problems)
            if table.frame is None:
                context.problems.append(
                    Problem(
                        TRANSACTIONS.table,
                        "error",
                        f"{name} was loaded before and cannot be read under the changed mapping.",
                        "correct the mapping; what was loaded stays as it is until then",
                    )
                )
                return
            frames.append(_first_of_each(table.frame))
    context.load(
        Batch(
            contract=contract,
            tenant=context.source.tenant,
            source=context.source.name,
            kind=context.source.kind,
            frame=_last_of_each(frames) if frames else _no_rows(contract),
            cursors=(CursorMove(_CURSOR, len(taken), fingerprint),),
            detail={"mapping": fingerprint, "files": {name: sha for name, sha, _ in taken}},
            # Not the hash of a file: no file may be taken for held because of it.
            content_sha256=hashlib.sha256(f"mapping {fingerprint}".encode()).hexdigest(),
        )
    )


def _first_of_each(frame: pl.DataFrame) -> pl.DataFrame:
    """Within one file the checks keep the first row of a key; rows without a key are all kept."""
    keyed = frame.drop_nulls(_KEY).unique(_KEY, keep="first", maintain_order=True)
    return pl.concat([keyed, frame.filter(pl.any_horizontal(pl.col(_KEY).is_null()))])


def _last_of_each(frames: list[pl.DataFrame]) -> pl.DataFrame:
    joined = pl.concat(frames, how="diagonal")
    keyed = joined.drop_nulls(_KEY).unique(_KEY, keep="last", maintain_order=True)
    return pl.concat([keyed, joined.filter(pl.any_horizontal(pl.col(_KEY).is_null()))])


def _no_rows(contract: TableContract) -> pl.DataFrame:
    names = [*(column.target for column in contract.columns), SOURCE_TABLE]
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
