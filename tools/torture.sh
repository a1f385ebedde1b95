#!/bin/sh
# Lets memory end at each allocation of all that a user can call: Lua's, libcurl's and the core's,
# from there on or once, under the address and undefined behaviour sanitizers; and has Lua collect
# at each. What was told of each create is held against what the sandbox got.
#
#   sh tools/torture.sh                   every allocation: minutes
#   sh tools/torture.sh --step=7          every seventh, beginning with one that the commit chooses
#   sh tools/torture.sh --only=map        what has this in its name
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=$PWD/build/torture
step=1
only=

for word in "$@"; do
  case $word in
    --step=*) step=${word#*=} ;;
    --only=*) only=${word#*=} ;;
    *) fail "There is no option $word." ;;
  esac
done

# Any number that differs from commit to commit.
first_of() {
  commit=$(git rev-parse HEAD 2>/dev/null || echo 0)
  echo $((0x$(echo "$commit" | cut -c1-6) % step))
}

need want_build want_tests want_sanitizers
cmake -S . -B "$place" -DCMAKE_C_COMPILER=clang -DCOFFER_SANITIZE=ON -DCOFFER_TORTURE=ON >/dev/null
cmake --build "$place" -j 2 >"$place/build.log" 2>&1 || { cat "$place/build.log"; fail "The build failed."; }
use_checkout build/torture

# lua-cjson, which only the sandbox loads, loses what it decodes where Lua has no memory for it.
echo 'leak:json_decode' >"$place/suppressions"
LSAN_OPTIONS="suppressions=$place/suppressions:print_suppressions=0"
ASAN_OPTIONS="allocator_may_return_null=1:strict_string_checks=1:detect_leaks=1"
UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
export LSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS
# shellcheck disable=SC2086 # a word or none
LD_PRELOAD=$(sanitizers) "$lua" tools/torture/torture.lua "$step" "$(first_of)" ${only:+"$only"}
