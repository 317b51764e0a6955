#!/usr/bin/env bash
# Make uv available: from the PATH, else from PyPI into a small environment of its own.
set -euo pipefail

command -v uv >/dev/null && exit 0
[ -x .uv/bin/uv ] && exit 0

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
        python="$candidate"
        break
    fi
done
if [ -z "$python" ]; then
    echo "Daybook needs Python 3.11, 3.12 or 3.13. On Debian: sudo apt-get install python3" >&2
    exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -q && apt-get install -yq python3-venv python3-pip
    else
        echo "Python lacks venv. Type this line, then make again:" >&2
        echo "    sudo apt-get install -y python3-venv python3-pip" >&2
        exit 2
    fi
fi
echo "installing uv from PyPI into .uv"
"$python" -m venv .uv
.uv/bin/python -m pip install --quiet uv
