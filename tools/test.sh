#!/bin/sh
# Installs what is missing, builds, and runs the specs. Arguments are busted's:
#   sh tools/test.sh --filter=wallet spec/providers/clumio_spec.lua
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

need want_build want_tests
like want_loops
need_nginx
build -DCOFFER_TEST_HOSTS=ON
use_checkout
exec sh tools/spec.sh "$lua" "$@"
