"""A source's own options, checked where they are read."""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from warehouse.errors import SettingsError


def mapping_option(context: PassContext, name: str) -> dict[str, str]:
    """An option that is a table of texts; empty when it is not given.

    Raises:
        SettingsError: it is something else.
    """
    value = context.source.options.get(name, {})
    if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
        return {str(key): text for key, text in value.items()}
    raise SettingsError(
        f"options.{name} is no table of texts: {value}.",
        where=f"source {context.source.name}",
        todo="docs/connectors.md and the connector's README show how to write it",
    )


def choice_option(context: PassContext, name: str, allowed: tuple[str, ...]) -> str | None:
    """An option that is one of some texts; None when it is not given.

    Raises:
        SettingsError: it is something else.
    """
    value = context.source.options.get(name)
    if value is None or value in allowed:
        return value
    raise SettingsError(
        f"options.{name} cannot be {value}.",
        where=f"source {context.source.name}",
        todo=f"use one of: {', '.join(allowed)}; or leave it out",
    )
