"""A disk that fills up during a load, for real: a small file system of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.ingestion.exports import DEALS, Export, deal

pytestmark = [pytest.mark.fault, pytest.mark.slow]

_CHILD = """
    import shutil, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.exports import Export, deal, mt5, settings_for
    from tests.ingestion.lake import one, _reader
    from warehouse.errors import DaybookError

    empty, disk, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    shutil.copytree(empty, disk / "home")
    settings = settings_for(disk / "home", mt5(url))
    sync_once(settings)
    held = "SELECT count(*) FROM lake.raw.mt5_deals"
    before = one(settings, held)
    export = Export(url)
    noon = "2026-10-28 12:00:00"
    for first in range(1_000, 21_000, 500):
        export.insert("mt5_deals", [
            deal(n, Time=noon, TimeMsc=noon) for n in range(first, first + 500)
        ])
    filler = disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 150_000))
    try:
        sync_once(settings)
    except DaybookError as error:
        print("refused:", error.what, error.todo, error.exit_code)
    _reader.cache_clear()
    print("kept:", one(settings, held) == before)
    filler.unlink()
    sync_once(settings)
    _reader.cache_clear()
    print("then:", one(settings, held))
"""


def _mount_command(disk: Path) -> list[str] | None:
    """A shell in which a small file system is mounted on ``disk``; None where that is refused."""
    prefix = ["unshare", "-rm", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=12m tmpfs {disk} && "
    if shutil.which("unshare") is None:
        return None
    tried = subprocess.run([*prefix, mount + "true"], check=False, capture_output=True)
    return [*prefix, mount + 'exec "$0" "$@"'] if tried.returncode == 0 else None


def test_a_full_disk_is_named_and_nothing_is_half_loaded(
    empty_home: Path, tmp_path: Path, export: Export
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = _mount_command(disk)
    if command is None:
        pytest.skip("this machine does not let a test mount a file system of its own")
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 101)])
    child = subprocess.run(
        [
            *command,
            *(sys.executable, "-c", textwrap.dedent(_CHILD)),
            *(str(empty_home), str(disk), export.url),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.returncode == 0, child.stderr
    refused, kept, then = child.stdout.splitlines()
    assert refused.startswith("refused: The disk is full; nothing of this change was kept.")
    assert refused.endswith("3")
    assert kept == "kept: True"
    assert then == "then: 20100"
