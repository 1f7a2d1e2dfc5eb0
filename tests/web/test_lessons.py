"""The lessons with a kernel in the browser itself: each of them runs to its end, and asks nobody.

One lesson in every run; in CI, and with BPLIB_ALL_LESSONS=1 (`make test-web`), all sixteen. What else is asked
of the edition stands in test_live_edition.py, so that two workers share the time.
"""

import os

import pytest

import build_site

ALL = os.environ.get("BPLIB_ALL_LESSONS") == "1" or os.environ.get("BPLIB_THOROUGH") == "1"
CHOSEN = [lesson.stem for lesson in build_site.lessons() if ALL or lesson.stem == "00_start_here"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("stem", CHOSEN)
def test_a_lesson_runs_from_its_button_to_its_last_cell(lite, stem):
    first, last = lite.open(stem, by_button=True).run_all()
    print(f"{stem}: first cell after {first:.1f} s, last after {last:.1f} s")
    assert lite.trouble() == []
    assert (lite.elsewhere, lite.errors) == ([], [])
