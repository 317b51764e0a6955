"""`daybook file`: filings, from the register to the bytes."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.output import print_json, print_table, working
from warehouse.errors import UsageError
from warehouse.settings import load_settings

app = typer.Typer(help="Run filings and prove what was filed.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_filings(as_json: AsJson = False) -> None:
    """The register: what was made, from which snapshot, by which code, with which hash."""
    from exports.register import list_filings as run

    filings = run(load_settings())
    if as_json:
        print_json(filings)
        return
    print_table(
        "filing register",
        ["filing", "regime", "entity", "from", "to", "state", "population", "included", "snapshot"],
        [
            (
                item.filing_id,
                f"{item.regime} {item.spec_version}",
                item.legal_entity or "all",
                item.period_from,
                item.period_to,
                item.state,
                item.population,
                item.included,
                str(item.snapshot_id),
            )
            for item in filings
        ],
    )


@app.command("run")
def run_filing(
    regime: Annotated[str, typer.Argument(help="The filing to make, e.g. losing_accounts.")],
    to: Annotated[str, typer.Option(help="Last day of the window (YYYY-MM-DD).")],
    out: Annotated[
        Path | None, typer.Option(help="Also copy the files here; the archive always keeps them.")
    ] = None,
    legal_entity: Annotated[
        str | None, typer.Option(help="Only this legal entity; default: the whole tenant.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Default: the configured tenant.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="As of a snapshot id, or of a UTC date's publishing.")
    ] = None,
    maker: Annotated[str | None, typer.Option(help="Who makes it; default: you.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a filing: population, exclusions with reasons, figures, evidence, register entry."""
    from exports.filings import regime as find_regime

    try:
        last_day = dt.date.fromisoformat(to)
    except ValueError:
        raise UsageError(f"{to!r} is not a date.", todo="write it as YYYY-MM-DD") from None
    settings = load_settings()
    with working(f"making {regime}"):
        made = find_regime(regime).run(
            settings,
            window_to=last_day,
            legal_entity=legal_entity,
            tenant=tenant or settings.tenant,
            maker=maker or getpass.getuser(),
            as_of=as_of,
            out=out,
        )
    if as_json:
        print_json(made)
        return
    print(f"filing {made.filing_id}: {made.headline}")
    for file in made.files:
        print(f"  {file.path}  sha256 {file.sha256}")


@app.command("reproduce")
def reproduce(
    filing_id: Annotated[str, typer.Argument(help="The filing, as `daybook file list` names it.")],
    as_json: AsJson = False,
) -> None:
    """Make a filing again from its recorded snapshot; exit 1 if a byte differs."""
    from exports.register import reproduce as run

    with working(f"reproducing {filing_id}"):
        result = run(load_settings(), filing_id)
    if as_json:
        print_json(result)
    else:
        print(result.describe())
    if not result.identical:
        raise typer.Exit(1)
