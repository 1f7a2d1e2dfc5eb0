"""The pages as files: links lead somewhere, pictures have a text, formulas and metadata are whole."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

import build_lite
import build_site
from address import is_first_cell

HOME = Path(__file__).resolve().parent.parent.parent
MADE_BY_SPHINX = {"search.html", "genindex.html", "py-modindex.html"}


class Page(HTMLParser):
    """Links, resources, ids, pictures, formulas, metadata, and the text outside code and formulas of one page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.resources, self.ids, self.pictures, self.text = [], [], set(), [], []
        self.formulas, self.meta, self.data, self.inside = [], {}, [], []
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
        if tag == "meta" and values.get("content"):
            self.meta[values.get("property") or values.get("name")] = values["content"]
        is_math = "math" in values.get("class", "").split()
        if is_math:
            self.formulas.append("")
        if tag == "script" and values.get("type") == "application/ld+json":
            self.data.append("")
        if tag in ("pre", "code", "script", "style") or is_math:
            self.inside.append((tag, is_math, values.get("type")))

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1][0] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.text.append(data)
        elif self.inside[-1][1]:
            self.formulas[-1] += data
        elif self.inside[-1][2] == "application/ld+json":
            self.data[-1] += data


@pytest.fixture(scope="module", params=build_site.LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def folder(site_folder, language):
    """The pages in one language."""
    return site_folder / build_site.LANGUAGES[language][0]


@pytest.fixture(scope="module")
def pages(folder):
    return {path.relative_to(folder).as_posix(): Page(path) for path in folder.rglob("*.html")}


@pytest.fixture(scope="module")
def lessons(language):
    return build_site.lessons(language, build_site.speaker(language))


@pytest.fixture(scope="module")
def notebooks(language):
    """The lessons from which the pages were made."""
    return HOME / "notebooks" if language == "en" else HOME / "build" / language / "notebooks"


def own(pages):
    """The pages that we write; Sphinx's indexes and the listings of source code are its own."""
    return {n: p for n, p in pages.items() if not n.startswith("_modules") and n not in MADE_BY_SPHINX}


def test_every_lesson_has_its_page_between_its_neighbours(pages, lessons):
    assert len(lessons) == 16
    for before, after in pairwise(lessons):
        assert after.page in pages[before.page].links
        assert before.page in pages[after.page].links
    assert {lesson.page for lesson in lessons} <= set(pages["index.html"].links)


def test_links_lead_to_a_page_and_to_a_place_on_it(pages, folder):
    broken = []
    for name, page in pages.items():
        for link in page.links + page.resources:
            if re.match(r"(https?|data|mailto):", link):
                continue
            target, _, place = link.partition("#")
            target = target.partition("?")[0]
            path = ((folder / name).parent / target if target else folder / name).resolve()
            if not path.is_file():
                broken.append((name, link))
            elif place and path.suffix == ".html" and path.is_relative_to(folder.resolve()):
                there = pages[path.relative_to(folder.resolve()).as_posix()]
                broken += [(name, link)] if place not in there.ids else []
    assert broken == []


def test_every_page_is_reached_from_the_first(pages, folder):
    reached, new = set(), {"index.html"}
    while new:
        reached |= new
        linked = {
            ((folder / n).parent / re.sub(r"[#?].*", "", link)).resolve()
            for n in new
            for link in pages[n].links
        }
        inside = (p for p in linked if p.is_file() and p.is_relative_to(folder.resolve()))
        names = {p.relative_to(folder.resolve()).as_posix() for p in inside}
        new = names & set(pages) - reached
    assert set(own(pages)) - reached == set()


def test_nothing_is_fetched_from_elsewhere(pages, folder):
    assert [(n, r) for n, page in pages.items() for r in page.resources if re.match(r"(https?:)?//", r)] == []
    for style in (folder / "_static").rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), (
            style
        )


def test_every_picture_has_a_text(pages):
    pictures = [(name, p) for name, page in own(pages).items() for p in page.pictures]
    assert len(pictures) > 50
    assert [name for name, picture in pictures if len(picture.get("alt") or "") < 10] == []


def test_stored_playgrounds_show_their_picture(pages, lessons, notebooks):
    """As many pictures as the notebooks have stored, playgrounds among them."""
    for lesson in lessons:
        nb = nbformat.read(notebooks / f"{lesson.stem}.ipynb", as_version=4)
        stored = sum("image/png" in o.get("data", {}) for c in nb.cells for o in c.get("outputs", ()))
        shown = [
            p
            for p in pages[lesson.page].pictures
            if p.get("src", "").endswith(".png") and "_images" in p["src"]
        ]
        assert len(shown) == stored, lesson.stem


