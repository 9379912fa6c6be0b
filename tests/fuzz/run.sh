#!/usr/bin/env bash
# run.sh [SECONDS]: builds every fuzz target beside it with clang and runs each for so many seconds, 60 if not said,
# from the files in tests/keras/files. Needs clang 19 with its run-time libraries. What breaks one is left in
# build/fuzz. The last line is '<N> passed, <M> failed'.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../.ci/common.sh"

seconds=${1:-60}
folder=$root/build/fuzz
mkdir -p "$folder"/seeds/{csv,hdf5,idx,keras,npy,safetensors}
cp "$root"/tests/keras/files/*.h5 "$folder/seeds/hdf5"
for model in "$root"/tests/keras/files/*.keras; do
  python3 -m zipfile -e "$model" "$folder/unpacked"
  cp "$folder/unpacked/config.json" "$folder/seeds/keras/$(basename "$model").json"
done

passed=0 failed=0
cp "$root"/tests/keras/files/*.safetensors "$folder/seeds/safetensors"
cp "$root"/tests/keras/files/*.npz "$folder/seeds/npy"
read -ra libraries <<<"$(pkg-config --cflags eigen3 libzip) $(pkg-config --libs libzip zlib)"
for source in "$root"/tests/fuzz/*.cpp; do
  name=$(basename "$source" .cpp)
  mkdir -p "$folder/$name"
  # Without optimization: a graph's code takes minutes to compile with it.
  if clang++-19 -std=c++20 -O0 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I"$root/include" \
      "$source" -o "$folder/$name.fuzz" "${libraries[@]}" &&
    "$folder/$name.fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 \
      -print_final_stats=1 -print_funcs=0 -artifact_prefix="$folder/$name-" "$folder/$name" "$folder/seeds/$name"; then
    ((++passed))
  else
    ((++failed))
  fi
done
echo "$passed passed, $failed failed"
((failed == 0))
