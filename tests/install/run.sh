#!/usr/bin/env bash
# run.sh BUILD COMPILER...: installs into an empty folder, then builds and runs program.cpp with that copy, told where
# it is by nothing but pkg-config.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift

to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
meson install -C "$build" --no-rebuild --tags devel --destdir "$to/root"
diff -r "$here/../../include/keratin" "$(find "$to/root" -type d -path '*/include/keratin')"

PKG_CONFIG_PATH=$(dirname "$(find "$to/root" -name keratin.pc)")
export PKG_CONFIG_PATH
pkg-config --modversion keratin
# The copy is not where it will be in the end, hence --define-prefix.
read -ra flags <<<"$(pkg-config --define-prefix --cflags --libs keratin)"
"$@" -std=c++20 "$here/program.cpp" "${flags[@]}" -o "$to/program"
"$to/program"
