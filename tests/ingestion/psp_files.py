"""Small files of payment providers for tests, and what was made of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import rows
from warehouse.settings import Settings, SourceSettings


def psp(
    kind: str, folder: Path, name: str = "", tenant: str = "demo", **options: Any
) -> SourceSettings:
    """A source that reads a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return SourceSettings(name=name or kind, kind=kind, path=folder, tenant=tenant, options=options)


def sync(settings: Settings) -> SourceReport:
    """One pass over the only source."""
    (report,) = sync_once(settings).sources
    return report


def whats(report: SourceReport, severity: str = "") -> list[str]:
    """What a pass found, of one severity or any."""
    return [p.what for p in report.problems if not severity or p.severity == severity]


def quarantined(settings: Settings) -> list[tuple[Any, ...]]:
    """Row, column and reason of what waits in quarantine."""
    return rows(
        settings,
        "SELECT row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 1, 2",
    )


_CHILD = """
    import os, signal, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.psp_files import psp
    from tests.ingestion.exports import settings_for

    home, kind, folder, fatal = sys.argv[1:]

    def fault(step):
        if step == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    sync_once(settings_for(Path(home), psp(kind, Path(folder))), fault=fault)
"""


def killed_sync(home: Path, kind: str, folder: Path, step: str) -> None:
    """A pass in a process of its own that is killed at the first such step of a load."""
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(home), kind, str(folder), step],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()


def settings_of(home: Path, *sources: SourceSettings) -> Settings:
    """An installation with these sources."""
    return settings_for(home, *sources)
