"""`daybook metrics`: the figures people quote, from their one definition."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import typer

from orchestration.cli.output import print_json, print_table
from warehouse.errors import UsageError
from warehouse.settings import load_settings

# What a table shows of units that are no money; --json has every decimal.
_PLACES = {"clients": 0, "deals": 0, "days": 2, "lots": 2, "ratio": 4}


def metrics(
    name: Annotated[
        str | None, typer.Argument(help="The metric; without it, list all with definitions.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(help="Dimensions, separated by commas, such as month,book; none: one total."),
    ] = "",
    first: Annotated[
        str | None, typer.Option("--from", help="First business day; default: the books' first.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Last business day; default: the books' last.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="As of a snapshot id, or of what was published by a UTC date."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="Whose figure; default: the configured tenant.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """One metric over any range of business days, by the dimensions it allows."""
    if name is None:
        _list(as_json)
        return
    from warehouse.metrics import book_range, definition, metric

    settings = load_settings()
    found = definition(name)
    dimensions = tuple(part.strip() for part in by.split(",") if part.strip())
    found.checked_dimensions(dimensions)
    start, end = _day(first, "--from"), _day(last, "--to")
    if start is None or end is None:
        held = book_range(settings, as_of=as_of, tenant=tenant)
        start, end = start or held[0], end or held[1]
    whose = tenant or settings.tenant
    frame = metric(
        name,
        settings=settings,
        by=dimensions,
        first=start,
        last=end,
        as_of=as_of,
        tenant=whose,
    )
    unit = found.unit.replace("currency", settings.reporting_currency)
    if as_json:
        print_json(
            {
                "metric": found.name,
                "label": found.label,
                "unit": unit,
                "formula": found.formula,
                "tenant": whose,
                "first": start,
                "last": end,
                "as_of": as_of,
                "rows": frame.to_dicts(),
            }
        )
        return
    basis = "head of the warehouse, not final" if as_of is None else f"as of {as_of}"
    print_table(
        f"{found.label}, {unit}, {start} to {end}, {whose}, {basis}",
        frame.columns,
        [
            tuple(
                _shown(value, found.unit if column == "value" else "", settings.reporting_currency)
                for column, value in row.items()
            )
            for row in frame.iter_rows(named=True)
        ],
    )


def _list(as_json: bool) -> None:
    from warehouse.metrics import definitions

    found = list(definitions().values())
    if as_json:
        print_json([{**_plain(one), "formula": one.formula} for one in found])
        return
    print_table(
        f"{len(found)} metrics",
        ["metric", "unit", "what it is", "formula", "by (beside day, week, month)"],
        [
            (
                one.name,
                one.unit,
                f"{one.label}. {one.description}.",
                one.formula,
                ", ".join(one.dimensions),
            )
            for one in found
        ],
    )


def _plain(one: Any) -> dict[str, Any]:
    from orchestration.cli.output import plain

    return dict(plain(one))


def _day(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text} is no date.", todo="write it as YYYY-MM-DD") from None


def _shown(value: Any, unit: str, currency: str) -> Any:
    from warehouse.money import minor_unit, round_half_away

    if not isinstance(value, Decimal):
        return value
    return round_half_away(value, _PLACES.get(unit, minor_unit(currency)))
