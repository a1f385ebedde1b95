#!/bin/sh
# Runs the specs under a Lua that checks how its C API and its own insides are
# used. It is built from the source of Debian's package; where that cannot be
# had, the script says so and ends with 77. Arguments are busted's.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=$PWD/build/apicheck

# The machine's own package sources, asked for sources only, with lists and
# downloads that stay in build/.
get_source() {
  rm -rf "$place/apt" "$place/source"
  mkdir -p "$place/apt/lists/partial" "$place/apt/cache/archives/partial" \
    "$place/apt/sources" "$place/source"
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
      /etc/apt/sources.list.d/*.sources; do
    if [ -s "$list" ]; then
      sed -e 's/^deb\(-src\)\{0,1\}[[:space:]]/deb-src /' \
        -e 's/^Types:.*/Types: deb-src/' "$list" >"$place/apt/sources/${list##*/}"
    fi
  done
  cd "$place/source"
  ask_apt update
  ask_apt source lua5.4
  cd "$place/../.."
}

ask_apt() {
  apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$place/apt/sources" \
    -o "Dir::State::lists=$place/apt/lists" -o "Dir::Cache=$place/apt/cache" "$@"
}

# LUAI_ASSERT makes every assertion in Lua's source count.
build_lua() {
  sources=$(find "$place"/source/lua5.4-*/src -name '*.c' ! -name luac.c)
  # shellcheck disable=SC2086 # a list of files
  cc -std=gnu99 -O1 -g -w -DLUA_USE_LINUX -DLUA_COMPAT_5_3 -DLUA_USE_APICHECK -DLUAI_ASSERT \
    $sources -o "$place/lua" -Wl,-E -lm -ldl
}

need want_build want_tests
need_nginx
build -DCOFFER_TEST_HOSTS=ON
if [ ! -x "$place/lua" ]; then
  mkdir -p "$place"
  if ! { get_source && build_lua; } >"$place/log" 2>&1; then
    tail -n 5 "$place/log"
    echo "Skipped: the source package of lua5.4 cannot be had here."
    exit 77
  fi
fi

# Its own default paths are not those of Debian's packages.
LUA_PATH_5_4=$("$lua" -e 'io.write(package.path)')
LUA_CPATH_5_4=$("$lua" -e 'io.write(package.cpath)')
use_checkout
exec sh tools/spec.sh "$place/lua" "$@"
