"""`python -m benchmarks --list | NAME [--deals N] [--json] | all [--json] | report`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.measurement import BenchmarkError, Measurement
from benchmarks.registry import BENCHMARKS
from benchmarks.results import RESULTS_FILE, shown, write_report, write_results
from benchmarks.workspace import workspace
from warehouse.errors import DaybookError


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for. Exit codes: 0 done, 2 wrong use, 3 it could not be measured."""
    asked = _parser().parse_args(arguments)
    if asked.list:
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:12} {benchmark.what} ({benchmark.deals:,} deals)")
        return 0
    if asked.name == "report":
        write_report()
        return 0
    if asked.name is None:
        _parser().print_usage(sys.stderr)
        return 2
    names = list(BENCHMARKS) if asked.name == "all" else [asked.name]
    measured: list[Measurement] = []
    failed = False
    with workspace() as work:
        for name in names:
            try:
                found = BENCHMARKS[name].run(work, asked.deals)
            except (BenchmarkError, DaybookError) as error:
                # The others are worth their time all the same.
                print(f"{name} could not be measured: {error}", file=sys.stderr, flush=True)
                failed = True
                continue
            for item in found:
                _print(item, asked.json)
            measured += found
    if asked.name == "all":
        write_results(measured, asked.out)
    return 3 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name",
        nargs="?",
        choices=[*BENCHMARKS, "all", "report"],
        help="a benchmark, all of them, or the report from the last results",
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--deals", type=_positive, help="how many deals to measure on")
    parser.add_argument(
        "--out", type=Path, default=RESULTS_FILE, help="where `all` writes its results"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return number


def _print(item: Measurement, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(item)), flush=True)
    else:
        print(f"{item.name:34} {shown(item.value):>12} {item.unit:8} {item.note}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
