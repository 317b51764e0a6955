"""Stub."""

from warehouse.settings import Settings


def show(settings: Settings) -> None:
    """Draw."""
