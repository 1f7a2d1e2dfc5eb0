"""The edition with a kernel in the browser: it plays, grades, remembers, is small, and asks nobody."""

import json
import re
import time

import pytest

from .laboratory import LiteLab, serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.thorough
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


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_a_first_visit_is_small_a_second_loads_nothing_and_works_without_a_network(
    chromium, site_folder, lite
):
    lite.close()
    with serve(site_folder) as site:
        lab = LiteLab(chromium, site.address)
        lab.open("01_chain_rule").run_all()
        lab.page.wait_for_function("document.documentElement.dataset.kept === 'yes'", timeout=120_000)
        lab.page.wait_for_timeout(2000)  # the last of it is written to the cache
        megabytes = sum(site.sent.values()) / 1e6
        print(f"a first visit loads {megabytes:.1f} MB")
        assert 10 < megabytes <= 25
        site.sent.clear()
        lab.context.unroute_all()
        lab.page.reload()
        lab.wait_for_cells()
        lab.run_all()
        assert {path for path in site.sent if not path.endswith("service-worker.js")} == set()
    lab.page.reload()  # there is no server any more
    lab.wait_for_cells()
    lab.run_all()
    assert lab.trouble() == []
    lab.close()


WITH_THE_REST = """
import warnings
warnings.simplefilter("error")
warnings.simplefilter("ignore", DeprecationWarning)  # sympy's own, of mpmath
import importlib, pkgutil, PIL.Image, PIL.WebPImagePlugin, dateutil.tz, mpl_toolkits.mplot3d, numpy.testing
import bplib, bplib.derive, bplib.exercises, bplib.playgrounds, IPython.lib.display, ipython_pygments_lexers
import sympy, sympy.physics.units, anywidget, logging, matplotlib
for module in pkgutil.iter_modules(bplib.playgrounds.__path__):
    importlib.import_module(f"bplib.playgrounds.{module.name}")
heard = []
class Listening(logging.Handler):
    def emit(self, record):
        heard.append(record.getMessage())
logging.getLogger("matplotlib").addHandler(Listening())
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
figure = Figure()
for place, weight in enumerate(("normal", "bold")):
    figure.text(0.1, 0.3 * place, r"η ∂ $\\sum_i \\frac{\\partial L}{\\partial w_i}\\ \\mathrm{x}\\ \\mathbf{W}\\ \\mathit{z}\\ \\mathcal{N}\\ \\mathtt{t}\\ \\sqrt{2}$", weight=weight)
figure.text(0.1, 0.9, "code", family="monospace")
figure.add_subplot(projection="3d").plot([0, 1], [0, 1], [0, 1])
FigureCanvasAgg(figure).draw()
x = sympy.Symbol("x")
assert sympy.lambdify(x, x**2)(3) == 9  # by `from numpy import *`
assert sympy.integrate(sympy.sin(x) ** 2, (x, 0, sympy.pi)) == sympy.pi / 2 and sympy.latex(1 / x)
import IPython.core.completer as completer
with completer.provisionalcompleter():
    found = [one.text for one in get_ipython().Completer.completions("numpy.testing.assert_allc", 25)]
print(heard, [name for name in found if "assert_allclose" in name][:1])
"""


@pytest.mark.thorough
def test_with_what_is_left_of_the_packages_one_imports_draws_proves_and_completes(lite):
    """`tools/slim.py` leaves much out; a warning, as matplotlib gives for a font that is missing, is an error."""
    lite.open("01_chain_rule")
    said = lite.write("import", WITH_THE_REST)
    assert re.search(r"\[\] \['[\w.]*assert_allclose", said), said
    assert lite.trouble() == []
    assert "ZeroDivisionError" in lite.write(
        "def ", "1 / 0  # its traceback is coloured by what is left of Pygments"
    )


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_experiment_of_the_pages_is_carried_to_the_live_lesson(lite, language):
    lite.page.goto(
        f"{lite.whole}{language}/index.html?data=circles&hidden=3&learning_rate=0.2&activation=relu&batch_size=16"
    )
    line = lite.page.locator("[data-part=code]").inner_text()
    assert "hidden=3" in line
    lite.page.locator("a[data-carries]").click()
    lite.wait_for_cells()
    lite.errors.clear()  # the page's own are looked for in test_in_browser.py
    cell = lite.wait_for(lambda: lite.cell("hidden=3"), 60, "the cell that holds the experiment")
    playground = cell.locator(".jp-OutputArea .bp-panel")
    playground.wait_for(timeout=120_000)
    assert playground.locator(".widget-readout").all_inner_texts()[0] == "0.2"
    assert lite.trouble() == []
    assert (lite.elsewhere, lite.errors) == ([], [])
