"""kill -9 at every step of a load: afterwards all of it is there, or nothing, and never twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ingestion.sync import sync_once
from tests.ingestion.exports import DEALS, Export, deal, mt5, settings_for
from tests.ingestion.lake import one
from tests.ingestion.mt5_behaviour import deals

pytestmark = [pytest.mark.fault, pytest.mark.slow]

_CHILD = """
    import os, signal, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.exports import mt5, settings_for

    home, url, fatal = sys.argv[1:]
    steps = []

    def fault(step):
        steps.append(step)
        if step == fatal and steps.count(step) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    sync_once(settings_for(Path(home), mt5(url, chunk_rows=20)), fault=fault)
"""


@pytest.mark.parametrize("step", ["began", "rows", "written", "committed"])
def test_kill_during_the_second_chunk(step: str, home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 51)])
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(home), export.url, step],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    settings = settings_for(home, mt5(export.url, chunk_rows=20))
    survived = 40 if step == "committed" else 20
    assert len(deals(settings)) == survived
    assert one(settings, "SELECT sum(rows_new) FROM lake.meta.loads") == survived
    assert sync_once(settings).sources[0].new == 50 - survived
    assert len(deals(settings)) == 50
    assert one(settings, "SELECT count(*) FROM lake.raw.mt5_deals") == 50
    assert one(settings, "SELECT sum(abs(difference)) FROM lake.meta.control_totals") == 0


_LOOP = """
    import sys
    from pathlib import Path
    from ingestion.sync import sync_forever
    from tests.ingestion.exports import mt5, settings_for

    home, url = sys.argv[1:]
    sync_forever(
        settings_for(Path(home), mt5(url, chunk_rows=5)),
        on_load=lambda result: print(result.table, flush=True),
    )
    print("stopped", flush=True)
"""


def test_sigterm_ends_the_loop_between_two_loads(home: Path, export: Export) -> None:
    export.create("mt5_deals", DEALS, [deal(n) for n in range(1, 51)])
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_LOOP), str(home), export.url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "mt5_deals"
        child.send_signal(signal.SIGTERM)
        rest = child.stdout.read().split()
        assert child.wait(60) == 0
    assert rest[-1] == "stopped"
    settings = settings_for(home, mt5(export.url, chunk_rows=5))
    held = len(deals(settings))
    assert 5 <= held < 50
    assert held % 5 == 0
    sync_once(settings)
    assert len(deals(settings)) == 50
