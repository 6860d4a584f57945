#!/usr/bin/env bash
# Makes this machine ready: system packages, .venv, and what uv.lock names. Doing it again takes a second.
# `scripts/setup.sh test` also installs what only the tests need.
set -euo pipefail
cd "$(dirname "$0")/.."

lists=(scripts/packages.txt)
[ "${1:-}" != test ] || lists+=(scripts/test-packages.txt)

# What uv.lock was written with.
uv_version=0.13.9

say() { printf 'setup: %s\n' "$*" >&2; }

missing_packages() {
    sed '/^#/d; /^$/d' "${lists[@]}" | while read -r package; do
        state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || printf '%s\n' "$package"
    done
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        say "no apt-get here: install what stands in ${lists[*]} yourself; 'quetbill doctor' checks it"
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
            say "these system packages are missing and need root; run this, then try again:"
            printf '\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n\n' "${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo -n)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" >/dev/null
}

make_environment() {
    if ! .venv/bin/python -c '' 2>/dev/null; then
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
            say "Python 3.11 or newer is needed; this is $(python3 --version)"
            exit 1
        }
        say "making .venv"
        python3 -m venv --clear .venv
    fi
    if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$uv_version" ]; then
        say "installing uv $uv_version"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore "uv==$uv_version"
    fi
    # Whatever environment the caller has active, this one is meant.
    env -u VIRTUAL_ENV UV_PROJECT_ENVIRONMENT=.venv .venv/bin/uv sync --frozen --quiet
}

install_packages
make_environment

# What needs node only in tests, and only where there is npm to fetch its locked tools: clients in TypeScript, and the web app's build.
for tools in tests/clients/typescript pwa; do
    if [ "${1:-}" = test ] && command -v npm >/dev/null && [ ! "$tools/node_modules/.package-lock.json" -nt "$tools/package-lock.json" ]; then
        say "installing the tools of $tools"
        (cd "$tools" && npm ci --silent --ignore-scripts --no-audit --no-fund) || say "npm fetched nothing; tests that need $tools are skipped"
    fi
done
