#!/bin/sh
# Changes the source in small ways, one at a time, and runs the specs that concern it: a change that
# no spec notices is one that a mistake could make as well.
#
#   sh tools/mutate.sh                    120 changes, chosen by the last commit
#   sh tools/mutate.sh --count=300        more of them; --seed=TEXT chooses others
#   sh tools/mutate.sh --only=src/wire/   all that can be done to these files
#   sh tools/mutate.sh --list             tells the changes and tries none
#
# It works in copies below build/mutate, as many as there are processors. Fails when fewer than 97
# of 100 changes are noticed, or when one of tools/mutate/harmless.lua is gone from the source.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=$PWD/build/mutate

# A copy of what is in the work tree, built.
copy() {
  rm -rf "$place/$1/source"
  mkdir -p "$place/$1/source"
  git ls-files -z | xargs -0 tar -cf - | tar -xf - -C "$place/$1/source"
  ln -sfn "$PWD/../shared" "$place/$1/shared"
  (
    cd "$place/$1/source"
    build -DCOFFER_TEST_HOSTS=ON
    cmake -S . -B build/sanitize -DCMAKE_C_COMPILER=clang -DCOFFER_SANITIZE=ON \
      -DCOFFER_TEST_HOSTS=ON >/dev/null
    cmake --build build/sanitize -j 2 >/dev/null
  )
}

need want_build want_tests want_sanitizers
like want_loops
need_nginx
mkdir -p "$place"
commit=$(git rev-parse HEAD)
case " $* " in
  *" --list "*) exec "$lua" tools/mutate/run.lua "$place" 0 "$commit" "$@" ;;
esac
workers=$(getconf _NPROCESSORS_ONLN || echo 2)
for worker in $(seq "$workers"); do copy "$worker"; done
COFFER_LUA=$lua
export COFFER_LUA
"$lua" tools/mutate/run.lua "$place" "$workers" "$commit" "$@"
