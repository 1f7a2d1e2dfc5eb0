"""What the site has for teachers: the guide under its own heading, the decks, and the link to a form."""

import json
import re
import shutil
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

import build_site
import guide
from address import ROOT, form
from bplib.lessons import LESSONS


@pytest.fixture(scope="module")
def english(site_folder):
    return site_folder / "en"


def text(path):
    return path.read_text(encoding="utf-8")


def test_the_guide_has_a_heading_of_its_own_and_all_its_pages(english):
    first = text(english / "index.html")
    caption = re.search(r'<span class="caption-text">For teachers</span></p>\s*<ul.*?</ul>', first, re.DOTALL)
    assert 'href="guide/index.html"' in caption[0]
    made = {path.stem for path in (english / "guide").glob("*.html")}
    assert made == {path.stem for path in guide.GUIDE.glob("*.md")} - {"README"} | {"index", "in_class"}
    listed = text(english / "guide" / "index.html")
    assert all(f'href="{name}.html"' in listed for name in made - {"index"})


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda x: x.stem)
def test_the_page_of_a_lesson_has_its_slips_and_leads_to_lesson_and_slides(lesson, english):
    page = text(english / "guide" / f"lesson_{lesson.number:02}.html")
    assert f'href="../{lesson.stem}.html"' in page
    assert f'href="../../slides/{lesson.stem}.html"' in page
    assert (english.parent / "slides" / f"{lesson.stem}.html").is_file()
    assert page.count("<table") == guide.slips(lesson).count("| --- | --- |")
    assert "written by make guide" not in page


def test_the_guide_is_nowhere_else_than_in_english(site_folder):
    assert not (site_folder / "zh" / "guide").exists()
    assert "guide/" not in text(site_folder / "zh" / "index.html")


def test_the_decks_of_the_site_use_its_mathjax_and_lead_to_its_lessons(site_folder):
    assert not (site_folder / "slides" / "mathjax").exists()
    for path in (site_folder / "slides").glob("[01]*.html"):
        for link in re.findall(r'(?:src|href)="(?!data:|#|https?:)([^"]+)"', text(path)):
            assert (path.parent / re.sub(r"[?#].*", "", link)).is_file(), (path.name, link)


def test_without_slides_no_link_leads_to_them(tmp_path):
    guide.lay_out(tmp_path / "guide")
    pages = [text(path) for path in (tmp_path / "guide").glob("*.md")]
    assert len(pages) == len(list(guide.GUIDE.glob("*.md")))  # one page less, and In class
    assert not [
        page for page in pages if "](slides.md" in page or "slides/" in page.replace("build/slides/", "")
    ]


def test_links_out_of_the_guide_become_text(tmp_path):
    guide.lay_out(tmp_path / "guide", slides=True)
    pages = {path.name: text(path) for path in (tmp_path / "guide").glob("*.md")}
    assert "\nRESULTS, section *Grading a class*" in pages["marking.md"]
    assert pages["in_class.md"].startswith("# In class\n")
    assert "(marking.md)" in pages["in_class.md"]
    for name, page in pages.items():
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", page):
            assert link in pages or re.fullmatch(r"\.\./\d\d_\w+\.ipynb", link), (name, link)


@pytest.mark.parametrize(
    ("address", "begins", "field"),
    [
        ("https://github.com/a/b", "https://github.com/a/b/issues/new?template=mistake.yml&", "where"),
        ("https://gitlab.com/a/b", "https://gitlab.com/a/b/-/issues/new?", "issue[title]"),
        ("https://codeberg.org/a/b/", "https://codeberg.org/a/b/issues/new?", "title"),
    ],
)
def test_a_form_is_opened_with_its_place_filled_in(address, begins, field):
    link = form(address, "05 · Matrix & gradients (en/05)")
    assert link.startswith(begins)
    assert parse_qs(urlsplit(link).query)[field] == ["05 · Matrix & gradients (en/05)"]


