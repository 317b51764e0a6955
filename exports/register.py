"""Running filings, listing what was filed and what is due, and making one again as proof."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path

from exports import archive
from exports.filings import REGIMES, regime
from exports.filings.results import DueFiling, FilingFile, FilingResult, Reproduction
from exports.filings.specification import FilingDraft, FilingRequest, Specification
from exports.publication import covering_publication, read_at
from warehouse.code_version import code_version
from warehouse.connection import AsOf, connect
from warehouse.control import audit, registers
from warehouse.errors import UsageError
from warehouse.settings import Settings


def run_filing(
    settings: Settings,
    specification: Specification,
    *,
    window_to: dt.date,
    maker: str,
    tenant: str | None = None,
    legal_entity: str | None = None,
    as_of: AsOf = None,
    out: Path | None = None,
) -> FilingResult:
    """Make a filing from published figures, archive its files and enter it in the register.

    Running it again from the same snapshot, rules and code changes nothing but the audit log.

    Args:
        settings: the installation.
        specification: what to make.
        window_to: last day of the window.
        maker: who makes it.
        tenant: whose filing; the configured tenant by default.
        legal_entity: only this one; None for the whole tenant.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        out: folder for a copy of the files.

    Raises:
        UnclosedPeriodError: days of the window are not published.
        ParameterError: a rule's parameter is missing or cannot be read.
    """
    tenant, entity = tenant or settings.tenant, legal_entity or ""
    request, draft = _draft(
        settings,
        specification,
        window_to=window_to,
        tenant=tenant,
        legal_entity=entity,
        as_of=as_of,
        issuer=settings.display_name,
        reporting_currency=settings.reporting_currency,
    )
    kept = {
        name: archive.store(settings, content, name.rpartition(".")[2])
        for name, content in draft.files.items()
    }
    record = registers.register_filing(
        settings, _record(specification, request, draft, kept, maker=maker)
    )
    if out is not None:
        for name, content in draft.files.items():
            archive.write_atomically(out / name, content)
    return FilingResult(
        filing_id=record.filing_id,
        regime=record.regime,
        spec_version=record.spec_version,
        tenant_id=tenant,
        legal_entity=entity,
        period_from=record.period_from,
        period_to=record.period_to,
        snapshot_id=record.snapshot_id,
        population=draft.population,
        included=draft.included,
        excluded=draft.excluded,
        result=draft.result,
        headline=draft.headline,
        validation=record.validation,
        state=record.state,
        files=tuple(
            FilingFile(
                name=name,
                path=out / name if out is not None else settings.archive_path / file.path,
                sha256=file.sha256,
                size=file.size,
            )
            for name, file in kept.items()
        ),
    )


def run_losing_accounts(
    settings: Settings,
    legal_entity: str | None = None,
    *,
    window_to: dt.date,
    maker: str,
    tenant: str | None = None,
    as_of: AsOf = None,
    out: Path | None = None,
) -> FilingResult:
    """The percentage of losing retail accounts, by its newest specification; see `run_filing`."""
    return regime("losing_accounts").run(
        settings,
        window_to=window_to,
        maker=maker,
        tenant=tenant,
        legal_entity=legal_entity,
        as_of=as_of,
        out=out,
    )


def _draft(
    settings: Settings,
    specification: Specification,
    *,
    window_to: dt.date,
    tenant: str,
    legal_entity: str,
    as_of: AsOf,
    issuer: str,
    reporting_currency: str,
) -> tuple[FilingRequest, FilingDraft]:
    with connect("read", settings=settings) as con:
        first, last = specification.window(con, window_to)
        servers = specification.servers(con, tenant, legal_entity)
        if not servers:
            raise UsageError(
                f"No account belongs to {legal_entity or 'any legal entity'} of tenant {tenant}.",
                todo="check the tenant and the legal entity in the broker's group mapping",
            )
        publication = covering_publication(
            con, tenant=tenant, servers=servers, period_from=first, period_to=last, as_of=as_of
        )
        read_at(con, settings, publication)
        # The rules as they stood in the snapshot decide; the head only said what to look for.
        first, last = specification.window(con, window_to)
        request = FilingRequest(
            tenant=tenant,
            legal_entity=legal_entity,
            window_from=first,
            window_to=last,
            publication=publication,
            issuer=issuer,
            reporting_currency=reporting_currency,
        )
        return request, specification.make(con, request)


def _record(
    specification: Specification,
    request: FilingRequest,
    draft: FilingDraft,
    kept: Mapping[str, archive.ArchivedFile],
    *,
    maker: str,
) -> registers.FilingRecord:
    broken = [outcome for outcome in draft.validation if outcome.broken]
    return registers.FilingRecord(
        filing_id="",
        regime=specification.regime,
        spec_version=specification.version,
        tenant_id=request.tenant,
        legal_entity=request.legal_entity,
        period_from=request.window_from,
        period_to=request.window_to,
        snapshot_id=request.publication.snapshot_id,
        published_at=request.publication.published_at,
        code_version=code_version(),
        rule_set_hash=draft.rule_set_hash,
        parameters={
            **draft.parameters,
            "issuer": request.issuer,
            "reporting_currency": request.reporting_currency,
        },
        population=draft.population,
        included=draft.included,
        excluded=draft.excluded,
        result=draft.result,
        validation=[vars(outcome) for outcome in draft.validation],
        files=[
            registers.RegisteredFile(name, file.sha256, file.size, file.path)
            for name, file in kept.items()
        ],
        state="generated" if broken else "validated",
        maker=maker,
        checker=None,
        created_at=registers.now_utc(),
    )


def reproduce(settings: Settings, filing_id: str, *, actor: str = "daybook") -> Reproduction:
    """Make a filing again from its recorded snapshot and compare every byte with what was filed.

    Raises:
        UsageError: the register has no such filing, or its specification is gone.
        DaybookError: the snapshot is no longer kept.
    """
    record = registers.find_filing(settings, filing_id)
    _, draft = _draft(
        settings,
        regime(record.regime).specification(record.spec_version),
        window_to=record.period_to,
        tenant=record.tenant_id,
        legal_entity=record.legal_entity,
        as_of=record.snapshot_id,
        issuer=record.parameters["issuer"],
        reporting_currency=record.parameters["reporting_currency"],
    )
    filed = {file.name: file.sha256 for file in record.files}
    made = {name: hashlib.sha256(content).hexdigest() for name, content in draft.files.items()}
    differences = tuple(
        name for name in sorted(filed.keys() | made.keys()) if filed.get(name) != made.get(name)
    )
    audit.record(
        settings,
        actor=actor,
        action="filing.reproduced",
        object_type="filing",
        object_id=filing_id,
        details={"identical": not differences, "differences": list(differences)},
    )
    return Reproduction(
        filing_id=filing_id,
        identical=not differences,
        differences=differences,
        snapshot_id=record.snapshot_id,
        code_then=record.code_version,
        code_now=code_version(),
    )


def download_filing(settings: Settings, filing_id: str, name: str, *, actor: str) -> bytes:
    """The archived bytes of one file of a filing, with an audit row for the download.

    Raises:
        UsageError: the filing has no such file.
        ArchiveError: the archived file is missing or changed.
    """
    record = registers.find_filing(settings, filing_id)
    files = {file.name: file for file in record.files}
    if name not in files:
        raise UsageError(
            f"Filing {filing_id} has no file {name}.", todo=f"use one of: {', '.join(files)}"
        )
    content = archive.fetch(settings, files[name].path, files[name].sha256)
    audit.record(
        settings,
        actor=actor,
        action="filing.downloaded",
        object_type="filing",
        object_id=filing_id,
        details={"file": name, "sha256": files[name].sha256},
    )
    return content


def list_filings(settings: Settings) -> list[registers.FilingRecord]:
    """The register, newest first."""
    return registers.filings(settings)


def due_filings(settings: Settings, *, on: dt.date) -> list[DueFiling]:
    """Windows that ended by a day and have no filing yet, for every filing ever made.

    A regime that was never filed is not listed: whether it applies is the provider's to say.
    """
    newest: dict[tuple[str, str, str], registers.FilingRecord] = {}
    for record in registers.filings(settings):
        key = (record.regime, record.tenant_id, record.legal_entity)
        if record.regime in REGIMES and (
            key not in newest or newest[key].period_to < record.period_to
        ):
            newest[key] = record
    due = []
    with connect("read", settings=settings) as con:
        for key in sorted(newest):
            specification = regime(key[0]).specification()
            window_to = specification.next_window_to(con, newest[key].period_to)
            while window_to <= on:
                due.append(DueFiling(*key, window_to=window_to))
                window_to = specification.next_window_to(con, window_to)
    return due
