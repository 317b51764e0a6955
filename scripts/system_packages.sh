#!/usr/bin/env bash
# The servers and the browser that the tests use for real. Debian as root or with sudo: installed
# from apt-get where missing. Elsewhere: taken from the environment; tests say what they skip.
set -euo pipefail

missing=()
command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || missing+=(mariadb-server)
command -v postgres >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null ||
    missing+=(postgresql)
command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v pdftoppm >/dev/null || missing+=(poppler-utils)
# Arabic and Chinese statements; the typesetter carries no font for them.
[ -e /usr/share/fonts/truetype/noto/NotoNaskhArabic-Regular.ttf ] || missing+=(fonts-noto-core)
[ -e /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc ] || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0

run=()
if ! command -v apt-get >/dev/null; then
    echo "not Debian: install ${missing[*]} yourself, or the tests that need them are skipped" >&2
    exit 0
elif [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "no root: run 'sudo apt-get install -y ${missing[*]}', or tests are skipped" >&2
        exit 0
    fi
    run=(sudo)
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${run[@]}" apt-get update -q >/dev/null
"${run[@]}" apt-get install -yq --no-install-recommends "${missing[@]}" >/dev/null
