"""Reads a mapping and says, of what is wrong with it, which key and which line."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingestion.connectors.psp.mapping import Mapping
from warehouse.errors import SettingsError
from warehouse.settings import Settings, SourceSettings

# Options of the source that are no part of an inline mapping.
_OTHER_OPTIONS = ("mapping", "sweep_seconds")


@dataclass(frozen=True)
class ReadMapping:
    """A valid mapping, where it stands, and what tells it from another one.

    Attributes:
        place: the file, or the source whose options it is.
        text: the file's text; empty for options.
        fingerprint: changes with what the mapping says, not with comments or spacing.
    """

    mapping: Mapping
    place: str
    text: str
    fingerprint: str

    def line(self, *keys: str) -> str:
        """`` (<file> line 12)`` of a key, for messages."""
        number = line_of(self.text, keys)
        return f" ({self.place} line {number})" if number else f" ({self.place})"


def read_mapping(settings: Settings, source: SourceSettings) -> ReadMapping:
    """The mapping of a source: ``options.mapping`` names a TOML file, else the options are it.

    A relative path counts from the folder of daybook.toml.

    Raises:
        SettingsError: it cannot be read, or says something that cannot be; every error is named
            with its key, and its line where it is a file.
    """
    named = source.options.get("mapping")
    inline = {k: v for k, v in source.options.items() if k not in _OTHER_OPTIONS}
    if named is None:
        return _validated(inline, f"options of source {source.name}", "")
    if inline:
        raise SettingsError(
            f"The source gives a mapping file and parts of a mapping: {', '.join(sorted(inline))}.",
            where=f"source {source.name}",
            todo="move them into the mapping file, or leave options.mapping out",
        )
    base = settings.config_path.resolve().parent if settings.config_path else Path.cwd()
    path = base / str(named)
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(
            f"The mapping cannot be read: {error.strerror}.",
            where=str(path),
            todo="correct options.mapping of the source; it counts from daybook.toml's folder",
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The mapping is not valid TOML: {error}.", where=str(path), todo="correct that line"
        ) from error
    return _validated(content, str(path), text)


def _validated(content: Dictionary[str, Any], place: str, text: str) -> ReadMapping:
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(_described(item["loc"], item["msg"], text) for item in error.errors())
        raise SettingsError(
            f"The mapping cannot be used: {problems}.",
            where=place,
            todo="ingestion/connectors/psp/README.md lists every key with its meaning",
        ) from error
    canonical = json.dumps(mapping.model_dump(mode="json"), sort_keys=True)
    return ReadMapping(mapping, place, text, hashlib.sha256(canonical.encode()).hexdigest())


def _described(location: tuple[int | str, ...], message: str, text: str) -> str:
    keys = tuple(str(part) for part in location if isinstance(part, str))
    # Pydantic names the members of a union after the key; they are no keys of the file.
    keys = tuple(key for key in keys if not re.search(r"[\[(]|^constrained", key))
    message = message.removeprefix("Value error, ")
    if not keys:
        # A check over several keys names them itself; the line is that of the first one named.
        mentioned = re.search(r"\b(columns|constants|sign|time|numbers)\.(\w+)", message)
        keys = mentioned.groups() if mentioned else ()
        number = line_of(text, keys) if keys else 0
        return f"line {number}: {message}" if number else message
    number = line_of(text, keys) or line_of(text, keys[:-1])
    place = f"{'.'.join(keys)} (line {number})" if number else ".".join(keys)
    return f"{place}: {message}"


_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*="""
)


def line_of(text: str, keys: tuple[str, ...] | list[str]) -> int:
    """The line on which a key of a TOML text stands, from 1; 0 where it does not.

    Knows ``[table]`` headers, dotted and quoted keys, one a line. A key inside an inline table
    answers with the line of that table, a key that is missing with that of the table it should
    be in.
    """
    wanted = tuple(keys)
    found, depth = 0, 0
    for number, path in _keys(text):
        if depth < len(path) <= len(wanted) and wanted[: len(path)] == path:
            found, depth = number, len(path)
    return found


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(line)
        if header:
            table = _parts(header.group(1))
            yield number, table
            continue
        key = _KEY.match(line)
        if key:
            yield number, (*table, *_parts(key.group(1)))


def _parts(dotted: str) -> tuple[str, ...]:
    found = re.findall(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\.?""", dotted)
    return tuple(next(filter(None, group), "") for group in found)
