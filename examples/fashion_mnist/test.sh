#!/usr/bin/env bash
# test.sh PROGRAM: what the example answers to good and bad options.
set -uo pipefail
program=$1
failures=0

# expect CODE REGEX ARGUMENT...: the exit code, and a regular expression that the last line of the output matches.
expect() {
  local code=$1 regex=$2 output status last
  shift 2
  output=$("$program" "$@" 2>&1)
  status=$?
  last=${output##*$'\n'}
  if ((status != code)) || ! [[ $last =~ $regex ]]; then
    printf '%s\n=> exit code %d, last line "%s"\n   wanted %d, "%s"\n' "$*" "$status" "$last" "$code" "$regex"
    ((++failures))
  fi
}

expect 0 '--seed N' --help
expect 1 'apt-get install dataset-fashion-mnist' --data /nonexistent
expect 2 "unknown option 'epochs'" epochs
expect 2 "unknown option '--epoch'" --epoch 3
expect 2 "unknown option '--epochs=3'" --epochs=3
expect 2 '--data needs a value' --data
expect 2 '--seed needs a value' --seed
expect 2 '--data needs a value' --data --epochs 3
for bad in '' x 3x ' 3' +3 1.5 0 -1 1001 99999999999999999999; do
  expect 2 "--epochs '.*' came, a whole number from 1 to 1000 wanted" --epochs "$bad"
done
expect 2 "--batch-size '60001' came, a whole number from 1 to 60000 wanted" --batch-size 60001
expect 2 "--seed '-1' came, a whole number from 0 to 18446744073709551615 wanted" --seed -1
((failures == 0)) || exit 1

if ! [[ -e /usr/share/datasets/fashion-mnist ]]; then
  echo 'dataset-fashion-mnist is not installed'
  exit 77  # skipped
fi
expect 0 '^test loss 0\.[3-5][0-9]{3} - test accuracy 0\.8[0-9]{3}$' --epochs 1 --batch-size 64 --seed 1
exit "$failures"
