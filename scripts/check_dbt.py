"""Check the dbt project's structure and its compiled SQL: dbt-bouncer and sqlfluff.

Compiling needs a lake to look at; an empty one in a temporary folder will do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from orchestration.dbt_runner import run_dbt, target_path
from warehouse.connection import connect
from warehouse.settings import PROJECT_ROOT, Settings

BIN = Path(sys.executable).parent


def main() -> int:
    """Run both; the exit code is that of the first that objects."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        connect("write", settings=settings).close()
        run_dbt(settings, ["compile"])
        target = target_path(settings)
        commands = [
            [
                *(str(BIN / "sqlfluff"), "lint", "--config", ".sqlfluff", "--processes", "2"),
                str(target / "compiled" / "daybook" / "models"),
            ],
            [str(BIN / "dbt-bouncer"), "run", "--config-file", _bouncer(target)],
        ]
        for command in commands:
            print(Path(command[0]).name, flush=True)
            done = subprocess.run(command, cwd=PROJECT_ROOT, check=False)
            if done.returncode:
                return done.returncode
    return 0


def _bouncer(target: Path) -> str:
    # dbt-bouncer looks for the artifacts beside its configuration.
    text = (PROJECT_ROOT / "dbt-bouncer.yml").read_text(encoding="utf-8")
    path = target / "dbt-bouncer.yml"
    path.write_text(f"dbt_artifacts_dir: {target}\n{text}", encoding="utf-8")
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
