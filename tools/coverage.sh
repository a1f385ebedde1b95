#!/bin/sh
# Runs the specs, and prints how much of src/ and lua/ they run: lines and branches of the C by gcov,
# lines of the Lua by a hook. Fails where that is less than tools/coverage/report.lua asks for.
# Arguments are busted's; with `--report` alone, the last run is told again.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=$PWD/build/coverage

want_coverage() {
  want 'gcc' gcc has gcc
  want 'gcovr' gcovr has gcovr
}

# Every Lua that is started from here on watches itself. A hook of a spec takes
# the place of ours, which comes back when the spec's ends.
watch_lua() {
  COFFER_LINES=$place/lines
  LUA_INIT_5_4="$(cat tools/coverage/watch.lua)"
  export COFFER_LINES LUA_INIT_5_4
}

run_specs() {
  rm -rf "$place/lines"
  mkdir -p "$place/lines"
  find "$place" -name '*.gcda' -delete
  (
    use_checkout build/coverage
    watch_lua
    sh tools/spec.sh "$lua" "$@"
  )
}

need want_build want_tests want_coverage
status=0
if [ "${1:-}" != --report ]; then
  like want_loops
  need_nginx
  cmake -S . -B "$place" -DCMAKE_C_COMPILER=gcc -DCOFFER_COVERAGE=ON -DCOFFER_TEST_HOSTS=ON \
    >/dev/null
  cmake --build "$place" -j 2
  run_specs "$@" || status=1
fi

gcovr --root . --object-directory "$place" --filter src/ --json "$place/c.json" "$place" >/dev/null
sort -u "$place"/lines/* >"$place/lua.txt"
"$lua" tools/coverage/report.lua "$place" || status=1
exit "$status"
