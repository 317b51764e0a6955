#!/usr/bin/env bash
# Style, types, floors and the dbt project's structure: everything continuous integration checks
# beside the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

# The types take as long as all the rest together: beside it.
types=$(mktemp)
trap 'rm -f "$types"' EXIT
mypy > "$types" 2>&1 &
mypy=$!

echo "ruff"
ruff check .
ruff format --check .
echo "import-linter"
lint-imports
echo "sqlfmt"
sqlfmt --check dbt_project
echo "dbt project"
python -m scripts.check_dbt
python -m scripts.make_docs --check
python -m scripts.make_metrics --check
echo "mypy"
wait "$mypy" && cat "$types" || { cat "$types"; exit 1; }
