"""`daybook diff` and `daybook restatements`: what changed between snapshots, and what was told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import cell, print_json, print_table
from warehouse.errors import UsageError
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from quality.comparison import RowChange, SnapshotDiff

_SNAPSHOT = (
    "A snapshot id, a date (the last published by the end of that UTC day), latest (published "
    "last), previous (published before that), or head."
)
Limit = Annotated[int, typer.Option(help="Print so many rows at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def diff(
    old: Annotated[str, typer.Argument(help=_SNAPSHOT)],
    new: Annotated[str, typer.Argument(help=_SNAPSHOT)],
    mart: Annotated[str | None, typer.Option(help="Compare this table only.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Tell what changed from one snapshot to another: by mart, by row, and by which loads.

    Rows with the most money come first. A day that was built again with the same rows is no
    change.
    """
    from quality.comparison import diff as compared

    found = compared(load_settings(), old, new, mart=mart, limit=limit)
    if as_json:
        print_json(found)
        return
    _print_diff(found, limit)


def _print_diff(found: SnapshotDiff, limit: int) -> None:
    print(f"from snapshot {found.old} to {found.new}")
    for name, tables in (("gone", found.only_old), ("new", found.only_new)):
        if tables:
            print(f"{name}: {', '.join(tables)}")
    if not found.marts:
        print(f"nothing changed in {len(found.same)} marts")
        return
    print_table(
        f"marts that changed: {len(found.marts)}; that did not: {len(found.same)}",
        ["mart", "added", "removed", "changed", "money moved", "in"],
        [
            (
                item.mart,
                item.added,
                item.removed,
                item.changed,
                ", ".join(f"{cell(amount)} {unit}" for unit, amount in item.money_moved.items()),
                item.money_column,
            )
            for item in found.marts
        ],
    )
    total = sum(item.added + item.removed + item.changed for item in found.marts)
    shown = f", the {len(found.rows)} with the most money shown" if total > limit else ""
    print_table(
        f"{total:,} rows{shown}",
        ["mart", "row", "", "money", "what changed", "loads"],
        [
            (
                item.mart,
                item.row_key,
                item.status,
                f"{cell(item.money)} {item.currency or ''}" if item.money is not None else None,
                _changes(item),
                ", ".join(map(str, item.loads)),
            )
            for item in found.rows
        ],
    )
    if found.loads:
        print_table(
            "loads that touched them",
            ["load", "source", "table", "finished at (UTC)", "new", "changed", "deleted"],
            [
                (
                    str(load.load_id),
                    load.source,
                    load.table_name,
                    load.finished_at,
                    load.rows_new,
                    load.rows_changed,
                    load.rows_deleted,
                )
                for load in found.loads
            ],
        )
    else:
        print(
            f"no load after {min(found.watermarks)} touched them: a rule or a calculation changed"
        )


def _changes(row: RowChange) -> str:
    if row.status != "changed":
        return ""
    return "; ".join(
        f"{item.column}: {cell(item.old) or 'none'} to {cell(item.new) or 'none'}"
        for item in row.changes
    )


def restatements(
    since: Annotated[
        str | None, typer.Option(help="Only what was restated on this UTC date or later.")
    ] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List published figures that moved: how much, why, and the papers made from them."""
    from quality.restatements import restated_days, restatement_lines

    lines = restatement_lines(load_settings(), since=_day(since))
    days = restated_days(lines)
    if as_json:
        print_json({"days": days, "lines": lines.to_dicts()})
        return
    if not days:
        print("nothing that was published has moved")
        return
    print_table(
        f"{len(days)} published days were restated",
        [
            *("server", "business date", "version", "snapshots", "at (UTC)", "rows"),
            *("P&L moved", "why", "papers"),
        ],
        [
            (
                f"{day.tenant_id}/{day.server_id}",
                day.business_date,
                day.version,
                f"{day.old_snapshot_id} to {day.new_snapshot_id}",
                day.restated_at,
                day.rows,
                f"{cell(day.pnl_moved)} {day.reporting_currency or ''}",
                ", ".join(day.causes),
                ", ".join((*day.statements, *day.filings)),
            )
            for day in days
        ],
    )
    ordered = sorted(
        lines.iter_rows(named=True), key=lambda line: -abs(line["difference"] or Decimal(0))
    )
    print_table(
        f"{lines.height:,} figures"
        + (f", the {limit} that moved most shown" if lines.height > limit else ""),
        ["mart", "row", "column", "old", "new", "difference", "ccy", "why"],
        [_line(line) for line in ordered[:limit]],
    )


def _line(line: dict[str, Any]) -> tuple[Any, ...]:
    is_text = line["old_text"] is not None or line["new_text"] is not None
    return (
        line["mart_name"],
        line["row_key"],
        line["column_name"],
        line["old_text"] if is_text else cell(line["old_value"]),
        line["new_text"] if is_text else cell(line["new_value"]),
        None if is_text else line["difference"],
        line["currency"],
        line["cause_details"],
    )


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", todo="write it as YYYY-MM-DD") from None
