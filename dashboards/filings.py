"""The register of filings: what was counted, what was left out and why, and the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial

import polars as pl
import streamlit as st

from dashboards.downloads import ReadyFile, actor, audited_download
from dashboards.panels import empty_panel, table_height
from exports.register import download_filing, list_filings
from warehouse.control.registers import FilingRecord, RegisteredFile
from warehouse.settings import Settings

_SHORT_HASH = 12


def filing_register(settings: Settings) -> None:
    """Draw the register, and the filing that is selected in it."""
    st.subheader("Filing register", anchor=False)
    records = [record for record in list_filings(settings) if record.tenant_id == settings.tenant]
    if not records:
        empty_panel("Nothing was filed yet.", "`daybook file run` makes a filing.")
        return
    event = st.dataframe(
        pl.DataFrame([_line(record) for record in records]),
        hide_index=True,
        height=table_height(len(records), 8),
        on_select="rerun",
        selection_mode="single-row",
        key=f"filings-{records[0].filing_id}-{len(records)}",
    )
    picked = event["selection"]["rows"]
    if not picked:
        st.caption("Select a filing to see its exclusions, its checks and its files.")
        return
    _filing(settings, records[picked[0]])


def _line(record: FilingRecord) -> dict[str, object]:
    return {
        "Filing": record.filing_id,
        "Regime": f"{record.regime} {record.spec_version}",
        "Legal entity": record.legal_entity or "(all)",
        "From": str(record.period_from),
        "To": str(record.period_to),
        "State": record.state,
        "Population": f"{record.population:,}",
        "Included": f"{record.included:,}",
        "Excluded": f"{sum(record.excluded.values()):,}",
        "Snapshot": record.snapshot_id,
        "Made at (UTC)": f"{record.created_at:%Y-%m-%d %H:%M}",
        "Maker": record.maker,
    }


def _filing(settings: Settings, record: FilingRecord) -> None:
    st.markdown(f"#### {record.filing_id}")
    st.caption(
        f"Snapshot {record.snapshot_id}, published {record.published_at:%Y-%m-%d %H:%M} UTC · "
        f"code {record.code_version} · rule set {record.rule_set_hash[:_SHORT_HASH]} · "
        f"maker {record.maker} · checker {record.checker or 'none yet'}"
    )
    counts, result, checks = st.columns([3, 3, 4])
    with counts:
        st.markdown("**Population**")
        _pairs(
            [
                ("Population", f"{record.population:,}"),
                ("Included", f"{record.included:,}"),
                *((f"Excluded: {why}", f"{count:,}") for why, count in record.excluded.items()),
            ],
            ("Records", "Count"),
        )
    with result:
        st.markdown("**Result**")
        _pairs(
            [
                (name.replace("_", " "), _text(value))
                for name, value in record.result.items()
                if not isinstance(value, Mapping)
            ],
            ("Figure", "Value"),
        )
    with checks:
        st.markdown("**Validation**")
        st.dataframe(
            pl.DataFrame([_rule(rule) for rule in record.validation]),
            hide_index=True,
        )
    texts = {name: value for name, value in record.result.items() if isinstance(value, Mapping)}
    for name, wordings in texts.items():
        st.markdown(f"**{name.replace('_', ' ').capitalize()}**")
        for kind, text in wordings.items():
            st.markdown(f"- _{str(kind).replace('_', ' ')}_: {_text(text)}")
    st.markdown("**Files**")
    for file in record.files:
        name_side, button_side = st.columns([5, 2], vertical_alignment="center")
        name_side.markdown(f"`{file.name}` · {file.size:,} bytes · SHA-256 `{file.sha256}`")
        with button_side:
            audited_download(
                file.name,
                f"{record.filing_id}-{file.name}",
                partial(_fetch, settings, record, file),
            )


def _rule(rule: Mapping[str, object]) -> dict[str, str]:
    first = ("rule_id", "what", "population", "broken")
    names = [
        *(name for name in first if name in rule),
        *(name for name in rule if name not in first),
    ]
    return {name.replace("_", " ").capitalize(): _text(rule[name]) for name in names}


def _fetch(settings: Settings, record: FilingRecord, file: RegisteredFile) -> ReadyFile:
    content = download_filing(settings, record.filing_id, file.name, actor=actor())
    return ReadyFile(file.name, content)


def _pairs(pairs: list[tuple[str, str]], headers: tuple[str, str]) -> None:
    schema = {headers[0]: pl.String, headers[1]: pl.String}
    st.dataframe(pl.DataFrame(pairs, schema=schema, orient="row"), hide_index=True)


def _text(value: object) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
