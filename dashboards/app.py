"""The Streamlit app: one page for each kind of user. Start it with `daybook up`."""

from __future__ import annotations

import sys
from functools import partial

import streamlit as st

from dashboards.masthead import page_style
from dashboards.panels import problems_shown
from dashboards.screens import analysts, compliance, finance, partners
from dashboards.serve import CONFIG_OPTION
from warehouse.settings import Settings, load_settings


def _settings() -> Settings:
    arguments = sys.argv[1:]
    if CONFIG_OPTION in arguments[:-1]:
        return load_settings(arguments[arguments.index(CONFIG_OPTION) + 1])
    return load_settings()


def main() -> None:
    """Show the page that was chosen."""
    st.set_page_config(page_title="Daybook", layout="wide", menu_items={})
    page_style()
    with problems_shown():
        settings = _settings()
        page = st.navigation(
            [
                st.Page(partial(finance.show, settings), title="Finance", default=True),
                st.Page(
                    partial(compliance.show, settings), title="Compliance", url_path="compliance"
                ),
                st.Page(partial(partners.show, settings), title="Partners", url_path="partners"),
                st.Page(partial(analysts.show, settings), title="Analysts", url_path="analysts"),
            ],
            position="top",
        )
        page.run()


if __name__ == "__main__":
    main()
