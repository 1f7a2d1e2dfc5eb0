"""A package of npm as an unpacked folder, checked against the hash that stands in the course.

Packages are kept in build/npm/, so that the network is asked once. `npm pack` brings them, from whatever
registry npm is set up for.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEPT = Path(__file__).resolve().parent.parent / "build" / "npm"


@dataclass(frozen=True)
class Package:
    """What is wanted: its name, its version, and the SHA-512 of its archive as npm writes it (base64)."""

    name: str
    version: str
    sha512: str

    @property
    def folder(self):
        return KEPT / f"{self.name.replace('/', '+')}-{self.version}"


def unpacked(package, *, only_kept=False):
    """The folder of the package's files, fetched if need be; RuntimeError says why it cannot be had."""
    if package.folder.is_dir():
        return package.folder
    if only_kept:
        raise RuntimeError(f"{package.name} {package.version} is not in {KEPT}")
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT, prefix=".new-") as scratch:
        archive = _fetch(package, Path(scratch))
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package.sha512:
            raise RuntimeError(
                f"{package.name} {package.version}: expected an archive with SHA-512 {package.sha512[:12]}…, "
                f"got {found[:12]}…"
            )
        with tarfile.open(archive) as tar:
            tar.extractall(Path(scratch) / "new", filter="data")
        if not package.folder.is_dir():  # somebody else may have been as quick
            (Path(scratch) / "new" / "package").rename(package.folder)
    return package.folder


def _fetch(package, folder):
    """The archive, from whatever registry npm is set up for."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(f"npm is not installed, which brings {package.name} {package.version}")
    command = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip())[-300:]
        raise RuntimeError(f"npm cannot give {package.name} {package.version}: {reason}")
    return next(folder.glob("*.tgz"))
