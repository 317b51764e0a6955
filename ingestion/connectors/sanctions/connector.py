"""One pass over a folder of sanctions lists: UN, UK, OFAC, EU; every version is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import polars as pl

from ingestion.batch import Completeness
from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.published_lists import ListVersion, newest_held, version_of
from ingestion.connectors.safe_xml import UnreadableXmlError, parse_xml
from ingestion.connectors.sanctions.contract import ENTRIES, LIST_VERSIONS
from ingestion.connectors.sanctions.eu_list import is_eu_list, read_eu_list
from ingestion.connectors.sanctions.lists import ListError, ListFile
from ingestion.connectors.sanctions.ofac_list import ofac_file, read_ofac_file
from ingestion.connectors.sanctions.uk_list import is_uk_list, read_uk_file
from ingestion.connectors.sanctions.un_list import is_un_list, read_un_list
from ingestion.problems import Problem

_PATTERNS = ("*.xml", "*.csv")
_LARGEST_SHRINK_PCT = 20


def sync(context: PassContext) -> None:
    """Load every list that was not loaded before.

    Raises:
        SettingsError: an option cannot be used.
        SourceError: the folder cannot be read.
    """
    shrink = context.integer_option("largest_shrink_pct", _LARGEST_SHRINK_PCT)
    sync_dropped_files(context, lambda file: read_file(context, file, shrink), _PATTERNS)


def read_file(context: PassContext, file: DroppedFile, shrink_pct: int) -> Sequence[TableRows]:
    """The rows of one list; none when the file is no list.

    Args:
        shrink_pct: a version with so many percent fewer rows than the one held is refused.
    """
    try:
        found = _read(file)
    except (ListError, UnreadableXmlError) as error:
        return _refused(file, str(error), "download the list again")
    if found is None:
        return []
    if not found.main_rows:
        return _refused(file, "it holds no entry", "download the list again")
    version = version_of(file, found.list_id, found.file_part, found.list_date, found.main_rows)
    held = newest_held(
        context.con, LIST_VERSIONS.table, context.source.tenant, context.source.name, version
    )
    noted = TableRows(LIST_VERSIONS, _version_frame(version))
    if held is not None and version.list_date < held[0]:
        problem = Problem(
            LIST_VERSIONS.table,
            "warning",
            f"{file.name} is {version.list_id} ({version.file_part}) of {version.list_date}; the "
            f"list of {held[0]} is held: the older one was noted and changed nothing.",
            "nothing; deliver lists in the order of their dates",
        )
        return [TableRows(noted.contract, noted.frame, [problem])]
    if held is not None and version.row_count * 100 < held[1] * (100 - shrink_pct):
        return _refused(
            file,
            f"it has {version.row_count} rows where the version held has {held[1]}",
            "download it again; if so much was delisted, raise options.largest_shrink_pct",
        )
    block = Completeness(low=found.list_part, high=found.list_part)
    return [
        noted,
        *(
            TableRows(contract, found.frame(contract, file.name), complete=block)
            for contract in found.covers
        ),
    ]


def _read(file: DroppedFile) -> ListFile | None:
    content = file.path.read_bytes()
    if file.path.suffix.lower() == ".xml":
        root = parse_xml(content)
        if is_un_list(root):
            return read_un_list(root)
        return read_eu_list(root) if is_eu_list(root) else None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("windows-1252", errors="replace")
    lines = list(enumerate(csv.reader(io.StringIO(text, newline="")), start=1))
    if is_uk_list(lines):
        return read_uk_file(lines)
    which = ofac_file(file.name)
    return read_ofac_file(which, lines) if which else None


def _version_frame(version: ListVersion) -> pl.DataFrame:
    return pl.DataFrame([version.row()]).with_columns(
        pl.lit(version.file_name).alias(SOURCE_TABLE), pl.lit(1, dtype=pl.Int64).alias(SOURCE_ROW)
    )


def _refused(file: DroppedFile, what: str, todo: str) -> Sequence[TableRows]:
    problem = Problem(
        ENTRIES.table, "error", f"{file.name}: {what}; nothing of the file was loaded.", todo
    )
    return [TableRows(ENTRIES, None, [problem])]
