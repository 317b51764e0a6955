"""Which names are time zones: those of the IANA database that Python carries."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def is_time_zone(name: str) -> bool:
    """Whether the IANA database knows the zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
