"""What the command line prints: tables for people, JSON for machines, failures for both."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from warehouse.errors import DaybookError

# Without a terminal there is no width to keep to: a table in a log should not fold its keys.
WIDTH_WITHOUT_TERMINAL = 200

console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
errors = Console(stderr=True, width=None if sys.stderr.isatty() else WIDTH_WITHOUT_TERMINAL)


def plain(value: Any) -> Any:
    """A value as JSON carries it: decimals as exact text, dates in ISO form."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(plain(value), indent=2, ensure_ascii=False))


def cell(value: Any) -> str:
    """A value as a table cell: thousands separated, no trailing zeros beyond what is there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        if "." in text:
            whole, fraction = text.split(".")
            fraction = fraction.rstrip("0")
            text = f"{whole}.{fraction.ljust(2, '0')}" if fraction else f"{whole}.00"
        return text
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under headings; numbers to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        values = [row[index] for row in rows if row[index] is not None]
        numeric = bool(values) and all(
            isinstance(value, int | Decimal | float) and not isinstance(value, bool)
            for value in values
        )
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(cell(value)) for value in row))
    console.print(table)


def print_failure(error: DaybookError) -> None:
    """Tell what went wrong, where, and what to do, on standard error."""
    errors.print(f"[bold red]{_escaped(error.what)}[/]", highlight=False)
    if error.where:
        errors.print(f"  where: {_escaped(error.where)}", highlight=False)
    if error.todo:
        errors.print(f"  to do: {_escaped(error.todo)}", highlight=False)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on standard error, so that standard output stays for results."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
    ) as display:
        yield display


@contextmanager
def working(description: str) -> Iterator[None]:
    """A spinner on standard error for work whose length is not known."""
    with errors.status(description):
        yield
