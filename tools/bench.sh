#!/bin/sh
# Installs what is missing, builds, and prints the tables of docs/performance.md. Arguments choose
# some of them: create, many, json, load, connect.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

need want_build want_tests
like want_bench
need_nginx
build -DCOFFER_BENCH=ON
use_checkout
COFFER_LUA=$lua
export COFFER_LUA
exec "$lua" bench/run.lua "$@"
