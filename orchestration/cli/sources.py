"""`daybook source`: bring a source in, see what it holds, see how it does."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from orchestration.cli.output import print_json, print_table, working
from warehouse.errors import UsageError
from warehouse.settings import Settings, SourceSettings, load_settings

app = typer.Typer(no_args_is_help=True, help="Sources: add one, test it, list them, look inside.")

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Name = Annotated[str, typer.Argument(help="The source's name in daybook.toml.")]


@dataclass(frozen=True)
class Listed:
    """One source as `daybook source list` shows it."""

    name: str
    kind: str
    tenant: str
    address: str
    last_load: Any
    rows: int
    quarantined: int
    errors: int
    warnings: int
    health: str


@app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List every source with its last load, its rows, and what is wrong with it."""
    listed = _listed(load_settings())
    if as_json:
        print_json(listed)
        return
    print_table(
        f"{len(listed)} sources",
        ["source", "kind", "tenant", "address", "last load (UTC)", "rows", "quarantined", "health"],
        [
            (
                item.name,
                item.kind,
                item.tenant,
                item.address,
                item.last_load,
                item.rows,
                item.quarantined,
                item.health,
            )
            for item in listed
        ],
    )


def _listed(settings: Settings) -> list[Listed]:
    from ingestion.source_examination import address

    loads, quarantined, problems = _known(settings)
    listed = []
    for source in settings.sources:
        place = (source.tenant, source.name)
        last_load, rows = loads.get(place, (None, 0))
        errors, warnings = problems.get(place, (0, 0))
        told = [f"{errors} errors"] if errors else []
        told += [f"{warnings} warnings"] if warnings else []
        listed.append(
            Listed(
                source.name,
                source.kind,
                source.tenant,
                address(source),
                last_load,
                rows,
                quarantined.get(place, 0),
                errors,
                warnings,
                ", ".join(told) or ("ok" if last_load else "never loaded"),
            )
        )
    return listed


Place = tuple[str, str]


def _known(
    settings: Settings,
) -> tuple[dict[Place, tuple[Any, int]], dict[Place, int], dict[Place, tuple[int, int]]]:
    """Per tenant and source: last load and rows held; rows in quarantine; errors and warnings."""
    from warehouse.connection import connect, lake_exists

    if not lake_exists(settings):
        return {}, {}, {}
    with connect("read", settings=settings) as con:
        loads = con.execute(
            "SELECT tenant_id, source, max(finished_at), sum(rows_new - rows_deleted)::BIGINT "
            "FROM lake.meta.loads GROUP BY ALL"
        ).fetchall()
        quarantined = con.execute(
            "SELECT tenant_id, source, count(*) FROM lake.raw.quarantine GROUP BY ALL"
        ).fetchall()
        problems = con.execute(
            "SELECT tenant_id, source, count(*) FILTER (severity = 'error'), "
            "count(*) FILTER (severity = 'warning') FROM lake.meta.source_problems GROUP BY ALL"
        ).fetchall()
    return (
        {(tenant, name): (last, rows) for tenant, name, last, rows in loads},
        {(tenant, name): rows for tenant, name, rows in quarantined},
        {(tenant, name): (errors, warnings) for tenant, name, errors, warnings in problems},
    )


@app.command("test")
def try_source(name: Name, as_json: AsJson = False) -> None:
    """Find out whether a source can be loaded: address, rights, tables, columns, indexes, clock.

    Loads nothing. Exit code 1 when something would not be loaded.
    """
    settings = load_settings()
    _test(settings, settings.source(name), as_json)


def _test(settings: Settings, source: SourceSettings, as_json: bool) -> None:
    from ingestion.source_examination import examine_source

    with working(f"looking at {source.name}"):
        findings = examine_source(settings, source)
    failed = any(finding.state == "error" for finding in findings)
    if as_json:
        print_json({"source": source.name, "loadable": not failed, "findings": findings})
    else:
        print_table(
            f"{source.name}: {'cannot be loaded as it is' if failed else 'can be loaded'}",
            ["part", "state", "detail", "to do"],
            [(item.part, item.state, item.detail, item.todo) for item in findings],
        )
    if failed:
        raise typer.Exit(1)


