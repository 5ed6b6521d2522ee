#!/usr/bin/env bash
# Sees that there is a Chromium for the browser tests; without one they are skipped and say so.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && exit 0
done

note() { printf '%s\n' "No Chromium here, so the browser tests are skipped. $*" >&2; exit 1; }

command -v apt-get >/dev/null || note "Install Chromium to run them."
if [ "$(id -u)" = 0 ]; then
    root=()
elif sudo -n true 2>/dev/null; then
    root=(sudo -n)
else
    note "To run them: apt install chromium"
fi

printf 'Installing Chromium for the browser tests …\n' >&2
"${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core >/dev/null 2>&1 || note "apt could not install it."
