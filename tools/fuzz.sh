#!/bin/sh
# Gives the readers of what comes from outside bytes that libFuzzer makes up, under the sanitizers.
#
#   sh tools/fuzz.sh                      all targets of fuzz/, a minute each, two at a time
#   sh tools/fuzz.sh --seconds=3600 json  one of them, for an hour
#   sh tools/fuzz.sh --keep               and adds to fuzz/corpus what showed something new
#
# Each begins with fuzz/corpus/TARGET and with what fuzz/seeds.lua makes of the documented answers.
# A finding is left in build/fuzz; `build/fuzz/fuzz/TARGET FILE` shows it again.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=build/fuzz
seconds=60
keeps=
targets=

want_fuzz() {
  want 'clang' clang has clang
  want "clang's libFuzzer" libclang-rt-dev test -e "$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a")"
  want "Lua 5.4's headers" liblua5.4-dev has_header lua.h
}

for word in "$@"; do
  case $word in
    --seconds=*) seconds=${word#*=} ;;
    --keep) keeps=yes ;;
    -*) fail "There is no option $word." ;;
    *) targets="$targets $word" ;;
  esac
done
: "${targets:=address headers json answer error_body}"

# Leaks are looked for at the end: between two inputs Lua keeps what it has not
# collected yet.
fuzz() {
  mkdir -p "$place/found/$1" "fuzz/corpus/$1"
  "$place/fuzz/$1" -max_total_time="$seconds" -max_len=4096 -timeout=25 -rss_limit_mb=2048 \
    -detect_leaks=0 -print_final_stats=1 -artifact_prefix="$place/$1-" "$place/found/$1" "fuzz/corpus/$1" \
    "$place/seeds/$1" >"$place/$1.log" 2>&1
}

# What libFuzzer says of the end, or of the finding.
tell() {
  if [ "$2" -eq 0 ]; then
    echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$place/$1.log") inputs, no finding"
  else
    echo "$1: a finding, see $place/$1.log"
    grep -v 'NEW' "$place/$1.log" | tail -n 40
  fi
}

keep() {
  "$place/fuzz/$1" -merge=1 "fuzz/corpus/$1" "$place/found/$1" >"$place/$1.merge" 2>&1
  echo "$1: $(find "fuzz/corpus/$1" -type f | wc -l) inputs in fuzz/corpus/$1"
}

need want_build want_tests want_fuzz
cmake -S . -B "$place" -DCMAKE_C_COMPILER=clang -DCOFFER_FUZZ=ON >/dev/null
cmake --build "$place" -j 2 >"$place/build.log" 2>&1 || { cat "$place/build.log"; fail "The build failed."; }
rm -rf "$place/found"
use_checkout
"$lua" fuzz/seeds.lua "$place/seeds"

status=0
# shellcheck disable=SC2086 # words
set -- $targets
while [ $# -gt 0 ]; do
  first=$1 second=${2:-}
  shift
  if [ -n "$second" ]; then shift; fi
  fuzz "$first" &
  pid=$!
  if [ -n "$second" ]; then
    result=0
    fuzz "$second" || result=$?
    tell "$second" "$result"
    [ "$result" -eq 0 ] || status=1
  fi
  result=0
  wait "$pid" || result=$?
  tell "$first" "$result"
  [ "$result" -eq 0 ] || status=1
done
if [ -n "$keeps" ]; then
  # shellcheck disable=SC2086 # words
  for target in $targets; do keep "$target"; done
fi
exit "$status"
