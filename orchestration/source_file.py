"""Adds a source to daybook.toml without touching what is there, comments and order included.

A ``[[sources]]`` block may stand at the end of any TOML file, so the text is appended; the whole is
read as the configuration would be before it replaces the file.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ingestion.connectors.registry import connector_of
from warehouse.errors import SettingsError, UsageError
from warehouse.settings import CONFIG_NAME, Settings, load_settings

_SECRET = re.compile(
    r"(pass(word|wd|phrase)?|secret|token|api_?key|access_?key|credential)s?$", re.I
)
_BARE_KEY = re.compile(r"^[A-Za-z0-9_-]+$")


def source_block(keys: dict[str, str | None], settings: list[str]) -> str:
    """The TOML text of a source.

    Args:
        keys: of the source; None leaves one out.
        settings: further ``key=value`` pairs, the value as TOML (a text without quotes is taken
            as one), the key dotted for ``options``.

    Raises:
        UsageError: a pair cannot be read, or holds a secret.
    """
    content: dict[str, Any] = {key: value for key, value in keys.items() if value is not None}
    for pair in settings:
        _set(content, pair)
    for key, value in _leaves(content):
        _refuse_secret(key, value)
    lines = ["[[sources]]"]
    tables: list[str] = []
    _write(content, "sources", lines, tables)
    return "\n".join([*lines, *tables]) + "\n"


def append_source(settings: Settings, name: str, block: str) -> Path:
    """Append a block to the configuration file, or make the file; gives its path.

    Raises:
        UsageError: a source of that name is there already.
        SettingsError: the configuration would not be usable with it; the file stays as it was.
    """
    path = settings.config_path or Path.cwd() / CONFIG_NAME
    if name in {source.name for source in settings.sources}:
        raise UsageError(
            f"A source is named {name} already.",
            where=str(path),
            todo="choose another name, or change that block",
        )
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    gap = "" if not held else "\n" if held.endswith("\n") else "\n\n"
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(f"{held}{gap}{block}", encoding="utf-8")
        if path.is_file():
            draft.chmod(path.stat().st_mode & 0o777)
        connector_of(load_settings(draft).source(name))
        os.replace(draft, path)
    except SettingsError as error:
        raise SettingsError(
            error.what, where=error.where.replace(str(draft), str(path)), todo=error.todo
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return path


def _set(content: dict[str, Any], pair: str) -> None:
    key, found, text = pair.partition("=")
    if not found or not key.strip():
        raise UsageError(f"--set {pair} is no key=value.", todo="write --set options.zone=UTC")
    try:
        value = tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *way, last = key.strip().split(".")
    place = content
    for part in way:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise UsageError(f"--set {key}: {part} is a value already.", todo="name another key")
    place[last] = value


def _leaves(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _refuse_secret(key: str, value: Any) -> None:
    last = key.rsplit(".", 1)[-1]
    is_secret = bool(_SECRET.search(last)) and value not in ("", None)
    if isinstance(value, str) and "://" in value:
        parts = urlsplit(value)
        asked = parse_qs(parts.query)
        is_secret |= bool(parts.password) or any(_SECRET.search(name) for name in asked)
    if is_secret:
        raise UsageError(
            f"{key} holds a secret, and the file is no place for one.",
            todo="export it in an environment variable and name the variable "
            "(url_env, or an option that ends in env)",
        )


def _write(content: dict[str, Any], name: str, lines: list[str], tables: list[str]) -> None:
    for key, value in content.items():
        if not isinstance(value, dict):
            lines.append(f"{_key(key)} = {_toml(value)}")
    for key, value in content.items():
        if isinstance(value, dict):
            below = f"{name}.{_key(key)}"
            own = ["", f"[{below}]"]
            deeper: list[str] = []
            _write(value, below, own, deeper)
            tables += [*(own if len(own) > 2 else []), *deeper]


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else json.dumps(key, ensure_ascii=False)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)
