"""How the dashboards are started: on this machine only, and fetching nothing from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.settings import Settings

APP = Path(__file__).resolve().parent / "app.py"
ADDRESS = "127.0.0.1"
CONFIG_OPTION = "--daybook-config"


def serve_command(settings: Settings, port: int = 8501) -> list[str]:
    """The command line that serves the dashboards of this installation.

    It binds to the loopback address: nobody signs in yet, so nobody else may reach it.

    Args:
        settings: the installation; its configuration file is handed on by path. Where it has
            none, the process must be started with the same environment and working directory.
        port: TCP port on 127.0.0.1.
    """
    command = [
        sys.executable,
        *("-m", "streamlit", "run", str(APP)),
        *("--server.address", ADDRESS),
        *("--server.port", str(port)),
        *("--server.headless", "true"),
        *("--browser.gatherUsageStats", "false"),
    ]
    if settings.config_path is not None:
        command += ["--", CONFIG_OPTION, str(Path(settings.config_path).resolve())]
    return command
