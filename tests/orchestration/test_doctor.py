"""`daybook doctor` reaches for sources that are no databases, and names none of their secrets."""

from __future__ import annotations

import socket
from pathlib import Path

from orchestration.cli.doctor import examine
from warehouse.settings import Settings, SourceSettings


def test_a_service_is_reached_for_and_one_that_is_down_is_broken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        up = SourceSettings(name="live", kind="ctrader", url=f"tls://127.0.0.1:{port}")
        web = SourceSettings(name="web", kind="ctrader_ws", url=f"http://127.0.0.1:{port}")
        settings = Settings(home=tmp_path, sources=[up, web])
        found = {item.part: item for item in examine(settings)}
        assert found["source live (ctrader)"].state == "ok"
        assert found["source web (ctrader_ws)"].state == "ok"
    found = {item.part: item for item in examine(settings)}
    assert found["source live (ctrader)"].state == "broken"
    assert "Connection refused" in found["source live (ctrader)"].detail
