#!/usr/bin/env bash
# A graph with branches learns; a layer that does not fit and one that is none are said.
set -euo pipefail
program=$1
says() {  # MESSAGE ARGUMENT...: what the program refuses, and how
  local message=$1 output
  shift
  if output=$("$program" "$@" 2>&1); then return 1; fi
  grep -qF "$message" <<<"$output"
}
says 'layer 2, Conv2D, got (6272)' conv:8:3 flatten conv:8:3
says "'convolution' is no layer" convolution
says "'dense:many': 'many' is no number" dense:many
if ! [[ -e /usr/share/datasets/fashion-mnist ]]; then
  echo 'dataset-fashion-mnist is not installed'
  exit 77  # skipped
fi
output=$("$program" pool:2 residual:4 pool:2 inception:2 flatten dense:16 dropout:0.1)
echo "$output"
awk '/test accuracy/ { found = $NF > 0.7 } END { exit !found }' <<<"$output"
