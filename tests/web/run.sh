#!/usr/bin/env bash
# run.sh COMPILER...: builds the web page with a network of one epoch and tries it in Chromium.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
for need in clang++-19 wasm-ld-19 /usr/include/wasm32-wasi/stdlib.h /usr/lib/llvm-19/include/wasm32-wasi/c++ \
  /usr/lib/llvm-19/lib/clang/19/lib/wasi chromium /usr/share/datasets/fashion-mnist; do
  if ! [[ -e $need ]] && ! command -v "$need" >/dev/null; then
    echo "$need is missing"
    exit 77  # skipped
  fi
done

page=$(mktemp -d)
trap 'rm -rf "$page"' EXIT
"$root/examples/web/build.sh" "$page" --epochs 1
"$@" -std=c++20 -O1 -I"$page/made" -I"$root/include" "$root/examples/web/predict.cpp" "$here/native.cpp" \
  -o "$page/made/native"
python3 "$here/check.py" "$page" "$page/made/native"
