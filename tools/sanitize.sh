#!/bin/sh
# Runs the specs with modules that were built with the address and undefined
# behaviour sanitizers, leaks included. Arguments are busted's.
#
# The interpreter is the machine's own, so the sanitizers' runtime is loaded
# before it. Its children inherit it, shells and servers among them; what
# those leak is their own affair. So nobody's exit code tells of a leak, and
# the reports, named after the program, are counted at the end.
set -eu
cd "$(dirname "$0")/.."
. tools/setup.sh

place=build/sanitize
reports=$PWD/$place/reports

need want_build want_tests want_sanitizers
like want_loops
need_nginx
cmake -S . -B "$place" -DCMAKE_C_COMPILER=clang -DCOFFER_SANITIZE=ON \
  -DCOFFER_TEST_HOSTS=ON >/dev/null
cmake --build "$place" -j 2
use_checkout "$place"

rm -rf "$reports"
mkdir -p "$reports"
common="log_path=$reports/report:log_exe_name=1:allow_addr2line=1"
ASAN_OPTIONS="$common:detect_leaks=1:exitcode=0:allocator_may_return_null=1:strict_string_checks=1"
UBSAN_OPTIONS="$common:print_stacktrace=1"
# glibc loses a name where LOCPATH says where its locales are.
echo 'leak:argz_add_sep' >"$place/suppressions"
LSAN_OPTIONS="suppressions=$PWD/$place/suppressions:print_suppressions=0"
export ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS

cat >"$place/lua" <<EOT
#!/bin/sh
LD_PRELOAD=$(sanitizers) exec $lua "\$@"
EOT
chmod +x "$place/lua"

# For specs that weigh memory or preload something of their own.
COFFER_SANITIZED=1
export COFFER_SANITIZED

status=0
sh tools/spec.sh "$PWD/$place/lua" "$@" || status=$?

found=$(find "$reports" -size +0 \( -name 'report.*lua*' -o -name 'report.allocator.*' \))
if [ -n "$found" ]; then
  # shellcheck disable=SC2086 # a list of files
  { cat $found | head -n 300; grep -h '^SUMMARY' $found | sort | uniq -c; }
  echo "All reports are in $reports."
  status=1
fi
exit "$status"
