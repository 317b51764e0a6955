"""benchmarks/results.json: the figures with the machine, the versions and the commit."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.measurement import Measurement

RESULTS_FILE = Path(__file__).parent / "results.json"
REPORT_FILE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars", "great-expectations", "connectorx")


def write_results(measurements: Sequence[Measurement], path: Path = RESULTS_FILE) -> None:
    """Write all figures of one session."""
    content = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _machine(),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
        "results": [asdict(item) for item in measurements],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_report(results: Path = RESULTS_FILE, report: Path = REPORT_FILE) -> None:
    """Write the page of the documentation from the results."""
    content = json.loads(results.read_text(encoding="utf-8"))
    machine, versions = content["machine"], content["versions"]
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks report` from `benchmarks/results.json`; "
        "`make bench` measures again. Values are medians; a ratio divides medians of the same "
        "session. What is compared is checked to come to the same result.",
        "",
        f"Measured {content['date'][:10]} at commit `{content['commit']}` on {machine['cpu']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}; "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + ".",
        "",
        "| figure | value | unit | runs | what was measured |",
        "|---|---:|---|---:|---|",
        *(
            f"| `{item['name']}` | {shown(item['value'])} | {item['unit']} | {item['runs']} "
            f"| {item['note']} |"
            for item in content["results"]
        ),
    ]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")


def shown(value: float) -> str:
    """A value for people: whole when large, three digits when small."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _machine() -> dict[str, object]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit() -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=.dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "unknown"
