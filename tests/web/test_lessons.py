"""The lessons with a kernel in the browser itself: each of them runs to its end, and asks nobody.

One lesson every day; in CI and by `make test-web` all sixteen. What else is asked of the edition stands in
test_live_edition.py, so that two workers share the time.
"""

import pytest

import build_site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    "stem",
    [
        pytest.param(stem, marks=() if stem == "00_start_here" else pytest.mark.thorough)
        for stem in (lesson.stem for lesson in build_site.lessons())
    ],
)
def test_a_lesson_runs_from_its_button_to_its_last_cell(lite, stem):
    first, last = lite.open(stem, by_button=True).run_all()
    print(f"{stem}: first cell after {first:.1f} s, last after {last:.1f} s")
    assert lite.trouble() == []
    assert (lite.elsewhere, lite.errors) == ([], [])
