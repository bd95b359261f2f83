#!/usr/bin/env bash
# Formats the sources as .clang-format says; with --check, only says which aren't.
# usage: format.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  "") action=(-i) ;;
  --check) action=(--dry-run --Werror) ;;
  *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac
folders=()
for folder in tenon apps tests examples benchmarks python; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done
find "${folders[@]}" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' \) -print0 |
  xargs -0 -r -n 32 clang-format --style=file "${action[@]}"