def test_the_form_that_is_named_has_the_field_that_is_filled_in():
    template = parse_qs(urlsplit(form("https://github.com/a/b", "x")).query)["template"][0]
    fields = yaml.safe_load(text(ROOT / ".github" / "ISSUE_TEMPLATE" / template))["body"]
    assert "where" in {field["id"] for field in fields}


def small_site(folder, repository):
    """Two pages made with the settings and templates of the site; returns them as HTML."""
    source = folder / "source"
    shutil.copytree(
        build_site.PAGES, source, ignore=shutil.ignore_patterns("*.md", "__pycache__", "*.html.j2")
    )
    site = dict.fromkeys(("description", "picture", "address"), "")
    site |= {"course": "A course", "language": "en", "code": "en", "languages": {}, "names": {}, "run": {}}
    site |= {"mathjax": False, "terms": {}, "words": {"Something is wrong here": "Something is wrong here"}}
    site |= {"lessons": [], "folder": "en", "form": form(repository, "WHERE") if repository else ""}
    (source / "site.json").write_text(json.dumps(site), encoding="utf-8")
    (source / "index.md").write_text("# First\n\n```{toctree}\nguide/other\n```\n", encoding="utf-8")
    (source / "guide").mkdir()
    (source / "guide" / "other.md").write_text("# Other & `more`\n\n$a < b$ and\n\n$$c$$\n", encoding="utf-8")
    build_site.sphinx("html", source, folder / "site")
    return {name: text(folder / "site" / name) for name in ("index.html", "guide/other.html", "search.html")}


def test_each_page_says_where_something_is_wrong_once_there_is_an_address(tmp_path):
    pages = small_site(tmp_path, "https://github.com/a/b")
    for name, where in (
        ("index.html", "First (en/index)"),
        ("guide/other.html", "Other & more (en/guide/other)"),
    ):
        (link,) = re.findall(r'<a href="([^"]+)">Something is wrong here</a>', pages[name])
        assert parse_qs(urlsplit(link.replace("&amp;", "&")).query)["where"] == [where]
    assert "Something is wrong here" not in pages["search.html"]


def test_without_an_address_there_is_no_link_and_without_mathjax_formulas_are_tex(tmp_path):
    pages = small_site(tmp_path, "")
    assert all("Something is wrong here" not in page for page in pages.values())
    found = re.findall(r'<code class="math notranslate">(.*?)</code>', pages["guide/other.html"])
    assert found == ["a &lt; b", "c"]
    assert "tex-chtml.js" not in pages["guide/other.html"]


def test_the_address_is_what_make_address_wrote(monkeypatch, tmp_path):
    import address

    citation = text(ROOT / "CITATION.cff")
    monkeypatch.setattr(address, "ROOT", tmp_path)
    for there in ("", "https://git.example/a/b"):
        (tmp_path / "CITATION.cff").write_text(address.in_citation(citation, there), encoding="utf-8")
        assert address.published() == there


@pytest.mark.thorough
def test_slides_cannot_be_had_and_the_site_is_made_without_them(monkeypatch, capsys, tmp_path):
    def refuse(*_, **__):
        raise RuntimeError("no network")

    def remember(builder, source, target):
        target.mkdir(parents=True)
        (target / "guide.txt").write_text(" ".join(sorted(p.name for p in (source / "guide").glob("s*.md"))))

    monkeypatch.setenv("CI", "")
    monkeypatch.setattr(build_site.npm, "unpacked", refuse)
    monkeypatch.setattr(build_site, "sphinx", remember)
    monkeypatch.setattr(build_site.fetch_mathjax, "write", lambda folder: folder.mkdir())
    build_site.build(tmp_path / "site", lite=False, languages=("en",))
    assert "Left out: the slides. no network" in capsys.readouterr().err
    assert text(tmp_path / "site" / "en" / "guide.txt") == "schedules.md"
    assert not (tmp_path / "site" / "slides").exists()
