#!/bin/sh
# Installs what is missing, builds, and opens one of everything in the sandbox.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

need want_build
build
use_checkout
exec "$lua" examples/open_everything.lua "$@"
