#!/usr/bin/env bash
# Installs a build into a prefix of its own, moves it, and builds a user's program against it: once
# through find_package(Tenon), once through pkg-config.
# usage: install_test.sh BUILD_DIR LIBDIR CXX
set -euo pipefail
build=$1 libdir=$2 cxx=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"   # nothing in it may depend on where it was installed
cp -r "$here" "$work/project"     # nor on this tree

if find "$work/prefix/include" -name '*_internal.h' -o -name backends | grep . ; then
  echo "internal headers were installed"; exit 1
fi
if grep -rnE '#include.*(backends/|_internal\.h)' "$work/prefix/include"; then
  echo "installed headers include internal ones"; exit 1
fi

echo "== find_package(Tenon)"
cmake -G Ninja -S "$work/project/consumer" -B "$work/consumer" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/consumer"
"$work/consumer/consumer"

echo "== pkg-config"
export PKG_CONFIG_PATH="$work/prefix/$libdir/pkgconfig"
# shellcheck disable=SC2046  # the flags are separate words
"$cxx" "$work/project/main.cpp" $(pkg-config --cflags --libs tenon) -o "$work/with_pkg_config"
LD_LIBRARY_PATH="$work/prefix/$libdir" "$work/with_pkg_config"

if [ -x "$work/prefix/bin/tenon" ]; then
  echo "== the installed command"
  "$work/prefix/bin/tenon" version
fi
