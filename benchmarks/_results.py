"""RESULTS.md, section by section: each benchmark replaces its own and leaves the others."""

import importlib.util
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = "# Measured side by side\n\nEach section is written by the script it names.\n"
PACKAGES = {"numpy": "numpy", "torch": "torch", "jax": "jax", "scikit-learn": "sklearn"}


def machine():
    """The machine and the versions, in one line."""
    found = [name for name, module in PACKAGES.items() if importlib.util.find_spec(module)]
    what = [platform.machine(), f"{os.cpu_count()} cores", platform.system()]
    return ", ".join([*what, f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in found)])


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
