#!/bin/sh
# Runs the specs under the interpreter that is named first, with the modules
# that LUA_PATH_5_4 and LUA_CPATH_5_4 lead to. Other arguments are busted's.
#
# A test that ends the process takes busted's verdict along and may leave with
# 0. So a run counts only when it also came to its end: spec/support/tally.lua
# writes there "PASSED FAILED" into the file that COFFER_TALLY names.
set -u
cd "$(dirname "$0")/.." || exit 1

: "${COFFER_TALLY:=$PWD/build/tally}"
export COFFER_TALLY
lua=$1
shift

# What the specs start children with.
COFFER_LUA=$(command -v "$lua")
export COFFER_LUA

mkdir -p build
rm -f "$COFFER_TALLY"
"$lua" tools/busted.lua --ignore-lua --helper=spec/support/tally.lua "$@"
status=$?
if [ "$status" -eq 0 ] && grep -qs unfinished "$COFFER_TALLY"; then
  echo "The run ended before busted did: a test has ended the process." >&2
  exit 1
fi
exit "$status"
