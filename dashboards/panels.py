"""Pieces of a page: an error with its way out, why there is nothing, a heading with its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import polars as pl
import streamlit as st

from dashboards.figures import csv_bytes
from warehouse.errors import DaybookError


def error_panel(error: DaybookError) -> None:
    """What happened, where, and what to do; never a traceback."""
    lines = [f"**{_plain(error.what)}**"]
    if error.where:
        lines.append(f"Where: {_plain(error.where)}")
    if error.todo:
        lines.append(f"What to do: {_plain(error.todo, keep_code=True)}")
    st.error("\n\n".join(lines))


def empty_panel(what: str, todo: str = "") -> None:
    """Why there is nothing to show, and how to change that. Markdown is allowed."""
    st.info(f"**{what}**" + (f"\n\n{todo}" if todo else ""))


def titled_download(title: str, frame: pl.DataFrame, stem: str) -> None:
    """A table's heading (Markdown), with the button that saves its rows at full precision.

    Args:
        title: Markdown.
        frame: the rows of the file.
        stem: the file's name without ending; unique on the page.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(title)
        st.download_button(
            "CSV",
            csv_bytes(frame),
            file_name=f"{stem}.csv",
            mime="text/csv",
            key=f"csv-{stem}",
            help="All rows, with full precision",
            type="tertiary",
            icon=":material/download:",
        )


def table_height(rows: int, most: int) -> int | Literal["auto"]:
    """Height of a table that shows its ``rows`` rows, and scrolls beyond ``most``: pixels."""
    return "auto" if rows <= most else 35 * (most + 1) + 18


@contextmanager
def problems_shown() -> Iterator[None]:
    """Show any :class:`DaybookError` of the block as a panel."""
    try:
        yield
    except DaybookError as error:
        error_panel(error)


def _plain(text: str, *, keep_code: bool = False) -> str:
    # Messages quote table names, paths and queries: shown as they are, not as Markdown.
    special = "\\*_[]#$~|<>:" if keep_code else "\\*_[]#$~|<>:`"
    shown = "".join("\\" + mark if mark in special else mark for mark in text)
    return shown.replace("\n", "  \n")
