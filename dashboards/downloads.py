"""Files that leave the house: ``exports`` makes or fetches each, and enters it in the audit log."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboards.panels import problems_shown

MIME = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_READY = "file-ready"


@dataclass(frozen=True)
class ReadyFile:
    """A file that waits to be saved by the browser."""

    name: str
    content: bytes


def actor() -> str:
    """Who is named in the audit log while nobody signs in: the user the app runs as."""
    return f"dashboards ({getpass.getuser()})"


def audited_download(label: str, key: str, fetch: Callable[[], ReadyFile]) -> None:
    """A button that fetches a file, then the button that saves it.

    Two steps, because fetching is what the audit log records, and what may fail with a reason.

    Args:
        label: what the file is, e.g. ``PDF``.
        key: unique on the page, and different for every file that could be asked for.
        fetch: gets the file and enters it in the audit log.
    """
    # One file is kept at a time: statements of a whole year would stay in memory otherwise.
    if st.button(f"Get {label}", key=f"get-{key}"):
        st.session_state.pop(_READY, None)
        with problems_shown(), st.spinner(f"Making {label} ..."):
            st.session_state[_READY] = (key, fetch())
    held = st.session_state.get(_READY)
    if held is not None and held[0] == key:
        file: ReadyFile = held[1]
        st.download_button(
            f"Save {file.name}",
            file.content,
            file_name=file.name,
            mime=MIME.get(file.name.rpartition(".")[2], "application/octet-stream"),
            key=f"save-{key}",
            type="primary",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(f"{len(file.content):,} bytes; entered in the audit log as {actor()}.")
