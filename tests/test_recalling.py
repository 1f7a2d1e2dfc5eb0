"""Recall: questions with new numbers, due after days, and one at the opening of each lesson."""

import datetime
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import bplib.exercises as ex
from bplib.exercises import progress_file, recalling
from bplib.exercises.recalling import QUESTIONS, question

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
each = pytest.mark.parametrize("name", QUESTIONS)


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(path))
    progress_file._said.clear()
    return path


@pytest.fixture
def day(monkeypatch):
    """A calendar to turn: `day(3)` is three days after the start."""
    start = datetime.date(2026, 3, 1)

    def turn(days):
        monkeypatch.setattr(recalling, "today", lambda: start + datetime.timedelta(days=days))

    turn(0)
    return turn


def solved(name, date="2026-03-01"):
    ex.registry()[name].check(ex.registry()[name].answer)
    record = progress_file._read(progress_file.path())
    record["exercises"][name]["solved"] = date
    progress_file._update(lambda now: now.update(record) or True)


# ---------------------------------------------------------------- the questions


def test_one_for_each_lesson():
    assert [lesson for lesson, _ in QUESTIONS.values()] == list(range(16))


@each
def test_the_answer_is_right_and_every_slip_is_told(name):
    tasks = set()
    for seed in range(60):
        q = question(name, seed)
        tasks.add(q.task)
        given = q.answer if isinstance(q.answer, tuple) else (q.answer,)
        assert all(np.isfinite(given))
        assert q.check(*given).correct, q
        for wrong, said in q.mutants:
            result = q.check(*wrong) if isinstance(wrong, tuple) else q.check(wrong)
            assert not result.correct, (q, wrong)
            assert result.message in [s for _, s in q.mutants], (q, wrong, said)
    assert len(tasks) >= 8, "the numbers are new"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fork", lambda q, n: 2 * n["x"] + n["y"] + n["z"]),
        ("passes_of_a_check", lambda q, n: 2 * ((n[0] + 1) * n[1] + (n[1] + 1) * n[2])),
        ("network_numbers", lambda q, n: (n[0] * n[1] + n[1] * n[2], n[1] + n[2])),
        ("paths_through_blocks", lambda q, n: 2 ** n[0]),
    ],
)
def test_the_numbers_are_those_of_the_task(name, told):
    """The answers once more, from what the learner reads."""
    for seed in range(20):
        q = question(name, seed)
        if name == "fork":
            numbers = {k: int(v) for k, v in re.findall(r"(\w) = (\d+)", q.task)}
        else:
            numbers = [int(v) for v in re.findall(r"\d+", q.task)]
        assert told(q, numbers) == q.answer


@each
def test_the_same_day_asks_the_same(name):
    assert question(name, 5).task == question(name, 5).task


# ---------------------------------------------------------------- when


def test_nothing_is_due_before_anything_is_solved(day, file):
    assert repr(ex.review()) == "Nothing is due today."
    assert not file.exists()


def test_a_question_comes_a_day_after_its_lesson_and_then_later_and_later(day):
    solved("fork_slope")
    assert recalling.due() == []
    at = 1
    for wait in (1, 3, 7, 21, 21):
        day(at)
        assert recalling.due() == ["fork"]
        assert ex.review("fork", question("fork", recalling.today().toordinal()).answer).correct
        for before in range(1, wait):
            day(at + before)
            assert recalling.due() == [], (wait, before)
        at += wait
        day(at)
        assert recalling.due() == ["fork"]


def test_a_wrong_answer_comes_back_tomorrow_and_begins_anew(day):
    for at in (0, 1):
        day(at)
        ex.review("fork", question("fork", recalling.today().toordinal()).answer)
    assert progress_file.reviews()["fork"] == {"step": 2, "due": "2026-03-05"}
    day(4)
    assert not ex.review("fork", -1)
    assert progress_file.reviews()["fork"] == {"step": 0, "due": "2026-03-06"}


def test_looking_changes_nothing(day, file):
    solved("fork_slope")
    before = file.read_text()
    day(5)
    said = repr(ex.review())
    assert said.startswith("1 question is due:\n  f = (x + y)(x + z)")
    assert 'answer with ex.review("fork", …)' in said
    assert repr(ex.review("fork")).startswith("○ Do you remember? From lesson 01: f = (x + y)(x + z)")
    assert file.read_text() == before


def test_three_at_once_the_longest_waiting_first(day):
    for name, date in (("fork_slope", "2026-03-04"), ("weight_shape", "2026-03-02"), ("ten_sigmoids", "2026-03-03"),
                       ("largest_rate", "2026-03-01")):  # fmt: skip
        solved(name, date)
    day(9)
    assert recalling.due() == ["largest_safe_rate", "network_numbers", "slope_from_the_output", "fork"]
    said = repr(ex.review())
    assert said.startswith("4 questions are due, the first 3 of them:")
    assert "(lesson 01)" not in said


def test_a_record_without_reviews_is_read_and_a_damaged_one_set_aside(file, day, capsys):
    file.write_text('{"exercises": {}}')
    assert repr(ex.review()) == "Nothing is due today."
    for damage in (
        '{"fork": {"step": 1, "due": "soon"}}',
        '{"fork": {"step": 1}}',
        '{"fork": {"step": 1, "due": 3}}',
    ):
        file.write_text('{"exercises": {}, "reviews": ' + damage + "}")
        progress_file._said.clear()
        assert repr(ex.review()) == "Nothing is due today."
        assert "was damaged" in capsys.readouterr().out


def test_what_is_no_question_is_told():
    with pytest.raises(ValueError, match=r"review: expected one of network_numbers, .*got 'forks'"):
        ex.review("forks", 3)
    with pytest.raises(ValueError, match=r"recall: expected a lesson from 2 to 15, got 1"):
        ex.recall(1)


# ---------------------------------------------------------------- the lessons


@pytest.mark.parametrize("lesson", range(2, 16))
def test_a_lesson_opens_with_a_question_from_two_lessons_before(lesson, file):
    (path,) = FOLDER.glob(f"{lesson:02d}_*.ipynb")
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [n for n, cell in enumerate(cells) if cell.startswith(f"ex.recall({lesson}, ...)")] == [2]
    assert repr(ex.recall(lesson, ...)).startswith(f"○ Do you remember? From lesson {lesson - 2:02d}: ")
    assert not file.exists(), "an untouched lesson leaves no trace"
    q = question(list(QUESTIONS)[lesson - 2], lesson)
    assert ex.recall(lesson, *(q.answer if isinstance(q.answer, tuple) else [q.answer])).correct
