"""The lessons with a kernel in the browser itself: they run, play, grade and remember, and ask nobody.

Four lessons in every run; with BPLIB_ALL_LESSONS=1 (`make test-web`) all sixteen.
"""

import json
import os
import time

import pytest

import build_site

SOME = ("00_start_here", "04_deltas", "08_xor", "10_mnist")
ALL = os.environ.get("BPLIB_ALL_LESSONS", "") not in ("", "0")
CHOSEN = [lesson.stem for lesson in build_site.lessons() if ALL or lesson.stem in SOME]
TROUBLE = (
    '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
)
HEARTBEAT = "/api/service-worker-heartbeat"  # answered by the service worker, wherever the site stands

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


class LiteLab:
    """One lesson, opened as the button on its page opens it, in a browser that reaches the site alone."""

    def __init__(self, browser, whole):
        self.whole = whole
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.elsewhere, self.errors = [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.route("**/*", self._route)

    def _route(self, route):
        address = route.request.url
        if address.startswith((self.whole, "data:", "blob:")) or address.endswith(HEARTBEAT):
            route.continue_()
        else:
            self.elsewhere.append(address)
            route.abort()

    def open(self, stem, *, by_button=False):
        """Open a lesson; returns when its cells are on the page."""
        if by_button:
            self.page.goto(f"{self.whole}en/{stem}.html")
            self.page.get_by_role("link", name="Run this lesson here").first.click()
        else:
            self.page.goto(f"{self.whole}lite/notebooks/index.html?path={stem}.ipynb")
        self.page.wait_for_function(
            "document.querySelectorAll('.jp-Notebook-cell').length > 3", timeout=60_000
        )
        return self

    def run_all(self, seconds=240):
        """Run every cell; returns the seconds until the first and until the last had run."""
        began = time.monotonic()
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()
        self.wait_for(lambda: self.numbered() > 0, seconds, "the first cell to have run")
        first = time.monotonic() - began
        n = self.page.locator(".jp-CodeCell").count()
        self.wait_for(lambda: self.numbered() == n or self.trouble(), seconds, f"{n} cells to have run")
        return first, time.monotonic() - began

    def numbered(self):
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        return sum(text.strip("[]: ").isdigit() for text in prompts)

    def trouble(self):
        return [text[-800:] for text in self.page.locator(TROUBLE).all_text_contents()]

    def wait_for(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}; {self.numbered()} cells have run")
            self.page.wait_for_timeout(100)
        return value

    def write(self, holds, source):
        """Put other code into the cell that holds these words, run it, and return its output."""
        texts = self.page.locator(".jp-CodeCell").all_text_contents()
        cell = self.page.locator(".jp-CodeCell").nth(next(i for i, text in enumerate(texts) if holds in text))
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.text_content()
        self.page.keyboard.press("Control+Enter")
        self.wait_for(
            lambda: prompt.text_content() != before and "*" not in prompt.text_content(),
            120,
            "the cell to have run",
        )
        return cell.locator(".jp-OutputArea").inner_text()


@pytest.fixture
def lite(chromium, whole, site_folder):
    if not (site_folder / "lite").is_dir():
        pytest.skip("the site was built without the lessons that run in the browser")
    lab = LiteLab(chromium, whole)
    yield lab
    lab.context.close()


@pytest.mark.parametrize("stem", CHOSEN)
def test_a_lesson_runs_from_its_button_to_its_last_cell(lite, stem):
    first, last = lite.open(stem, by_button=True).run_all()
    print(f"{stem}: first cell after {first:.1f} s, last after {last:.1f} s")
    assert lite.trouble() == []
    assert (lite.elsewhere, lite.errors) == ([], [])


def test_play_paints_a_slider_answers_and_nothing_asks_elsewhere(lite):
    lite.open("00_start_here").run_all()
    box = lite.page.locator(".jp-OutputArea .bp-panel").first
    picture = box.locator("img, canvas").first
    look = "node => node.tagName === 'IMG' ? node.src : node.toDataURL()"
    before = picture.evaluate(look)
    box.get_by_role("button", name="Play").click()
    lite.wait_for(lambda: picture.evaluate(look) != before, 20, "a frame")
    box.get_by_role("button", name="Pause").click()
    handle = box.locator(".noUi-handle").first
    readout = box.locator(".widget-readout").first
    shown = readout.inner_text()
    handle.focus()
    handle.press("ArrowRight")
    lite.wait_for(lambda: readout.inner_text() != shown, 10, "the slider to move")
    assert lite.elsewhere == []


def test_an_exercise_is_graded_a_loop_is_stopped_and_progress_survives(lite):
    lite.open("00_start_here").run_all()
    answer = lite.write("rows, columns = ", "rows, columns = 3, 2\nex.weight_shape.check(rows, columns)")
    assert "correct" in answer
    endless = (
        "from bplib.exercises import running\nrunning.limited(lambda: [0 for _ in iter(int, 1)], (), 1.0)"
    )
    began = time.monotonic()
    assert "(None, True)" in lite.write("weights, biases = ", endless)
    assert time.monotonic() - began < 30
    lite.page.wait_for_timeout(2000)
    lite.page.reload()
    lite.open("00_start_here")
    known = lite.write("rows, columns = ", "import bplib.exercises.progress_file as r\nprint(r.load())")
    assert "'weight_shape': {'solved': '2" in known


def test_the_kernel_loads_what_is_in_the_folder_and_nothing_else(lite, site_folder):
    folder = site_folder / "lite" / "static" / "pyodide"
    packages = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {"bplib", "numpy", "sympy", "matplotlib", "ipywidgets", "tqdm"} <= set(packages)
    assert not {"scipy", "scikit-learn"} & set(packages)
    named = {entry["file_name"] for entry in packages.values()}
    assert {path.name for path in folder.glob("*.whl")} == named
    assert all(other in packages for entry in packages.values() for other in entry["depends"])
