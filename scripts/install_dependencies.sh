#!/usr/bin/env bash
# Installs what Tenon needs on Debian 12 or newer (and its relatives): to build it, or, with `test`,
# to run all of its tests too. Does nothing when everything is there. docs/dependencies.md says what
# each package is for.
# usage: install_dependencies.sh [test]
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache pkg-config python3
  libdnnl-dev libhwy-dev libasmjit-dev libfmt-dev libcli11-dev nlohmann-json3-dev zlib1g-dev libpng-dev
  libgtest-dev libbenchmark-dev
)
# Sanitizer builds come with g++; clang is for formatting and for the fuzz targets.
test_packages=(clang clang-format libclang-rt-dev python3-numpy python3-scipy python3-dev python3-venv)

case "${1:-}" in
  "") packages=("${build_packages[@]}") ;;
  test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
  *) echo "usage: $0 [test]" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "This system has no Debian packages. Install these libraries and tools, under the names that" >&2
  echo "they have here, and build with: cmake --preset release && cmake --build --preset release" >&2
  printf '  %s\n' "${packages[@]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
else
  echo "These packages are missing, and installing them needs root. Run this, then try again:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi

echo "Installing ${missing[*]}"
install=("${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}")
# A first try with the package lists that are there: refreshing them takes longer than the rest.
if ! "${install[@]}" >/dev/null 2>&1; then
  "${as_root[@]}" apt-get update -qq
  "${install[@]}" >/dev/null
fi
