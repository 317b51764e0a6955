#!/usr/bin/env bash
# The demo behind `make demo`: a broker from nothing, in a folder of its own.
set -euo pipefail
folder="${1:-var/demo}"
rm -rf "$folder"
exec python -m orchestration.demo "$folder"
