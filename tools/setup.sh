# Finds what coffer is built and tested with, installs what is missing, builds.
# Sourced by the other scripts here, from the top directory of the checkout.
#
#   need LIST...           installs what these lists name, or says how to
#   like LIST...           the same, and goes on without
#   need_nginx             gets nginx for the specs, where it can be had
#   build [CMAKE OPTION]   leaves the modules in build/
#   use_checkout [BUILD]   lets Lua find the checkout's modules
#
# Everything is probed by use, so that a machine which has it all, under
# whatever names, sees no package manager and no network.

fail() {
  echo "$*" >&2
  exit 1
}

# The lists -------------------------------------------------------------------

want_build() {
  want 'a C compiler' 'gcc libc6-dev' has_header stdlib.h
  want 'CMake' cmake has cmake
  want 'make' make has make
  want 'Lua 5.4' lua5.4 find_lua
  want "Lua 5.4's headers" liblua5.4-dev has_header lua.h
  want "libcurl's headers" libcurl4-openssl-dev has_header curl/curl.h
  want "libmicrohttpd's headers" libmicrohttpd-dev has_header microhttpd.h
  want 'lua-cjson' lua-cjson has_module cjson
  want 'CA certificates' ca-certificates has_certificates
}

want_tests() {
  want 'busted' lua-busted has_module busted.core
  want 'LuaSocket' lua-socket has_module socket
  want 'LuaSec' lua-sec has_module ssl
  want 'openssl' openssl has openssl
  want 'curl' curl has curl
}

want_sanitizers() {
  want 'clang' clang has clang
  want "clang's sanitizers" libclang-rt-dev test -e "$(sanitizers)"
}

# The event loops that there are adapters for.
want_loops() {
  want 'luv' lua-luv has_module luv
  want 'cqueues' lua-cqueues has_module cqueues
}

# What tools/bench.sh counts with, and compares with.
want_bench() {
  want 'valgrind' valgrind has valgrind
  want 'curl' curl has curl
  want 'Python requests' python3-requests has_requests
}

# Notes PACKAGES, which bring WHAT, unless the command that follows succeeds.
want() {
  what=$1 brings=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    missing="${missing:+$missing, }$what"
    packages="${packages:+$packages }$brings"
  fi
}

# Probes ----------------------------------------------------------------------

has() {
  command -v "$1"
}

has_header() {
  echo "#include <$1>" | cc -I/usr/include/lua5.4 -E -
}

has_module() {
  "$lua" -e "require '$1'"
}

# clang's is one library for both sanitizers, and heeds log_path for both.
sanitizers() {
  clang -print-file-name="libclang_rt.asan-$(uname -m).so" 2>/dev/null
}

has_requests() {
  python3 -c 'import requests'
}

has_certificates() {
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
      /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -s "$bundle" ]; then return 0; fi
  done
  return 1
}

# Sets $lua, whose name differs between systems.
find_lua() {
  for lua in lua5.4 lua54 lua-5.4 lua; do
    if "$lua" -e 'assert(_VERSION == "Lua 5.4")'; then return 0; fi
  done
  return 1
}

# Installing ------------------------------------------------------------------

need() {
  look_for "$@"
  if [ -z "$packages" ]; then return 0; fi
  echo "Missing: $missing."
  has apt-get >/dev/null || fail "Please install them. Debian's packages are: $packages"
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif has sudo >/dev/null; then
    as_root=sudo
  else
    fail "Please run as root: apt-get install $packages"
  fi
  echo "Running: ${as_root:+$as_root }apt-get install $packages"
  mkdir -p build
  if ! install_packages >build/setup.log 2>&1; then
    tail -n 20 build/setup.log >&2
    fail "The installation failed. All of its output is in build/setup.log."
  fi
  look_for "$@"
  [ -z "$packages" ] || fail "Installed, and still not found: $missing."
}

# The same for what can be done without.
like() {
  (need "$@") || echo "What needs them is skipped."
}

look_for() {
  missing=
  packages=
  for list in "$@"; do "$list"; done
}

# Fresh machines have no package lists, others have some that name versions
# which are gone; the rest need no update.
install_packages() {
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq --simulate install $packages >/dev/null 2>&1 || apt_get update
  # shellcheck disable=SC2086
  apt_get install --no-install-recommends $packages ||
    { apt_get update && apt_get install --no-install-recommends $packages; }
}

apt_get() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@"
}

# The package of nginx starts a server, now and at every boot. So it is not
# installed; its program alone is taken out of it. Sets $COFFER_NGINX.
need_nginx() {
  if find_nginx; then return 0; fi
  echo "Missing: nginx. Running: apt-get download nginx, into build/nginx"
  mkdir -p build
  take_nginx >build/nginx.log 2>&1 && find_nginx ||
    echo "It cannot be had (see build/nginx.log); the tests that need it are skipped."
}

find_nginx() {
  for COFFER_NGINX in "$(command -v nginx)" /usr/sbin/nginx "$PWD/build/nginx/usr/sbin/nginx"; do
    if "$COFFER_NGINX" -v 2>/dev/null; then
      export COFFER_NGINX
      return 0
    fi
  done
  return 1
}

take_nginx() {
  rm -rf build/nginx
  mkdir -p build/nginx
  (cd build/nginx && apt-get -q -o Acquire::Retries=0 download nginx && dpkg-deb -x nginx_*.deb .)
}

# Building --------------------------------------------------------------------

build() {
  mkdir -p build
  if ! run_cmake "$@" >build/build.log 2>&1; then
    cat build/build.log >&2
    fail "The build failed."
  fi
}

run_cmake() {
  forget_moved_build
  cmake -S . -B build "$@" &&
    cmake --build build -j "$(getconf _NPROCESSORS_ONLN || echo 2)"
}

# The cache of a checkout that was moved would build the other place.
forget_moved_build() {
  if [ -f build/CMakeCache.txt ] &&
      ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" build/CMakeCache.txt; then
    rm -rf build/CMakeCache.txt build/CMakeFiles
  fi
}

# What the caller has set stays behind the checkout's own.
use_checkout() {
  LUA_PATH_5_4="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/spec/support/?.lua;${LUA_PATH_5_4:-${LUA_PATH:-;}}"
  LUA_CPATH_5_4="$PWD/${1:-build}/?.so;${LUA_CPATH_5_4:-${LUA_CPATH:-;}}"
  export LUA_PATH_5_4 LUA_CPATH_5_4
}
