#!/bin/sh
# Runs the specs under the interpreter that is named first, with the modules
# that LUA_PATH_5_4 and LUA_CPATH_5_4 lead to. Other arguments are busted's.
# Without any, the suite runs as two halves at once, as most specs wait most of
# the time; the last line is the sum of both.
#
# A test that ends the process takes busted's verdict along and may leave with
# 0. So a run counts only when it also came to its end: spec/support/tally.lua
# writes there "PASSED FAILED" into the file that COFFER_TALLY names. It may know
# of failures that busted does not.
set -u
cd "$(dirname "$0")/.." || exit 1

: "${COFFER_TALLY:=$PWD/build/tally}"
lua=$1
shift

# What the specs start children with.
COFFER_LUA=$(command -v "$lua")
export COFFER_LUA

mkdir -p build

# Becomes busted with the rest of the arguments, and a tally of this name.
become_busted() {
  COFFER_TALLY=$1
  export COFFER_TALLY
  shift
  rm -f "$COFFER_TALLY"
  exec "$lua" tools/busted.lua --ignore-lua --helper=spec/support/tally.lua "$@"
}

# The status of a run with this status and this tally.
judge() {
  if [ "$1" -eq 0 ] && grep -qs unfinished "$2"; then
    echo "The run ended before busted did: a test has ended the process." >&2
    return 1
  fi
  if [ "$1" -eq 0 ] && ! grep -qs ' 0$' "$2"; then
    echo "Some tests assert nothing." >&2
    return 1
  fi
  return "$1"
}

run_all() {
  (become_busted "$COFFER_TALLY" "$@")
  judge $? "$COFFER_TALLY"
}

# Each half is about as long as the other. What the second prints is shown after
# the first.
run_halves() {
  first="spec/calls spec/limits"
  second=$(find spec -mindepth 1 -maxdepth 1 -type d ! -name calls ! -name limits)
  rm -f "$COFFER_TALLY"
  # shellcheck disable=SC2086 # a list of words
  (become_busted "$COFFER_TALLY.2" $second) >"$COFFER_TALLY.out2" 2>&1 &
  other=$!
  trap 'kill "$other"; exit 130' INT TERM
  # shellcheck disable=SC2086
  { (become_busted "$COFFER_TALLY.1" $first) 2>&1; echo $? >"$COFFER_TALLY.status"; } |
    tee "$COFFER_TALLY.out1"
  wait "$other"
  judge $? "$COFFER_TALLY.2" && status=0 || status=1
  judge "$(cat "$COFFER_TALLY.status")" "$COFFER_TALLY.1" || status=1
  cat "$COFFER_TALLY.out2"
  sum_up
  return "$status"
}

# The tally of both halves, and one last line as busted has it.
sum_up() {
  awk '
    /unfinished/ { unfinished = 1 }
    { passed += $1; failed += $2 }
    END { print unfinished ? "unfinished" : passed " " failed }
  ' "$COFFER_TALLY.1" "$COFFER_TALLY.2" >"$COFFER_TALLY"
  awk '
    / success(es)? \/ / {
      for (i = 1; i < NF; i++) sum[substr($(i + 1), 1, 4)] += $i
    }
    END {
      printf "%d successes / %d failures / %d errors / %d pending : both halves\n",
        sum["succ"], sum["fail"], sum["erro"], sum["pend"]
    }
  ' "$COFFER_TALLY.out1" "$COFFER_TALLY.out2"
}

if [ $# -eq 0 ]; then
  run_halves
else
  run_all "$@"
fi
