"""`daybook up`: the screens and the orchestrator's own page, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Annotated

import typer

from warehouse.settings import load_settings

# Children get this long to stop by themselves.
GRACE_SECONDS = 15.0
# One run at a time writes to the warehouse; others queue for it.
DAGSTER_INSTANCE = """\
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
"""


def up(
    dashboards_port: Annotated[int, typer.Option(help="Port of the dashboards.")] = 8501,
    dagster_port: Annotated[int, typer.Option(help="Port of Dagster's web UI.")] = 3000,
) -> None:
    """Start the dashboards and Dagster on this machine only; Ctrl-C stops both.

    There is no sign-in yet: both listen on 127.0.0.1.
    """
    from dashboards.serve import serve_command
    from orchestration.load_reports import UP_FILE

    settings = load_settings()
    dagster_home = settings.home / "dagster"
    dagster_home.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home),
        "DAYBOOK_HOME": str(settings.home),
        "DAGSTER_DISABLE_TELEMETRY": "true",
    }
    if settings.config_path is not None:
        environment["DAYBOOK_CONFIG"] = str(settings.config_path)
    (dagster_home / "dagster.yaml").write_text(DAGSTER_INSTANCE, encoding="utf-8")
    dagster = [
        *(sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"),
        *("--host", "127.0.0.1", "--port", str(dagster_port)),
    ]
    children = [
        subprocess.Popen(command, env=environment, start_new_session=True)
        for command in (serve_command(settings, dashboards_port), dagster)
    ]
    print(f"dashboards  http://127.0.0.1:{dashboards_port}")
    print(f"dagster     http://127.0.0.1:{dagster_port}")
    print("no sign-in yet: both answer on this machine only; Ctrl-C stops both", flush=True)
    up_file = dagster_home / UP_FILE
    up_file.write_text(str(os.getpid()), encoding="utf-8")
    signal.signal(signal.SIGTERM, _interrupt)
    code = 0
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.3)
        code = 3
        print("one of the two ended by itself; stopping the other", file=sys.stderr)
    except KeyboardInterrupt:
        pass
    finally:
        up_file.unlink(missing_ok=True)
        _stop(children)
    raise typer.Exit(code)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
