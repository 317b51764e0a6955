"""One numbered paper as a person asks for it: facts, files, deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exports import archive
from exports.statements.issuing import file_name
from warehouse.control import audit, registers
from warehouse.control.papers import DeliveryRecord, deliveries, find_paper
from warehouse.settings import Settings


@dataclass(frozen=True)
class ShownPaper:
    """What the register, the archive and the delivery log hold of a paper."""

    facts: dict[str, str]
    files: tuple[registers.StatementRecord, ...]
    deliveries: tuple[DeliveryRecord, ...]


def shown_paper(
    settings: Settings, number: str, *, out: Path | None = None, actor: str = "daybook"
) -> ShownPaper:
    """A paper with its files, each proved against its hash; the look is in the audit log.

    Args:
        settings: the installation.
        number: of the paper.
        out: folder for copies of its files.
        actor: who looks.

    Raises:
        UsageError: the register has no such paper.
        ArchiveError: one of its files is missing or changed.
    """
    record = find_paper(settings, number)
    files = registers.statements(settings, statement_number=number)
    for file in files:
        content = archive.fetch(settings, file.path, file.sha256)
        if out is not None:
            archive.write_atomically(out / file_name(number, file.format), content)
    audit.record(
        settings,
        actor=actor,
        action="statement.read",
        object_type="statement",
        object_id=number,
        details={"files": {file.format: file.sha256 for file in files}},
    )
    return ShownPaper(
        facts={
            "number": record.paper_number,
            "kind": record.kind,
            "subject": record.subject_key,
            "period": record.period,
            "snapshot": str(record.snapshot_id),
            "published": f"{record.published_at:%Y-%m-%d %H:%M:%S} UTC",
            "version": str(record.version),
            "replaces": record.replaces or "",
            "made by": record.made_by,
            "made at": f"{record.created_at:%Y-%m-%d %H:%M:%S} UTC",
        },
        files=tuple(files),
        deliveries=tuple(deliveries(settings, paper_numbers=[number])),
    )
