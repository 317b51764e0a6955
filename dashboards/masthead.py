"""What every page starts with: whose figures, as of when, and who can see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import streamlit as st

from dashboards.reading import LakeState, Publication
from warehouse.settings import Settings

_STYLE = """
<style>
[data-testid="stMainBlockContainer"] {padding-top: 4.2rem; padding-bottom: 3rem;}
[data-testid="stMetric"] {padding: 0.6rem 0.9rem;}
h1 {padding: 0 0 0.2rem 0 !important;}
textarea {font-family: ui-monospace, "Liberation Mono", Menlo, monospace !important;
          font-size: 0.9rem !important;}
@media print {
  [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stDownloadButton"],
  [data-testid="stElementToolbar"] {display: none !important;}
  [data-testid="stMainBlockContainer"] {padding: 0 !important;}
}
</style>
"""


@dataclass(frozen=True)
class Basis:
    """The snapshot a page reads."""

    snapshot: int
    published_at: dt.datetime | None
    """UTC; None for the head, whose figures are not final."""
    last_closed: dt.date | None
    """The last business day that is closed in it; None for the head."""

    @property
    def is_head(self) -> bool:
        """Whether these are figures nobody has closed."""
        return self.published_at is None


def page_style() -> None:
    """The few rules Streamlit's theme has no setting for; paper gets no buttons."""
    st.html(_STYLE)


def masthead(settings: Settings, state: LakeState, title: str, *, offer_head: bool) -> Basis | None:
    """Draw the head of a page and let the reader pick the snapshot.

    Args:
        settings: the installation.
        state: what there is to read.
        title: of the page.
        offer_head: whether the newest, unpublished figures can be picked too.

    Returns:
        What was picked; None while nothing is published and the head is not on offer.
    """
    options: list[Publication | None] = list(state.publications)
    if offer_head:
        options.append(None)
    title_side, picker_side = st.columns([3, 2], vertical_alignment="bottom")
    with title_side:
        st.title(title, anchor=False)
    picked: Publication | None = None
    if options:
        with picker_side:
            picked = st.selectbox(
                "As of",
                options,
                format_func=lambda choice: _option(choice, state),
                help="Published snapshots, newest first: each shows the figures as they stood.",
                key=f"as-of-{title}",
            )
    basis: Basis | None = None
    if picked is not None:
        basis = Basis(picked.snapshot_id, picked.published_at, picked.last_date)
    elif offer_head:
        basis = Basis(state.head, None, None)
    st.caption(
        f"**{settings.display_name}** · tenant {settings.tenant} · {_as_of(basis)}  \n"
        "There is no sign-in yet, so this app listens on this machine only (127.0.0.1)."
    )
    if basis is not None and basis.is_head:
        st.warning("Head of the warehouse: the newest figures, not closed and not final.")
    return basis


def _option(choice: Publication | None, state: LakeState) -> str:
    if choice is None:
        return f"Head: snapshot {state.head}, not final"
    newest = "Latest: " if choice == state.publications[0] else ""
    return (
        f"{newest}snapshot {choice.snapshot_id}, "
        f"published {choice.published_at:%Y-%m-%d %H:%M} UTC, days to {choice.last_date}"
    )


def _as_of(basis: Basis | None) -> str:
    if basis is None:
        return "nothing published yet"
    if basis.published_at is None:
        return f"data as of snapshot {basis.snapshot} (head, not published)"
    return (
        f"data as of snapshot {basis.snapshot}, published {basis.published_at:%Y-%m-%d %H:%M} UTC"
    )
