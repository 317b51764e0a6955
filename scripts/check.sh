#!/usr/bin/env bash
# Style, types, floors and the dbt project's structure: everything continuous integration checks
# beside the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

echo "ruff"
ruff check .
ruff format --check .
echo "mypy"
mypy
echo "import-linter"
lint-imports
echo "sqlfmt"
sqlfmt --check dbt_project
echo "dbt project"
python -m scripts.check_dbt
python -m scripts.make_docs --check
python -m scripts.make_metrics --check
