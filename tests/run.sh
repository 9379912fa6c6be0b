#!/usr/bin/env bash
# Builds and runs all tests, or those that the arguments (of `meson test`) select. On Debian 12, as root, it also
# installs what is missing. CXX: the compiler, clang++-19 if there is one: it takes half of g++'s time. The last line is
# '<N> passed, <M> failed'.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../.ci/common.sh"

install_packages "${test_packages[@]}"
export CXX=${CXX:-$(command -v clang++-19 || echo c++)}
keras=$root/build/keras/bin/python  # a Python with Keras and JAX, where somebody has made one
options=(-Doptimization=2 -Ddebug=false -Db_ndebug=true -Dcpp_args=-march=native)
if [[ -x $keras ]]; then options+=("-Dkeras_python=$keras"); fi
run_tests "$root/build-tests" "${options[@]}" -- "$@"
