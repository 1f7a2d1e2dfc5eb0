"""The table of lessons says what README and notebooks say, and its minutes are those of the rule."""

import re
from pathlib import Path

import nbformat
import pytest

import lesson_minutes
from bplib import lessons

HOME = Path(__file__).resolve().parent.parent
TIMES = {"half an hour": 30, "an hour": 60}


def sections(lesson, home=HOME):
    """The lesson's "What you need" and the points of its "What you can now do"."""
    nb = nbformat.read(home / "notebooks" / lesson.file, as_version=4)
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    needs = re.search(r"\*\*What you need\*\*\s+((?:- .*\n?)+)", text)[1]
    (done,) = re.findall(r"^## What you can now do\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    return needs, re.findall(r"^- (.+)$", done, re.MULTILINE)


def minutes_stated(text):
    """The minutes that a text gives itself ("about 45 minutes"), or None."""
    number = re.search(r"(\d+) minutes", text)
    if number:
        return int(number[1])
    return next((minutes for words, minutes in TIMES.items() if words in text), None)


def lessons_named(text):
    """The numbers of lessons in a text."""
    return {int(n) for n in re.findall(r"\b(\d\d)\b", re.sub(r"\d+ minutes", "", text))}


def test_the_table_holds_every_notebook_in_order():
    assert [x.file for x in lessons.LESSONS] == sorted(p.name for p in (HOME / "notebooks").glob("*.ipynb"))
    assert [x.number for x in lessons.LESSONS] == [int(x.file[:2]) for x in lessons.LESSONS]


def test_readme_shows_the_table():
    assert f"\n\n{lessons.readme_table()}\n\n" in (HOME / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lesson", lessons.LESSONS, ids=lambda x: x.stem)
def test_the_notebook_says_what_the_table_says(lesson):
    needs, objectives = sections(lesson)
    assert lessons_named(needs) == set(lesson.needs)
    assert tuple(objectives) == lesson.objectives
    stated = minutes_stated(needs)
    if stated:
        assert abs(stated - lesson.minutes.together) <= 10


@pytest.mark.parametrize("lesson", lessons.LESSONS, ids=lambda x: x.stem)
def test_the_minutes_are_measured(lesson):
    """Within three minutes; `python tools/lesson_minutes.py --write` renews all of them."""
    measured = lesson_minutes.measure(lesson)
    assert all(abs(here - there) <= 3 for here, there in zip(measured, lesson.minutes, strict=True)), measured


def test_a_lesson_needs_earlier_ones():
    for lesson in lessons.LESSONS:
        assert all(number < lesson.number for number in lesson.needs)


def test_times_and_numbers_are_read_from_a_text():
    text = "- the chain rule (01), losses (03); about 45 minutes"
    assert minutes_stated(text) == 45
    assert lessons_named(text) == {1, 3}
    assert minutes_stated("half an hour for this one") == 30
    assert minutes_stated("about an hour") == 60
    assert minutes_stated("lesson 01") is None


def test_minutes_are_written_into_the_table():
    text = "a\n    minutes=Minutes(0, 0, 0),\n    minutes=Minutes(1, 1, 1),\nb"
    new = [lessons.Minutes(8, 26, 13), lessons.Minutes(9, 22, 16)]
    assert lesson_minutes.written(text, new) == (
        "a\n    minutes=Minutes(8, 26, 13),\n    minutes=Minutes(9, 22, 16),\nb"
    )
    with pytest.raises(ValueError, match="expected 3 lines"):
        lesson_minutes.written(text, [*new, new[0]])


def test_lessons_are_found_by_number():
    assert lessons.lesson(5).title == "Matrix gradients"
    with pytest.raises(ValueError, match="0 to 15, got 16"):
        lessons.lesson(16)
