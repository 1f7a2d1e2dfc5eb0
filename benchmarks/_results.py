"""RESULTS.md, section by section: each benchmark replaces its own and leaves the others."""

import contextlib
import datetime
import importlib.util
import os
import platform
import re
import statistics
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = "# Measured side by side\n\nEach section is written by the script it names.\n"
PACKAGES = {"numpy": "numpy", "torch": "torch", "jax": "jax", "scikit-learn": "sklearn"}


def machine():
    """The date, the machine and the versions, in one line."""
    found = [name for name, module in PACKAGES.items() if importlib.util.find_spec(module)]
    today = datetime.date.today().isoformat()
    what = [today, platform.machine(), f"{os.cpu_count()} cores", platform.system()]
    return ", ".join([*what, f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in found)])


def spread(values, form=".1f"):
    """The median, and in brackets the least and the greatest, unless they look the same."""
    low, middle, high = (
        format(value, form) for value in (min(values), statistics.median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low} … {high})"


@contextlib.contextmanager
def earlier(revision):
    """A folder with that revision of the course, as long as it is looked at."""
    worktree = ["git", "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        subprocess.run(
            [*worktree, "add", "--detach", "--quiet", course, revision], cwd=FILE.parent, check=True
        )
        try:
            yield course
        finally:
            subprocess.run([*worktree, "remove", "--force", course], cwd=FILE.parent, check=True)


def load():
    """How many processes wanted a processor in the last minute, where the system says."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def store(title, lines):
    """Put these lines under that title."""
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else HEAD
    head, *sections = re.split(r"(?m)^## ", old)
    found = dict(section.split("\n", 1) for section in sections)
    found[title] = "\n" + "\n".join(lines).strip("\n") + "\n\n"
    text = head.rstrip("\n") + "\n\n" + "".join(f"## {name}\n{body}" for name, body in found.items())
    FILE.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
