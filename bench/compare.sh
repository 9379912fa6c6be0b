#!/usr/bin/env bash
# compare.sh [RUNS [FILE.json]]: compare.cpp and networks/{table,layers,graphs}.cpp under g++ and clang++-19, in turns,
# and what compiling costs. One table of medians of so many runs (3), also as JSON. CXXFLAGS: what to optimize for (-O3
# -march=native).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
runs=${1:-3}
json=${2:-/dev/null}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags=(-std=c++20 "-I$root/include")
read -ra optimize <<<"${CXXFLAGS:--O3 -march=native}"
compilers=()
for compiler in g++ clang++-19; do
  if command -v "$compiler" >/dev/null; then compilers+=("$compiler"); fi
done

# A network of 200 Dense layers of mixed widths, predicting and training.
two_hundred_layers() {
  echo '#include <keratin/keratin.hpp>'
  echo 'using namespace keratin;'
  echo 'using Net = Sequential<Input<64>'
  for ((i = 0; i < 199; ++i)); do echo ", Dense<$((8 + i * 37 % 113)), ReLU>"; done
  cat <<'END'
, Dense<10, Softmax>>;
int main() {
  Model<Net> model;
  const std::array<float, 64> x{};
  const std::array<int, 1> y{};
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  return trainer.train_on_batch(x, y)[0] < model.predict(x)[0];
}
END
}

# LeNet-5 in a program that calls it so.
lenet() {
  echo '#include <keratin/keratin.hpp>'
  echo 'using namespace keratin;'
  echo 'using Net = Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,'
  echo '  MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;'
  echo "int main() { Model<Net> model; static std::array<float, 784> x; static std::array<int, 1> y{}; $1 }"
}

# cost COMPILER TITLE FILE: seconds (of processor time) and MB that compiling at -O2 takes, as two rows.
cost() {
  local command=("$1" "${flags[@]}" -O2 -c "$3" -o "$work/out.o") seconds megabytes=-
  if [[ -x /usr/bin/time ]]; then
    /usr/bin/time -f '%U %S %M' -o "$work/cost" "${command[@]}"
    read -r seconds megabytes < <(awk '{printf "%.2f %.0f\n", $1 + $2, $3 / 1024}' "$work/cost")
  else
    local TIMEFORMAT=%U
    seconds=$({ time "${command[@]}" 2>&3; } 3>&2 2>&1)
  fi
  printf '%-50s %8s\n%-50s %8s\n' "compile $2: s" "$seconds" '  peak MB' "$megabytes"
}

two_hundred_layers >"$work/layers.cpp"
lenet 'return model.predict(x)[0] > 0.5f;' >"$work/inference.cpp"
lenet 'return compile(model, Adam{}, CategoricalCrossentropy{}).train_on_batch(x, y)[0] > 2;' >"$work/training.cpp"
for compiler in "${compilers[@]}"; do
  for program in compare networks/{table,layers,graphs}; do
    "$compiler" "${flags[@]}" "${optimize[@]}" "$root/bench/$program.cpp" -o "$work/$compiler.${program##*/}" \
      -lbenchmark -lz -lpthread
  done
done
for ((run = 0; run < runs; ++run)); do
  for compiler in "${compilers[@]}"; do
    for program in compare table layers graphs; do "$work/$compiler.$program" >>"$work/$compiler.txt"; done
  done
done
for compiler in "${compilers[@]}"; do
  cost "$compiler" 'the Fashion-MNIST example' "$root/examples/fashion_mnist/main.cpp" >>"$work/$compiler.txt"
  cost "$compiler" '200 Dense layers' "$work/layers.cpp" >>"$work/$compiler.txt"
  cost "$compiler" 'LeNet-5, inference' "$work/inference.cpp" >>"$work/$compiler.txt"
  cost "$compiler" 'LeNet-5, training' "$work/training.cpp" >>"$work/$compiler.txt"
done

tables=("${compilers[@]/#/$work/}")
tables=("${tables[@]/%/.txt}")
# A row's name is its text and, where that is indented, the row above it. Each has a value from every run.
awk -v names="${compilers[*]}" -v json="$json" '
  function median(list,   v, n, i, j, t) {
    n = split(list, v)
    for (i = 2; i <= n; ++i)
      for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; --j) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return v[int((n + 1) / 2)]
  }
  function number(value) { return value ~ /^[0-9.]+$/ ? value : "null" }
  FNR == 1 { ++column }
  NF > 1 && $NF ~ /^[0-9.]+$|^-$/ {
    text = substr($0, 1, 50)
    if (text !~ /^ /) above = ""
    key = above text
    if (above == "") above = text
    if (!(key in title)) { title[key] = text; order[++rows] = key }
    values[key, column] = values[key, column] " " $NF
  }
  END {
    split(names, name, " ")
    printf "%-50s %10s %10s %10s\n", "", name[1], name[2], (column > 1 ? "ratio" : "")
    for (r = 1; r <= rows; ++r) {
      a = median(values[order[r], 1]); b = median(values[order[r], 2])
      printf "%-50s %10s %10s %10s\n", title[order[r]], a, b, (b > 0 ? sprintf("%.3f", a / b) : "")
      row = order[r]
      gsub(/ +/, " ", row)
      sub(/ $/, "", row)
      printf "%s  {\"row\": \"%s\", \"%s\": %s%s}", (r > 1 ? ",\n" : "[\n"), row, name[1], number(a),
        (column > 1 ? ", \"" name[2] "\": " number(b) : "") >json
    }
    print "\n]" >json
  }' "${tables[@]}"