def test_no_formula_is_left_in_the_text(pages):
    for name, page in own(pages).items():
        text = "".join(page.text)
        slip = re.search(r".{0,40}(\$|\\[a-zA-Z]).{0,40}", text)
        assert not slip, (name, slip)
    assert sum(len(page.formulas) for page in own(pages).values()) > 800


def test_the_text_of_a_lesson_is_all_there(pages, lessons, notebooks):
    """Every heading that is plain text stands on its page."""
    for lesson in lessons:
        nb = nbformat.read(notebooks / f"{lesson.stem}.ipynb", as_version=4)
        text = re.sub(r"\s+", " ", "".join(pages[lesson.page].text))
        for cell in nb.cells:
            for heading in re.findall(
                r"^#+ ([^$`*\[\n\"']+)$", cell.source if cell.cell_type == "markdown" else "", re.MULTILINE
            ):
                assert heading.strip() in text, (lesson.stem, heading)


def test_a_lesson_describes_itself(pages, lessons, language):
    """Open Graph and schema.org: what it teaches, what it needs, how long it takes, under which licence."""
    least = 60 if language == "en" else 30  # characters
    for lesson in lessons:
        page = pages[lesson.page]
        assert page.meta["og:title"] == lesson.title
        assert len(page.meta["og:description"]) > least
        (data,) = map(json.loads, page.data)
        assert data["@type"] == "LearningResource"
        assert len(data["teaches"]) >= 3
        assert len(data["competencyRequired"]) > 5
        assert data["inLanguage"] == build_site.LANGUAGES[language][1]
        assert re.fullmatch(r"PT\d+M", data["timeRequired"])
        assert "creativecommons.org/licenses/by/4.0" in data["license"]
    by_number = {lesson.number: lesson for lesson in lessons}
    assert (by_number["00"].time, by_number["01"].time, by_number["10"].time) == ("PT30M", "PT45M", "PT75M")


def test_terms_lead_to_the_glossary(pages, folder, language):
    used = {link for page in pages.values() for link in page.links if "glossary.html#term-" in link}
    there = {place for place in pages["glossary.html"].ids if place.startswith("term-")}
    assert {link.partition("#")[2] for link in used} == there, "a term that no lesson links to"
    assert len(there) > 20
    if language == "en":
        assert "glossary.html#term-hidden-units" in pages["00_start_here.html"].links
        assert "glossary.html#term-gradient" in pages["01_chain_rule.html"].links


def test_every_page_leads_to_itself_in_the_other_language(pages, folder, language):
    other, code = ("zh", "zh-Hans") if language == "en" else ("en", "en")
    for name, page in own(pages).items():
        there = name if language != "en" or "/" not in name else "index.html"
        assert f"{'../' * name.count('/')}../{other}/{there}" in page.links, name
        text = (folder / name).read_text(encoding="utf-8")
        assert f'hreflang="{code}"' in text
        assert f'<html lang="{build_site.LANGUAGES[language][1].replace("zh-Hans", "zh-CN")}"' in text, name


def test_the_first_page_leads_to_every_language(site_folder):
    page = Page(site_folder / "index.html")
    assert page.links == [f"{folder}/index.html" for folder, _, _ in build_site.LANGUAGES.values()]


def test_the_reference_keeps_solutions_to_itself(site_folder):
    english = site_folder / "en"
    assert not [p for p in english.rglob("*lesson_[0-9]*") if not {"derive", "guide"} & set(p.parts)]
    assert (english / "reference" / "bplib.derive.html").is_file()
    assert "dW = Xᵀ dZ" in "".join(Page(english / "reference" / "bplib.layers.html").text)


