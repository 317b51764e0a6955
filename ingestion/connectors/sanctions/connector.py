"""One pass over a folder of sanctions lists: UN, UK, OFAC, EU; every version is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ingestion.batch import Completeness
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.published_lists import list_tables, refused, version_of
from ingestion.connectors.safe_xml import UnreadableXmlError, parse_xml
from ingestion.connectors.sanctions.contract import ENTRIES, LIST_VERSIONS
from ingestion.connectors.sanctions.eu_list import is_eu_list, read_eu_list
from ingestion.connectors.sanctions.lists import ListError, ListFile
from ingestion.connectors.sanctions.ofac_list import ofac_file, read_ofac_file
from ingestion.connectors.sanctions.uk_list import is_uk_list, read_uk_file
from ingestion.connectors.sanctions.un_list import is_un_list, read_un_list

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
        return [refused(ENTRIES, file.name, str(error), "download the list again")]
    if found is None:
        return []
    version = version_of(file, found.list_id, found.file_part, found.list_date, found.main_rows)
    block = Completeness(low=found.list_part, high=found.list_part)
    tables = [
        TableRows(contract, found.frame(contract, file.name), complete=block)
        for contract in found.covers
    ]
    return list_tables(context, LIST_VERSIONS, version, tables, shrink_pct)


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
