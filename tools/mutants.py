"""Spoil the package on purpose, one line at a time: some unit test must notice. `make mutants`

    python tools/mutants.py               every fault of bplib.faults.CORE
    python tools/mutants.py layers loss   those whose name or place contains one of these words
    python tools/mutants.py --jobs 1      one at a time (2 by default)

Each fault goes into a copy of the tree, and pytest runs the unit tests there, those of the spoiled module
and then the others of the core, until one fails. The table names the test that noticed. A fault that no test
notices, or that runs into the time limit, is listed at the end, and the exit status is 1.
"""

import argparse
import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
SECONDS = 180  # for the tests of one fault
MODULES = ("layers", "losses", "network", "optimizers", "gradcheck", "training", "deep_layers", "schedules")
NOTICED, SURVIVED, TOO_LONG = "noticed", "SURVIVED", "TIME LIMIT"


def copy_tree(target):
    """What the unit tests need, without compiled files (which would be taken for the spoiled ones)."""
    nothing_compiled = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")
    for name in ("bplib", "tests"):
        shutil.copytree(HOME / name, target / name, ignore=nothing_compiled)
    shutil.copy(HOME / "pyproject.toml", target)


def spoil_file(fault, tree):
    """Write the fault into its file under `tree`; return a function that mends it."""
    module, *names = fault.where.split(".")
    path = tree / "bplib" / f"{module}.py"
    sound = path.read_text(encoding="utf-8")
    place = ast.parse(sound)
    for name in names:
        place = next(node for node in place.body if getattr(node, "name", None) == name)
    lines = sound.splitlines(keepends=True)
    begin = min(node.lineno for node in (place, *place.decorator_list)) - 1
    before, function, after = lines[:begin], lines[begin : place.end_lineno], lines[place.end_lineno :]
    path.write_text("".join([*before, fault.apply("".join(function)), *after]), encoding="utf-8")
    return lambda: path.write_text(sound, encoding="utf-8")


def tests_for(module):
    """The unit tests of the core: those of `module`, and after them all the others."""
    return [f"tests/test_{module}.py"], [f"tests/test_{m}.py" for m in MODULES if m != module]


def run_tests(tree, files):
    """(outcome, first failing test) of pytest in `tree`, stopped at the first failure."""
    # Plugins that these tests do not use take three times as long to load as the tests to run.
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(tree),
        "BPLIB_PROGRESS_FILE": "",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-rfE",
        "-p",
        "no:cacheprovider",
        "--no-header",
        *files,
    ]
    process = subprocess.Popen(
        command, cwd=tree, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return TOO_LONG, ""
    if process.returncode == 0:
        return SURVIVED, ""
    found = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(.+?)(?: - .*)?$", output, re.MULTILINE)
    if process.returncode not in (1, 2) or not found:
        sys.exit(f"pytest ended with status {process.returncode}:\n{output[-3000:]}")
    return NOTICED, found[1]


def main():
    from bplib import faults

    parser = argparse.ArgumentParser(description="Spoil one line at a time: some unit test must notice.")
    parser.add_argument("words", nargs="*", help="only faults whose name or place contains one of these")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    options = parser.parse_args()
    chosen = [
        f for f in faults.CORE if not options.words or any(w in f.where + f.name for w in options.words)
    ]
    if not chosen:
        parser.error("no fault is called like that")
    if HOME not in Path(faults.__file__).parents:
        sys.exit(f"bplib comes from {faults.__file__}: run this with the .venv of this repository")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bplib-mutants-") as scratch:
        trees = [Path(scratch) / f"tree{n}" for n in range(options.jobs)]
        for tree in trees:
            copy_tree(tree)
        for module in MODULES if not options.words else ():
            outcome, failing = run_tests(trees[0], tests_for(module)[0])
            if outcome != SURVIVED:
                sys.exit(f"the tests must be green before anything is spoiled: {outcome} {failing}")

        def trial(fault):
            tree = trees.pop()
            mend = spoil_file(fault, tree)
            try:
                own, others = tests_for(fault.where.split(".")[0])
                outcome, test = run_tests(tree, own)
                return run_tests(tree, others) if outcome == SURVIVED else (outcome, test)
            finally:
                mend()
                trees.append(tree)

        print(f"{len(chosen)} faults, one line each, in {', '.join(MODULES)}\n", flush=True)
        survivors = []
        with ThreadPoolExecutor(options.jobs) as pool:
            for fault, (outcome, test) in zip(chosen, pool.map(trial, chosen), strict=True):
                print(f"{fault.where:36} {fault.name:36} {test or outcome}", flush=True)
                survivors += [] if outcome == NOTICED else [(fault, outcome)]
    minutes = (time.monotonic() - begin) / 60
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} noticed, in {minutes:.1f} minutes.")
    for fault, outcome in survivors:
        print(f"{outcome}: {fault.where}, {fault.name}: {fault.line!r} → {fault.spoiled!r}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
