#!/usr/bin/env bash
# check.sh LIMIT COMPILE...: whether what the command compiles has at most LIMIT bytes of code and constants.
set -euo pipefail
limit=$1
shift
object=$(mktemp --suffix=.o)
trap 'rm -f "$object"' EXIT
"$@" -c -o "$object"
bytes=$(size -A "$object" | awk '/^\.(text|rodata|data)/ {sum += $2} END {print sum}')
echo "$bytes bytes of code and constants, at most $limit wanted"
((bytes <= limit))
