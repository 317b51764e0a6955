"""The commands, put together."""

from __future__ import annotations

import typer

from orchestration.cli import (
    breaks,
    broker,
    comparing,
    doctor,
    explain,
    filings,
    metrics,
    partners,
    published,
    query,
    serve,
    sources,
    statements,
    work,
)

app = typer.Typer(
    name="daybook",
    help="Exact books, statements and filings for a retail FX/CFD broker.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

app.command("simulate")(broker.simulate)
app.add_typer(sources.app, name="source")
app.command("sync")(work.sync)
app.command("build")(work.build)
app.command("close")(work.close)
app.command("check")(work.check)
app.add_typer(breaks.app, name="breaks")
app.command("sql")(query.sql)
app.command("metrics")(metrics.metrics)
app.command("explain")(explain.explain)
app.command("diff")(comparing.diff)
app.command("restatements")(comparing.restatements)
app.command("published")(published.published)
app.add_typer(statements.app, name="statement")
app.add_typer(partners.app, name="partners")
app.add_typer(filings.app, name="file")
app.add_typer(published.audit_app, name="audit")
app.command("doctor")(doctor.doctor)
app.command("up")(serve.up)
