#!/bin/sh
# Holds coffer's requests against the OpenAPI texts of spec/openapi, by Prism,
# which npm brings into build/openapi. Exits with 77 where it cannot be had.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=build/openapi

skip() {
  echo "$*; the requests are not held against the OpenAPI texts." >&2
  exit 77
}

get_prism() {
  rm -rf "$place" && mkdir -p "$place" &&
    cp spec/openapi/package.json spec/openapi/package-lock.json spec/openapi/.npmrc "$place" &&
    (cd "$place" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund) &&
    cp spec/openapi/package-lock.json "$place/installed.json"
}

has node >/dev/null || skip "There is no node"
if ! cmp -s spec/openapi/package-lock.json "$place/installed.json"; then
  has npm >/dev/null || skip "There is no npm"
  get_prism >build/openapi.log 2>&1 || skip "Prism cannot be had (see build/openapi.log)"
fi

need want_build want_tests
build -DCOFFER_TEST_HOSTS=ON
use_checkout
exec sh tools/spec.sh "$lua" "$@" spec/openapi
