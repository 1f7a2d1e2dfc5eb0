"""How the tests run: offline, repeatable, and in CI without silent gaps."""

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Set before anything loads NumPy. Two workers with two threads each only get in each other's way.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("BPLIB_OFFLINE", "1")
if "BPLIB_PROGRESS_FILE" not in os.environ:
    _scratch = tempfile.TemporaryDirectory(prefix="bplib-test-")
    os.environ["BPLIB_PROGRESS_FILE"] = str(Path(_scratch.name) / "progress.json")

settings.register_profile("bplib", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("bplib")

IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def may_skip(reason):
    """Whether a test may be skipped in CI: MNIST where none was given, and what BPLIB_MAY_SKIP names.

    BPLIB_MAY_SKIP is a list of words, e.g. "torch browser"; a reason that contains one of them is allowed.
    """
    words = os.environ.get("BPLIB_MAY_SKIP", "").split()
    if not os.environ.get("BPLIB_DATA_DIR"):
        words.append("MNIST")
    return any(re.search(rf"\b{re.escape(word)}\b", reason, re.IGNORECASE) for word in words)


def _refuse_silent_skip(report):
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not may_skip(reason):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where nothing may be skipped silently: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _refuse_silent_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _refuse_silent_skip((yield))


# What takes longest begins first, or one worker is left with it in the end while the other has nothing to do.
LONGEST = (
    "web/test_live_edition.py",
    "web/test_lessons.py",
    "web/test_pages.py",
    "test_grade.py",
    "test_grade_lessons.py",
    "test_answers.py",
    "test_every_control.py",
)


def pytest_collection_modifyitems(config, items):
    if os.environ.get("BPLIB_THOROUGH") == "":  # as tools/run_tests.py sets it for every day
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.as_posix().rpartition("/tests/")[2], len(places)))


@pytest.fixture
def rng():
    """A generator with a fixed seed, so that a failure can be repeated."""
    return np.random.default_rng(20)


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium, or a skipped test that says why; in CI the skip is refused."""
    pytest.importorskip("playwright", reason="no browser tests: playwright is not installed")
    from browser import laboratory

    if laboratory.find_chromium() is None:
        pytest.skip("no browser on this machine: apt install chromium, or name one in BPLIB_CHROMIUM")
    with laboratory.start_browser() as browser:
        yield browser
