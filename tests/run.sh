#!/usr/bin/env bash
# Builds and runs all tests, or those that the arguments (of `meson test`) select. On Debian 12, as root, it also
# installs what is missing. The last line is '<N> passed, <M> failed'.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../.ci/common.sh"

install_packages "${test_packages[@]}"
run_tests "$root/build" "${native[@]}" -- "$@"
