#!/usr/bin/env bash
# On a sixth of the images: the network knows its own classes, and learns the others.
set -euo pipefail
program=$1
from=/usr/share/datasets/fashion-mnist
if ! [[ -e $from ]]; then
  echo 'dataset-fashion-mnist is not installed'
  exit 77  # skipped
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# first N BYTES STEM: the first N images and labels; N again as the two bytes of a file.
first() {
  local count=$1 bytes=$2 stem=$3
  {
    printf "\0\0\x08\x03\0\0$bytes\0\0\0\x1c\0\0\0\x1c"
    zcat "$from/$stem-images-idx3-ubyte.gz" | tail -c +17 | head -c $((count * 28 * 28)) || true
  } | gzip -1 >"$folder/$stem-images-idx3-ubyte.gz"
  {
    printf "\0\0\x08\x01\0\0$bytes"
    zcat "$from/$stem-labels-idx1-ubyte.gz" | tail -c +9 | head -c "$count" || true
  } | gzip -1 >"$folder/$stem-labels-idx1-ubyte.gz"
}
first 10000 '\x27\x10' train
first 2000 '\x07\xd0' t10k

output=$("$program" --data "$folder" --save "$folder/tuned.keras")
echo "$output"
[[ -s $folder/tuned.keras ]]
awk '/test accuracy/ { accuracy[++n] = $NF }
  END { exit !(n == 4 && accuracy[1] > 0.88 && accuracy[2] < 0.5 && accuracy[3] > 0.4 && accuracy[4] > 0.85) }' <<<"$output"
