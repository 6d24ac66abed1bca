#!/bin/sh
# Installs a program that tests use and Python packages do not bring, as Debian has it, unless there is one.
#   tests/install_debian_package.sh chromium|wrk
set -eu

program="${1:-}"
told="" # by the user, to be used instead
instead=""
case "$program" in
    chromium) # downloads of browsers that playwright makes by itself are not needed
        needed_by="The tests of the web UI need"
        names="chromium chromium-browser google-chrome-stable google-chrome"
        packages="chromium fonts-dejavu-core"
        told="${CHROMIUM:-}"
        instead=", or set CHROMIUM to the executable of another" ;;
    wrk)
        needed_by="The benchmark needs"
        names="wrk"
        packages="wrk" ;;
    *)
        echo "usage: $0 chromium|wrk" >&2
        exit 2 ;;
esac

for name in "$told" $names; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done

tell() {
    echo "$needed_by $program, and $1." >&2
    echo "Install it (Debian: apt-get install $program)$instead." >&2
    exit 1
}

if [ -n "$told" ]; then tell "$told is no program"; fi
if ! command -v apt-get >/dev/null; then tell "this is no Debian that it could be installed on"; fi
if [ "$(id -u)" = 0 ]; then as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root="sudo -n"
else tell "installing it takes root or sudo without a password"
fi

echo "Installing $program: a minute or so"
$as_root apt-get update -qq || tell "apt-get update failed"
# shellcheck disable=SC2086 # several words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $packages >/dev/null || tell "apt-get could not install it"