@pytest.mark.thorough
def test_an_address_gives_a_sitemap_and_pictures_that_others_can_load(monkeypatch, tmp_path):
    """One small site: the lay-out is the real one, its lessons are cut to two."""
    found = build_site.lessons()[:2]
    monkeypatch.setattr(build_site, "lessons", lambda *_: found)
    monkeypatch.setattr(build_site, "MODULES", ["bplib"])
    monkeypatch.setattr(build_site.fetch_mathjax, "write", lambda folder: folder.mkdir())

    def without_lessons_that_are_missing(builder, source, target):
        glossary = (source / "glossary.md").read_text(encoding="utf-8").partition("## Symbols")[0]
        (source / "glossary.md").write_text(glossary, encoding="utf-8")
        for path in source.glob("0*.ipynb"):
            nb = nbformat.read(path, as_version=4)
            for cell in nb.cells:
                cell.source = re.sub(r"\[([^\]]+)\]\(\d\d_\w+\.ipynb\)", r"\1", cell.source)
            nbformat.write(nb, path)
        for path in source.glob("guide/*.md"):
            text = path.read_text(encoding="utf-8")
            text = re.sub(r"\[([^\]]+)\]\(\.\./\d\d_\w+\.ipynb\)", r"\1", text)
            path.write_text(text, encoding="utf-8")
        real(builder, source, target)

    real = build_site.sphinx
    monkeypatch.setattr(build_site, "sphinx", without_lessons_that_are_missing)
    build_site.build(
        tmp_path / "site",
        lite=False,
        address="https://course.example/here",
        languages=("en",),
    )
    english = tmp_path / "site" / "en"
    sitemap = (english / "sitemap.xml").read_text(encoding="utf-8")
    assert "<loc>https://course.example/here/en/01_chain_rule.html</loc>" in sitemap
    page = Page(english / "01_chain_rule.html")
    assert page.meta["og:image"] == "https://course.example/here/en/_static/picture.png"
    assert (english / "_static" / "picture.png").is_file()
    text = (english / "01_chain_rule.html").read_text(encoding="utf-8")
    assert "hreflang" not in text
    assert "Run this lesson here" not in text


def test_a_table_that_forgets_a_lesson_is_refused(monkeypatch, tmp_path):
    """The course's table is the order of the site; nothing is written when it does not fit the lessons."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_start_here.ipynb").touch()
    (tmp_path / "notebooks" / "16_forgotten.ipynb").touch()
    monkeypatch.setattr(build_site, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"01_chain_rule.*16_forgotten"):
        build_site.build(tmp_path / "site", lite=False)
    assert not (tmp_path / "site").exists()


def test_a_picture_without_a_text_is_refused(tmp_path):
    output = nbformat.v4.new_output("display_data", {"image/png": "aGk=", "text/plain": "x"})
    cell = nbformat.v4.new_code_cell("draw()", outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    with pytest.raises(ValueError, match="one picture in a cell, with a text"):
        build_site.page_source(tmp_path / "x.ipynb")


def test_what_is_missing_is_said_and_ends_ci(monkeypatch, capsys):
    monkeypatch.setenv("CI", "")
    build_site.left_out("the kernel", RuntimeError("no network"))
    assert capsys.readouterr().err == "Left out: the kernel. no network\n"
    monkeypatch.setenv("CI", "true")
    with pytest.raises(RuntimeError, match=r"may not be missing in CI: no network"):
        build_site.left_out("the kernel", RuntimeError("no network"))


def test_lessons_that_run_have_neither_first_cell_nor_files_for_figures(tmp_path):
    build_lite.contents(tmp_path / "contents")
    for lesson in build_site.lessons():
        nb = nbformat.read(tmp_path / "contents" / f"{lesson.stem}.ipynb", as_version=4)
        assert not any(is_first_cell(cell.source) for cell in nb.cells)
        assert not any("../figures" in cell.source for cell in nb.cells if cell.cell_type == "markdown")
    assert "(data:image/svg+xml;base64,PD94" in build_lite.with_figures("![x](../figures/course_map.svg)")


def test_what_lessons_import_starts_no_thread_and_opens_no_socket():
    """A browser's Python has neither threads, sockets nor file locks, nor scikit-learn."""
    code = """
import socket, sys, threading
import matplotlib, sympy, ipywidgets, anywidget, tqdm, IPython
def refuse(*_, **__):
    raise RuntimeError("not in a browser")
threading.Thread.start = socket.socket.connect = socket.socket.bind = refuse
sys.modules["fcntl"] = sys.modules["multiprocessing.shared_memory"] = sys.modules["sklearn"] = None
import bplib, bplib.exercises, bplib.derive, bplib.sweep, bplib.deep_layers, bplib.schedules, bplib.datasets
import importlib, pkgutil, bplib.playgrounds
for module in pkgutil.iter_modules(bplib.playgrounds.__path__):
    importlib.import_module(f"bplib.playgrounds.{module.name}")
data, rng = bplib.datasets.digits(), __import__("numpy").random.default_rng(0)
network = bplib.mlp([784, 8, 10], loss="softmax_cross_entropy", rng=rng)
bplib.fit(network, data.X_train, data.y_train, optimizer=bplib.SGD(0.1), batch_size=300, epochs=1, rng=rng)
from bplib.playgrounds.xor import XORPlayground
assert XORPlayground().run(3).error is None
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=HOME)
    assert done.stdout.strip().endswith("fine"), done.stderr[-2000:]
    assert "Warning" not in done.stderr
