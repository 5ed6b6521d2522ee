#!/usr/bin/env bash
# Makes the virtual environment and installs a requirements file into it; quick when nothing changed.
# usage: scripts/install.sh requirements.txt
set -eu
cd "$(dirname "$0")/.."

requirements=$1
venv=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

# 3.12 and 3.11 first: for them there is a Redis among the packages.
find_python() {
    local name
    for name in ${PYTHON:-} python3.12 python3.11 python3.13 python3.14 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# A bare Debian has Python without venv and pip: ask apt, else borrow a pip or virtualenv from elsewhere.
make_venv() {
    local python=$1 version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    rm -rf "$venv"
    "$python" -m venv "$venv" >/dev/null 2>&1 && return
    rm -rf "$venv"
    if command -v apt-get >/dev/null; then
        say "Python $version has no venv here; asking apt for python$version-venv …"
        as_root apt-get update -qq >/dev/null 2>&1 || true
        if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "python$version-venv" >/dev/null 2>&1 ||
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null 2>&1; then
            "$python" -m venv "$venv" && return
            rm -rf "$venv"
        fi
    fi
    "$python" -m virtualenv --quiet "$venv" 2>/dev/null && return
    rm -rf "$venv"
    if "$python" -m venv --without-pip "$venv" 2>/dev/null &&
        "$python" -m pip --quiet --python "$venv/bin/python" install pip 2>/dev/null; then
        return
    fi
    rm -rf "$venv"
    fail "Python $version can make no virtual environment. On Debian or Ubuntu: apt install python$version-venv," \
        "elsewhere: pip install virtualenv. Then start again."
}

# The stamp is written last: a half-done installation has none and is done again.
hash=$(cat requirements.txt "$requirements" | cksum | tr ' ' '-')
stamp=$venv/.installed-$(basename "$requirements" .txt)
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ] &&
    "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python) || fail "Python 3.11 or newer is needed and was not found. (PYTHON=/path/to/python names one.)"
    say "Making $venv with $("$python" --version) …"
    make_venv "$python"
fi
say "Installing $requirements into $venv (a minute or two the first time) …"
rm -f "$stamp"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --prefer-binary -r "$requirements" ||
    fail "The packages could not be installed; see above. Starting again continues where this ended."
printf '%s\n' "$hash" >"$stamp"
