"""One run of Great Expectations: suites in, failures and Data Docs out.

Imported only where a gate runs: importing Great Expectations takes seconds. Nothing is sent
anywhere: its analytics are switched off before it is imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from great_expectations import expectations as gxe
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from quality.data_docs import keep_to_itself
from quality.gates import Failure
from quality.suites import Suite

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 5


class GateRun:
    """A context in memory whose Data Docs are written to one folder.

    Args:
        folder: made when the Data Docs are written; one run each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        site = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
        self._context = gx.get_context(
            mode="ephemeral",
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(),
                analytics_enabled=False,
                progress_bars=ProgressBarsConfig(globally=False),
                data_docs_sites={"evidence": site},
            ),
        )
        self._source = self._context.data_sources.add_pandas("daybook")

    def validate(self, suite: Suite, label: str, frame: pd.DataFrame) -> list[Failure]:
        """What of the suite does not hold on the rows.

        Args:
            suite: what is expected.
            label: which rows these are, for the Data Docs.
            frame: the suite's columns, computed ones included.
        """
        name = f"{suite.table}.{label}"
        batch = self._source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(label)
        expectations = self._context.suites.add(
            gx.ExpectationSuite(
                name=name,
                expectations=[
                    getattr(gxe, item.kind)(**item.options, meta={"why": item.why})
                    for item in suite.expected
                ],
            )
        )
        definition = self._context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batch, suite=expectations)
        )
        result = definition.run(
            batch_parameters={"dataframe": frame},
            result_format={
                "result_format": "SUMMARY",
                "partial_unexpected_count": EXAMPLES,
                "unexpected_index_column_names": list(suite.key),
            },
        )
        return [_failure(suite, item.to_json_dict()) for item in result.results if not item.success]

    def write_data_docs(self) -> Path:
        """Write the evidence and give its first page."""
        self._context.build_data_docs()
        keep_to_itself(self._folder)
        return self._folder / "index.html"


def _failure(suite: Suite, result: dict[str, Any]) -> Failure:
    config = result["expectation_config"]
    found = result.get("result") or {}
    raised = _raised(result.get("exception_info") or {})
    arguments = config["kwargs"]
    column = arguments.get("column") or ", ".join(arguments.get("column_list", []))
    why = (config.get("meta") or {}).get("why", "")
    examples = found.get("partial_unexpected_index_list") or []
    if not examples and "details" in found:
        examples = [found["details"]]
    return Failure(
        table=suite.table,
        expectation=config["type"],
        column=str(column),
        what=f"{why}; it could not be evaluated: {raised}" if raised else why,
        unexpected=int(found.get("unexpected_count") or 1),
        examples=[
            {str(name): _plain(value) for name, value in example.items()}
            for example in examples[:EXAMPLES]
        ],
    )


def _raised(info: dict[str, Any]) -> str:
    """The message of an expectation that raised; one info, or one a metric."""
    if "raised_exception" in info:
        return str(info.get("exception_message") or "") if info["raised_exception"] else ""
    messages = [
        str(item.get("exception_message") or "an error")
        for item in info.values()
        if isinstance(item, dict) and item.get("raised_exception")
    ]
    return "; ".join(dict.fromkeys(messages))


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
