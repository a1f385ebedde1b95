#!/bin/sh
# Builds, and writes lua/coffer/types.lua from the data of the providers and of
# the options. With --check it compares the file with that, and ends with 1
# where it is another.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

need want_build
build
use_checkout
exec "$lua" tools/types.lua "${1:---write}"
