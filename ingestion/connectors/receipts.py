"""When a webhook was received: stated by the receiver's envelope, else the time of its file.

The same body may be delivered again, in another file, at another time. The receipt is then the
earliest one known, and one that an envelope states counts more than the time of a file; so it does
not depend on the order in which files are read, and a file that grows loads nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile
from ingestion.connectors.json_records import Body, Record
from ingestion.contracts import TableContract
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Receipt:
    """When something was received (UTC), and whether an envelope said so."""

    at: datetime
    is_stated: bool

    @property
    def rank(self) -> tuple[bool, datetime]:
        """The smallest one is the one to keep."""
        return (not self.is_stated, self.at)


def receipt_of(file: DroppedFile, record: Record) -> Receipt:
    """The receipt of one record of a file."""
    if record.received_at is not None:
        return Receipt(record.received_at, True)
    written = datetime.fromtimestamp(file.path.stat().st_mtime, UTC).replace(tzinfo=None)
    return Receipt(written, False)


def with_earliest_receipts(
    context: PassContext,
    contract: TableContract,
    file: DroppedFile,
    records: Sequence[Record],
    row_of: Callable[[Record], Body],
) -> list[tuple[int, Body]]:
    """The contract's row of every record, one for each key, with the earliest receipt known.

    Args:
        row_of: our columns of a record, without ``received_at`` and ``is_receipt_stated``.

    Returns:
        The number of the record that was seen first, and its columns. Records whose key is None
        are all kept: the checks refuse them one by one.
    """
    [key] = contract.key
    first: dict[object, tuple[int, Body]] = {}
    receipts: dict[object, Receipt] = {}
    for record in records:
        row = row_of(record)
        identity = row[key] if row[key] is not None else ("no key", record.row)
        receipt = receipt_of(file, record)
        if identity not in first:
            first[identity] = (record.row, row)
            receipts[identity] = receipt
        elif first[identity][1] == row:
            receipts[identity] = min(receipts[identity], receipt, key=lambda item: item.rank)
        else:
            # One key, two contents: both go to the checks, which keep the first and say so.
            first[("other content", record.row)] = (record.row, row)
            receipts[("other content", record.row)] = receipt
    held = _held(context, contract, [text for text in first if isinstance(text, str)])
    rows = []
    for identity, (number, row) in first.items():
        known = [receipts[identity], *([held[row[key]]] if row[key] in held else [])]
        earliest = min(known, key=lambda item: item.rank)
        receipt_columns = {"received_at": earliest.at, "is_receipt_stated": earliest.is_stated}
        rows.append((number, row | receipt_columns))
    return rows


def _held(context: PassContext, contract: TableContract, keys: list[str]) -> dict[str, Receipt]:
    """The receipts the lake holds of these keys."""
    if not keys or not context.state.table(contract.table).last_load:
        return {}
    key = quoted(contract.key[0])
    found = context.con.execute(
        f"SELECT r.{key}, r.received_at, r.is_receipt_stated "
        f"FROM lake.raw.{quoted(contract.table)} AS r "
        "ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id "
        "WHERE r._tenant_id = ? AND r._source = ? AND NOT r._is_deleted "
        f"AND r.{key} IN (SELECT unnest(?::VARCHAR[]))",
        [context.source.tenant, context.source.name, keys],
    ).fetchall()
    return {name: Receipt(at, stated) for name, at, stated in found}
