"""What makes the course findable and citable: one version, real references, forms that can be filled in."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bplib.lessons import LESSONS

HOME = Path(__file__).resolve().parent.parent
FORMS = sorted((HOME / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def text(name):
    return (HOME / name).read_text(encoding="utf-8")


def test_the_version_is_the_one_of_pyproject():
    """pyproject.toml says it; the citation and the newest release among the changes repeat it."""
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    assert yaml.safe_load(text("CITATION.cff"))["version"] == version
    assert re.findall(r"^## (\d\S*)", text("CHANGELOG.md"), re.MULTILINE)[0] == version


def test_the_citation_has_what_its_format_asks_for():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["authors"] == [{"name": "the bplib contributors"}]


def test_the_paper_cites_what_its_bibliography_holds():
    paper, bibliography = text("paper/paper.md"), text("paper/paper.bib")
    cited = set(re.findall(r"(?<![\w.])@([a-z]+\d{4})", paper))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    entries = re.split(r"^@", bibliography, flags=re.MULTILINE)[1:]
    for entry in entries:
        assert all(
            re.search(rf"^  {field} = ", entry, re.MULTILINE) for field in ("author", "title", "year")
        ), entry


def test_the_paper_has_the_sections_of_its_journal():
    head, _, body = text("paper/paper.md").removeprefix("---\n").partition("\n---\n")
    assert {"title", "tags", "authors", "affiliations", "date", "bibliography"} <= set(yaml.safe_load(head))
    sections = re.findall(r"^# (.*)$", body, re.MULTILINE)
    assert {"Summary", "Statement of need", "Experience of use", "References"} <= set(sections)
    assert 900 <= len(body.split()) <= 1300


def test_the_paper_says_how_long_lessons_take_as_their_table_does():
    minutes = [lesson.minutes.together for lesson in LESSONS]
    paper = " ".join(text("paper/paper.md").split())
    found = re.search(r"takes (\d+) to (\d+) minutes by a stated rule, about (\d+) hours together", paper)
    assert tuple(map(int, found.groups())) == (min(minutes), max(minutes), round(sum(minutes) / 60))


@pytest.mark.parametrize("path", [p for p in FORMS if p.stem != "config"], ids=lambda p: p.stem)
def test_a_form_can_be_filled_in(path):
    """As the platform asks: a name, a description, and fields with names of their own, one of them required."""
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in form["body"])
    assert any(field.get("validations", {}).get("required") for field in form["body"])


def test_links_of_the_first_pages_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", text(name)):
            assert (HOME / target).exists(), (name, target)
    anchors = {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-")
               for h in re.findall(r"^#+ (.*)$", text("README.md"), re.MULTILINE)}  # fmt: skip
    assert set(re.findall(r"\]\(#([^)]+)\)", text("README.md"))) <= anchors
