#!/usr/bin/env bash
# One epoch of both networks teaches them most; a mistake on the command line is told apart.
set -euo pipefail
program=$1
status=0
"$program" --epochs none 2>/dev/null || status=$?
((status == 2))
if ! [[ -e /usr/share/datasets/fashion-mnist ]]; then
  echo 'dataset-fashion-mnist is not installed'
  exit 77  # skipped
fi
output=$("$program" --epochs 1)
echo "$output"
awk '/test accuracy/ { ++networks; if ($NF < 0.8) ++bad } END { exit !(networks == 2 && !bad) }' <<<"$output"
