"""`daybook doctor`: what is configured and what is missing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from ingestion.connectors.registry import connector_of
from orchestration.cli.output import print_json, print_table
from warehouse.errors import DaybookError
from warehouse.settings import Settings, SourceSettings, load_settings

# Below this a load may not finish.
FREE_BYTES_WANTED = 2 * 1024**3
# Addresses that are no database's, and where such a service listens unless the address says.
_PORT_OF_SERVICE = {"tls": 5035, "https": 443, "http": 80}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``state`` is ok, missing or broken."""

    part: str
    state: str
    detail: str


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Print what is configured and what is missing. Secrets are named, never shown."""
    findings = examine(load_settings())
    if as_json:
        print_json(findings)
    else:
        print_table(
            "daybook doctor",
            ["part", "state", "detail"],
            [(item.part, item.state, item.detail) for item in findings],
        )
    if any(item.state == "broken" for item in findings):
        raise typer.Exit(3)


def examine(settings: Settings) -> list[Finding]:
    """Look at the environment, the warehouse, the control database and every source."""
    findings = [
        Finding("python", "ok", sys.version.split()[0]),
        Finding(
            "configuration",
            "ok" if settings.config_path else "missing",
            str(settings.config_path or "no daybook.toml here; DAYBOOK_CONFIG names one elsewhere"),
        ),
        _extensions(settings),
        _warehouse(settings),
        _disk(settings),
        Finding(
            "control database",
            "ok",
            make_url(settings.control_url).render_as_string(hide_password=True),
        ),
        *(_source(settings, source.name) for source in settings.sources),
    ]
    if not settings.sources:
        findings.append(Finding("sources", "missing", "no [[sources]] in the configuration"))
    for program, purpose in (("chromium", "page tests"), ("mariadbd", "MariaDB tests")):
        found = shutil.which(program)
        findings.append(
            Finding(program, "ok" if found else "missing", found or f"only {purpose} need it")
        )
    return findings


def _extensions(settings: Settings) -> Finding:
    from warehouse.connection import extensions_needed
    from warehouse.extensions import extension_file

    try:
        files = [extension_file(name) for name in extensions_needed(settings)]
    except DaybookError as error:
        return Finding("DuckDB extensions", "broken", error.describe())
    return Finding("DuckDB extensions", "ok", ", ".join(path.stem for path in files))


def _warehouse(settings: Settings) -> Finding:
    from warehouse.connection import catalog_address, connect, lake_exists
    from warehouse.publishing import published_days

    kind = "PostgreSQL catalog" if settings.catalog_url else catalog_address(settings)
    if not lake_exists(settings):
        return Finding("warehouse", "missing", f"{kind}: nothing loaded yet")
    try:
        with connect("read", settings=settings) as con:
            days = published_days(con)
    except DaybookError as error:
        return Finding("warehouse", "broken", error.describe())
    return Finding("warehouse", "ok", f"{kind}: {len(days)} days published")


def _disk(settings: Settings) -> Finding:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = "ok" if free >= FREE_BYTES_WANTED else "broken"
    return Finding("disk", state, f"{free / 1024**3:,.1f} GiB free at {folder}")


def _source(settings: Settings, name: str) -> Finding:
    source = settings.source(name)
    part = f"source {name} ({source.kind})"
    try:
        connector_of(source)
        url = source.database_url()
    except DaybookError as error:
        return Finding(part, "broken", error.describe())
    if url is not None and url.startswith(("http://", "https://")):
        return Finding(part, "ok", f"an API: `daybook source test {name}` reaches for it")
    if url is not None:
        shown = make_url(url).render_as_string(hide_password=True)
        if make_url(url).drivername in _PORT_OF_SERVICE:
            return _service(part, url, shown)
        return _database(part, url, shown)
    sftp = source.sftp_url()
    if sftp is not None:
        return _sftp_folder(part, source, sftp)
    if source.path is not None and not source.path.is_dir():
        return Finding(part, "broken", f"the folder {source.path} does not exist")
    return Finding(part, "ok", str(source.path or "no address needed"))


def _service(part: str, url: str, shown: str) -> Finding:
    """Whether somebody listens there; whether the credentials are right, a sync tells."""
    import socket

    parsed = make_url(url)
    port = parsed.port or _PORT_OF_SERVICE[parsed.drivername]
    try:
        socket.create_connection((parsed.host or "", port), timeout=5).close()
    except OSError as error:
        return Finding(part, "broken", f"{shown}: {error.strerror or error}")
    return Finding(part, "ok", shown)


def _sftp_folder(part: str, source: SourceSettings, url: str) -> Finding:
    from ingestion.connectors.sftp import SftpFolder

    try:
        folder = SftpFolder.of(source, url)
        found: list[str] = []
        folder.run(lambda: found.extend(file.name for file in folder.files()), lambda: True)
    except DaybookError as error:
        return Finding(part, "broken", error.describe())
    return Finding(part, "ok", f"{folder.place}: {len(found)} files")


def _database(part: str, url: str, shown: str) -> Finding:
    from pathlib import Path

    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and bool(parsed.database)
    if is_file and not Path(str(parsed.database)).is_file():
        return Finding(part, "broken", f"{shown}: the file does not exist")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return Finding(part, "broken", f"{shown}: {str(error).splitlines()[0]}")
    finally:
        engine.dispose()
    return Finding(part, "ok", shown)