@app.command("preview")
def preview(
    name: Name,
    table: Annotated[
        str | None, typer.Option(help="Only this table, as raw or as the source names it.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="Rows of each table.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the first rows as they would be loaded, and what would be quarantined and why.

    Loads nothing; personal data is hidden.
    """
    from ingestion.preview import look

    settings = load_settings()
    source = settings.source(name)
    only = _table(source, table) if table else None
    with working(f"looking at {name}"):
        found = look(settings, source, rows=rows, only=only)
    shown = {k: v for k, v in found.tables.items() if only in (None, k)}
    if as_json:
        print_json(
            {
                "source": name,
                "tables": {
                    key: {
                        "read": seen.read,
                        "good": seen.good_count,
                        "refused": seen.refused_count,
                        "rows": seen.masked().to_dicts(),
                        "quarantine": seen.refused.to_dicts(),
                    }
                    for key, seen in shown.items()
                },
                "problems": found.problems,
                "error": found.error.describe() if found.error else None,
            }
        )
    else:
        for key, seen in shown.items():
            frame = seen.masked()
            print_table(f"{key}: {seen.good_count:,} good rows", frame.columns, frame.rows())
            if seen.refused_count:
                print_table(
                    f"{key}: {seen.refused_count:,} rows would be quarantined",
                    ["row", "key", "column", "value", "reason"],
                    [
                        (number, key, column, json.loads(row).get(column), reason)
                        for number, key, column, reason, row in seen.refused.rows()
                    ],
                )
        for problem in found.problems:
            if only in (None, problem.table):
                place = f"{name}.{problem.table}" if problem.table else name
                told = f"{problem.severity}: {place}: {problem.what} ({problem.todo})"
                print(told, file=sys.stderr)
    if found.error is not None:
        raise found.error


def _table(source: SourceSettings, named: str) -> str:
    from ingestion.connectors.registry import connector_of

    contracts = connector_of(source).contracts
    for contract in contracts:
        if named.lower() in (contract.table.lower(), contract.source_table.lower()):
            return contract.table
    raise UsageError(
        f"Sources of kind {source.kind} have no table {named}.",
        where=f"source {source.name}",
        todo=f"use one of: {', '.join(contract.table for contract in contracts)}",
    )


@app.command("add")
def add(
    name: Annotated[
        str | None, typer.Argument(help="Its name; for a platform, the server.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="The kind of source.")] = None,
    path: Annotated[str | None, typer.Option(help="The folder of a file source.")] = None,
    url: Annotated[str | None, typer.Option(help="A URL without a password.")] = None,
    url_env: Annotated[
        str | None, typer.Option(help="The environment variable that holds the whole URL.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose rows they are.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another key, as TOML: --set 'options.zone=\"Asia/Nicosia\"'."),
    ] = None,
    test_it: Annotated[bool, typer.Option("--test/--no-test", help="Test it afterwards.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write a source into daybook.toml, which otherwise stays as it is, and test it.

    Secrets are refused: they belong into the environment. Exit code 1 when the source cannot be
    loaded yet; it stays in the file.
    """
    from ingestion.connectors.registry import CONNECTORS
    from orchestration.source_file import append_source, source_block

    settings = load_settings()
    asking = sys.stdin.isatty() and not as_json
    name = name or _ask("name", asking)
    kind = kind or _ask(f"kind ({', '.join(CONNECTORS)})", asking)
    if kind in CONNECTORS and not (path or url or url_env):
        wanted = CONNECTORS[kind].address
        if wanted == "path":
            path = _ask("path: the folder of its files", asking)
        elif wanted == "url":
            url_env = _ask("url_env: the variable that holds its URL", asking)
        elif wanted != "none":
            path = _ask("path: the folder of its files (empty: a database)", asking) or None
            url_env = None if path else _ask("url_env: the variable that holds its URL", asking)
    block = source_block(
        {
            "name": name,
            "kind": kind,
            "tenant": tenant or settings.tenant,
            "path": path,
            "url": url,
            "url_env": url_env,
        },
        setting or [],
    )
    written = append_source(settings, name, block)
    if not as_json:
        print(f"added to {written}:\n\n{block}")
    if test_it:
        renewed = load_settings(written)
        _test(renewed, renewed.source(name), as_json)
    elif as_json:
        print_json({"source": name, "configuration": written})


def _ask(what: str, asking: bool) -> str:
    if not asking:
        raise UsageError(
            f"The source needs a {what.split(':', maxsplit=1)[0].split(' ', maxsplit=1)[0]}.",
            todo="`daybook source add --help` shows the options",
        )
    return str(typer.prompt(what, default="", show_default=False)).strip()
