#!/usr/bin/env bash
# From a clean machine to a trained network: installs what is needed, builds Tenon, trains a CNN on
# hand-written digits (drawn by Tenon itself), evaluates and saves it, and reads one digit with it.
# usage: quickstart.sh [options of `tenon train digits`, such as --epochs 1]
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "Installing what is needed"
./scripts/install_dependencies.sh

step "Building (a few minutes the first time)"
cmake --preset release >/dev/null
cmake --build --preset release --target tenon-cli

tenon=build/release/tenon
out=build/quickstart
mkdir -p "$out"

step "Training: tenon train digits --out $out/digits.safetensors $*"
"$tenon" train digits --out "$out/digits.safetensors" --json "$out/train.json" "$@"

step "What was saved: tenon inspect $out/digits.safetensors"
"$tenon" inspect "$out/digits.safetensors"

step "Evaluating: tenon evaluate $out/digits.safetensors"
"$tenon" evaluate "$out/digits.safetensors" --json "$out/evaluate.json"

step "Reading a digit: tenon predict $out/digits.safetensors docs/images/digit.png"
"$tenon" predict "$out/digits.safetensors" docs/images/digit.png --json "$out/predict.json"

printf '\nDone. The weights are in %s; next: ./scripts/test.sh, examples/, docs/README.md\n' \
  "$out/digits.safetensors"
