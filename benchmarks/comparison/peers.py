"""Where the peers are: a virtual environment of their own, and what is built from libtorch."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from . import plan

PACKAGES = ["torch", "tensorflow-cpu", "jax", "onnxruntime"]


def install(venv):
    """Makes the environment where it is absent; a package that doesn't install stays absent."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    missing = [name for name in PACKAGES if name not in versions(venv)]
    for name in missing:
        print(f"installing {name} into {venv}", file=sys.stderr)
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", name], check=False)
        if done.returncode != 0:
            print(f"{name} could not be installed; it is reported as absent", file=sys.stderr)


def versions(venv):
    """The versions of the peers that are installed, by package."""
    code = ("import importlib.metadata as m, json, sys\n"
            "found = {}\n"
            "for name in sys.argv[1:]:\n"
            "    try:\n"
            "        found[name] = m.version(name)\n"
            "    except m.PackageNotFoundError:\n"
            "        pass\n"
            "print(json.dumps(found))\n")
    python = venv / "bin" / "python"
    if not python.exists():
        return {}
    done = subprocess.run([str(python), "-c", code, *PACKAGES], capture_output=True, check=True)
    return json.loads(done.stdout)


def site_packages(venv):
    return next(iter(sorted(venv.glob("lib/python3*/site-packages"))), None)


def build_libtorch(root, venv):
    """Compiles peers/libtorch.cpp against the headers and libraries inside the torch package."""
    packages = site_packages(venv)
    source, header = root / "benchmarks/peers/libtorch.cpp", root / "benchmarks/timing.h"
    program = venv / "tenon-benchmarks" / "libtorch"
    torch = packages / "torch" if packages else None
    if torch is None or not (torch / "include/torch/csrc/api/include").exists():
        return None
    newest = max(source.stat().st_mtime, header.stat().st_mtime)
    if program.exists() and program.stat().st_mtime > newest:
        return program
    program.parent.mkdir(exist_ok=True)
    print("building the libtorch peer", file=sys.stderr)
    done = subprocess.run(
        ["g++", "-std=c++20", "-O2", "-w", f"-I{root}", f"-I{torch}/include",
         f"-I{torch}/include/torch/csrc/api/include", str(source), "-o", str(program),
         f"-L{torch}/lib", f"-Wl,-rpath,{torch}/lib", "-Wl,--no-as-needed", "-ltorch",
         "-ltorch_cpu", "-lc10"], check=False)
    return program if done.returncode == 0 else None


def command(peer, row, root, venv):
    """The command of a peer's worker, or None where it is absent."""
    if peer.package not in versions(venv):
        return None
    if not peer.script:
        program = build_libtorch(root, venv)
        return [str(program)] if program else None
    script = root / "benchmarks/peers" / peer.script
    return [str(venv / "bin/python"), str(script), row.removesuffix("p"), *peer.arguments]


def installed_mb(venv, package):
    """What the package's own folders take, without its dependencies."""
    folders = [site_packages(venv) / name for name in plan.PACKAGE_FOLDERS[package]]
    files = (path for folder in folders for path in Path(folder).rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def shipped_mb(library):
    """What Tenon's library takes in a wheel: as the peers' there, without names for debuggers."""
    with tempfile.TemporaryDirectory() as folder:
        shipped = Path(folder) / "library"
        subprocess.run(["strip", "-o", shipped, library], check=True)
        return shipped.stat().st_size / 1e6
