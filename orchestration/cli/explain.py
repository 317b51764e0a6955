"""`daybook explain`: what a figure was made of, down to the source rows, and added up again."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from quality.lineage import Explanation, Figure, SourceRow


def explain(
    table: Annotated[str, typer.Argument(help="The mart, e.g. finance.fct_daily_pnl.")],
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="A column of the row's key as column=value, given for each; or the whole key."
        ),
    ] = None,
    column: Annotated[str | None, typer.Option(help="Only this figure of the row.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="As of a snapshot id, or of what was published by a UTC date."),
    ] = None,
    limit: Annotated[int, typer.Option(help="Print so many rows of each list at most.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """List what a figure was made of and add it up again; exit 1 if it does not come out.

    Shows the deals or positions, the rates, the rules, and the source row behind each with the
    load that brought it.
    """
    from quality.lineage import explain as explained

    found = explained(load_settings(), table, key or [], column=column, as_of=as_of)
    if as_json:
        print_json({**vars(found), "adds_up": found.adds_up})
    else:
        _print(found, limit)
    if not found.adds_up:
        raise typer.Exit(1)


def _print(found: Explanation, limit: int) -> None:
    print(f"{found.table}  {found.key_text}")
    print(f"as of snapshot {found.snapshot_id}, made from the loads up to {found.watermark}")
    one = found.figures[0].column if len(found.figures) == 1 else None
    for kind in dict.fromkeys(part.kind for part in found.parts):
        parts = [part for part in found.parts if part.kind == kind]
        shown = list(parts[0].shows)
        headings = [kind, *shown, *([one] if one else [])]
        rows = [
            (
                part.name,
                *(part.shows.get(name) for name in shown),
                *([part.adds.get(one, Decimal(0))] if one else []),
            )
            for part in parts[:limit]
        ]
        print_table(_title(f"{kind}s", len(parts), limit), headings, rows)
    if found.rates:
        print_table(
            "rates",
            ["business date", "from", "to", "rate", "rate set", "published for", "days old"],
            [
                (
                    rate.business_date,
                    rate.currency,
                    rate.reporting_currency,
                    "no rate" if rate.rate is None else rate.rate,
                    rate.rate_set,
                    rate.rate_date,
                    rate.age_days,
                )
                for rate in found.rates
            ],
        )
    print_table("rules", ["rule", "what it said"], [(rule.what, rule.said) for rule in found.rules])
    sources = _sources(found)
    print_table(
        _title("source rows", len(sources), limit),
        [
            "behind",
            "system",
            "raw table",
            "source key",
            "from",
            "row",
            "load",
            "loaded at",
            "sha256",
        ],
        [
            (
                name,
                f"{item.source} ({item.kind})" if item.kind else item.source,
                item.raw_table,
                item.source_key,
                item.origin,
                None if item.source_row is None else str(item.source_row),
                str(item.load_id),
                item.loaded_at,
                (item.sha256 or "")[:12],
            )
            for name, item in sources[:limit]
        ],
    )
    for figure in found.figures:
        print(_sentence(figure))


def _title(what: str, count: int, limit: int) -> str:
    return f"{count:,} {what}" + (f", the first {limit} shown" if count > limit else "")


def _sources(found: Explanation) -> list[tuple[str, SourceRow]]:
    """Each source row once, with what stands on it."""
    named: Iterable[tuple[str, Iterable[SourceRow]]] = (
        *((f"{part.kind} {part.name}", part.sources) for part in found.parts),
        *((f"rate of {rate.business_date}", rate.sources) for rate in found.rates),
        *(("rule", rule.sources) for rule in found.rules),
    )
    return list({(name, item): None for name, rows in named for item in rows})


def _sentence(figure: Figure) -> str:
    unit = f" {figure.currency}" if figure.currency else ""
    rows = f"{figure.rows:,} row{'' if figure.rows == 1 else 's'}"
    if figure.adds_up:
        if figure.value is None:
            return f"{figure.column}: not known, and neither are the {rows} it is made of"
        return f"{figure.column}: sum of {rows} = {_amount(figure.value)}{unit}"
    return (
        f"{figure.column}: sum of {rows} is {_amount(figure.total)}{unit}, the figure is "
        f"{_amount(figure.value)}{unit}: difference {_amount(figure.difference)}"
    )


def _amount(value: Any) -> str:
    return "not known" if value is None else f"{value.normalize():f}"
