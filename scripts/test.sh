#!/usr/bin/env bash
# Builds and tests.
#   test.sh           all of it, what CI runs (about 20 minutes from nothing on two cores):
#                     formatting; every test in release; the unit tests and the op matrix under the
#                     address and undefined-behaviour sanitizers; the threaded ones under the thread
#                     sanitizer; the fuzz targets; the quickstart at a small size.
#   test.sh release   of these, without the sanitizers and the fuzz targets.
#   test.sh long      all of it, and 10,000 random programs eager and compiled.
#   test.sh quick     about a minute (after a first build): formatting, and the quick tests in release.
# The last line is `N passed, N failed`, counting CTest's tests and the other checks.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

mode=${1:-all}
case "$mode" in
  all | release | quick | long) ;;
  *) echo "usage: $0 [release|quick|long]" >&2; exit 2 ;;
esac

passed=0
failed=0
failures=()
started=$SECONDS
mkdir -p build
log=$(mktemp)
trap 'rm -f "$log"' EXIT

finish() {
  printf '\n'
  for failure in "${failures[@]}"; do printf 'FAILED: %s\n' "$failure"; done
  printf 'in %d s\n' $((SECONDS - started))
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && exit 0 || exit 1
}

heading() { printf '\n== %s (at %d s)\n' "$*" $((SECONDS - started)); }

# check NAME COMMAND...: one check; its output is shown when it fails.
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "passed: $name"
  else
    failed=$((failed + 1))
    failures+=("$name")
    tail -n 60 "$log"
    echo "failed: $name"
  fi
}

# build PRESET [TARGET...]: a failed build is one failure, and its tests are left out.
build() {
  local preset=$1
  shift
  heading "building $preset"
  if cmake --preset "$preset" >"$log" 2>&1 &&
    cmake --build --preset "$preset" ${1:+--target "$@"} >"$log" 2>&1; then
    return 0
  fi
  grep -E -A6 'error|FAILED|undefined reference' "$log" | head -n 60 || tail -n 30 "$log"
  failed=$((failed + 1))
  failures+=("building $preset")
  return 1
}

# run_tests PRESET [CTEST OPTION...]: counts each of CTest's tests.
run_tests() {
  local preset=$1
  shift
  heading "testing $preset $*"
  ctest --preset "$preset" "$@" 2>&1 | tee "$log"
  local test_passed test_failed
  test_passed=$(grep -cE '^ *[0-9]+/[0-9]+ +Test .* Passed +[0-9.]+ sec' "$log")
  test_failed=$(grep -cE '^ *[0-9]+/[0-9]+ +Test .*\*\*\*' "$log")
  if [ $((test_passed + test_failed)) = 0 ]; then test_failed=1; fi
  passed=$((passed + test_passed))
  failed=$((failed + test_failed))
  while read -r name; do failures+=("$preset: $name"); done < <(
    sed -nE 's/^ *[0-9]+\/[0-9]+ +Test +#[0-9]+: ([^ ]+) .*\*\*\*.*/\1/p' "$log")
}

# The targets that CTest runs under these labels, so that sanitizer builds build nothing else.
targets_of() {
  local preset=$1 label=$2
  cmake --preset "$preset" >"$log" 2>&1 || return 1
  ctest --preset "$preset" -N -L "$label" | sed -nE 's/^ *Test +#[0-9]+: ([^ ]+)$/\1/p'
}

test_sanitized() {
  local preset=$1 label=$2 targets
  mapfile -t targets < <(targets_of "$preset" "$label")
  if [ ${#targets[@]} = 0 ]; then
    tail -n 20 "$log"
    failed=$((failed + 1))
    failures+=("$preset: no tests are labelled $label")
    return
  fi
  build "$preset" "${targets[@]}" && run_tests "$preset" -L "$label"
}

test_fuzz_targets() {
  if [ -z "$(find tenon -name '*_fuzz.cpp')" ]; then return; fi
  if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address - -o "$log" 2>/dev/null; then
    heading "left out: the fuzz targets, because clang++ -fsanitize=fuzzer doesn't work here"
    echo "(on Debian: apt-get install clang libclang-rt-dev)"
    return
  fi
  build release tenon_static && build fuzz && run_tests fuzz
}

if ! ./scripts/install_dependencies.sh test; then
  failed=1
  failures+=("installing what the tests need")
  finish
fi

# Without it (no way to PyPI, say) the Python package and its tests are left out, which is a failure.
check "the Python environment" ./scripts/python_environment.sh

heading "formatting"
check formatting ./scripts/format.sh --check

if [ "$mode" = quick ]; then
  build release && run_tests release -L quick -j2
  finish
fi

# The release tests run one at a time: they use all cores themselves.
build release && run_tests release
if [ "$mode" = long ]; then
  heading "10,000 random programs"
  check "10,000 random programs" env TENON_PROGRAMS=10000 build/release/tests/random_programs
fi
if [ "$mode" = all ] || [ "$mode" = long ]; then
  test_sanitized asan-ubsan 'unit|matrix'
  test_sanitized tsan threaded
  test_fuzz_targets
fi
heading "the quickstart, at a small size"
check quickstart ./scripts/quickstart.sh --epochs 1
finish
