"""Which code made a figure: the installed version and, in a checkout, the commit."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from warehouse.settings import PROJECT_ROOT


@cache
def code_version() -> str:
    """``0.1.0+abc1234`` in a checkout, with ``.dirty`` where files differ; else the version."""
    try:
        release = version("daybook")
    except PackageNotFoundError:
        release = "0"
    if not (PROJECT_ROOT / ".git").exists():
        return release
    try:
        described = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), "describe", "--always", "--dirty=.dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return release
    return f"{release}+{described.stdout.strip()}"
