#!/usr/bin/env bash
# Builds the example and runs it with the arguments given here. On Debian 12, as root, it also installs what is missing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../.ci/common.sh"

install_packages "${packages[@]}"
configure "$root/build" "${native[@]}"
meson compile -C "$root/build" fashion_mnist
exec "$root/build/examples/fashion_mnist" "$@"
