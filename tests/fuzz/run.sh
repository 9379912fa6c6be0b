#!/usr/bin/env bash
# run.sh [SECONDS]: builds every fuzz target beside it with clang and runs each for so many seconds, 60 if not said,
# from the files in tests/keras/files. Needs clang 19 with its run-time libraries. What breaks one is left in
# build/fuzz. NODES: a library with the code of all layers, which KERATIN_NODES_ELSEWHERE leaves out, compiled for
# sanitizers and with the same CXXFLAGS. The last line is '<N> passed, <M> failed'.
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

read -ra libraries <<<"$(pkg-config --cflags libzip) $(pkg-config --libs libzip zlib)"
read -ra flags <<<"${CXXFLAGS:-}"
nodes=${NODES:-}
if [[ -n $nodes ]]; then flags+=(-DKERATIN_NODES_ELSEWHERE); fi
# fuzz SOURCE: without optimization, for a graph's code takes minutes to compile with it.
fuzz() {
  local name
  name=$(basename "$1" .cpp)
  mkdir -p "$folder/$name"
  clang++-19 -std=c++20 -O0 -g1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I"$root/include" \
    "${flags[@]}" "$1" ${nodes:+"$nodes"} -o "$folder/$name.fuzz" "${libraries[@]}" &&
    "$folder/$name.fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -verbosity=0 \
      -print_funcs=0 -artifact_prefix="$folder/$name-" "$folder/$name" "$folder/seeds/$name" >"$folder/$name.log" 2>&1
}

passed=0 failed=0
sources=("$root"/tests/fuzz/*.cpp)
for ((i = 0; i < ${#sources[@]}; i += 2)); do  # two at a time
  jobs=()
  for source in "${sources[@]:i:2}"; do
    fuzz "$source" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do
    if wait "$job"; then ((++passed)); else ((++failed)); fi
  done
done
if ((failed > 0)); then tail -n 30 "$folder"/*.log; fi
echo "$passed passed, $failed failed"
((failed == 0))
