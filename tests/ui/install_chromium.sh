#!/bin/sh
# Installs Debian's Chromium for the tests of the web UI, unless there is one. Downloads of browsers that
# playwright makes by itself are not needed.
set -eu

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done

tell() {
    echo "The tests of the web UI need Chromium, and $1." >&2
    echo "Install it (Debian: apt-get install chromium), or set CHROMIUM to the executable of another." >&2
    exit 1
}

if [ -n "${CHROMIUM:-}" ]; then tell "CHROMIUM=$CHROMIUM is no program"; fi
if ! command -v apt-get >/dev/null; then tell "this is no Debian that it could be installed on"; fi
if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"
else tell "installing it takes root or sudo without a password"
fi

echo "Installing Chromium: a minute or so"
$as_root apt-get update -qq || tell "apt-get update failed"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium fonts-dejavu-core >/dev/null || tell "apt-get could not install it"
