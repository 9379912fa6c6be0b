# What the run scripts share: packages, build folders, and counted tests. To be sourced by bash.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

packages=(g++ meson ninja-build pkg-config libeigen3-dev libboost-dev zlib1g-dev dataset-fashion-mnist)
test_packages=("${packages[@]}" clang-19 doctest-dev libbenchmark-dev libhdf5-dev libzip-dev nlohmann-json3-dev
  libpng-dev libjpeg-dev libsndfile1-dev libcli11-dev python3)
native=(-Dbuildtype=release -Dcpp_args=-march=native)

# install_packages PACKAGE...: those that are missing.
install_packages() {
  local package missing=()
  if ! command -v dpkg >/dev/null; then
    echo "Not a Debian system, so nothing is installed. Needed is what Debian calls $*"
    return
  fi
  for package; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  if ((EUID != 0)); then
    printf 'Packages are missing. As root:\n  apt-get install %s\n' "${missing[*]}" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update && apt-get install --yes --no-install-recommends "${missing[@]}" || exit 1
}

# configure FOLDER OPTION...: makes a Meson build folder, or brings an existing one up to date with these options, with
# new source files and new packages. It says something only if something is wrong.
configure() {
  local folder=$1 output again=()
  shift
  if [[ -e $folder/build.ninja ]] &&
    grep -qF "\"source\": \"$root\"" "$folder/meson-info/meson-info.json" 2>/dev/null; then
    again=(--reconfigure)
  elif [[ -e $folder/meson-info ]]; then
    rm -rf "$folder"  # never finished, or made for another place, before this one was moved or copied
  fi
  if output=$(meson setup "${again[@]}" "$folder" "$root" "$@" 2>&1); then
    grep -E '^(.*: )?WARNING: ' <<<"$output" || true
  else
    echo "$output"
    return 1
  fi
}

# run_tests FOLDER OPTION... -- ARGUMENT...: configures, builds and runs `meson test`. The last line is
# '<N> passed, <M> failed'; a build that fails and a run without tests count as a failure.
run_tests() {
  local folder=$1 log=$1/meson-logs/results.json options=() status=0 passed=0 failed=0 skipped=0
  shift
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift

  configure "$folder" "${options[@]}" || status=1
  rm -f "$log"
  if ((status == 0)); then meson test -C "$folder" --logbase results --print-errorlogs "$@" || status=1; fi
  if [[ -s $log ]]; then
    passed=$(grep -cE '"result": "(OK|EXPECTEDFAIL)"' "$log")
    skipped=$(grep -c '"result": "SKIP"' "$log")
    failed=$(grep -cvE '"result": "(OK|EXPECTEDFAIL|SKIP)"' "$log")
  fi
  if ((failed == 0 && (status != 0 || passed == 0))); then failed=1; fi
  if ((skipped > 0)); then echo "$skipped skipped"; fi
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
