"""The reading edition: its links lead somewhere, its pictures have a text, and its formulas are formulas."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

import reading_edition
from address import is_first_cell
from formulas import mathml

HOME = Path(__file__).resolve().parent.parent
MATHML = "{http://www.w3.org/1998/Math/MathML}"


class Page(HTMLParser):
    """Links, resources, ids, pictures, and the text outside code of one page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.resources, self.ids, self.pictures, self.text = [], [], set(), [], []
        self.inside = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if values.get("id"):
            self.ids.add(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img":
            self.pictures.append(values)
        if tag in ("img", "script", "iframe", "source") and values.get("src"):
            self.resources.append(values["src"])
        if tag == "link" and values.get("href"):
            self.resources.append(values["href"])
        if tag in ("pre", "code", "script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.text.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading") / "site"
    reading_edition.build(folder, lite=False)
    return {str(path.relative_to(folder)): Page(path) for path in folder.rglob("*.html")}, folder


def own(pages):
    return {name: page for name, page in pages.items() if "/" not in name}


def test_every_lesson_has_its_page_between_its_neighbours(site):
    pages, _ = site
    found = reading_edition.lessons()
    assert len(found) == 16
    for before, after in pairwise(found):
        assert after.page in pages[before.page].links
        assert before.page in pages[after.page].links
    assert {lesson.page for lesson in found} <= set(pages["index.html"].links)


def test_links_lead_to_a_page_and_to_a_place_on_it(site):
    pages, folder = site
    broken = []
    for name, page in pages.items():
        for link in page.links + page.resources:
            if re.match(r"(https?|data|mailto):", link):
                continue
            target, _, place = link.partition("#")
            path = (folder / name).parent / target if target else folder / name
            if not path.is_file():
                broken.append((name, link))
            elif place and own({name: page}) and path.suffix == ".html":
                there = pages[str(path.resolve().relative_to(folder.resolve()))]
                broken += [(name, link)] if place not in there.ids else []
    assert broken == []


def test_every_page_is_reached_from_the_first(site):
    pages, folder = site
    reached, new = set(), {"index.html"}
    while new:
        reached |= new
        linked = {
            (folder / name).parent / re.sub("#.*", "", link) for name in new for link in pages[name].links
        }
        new = {
            str(path.resolve().relative_to(folder.resolve())) for path in linked if path.is_file()
        } - reached
    assert set(pages) - reached == {"reference/index.html"}  # pdoc's own, which leads to bplib.html


def test_nothing_is_fetched_from_elsewhere(site):
    pages, folder = site
    assert [(n, r) for n, page in pages.items() for r in page.resources if re.match(r"(https?:)?//", r)] == []
    styles = (folder / "style.css").read_text(encoding="utf-8")
    assert "url(" not in styles
    assert "@import" not in styles


def test_every_picture_has_a_text(site):
    pages, _ = site
    pictures = [(name, p) for name, page in own(pages).items() for p in page.pictures]
    assert len(pictures) > 50
    assert [name for name, picture in pictures if len(picture.get("alt") or "") < 10] == []


def test_no_formula_is_left_as_source(site):
    pages, _ = site
    for name, page in own(pages).items():
        text = "".join(page.text)
        assert not re.search(r"\$|\\[a-zA-Z]", text), (
            name,
            re.search(r".{40}(\$|\\[a-zA-Z]).{40}", text, re.DOTALL),
        )


def test_a_formula_becomes_mathml():
    html = reading_edition.markdown(
        "so $\\frac{1}{2}$ and\n\n$$a = \\left[\\begin{matrix}1\\\\2\\end{matrix}\\right]$$"
    )
    assert html.count("<math") == 2
    assert re.search(r"<mfrac>\s*<mrow><mn>1</mn></mrow>\s*<mrow><mn>2</mn></mrow>\s*</mfrac>", html)
    assert 'display="block"' in html
    assert "<mtable" in html


def test_a_derivation_becomes_one_row_a_step():
    """What `derive.steps` stores: aligned at the sign, a word beside each step, signs of HTML in the words."""
    tex = (
        r"$$\begin{aligned}a &= b_{1} && \text{if c < d & e} \\[4pt]"
        "\n"
        r" &= \frac{1}{2} && \text{f}\end{aligned}$$"
    )
    (table,) = ElementTree.fromstring(reading_edition.with_mathml(tex)).iter(f"{MATHML}mtable")
    rows = [["".join(cell.itertext()) for cell in row] for row in table]
    assert [[cell.replace("\xa0", " ") for cell in row] for row in rows] == [
        ["a", "=b1", "", "if c < d & e"],
        ["", "=12", "", "f"],
    ]


def test_formulas_are_set_as_tex_sets_them():
    """A name is no product of letters: space before its argument; |x| and x/y have none; bold is bold."""
    math = ElementTree.fromstring(mathml(r"2 \log p + \max(a/b) - \mathbf 1 |x|"))
    signs = {sign.text: (sign.get("lspace"), sign.get("rspace")) for sign in math.iter(f"{MATHML}mo")}
    assert signs["log"] == ("0.17em", "0.17em")
    assert signs["max"] == signs["/"] == signs["|"] == ("0", "0")
    assert "\N{MATHEMATICAL BOLD DIGIT ONE}" in "".join(math.itertext())
    limit = mathml(r"\lim_{n \to \infty} a", "block")
    assert "<munder><mo" in limit.replace("ns0:", "")
    assert 'display="block"' in reading_edition.with_mathml(r"$\displaystyle \frac{1}{2}$ a<b")
    assert reading_edition.with_mathml("a<b & $x$").startswith("a&lt;b &amp; <math")


@pytest.mark.parametrize("tex", [r"a \nosuchcommand b", r"a & b", r"\begin{nosuch}a\end{nosuch}"])
def test_a_formula_that_cannot_be_converted_stops_the_build(tex):
    with pytest.raises(ValueError, match="cannot be converted"):
        mathml(tex)


def test_the_reference_keeps_solutions_to_itself(site):
    pages, folder = site
    assert {"reference/bplib.html", "reference/bplib/layers.html", "reference/bplib/derive.html"} <= set(
        pages
    )
    assert not list((folder / "reference").rglob("lesson_*.html"))


def test_a_table_that_forgets_a_lesson_is_refused(monkeypatch, tmp_path):
    """The table of lessons is the order of the site; nothing is written when it does not fit the notebooks."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").touch()
    monkeypatch.setattr(reading_edition, "ROOT", tmp_path)
    with pytest.raises(ValueError, match="01_chain_rule"):
        reading_edition.build(tmp_path / "site", lite=False)
    assert not (tmp_path / "site").exists()


def test_the_edition_with_a_kernel_has_lessons_figures_and_wheels(monkeypatch, tmp_path):
    """Without JupyterLite itself: what is handed to it."""
    commands = []

    def run(command, cwd=None):
        commands.append(command)
        if "wheel" in command or "--wheel" in command:
            (tmp_path / "wheels").mkdir()
            (tmp_path / "wheels" / "bplib-0-py3-none-any.whl").touch()

    monkeypatch.setattr(reading_edition, "_quietly", run)
    reading_edition.write_lite(tmp_path / "lite", tmp_path)
    assert f"--piplite-wheels={tmp_path / 'wheels' / 'bplib-0-py3-none-any.whl'}" in commands[-1]
    fetched = {part.partition("==")[0] for part in commands[1] if "==" in part}
    assert {"anywidget", "ipywidgets", "jupyterlab_widgets"} <= fetched
    for lesson in reading_edition.lessons():
        nb = nbformat.read(tmp_path / "contents" / f"{lesson.stem}.ipynb", as_version=4)
        code = [cell.source for cell in nb.cells if cell.cell_type == "code"]
        assert code[0] == "%pip install -q bplib"
        assert not any(is_first_cell(source) for source in code)
        assert not any("../figures" in cell.source for cell in nb.cells)
    assert "(data:image/svg+xml;base64,PD94" in reading_edition._with_figures(
        "![x](../figures/course_map.svg)"
    )


def test_a_site_without_a_kernel_has_no_link_to_one(monkeypatch, tmp_path, capsys):
    def fail(*_):
        raise RuntimeError("no network")

    monkeypatch.setattr(reading_edition, "write_lite", fail)
    monkeypatch.setattr(reading_edition, "write_reference", lambda *_: None)
    monkeypatch.setattr(reading_edition, "lesson_body", lambda path: path.stem)
    reading_edition.build(tmp_path / "site", lite=True)
    assert "no network" in capsys.readouterr().err
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("*.html")]
    assert len(pages) == 18
    assert not any('href="lite' in text for text in pages)
    monkeypatch.setattr(reading_edition, "write_lite", lambda *_: None)
    reading_edition.build(tmp_path / "site", lite=True)
    assert (
        "lite/lab/index.html?path=01_chain_rule.ipynb"
        in (tmp_path / "site" / "01_chain_rule.html").read_text()
    )


def test_what_lessons_import_starts_no_thread_and_opens_no_socket():
    """A browser's Python has neither threads, sockets nor file locks."""
    code = """
import socket, sys, threading
import matplotlib, sympy, ipywidgets, anywidget, sklearn.datasets, tqdm, IPython
def refuse(*_, **__):
    raise RuntimeError("not in a browser")
threading.Thread.start = socket.socket.connect = socket.socket.bind = refuse
sys.modules["fcntl"] = sys.modules["multiprocessing.shared_memory"] = None
import bplib, bplib.exercises, bplib.derive, bplib.sweep, bplib.deep_layers, bplib.schedules, bplib.datasets
import importlib, pkgutil, bplib.playgrounds
for module in pkgutil.iter_modules(bplib.playgrounds.__path__):
    importlib.import_module(f"bplib.playgrounds.{module.name}")
data = bplib.datasets.digits()
network = bplib.mlp([784, 8, 10], loss="softmax_cross_entropy", rng=__import__("numpy").random.default_rng(0))
from bplib.playgrounds.xor import XORPlayground
assert XORPlayground().run(3).error is None
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=HOME)
    assert done.stdout.strip() == "fine", done.stderr[-2000:]
