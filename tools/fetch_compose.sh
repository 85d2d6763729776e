#!/bin/sh
# Unpack a docker compose of version 2 into a folder, and print the program's path: `fetch_compose.sh FOLDER`.
#
# Debian 12 has the old 1.29, which reads other files; Debian 13 has version 2, and its program runs alone. Its
# package is taken from the mirror that apt uses on this machine, checked by apt against Debian's keys, and
# unpacked without being installed. Needs apt and dpkg; root is not needed.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
program=$folder/usr/libexec/docker/cli-plugins/docker-compose
suite=trixie

if [ ! -x "$program" ]; then
    mirror=$(apt-get update --print-uris | sed -n "s#^'\(.*/debian\)/dists/.*#\1#p" | head -n 1)
    apt=$folder/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:?apt names no Debian mirror} $suite main" \
        >"$apt/sources.list"
    : >"$apt/status"
    set -- -qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o APT::Sandbox::User="$(id -un)"
    apt-get "$@" update >&2
    (cd "$apt" && apt-get "$@" download docker-compose >&2)
    dpkg -x "$apt"/docker-compose_*.deb "$folder"
    rm -rf "$apt"
fi
"$program" version >&2
echo "$program"
