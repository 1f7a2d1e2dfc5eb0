"""The teacher's guide: generated parts are current, links and sections exist, plans keep to what lessons need."""

import re
from pathlib import Path

import nbformat
import pytest

import guide
from bplib import exercises, lessons

HOME = Path(__file__).resolve().parent.parent
PAGES = sorted((HOME / "guide").glob("*.md"))


def text(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_what_is_generated_is_current(path):
    """`make guide` renews it."""
    assert guide.renewed(path) == text(path)


def test_an_unknown_part_is_refused(tmp_path):
    page = tmp_path / "x.md"
    page.write_text("<!-- nothing: written by make guide -->\n<!-- end of nothing -->", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.md: expected one of .*, got nothing"):
        guide.renewed(page)


def test_what_is_written_by_hand_stays(tmp_path):
    page = tmp_path / "lesson_05.md"
    page.write_text(
        "before\n<!-- facts: written by make guide -->\nold\n<!-- end of facts -->\nafter\n", encoding="utf-8"
    )
    new = guide.renewed(page)
    assert new.startswith("before\n<!-- facts")
    assert new.endswith("<!-- end of facts -->\nafter\n")
    assert "old" not in new
    assert "# Lesson 05: Matrix gradients" in new


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", text(path)):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("lesson", lessons.LESSONS, ids=lambda x: x.stem)
def test_a_page_for_each_lesson_names_what_is_there(lesson):
    """Its parts, the sections that its lesson has, and exercises of the course."""
    page = text(HOME / "guide" / f"lesson_{lesson.number:02}.md")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [
        "The idea", "The accident to stage", "Questions, and what graders and posts show", "When time is short",
        "Slips to expect",
    ]  # fmt: skip
    hand = page.partition("<!-- end of facts -->")[2].partition("<!-- slips:")[0]
    nb = nbformat.read(HOME / "notebooks" / lesson.file, as_version=4)
    markdown = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    there = re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    named = re.findall(r"[Ss]ection “([^”]+)”", " ".join(hand.split()))
    assert named
    assert set(named) <= set(there)
    idea = hand.partition("## The idea")[2].partition("## The accident")[0]
    assert len(re.findall(r"[.?!](?:\s|$)", idea)) in (3, 4)


def test_every_slip_of_a_lesson_is_there_with_its_sentence():
    for lesson in lessons.LESSONS:
        rows = guide.slips(lesson)
        for e in exercises.exercises(lesson.number):
            assert f"### `{e.name}`" in rows
        assert rows.count("\n| ") == sum(len(e.mutants) + 2 for e in exercises.exercises(lesson.number))


def test_every_exercise_has_its_right_answer():
    for lesson in lessons.LESSONS:
        sections = guide.slips(lesson).split("\n### ")[1:]
        for e, section in zip(exercises.exercises(lesson.number), sections, strict=True):
            if isinstance(e, exercises.kinds.Function):
                answer = e.solution_text.strip()
            elif isinstance(e, exercises.kinds.Expression):
                answer = f"Right: {guide.code(e.answer_text)}"
            elif isinstance(e, exercises.kinds.Value):
                answer = f"Right: {guide.escaped(exercises.kinds.in_digits(e.answer))}:"
            else:
                answer = f"Right: '{e.answer}': "
            assert section.startswith(f"`{e.name}`")
            assert answer in section.partition("| what comes")[0]


def test_signs_that_format_are_escaped():
    assert guide.escaped("a*b | `c|*d` w_jk <x> $y$") == r"a\*b \| `c\|*d` w\_jk \<x\> \$y\$"


@pytest.mark.parametrize("name", guide.PLANS)
def test_no_plan_takes_a_lesson_before_one_that_it_needs(name):
    taken = set()
    for part in guide.PLANS[name]:
        for number, _, *shown in part:
            if shown:  # a few minutes of it, which need less than the lesson
                continue
            assert set(lessons.lesson(number).needs) <= taken, number
            taken.add(number)


def test_a_day_fits_into_a_day():
    for part in (*guide.PLANS["one-day"], *guide.PLANS["two-days"]):
        rows = guide.schedule([part], "Day").splitlines()
        ends = [row.split("|")[2].strip() for row in rows if re.match(r"\| \d\d:", row)]
        assert ends == sorted(ends)
        assert ends[-1] <= "17:00"
        assert sum("lunch" in row for row in rows) == 1
