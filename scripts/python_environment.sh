#!/usr/bin/env bash
# Makes build/python-environment: what building and testing the Python package takes, from PyPI.
# Does nothing when everything is there.
# usage: python_environment.sh
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(nanobind scikit-build-core numpy scipy pillow h5py pytest mypy array-api-strict)
environment=build/python-environment
if [ ! -x "$environment/bin/python" ]; then
  if ! python3 -m venv "$environment"; then
    rm -rf "$environment"
    echo "python3 -m venv doesn't work here (on Debian: apt-get install python3-venv)" >&2
    exit 1
  fi
fi
if ! "$environment/bin/python" -c 'import nanobind, scikit_build_core, numpy, scipy, PIL, h5py, pytest, mypy, array_api_strict' 2>/dev/null; then
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}"
fi
