#!/usr/bin/env bash
# build.sh [FOLDER [TRAIN OPTION...]]: builds the web page, in build-web/ if no folder is given. fashion.html there is
# all of it in one file. The network is trained unless FOLDER/made/fashion.hpp is there. On Debian 12, as root, it also
# installs what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../../.ci/common.sh"
page=${1:-$root/build-web}
made=$page/made
shift $(($# > 0))

install_packages "${packages[@]}" clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libclang-rt-19-dev-wasm32
mkdir -p "$made/include"
page=$(cd "$page" && pwd)
made=$page/made

if ! [[ -e $made/fashion.hpp ]]; then
  "${CXX:-g++}" -std=c++20 -O2 -march=native -DNDEBUG -I"$root/include" "$here/train.cpp" \
    -o "$made/train" -lz
  (cd "$made" && ./train "$@")
fi

# Of this machine's headers only Boost's; the others are WebAssembly's own.
ln -sfn /usr/include/boost "$made/include/boost"
clang++-19 --target=wasm32-wasi -msimd128 -std=c++20 -O2 -DNDEBUG -fno-exceptions -fno-rtti -fno-threadsafe-statics \
  -Wall -Wextra -Wconversion -I"$made" -I"$root/include" -isystem "$made/include" "$here/predict.cpp" \
  -nostartfiles -Wl,--no-entry,--export=input,--export=predict,--export=output,--strip-all,-z,stack-size=65536 \
  -o "$page/fashion.wasm"

cp "$here/index.html" "$made/images.json" "$page"
python3 - "$page" <<'END'
# Puts the files that the page loads into the page.
import base64, pathlib, sys
page = pathlib.Path(sys.argv[1])
html = (page / 'index.html').read_text()
for name, kind in ('fashion.wasm', 'application/wasm'), ('images.json', 'application/json'):
    data = base64.b64encode((page / name).read_bytes()).decode()
    html = html.replace(f"load('{name}')", f"load('data:{kind};base64,{data}')")
(page / 'fashion.html').write_text(html)
END
module=$page/fashion.wasm
printf '%s: %d bytes, %d compressed\n' "$module" "$(wc -c <"$module")" "$(gzip -9 -c "$module" | wc -c)"
