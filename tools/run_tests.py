"""Run everything that is tested, with one exit status and one closing summary: `make test`.

    python tools/run_tests.py               unit tests, every notebook against its stored outputs, the browser
    python tools/run_tests.py --lax         notebooks are executed, their stored outputs not compared
    python tools/run_tests.py --no-browser  leave the browser out
    python tools/run_tests.py --thorough    as in CI: answers on 200 draws of their inputs, all lessons graded
                                            and run in the browser, all pages read, what is marked thorough

Notebooks that show handwritten digits run twice: with MNIST where it is at hand, and with the digits that
come with the course. Tests in the browser come last, file by file, because a page needs a processor to
itself. Anything else is passed on to pytest, e.g. `-k xor` or `-n 8`.

The summary names what was not run and every reason for a skip. In CI (the environment variable CI) it is an
error if BPLIB_DATA_DIR promises MNIST and it is not there; tests/conftest.py fails other skips.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
DIGITS = re.compile(r"handwritten_digits|\bmnist\b", re.IGNORECASE)
NO_TESTS = 5  # pytest's exit status when it had nothing to run


def shows_digits(path):
    """Whether the code of a notebook asks for handwritten digits."""
    import nbformat

    cells = nbformat.read(path, as_version=4).cells
    return any(DIGITS.search(cell.source) for cell in cells if cell.cell_type == "code")


def have_mnist():
    """Whether `handwritten_digits()` gives MNIST here without asking the network.

    The data set's name says so, on the last line printed: the notes before it speak of MNIST either way.
    """
    code = "from bplib.datasets import handwritten_digits as d; name = d().name; print(); print(name)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HOME)
    if answer.returncode:
        raise SystemExit(f"the digits cannot be loaded at all:\n{answer.stderr}")
    return answer.stdout.split("\n")[-2] == "mnist"


def in_ci():
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def phases(options, scratch):
    """What is run: (title, arguments of pytest, further environment).

    Instead of arguments a sentence where the part cannot be run: why not.
    """
    notebooks = ["--nbval-lax" if options.lax else "--nbval"]
    # in the order of tests/conftest.py, which puts what takes longest first
    together = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    digits, others = [], []
    for path in sorted((HOME / "notebooks").glob("*.ipynb")):
        (digits if shows_digits(path) else others).append(str(path.relative_to(HOME)))
    yield (
        "unit tests and notebooks",
        [
            "tests",
            "--ignore=tests/web",
            *others,
            *notebooks,
            "--nbval-cell-timeout=60",
            *together,
            "-m",
            "not browser",
        ],
        {},
    )
    if digits:
        # training cells: a slow machine may need more than a minute for them
        training = [*digits, *notebooks, "--nbval-cell-timeout=180", *together]
        empty = scratch / "no-mnist"
        empty.mkdir()
        yield "notebooks with MNIST", training if have_mnist() else "MNIST is not here", {}
        yield "notebooks with the bundled digits", training, {"BPLIB_DATA_DIR": str(empty)}
    site = [str(Path("tests") / "web"), "-n", "2", "--dist", "load"]
    yield "the site", [*site, "-m", "not browser"] if options.no_browser else site, {}
    pages = [str(Path("tests") / "browser"), "-m", "browser", "-n", "2", "--dist", "loadfile"]
    yield "browser", "--no-browser was asked for" if options.no_browser else pages, {}


def why_skipped(report):
    """How often each reason for a skip stands in a JUnit report."""
    skips = ET.parse(report).getroot().iter("skipped") if report.exists() else ()
    # an expected failure is written as a skip of its own type
    return Counter(s.get("message", "").strip() for s in skips if s.get("type") != "pytest.xfail")


def counts(report):
    """passed, failed, skipped and errors of a JUnit report; an error where there is no report."""
    if not report.exists():
        return {"passed": 0, "failed": 0, "skipped": 0, "error": 1}
    suites = list(ET.parse(report).getroot().iter("testsuite"))
    total = {
        key: sum(int(suite.get(key, 0)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    return {
        "failed": total["failures"],
        "passed": total["tests"] - total["failures"] - total["errors"] - total["skipped"],
        "skipped": total["skipped"],
        "error": total["errors"],
    }


def closing_line(total, seconds):
    """The line that pytest would have printed, had it run everything at once."""
    order = ("failed", "passed", "skipped", "error")
    names = {"error": "errors" if total.get("error", 0) > 1 else "error"}
    parts = (
        ", ".join(f"{total[key]} {names.get(key, key)}" for key in order if total.get(key)) or "no tests ran"
    )
    return f" {parts} in {seconds:.2f}s ({int(seconds) // 60}:{int(seconds) % 60:02d} min) ".center(80, "=")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--lax", action="store_true", help="execute notebooks without comparing their outputs"
    )
    parser.add_argument("--no-browser", action="store_true", help="leave the tests in a browser out")
    parser.add_argument("--thorough", action="store_true", help="all draws and lessons, as in CI")
    options, extra = parser.parse_known_args(arguments)
    thorough = options.thorough or in_ci()
    began, total, lines, status = time.monotonic(), {}, [], 0
    skips = Counter()
    with tempfile.TemporaryDirectory(prefix="bplib-test-") as name:
        scratch = Path(name)
        # nobody's network, nobody's saved progress, nobody's IPython start-up files; one thread a worker
        os.environ |= {
            "BPLIB_OFFLINE": "1",
            "BPLIB_PROGRESS_FILE": str(scratch / "progress.json"),
            "IPYTHONDIR": str(scratch / "ipython"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "BPLIB_THOROUGH": "1" if thorough else "",
        }
        for number, (title, command, environment) in enumerate(phases(options, scratch)):
            print(f"\n== {title} ==", flush=True)
            if isinstance(command, str):
                lines.append(f"{title:36}not run: {command}")
                print(f"not run: {command}", flush=True)
                if in_ci() and "MNIST" in title and os.environ.get("BPLIB_DATA_DIR"):
                    lines[-1] += f", though BPLIB_DATA_DIR is {os.environ['BPLIB_DATA_DIR']}"
                    total["error"] = total.get("error", 0) + 1
                    status = status or 1
                continue
            report, start = scratch / f"{number}.xml", time.monotonic()
            code = subprocess.call(
                [sys.executable, "-m", "pytest", f"--junitxml={report}", *command, *extra],
                cwd=HOME,
                env=os.environ | environment,
            )
            found = counts(report)
            skips += why_skipped(report)
            # a part without tests is a fault of the house, unless a choice like `-k` has emptied it
            if code not in (0, NO_TESTS if extra else 0):
                status = status or code
                found["error"] += not (found["failed"] or found["error"])
            for key, number_of in found.items():
                total[key] = total.get(key, 0) + number_of
            parts = ", ".join(f"{n} {key}" for key, n in found.items() if n) or "nothing to run"
            lines.append(f"{title:36}{parts}, {time.monotonic() - start:.0f} s")
    if not thorough:
        lines.append(
            "fewer draws of the graders' inputs than in CI, one lesson graded, one run in the "
            "browser, and without the tests that are marked thorough: --thorough"
        )
    lines += [f"skipped: {reason} ({number})" for reason, number in sorted(skips.items())]
    if not total.get("passed"):
        status = status or NO_TESTS
    print("", *lines, closing_line(total, time.monotonic() - began), sep="\n", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
