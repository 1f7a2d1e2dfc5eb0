"""Recall: questions with new numbers, due after days, and one at the opening of each lesson."""

import datetime
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

import bplib.exercises as ex
from bplib import language
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
def unrecorded(monkeypatch):
    """No record, whose writing would take longer than the questions."""
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")


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
def test_the_answer_is_right_and_every_slip_is_told(name, unrecorded):
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


def sigmoid_delta(a, d1, d2, w1, w2):
    return (w1 * d1 + w2 * d2) * a * (1 - a)


# name → the answer from the numbers of the task, and for each slip a piece of its sentence and what it gives
TOLD = {
    "network_numbers": (lambda a, b, c: (a * b + b * c, b + c), {
        "Inputs add nothing up": lambda a, b, c: (a * b + b * c, a + b + c),
        "The outputs add something up": lambda a, b, c: (a * b + b * c, b)}),
    "fork": (lambda x, y, z: 2 * x + y + z, {
        "one of the two paths": lambda x, y, z: x + y,
        "one of the two paths. Gradients": lambda x, y, z: x + z,
        "Slopes are multiplied along one path": lambda x, y, z: (x + y) * (x + z)}),
    "slope_from_the_output": (lambda a: a * (1 - a), {
        "belongs to tanh": lambda a: 1 - a * a, "the largest slope": lambda a: 0.25}),
    "largest_safe_rate": (lambda a: 1 / a, {
        "1/c lands at once": lambda a: 1 / (2 * a), "the curvature is twice": lambda a: 2 / a}),
    "delta_of_a_hidden_unit": (sigmoid_delta, {
        "Multiply by its slope": lambda a, d1, d2, w1, w2: w1 * d1 + w2 * d2,
        "add over both": lambda a, d1, d2, w1, w2: w1 * d1 * a * (1 - a)}),
    "gradient_of_a_bias": (lambda *column: sum(column), {
        "Only the loss divides by N": lambda *column: sum(column) / 3}),
    "gradient_at_the_label": (lambda N, p: (p - 1) / N, {
        "divide by N": lambda N, p: p - 1, "y is 1 at the label": lambda N, p: p / N,
        "It is p − y": lambda N, p: (1 - p) / N}),
    "passes_of_a_check": (lambda a, b, c: 2 * ((a + 1) * b + (b + 1) * c), {
        "two passes for each": lambda a, b, c: (a + 1) * b + (b + 1) * c,
        "Biases are parameters": lambda a, b, c: 2 * (a * b + b * c)}),
    "steps_of_training": (lambda N, B, epochs: int(np.ceil(N / B)) * epochs, {
        "rows that are left over": lambda N, B, epochs: int(N / B) * epochs,
        "That is one epoch": lambda N, B, epochs: int(np.ceil(N / B))}),
    "spread_before_relu": (lambda n, m: (2 / n) ** 0.5, {
        "That is the variance": lambda n, m: 2 / n, "twice the variance": lambda n, m: n**-0.5,
        "sums over the inputs": lambda n, m: (2 / m) ** 0.5}),
    "share_right": (lambda a, b, c, d, *_: (a + d) / (a + b + c + d), {
        "share of mistakes": lambda a, b, c, d, *_: (b + c) / (a + b + c + d),
        "That is a count": lambda a, b, c, d, *_: a + d}),
    "gradient_of_a_step": (lambda eta, before, after: (before - after) / eta, {
        "before minus after": lambda eta, before, after: (after - before) / eta,
        "That is the step": lambda eta, before, after: before - after}),
    "broadcast_bias": (lambda three, N, d: N * d, {"contributions add": lambda three, N, d: d}),
    "kept_by_dropout": (lambda p, x: x / (1 - p), {
        "the mean would shrink": lambda p, x: x, "p is the share that is dropped": lambda p, x: x / p,
        "must make up for what is dropped": lambda p, x: x * (1 - p)}),
    "velocity_in_the_end": (lambda mu, g: g / (1 - mu), {
        "Past gradients are still in it": lambda mu, g: g,
        "for gradients that alternate": lambda mu, g: g / (1 + mu)}),
    "paths_through_blocks": (lambda n: 2**n, {
        "multiplies the number of paths": lambda n: 2 * n, "counts kinds of paths": lambda n: n + 1}),
}  # fmt: skip


def numbers_in(task):
    """As a learner reads them: the 5 of a network 4-5-6 is not −5."""
    return [float(n) if "." in n else int(n) for n in re.findall(r"(?<![\w)])-?\d+(?:\.\d+)?", task)]


def near(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=4e-3)


@each
def test_answers_and_slips_are_those_of_the_numbers_in_the_task(name, unrecorded):
    """Once more from what the learner reads; a slip that comes out right by chance is no slip."""
    right, slips = TOLD[name]
    seen = set()
    for seed in range(40):
        q = question(name, seed)
        n = numbers_in(q.task)
        given = np.atleast_1d(right(*n)).tolist()
        verdict = q.check(*given)
        assert verdict.correct, q
        worked = ", ".join(f"{number:.4g}" for number in np.atleast_1d(q.answer))
        assert verdict.message.endswith(f" ({worked})")
        wrong = {said: slip(*n) for said, slip in slips.items()}
        for said, value in wrong.items():
            result = q.check(*np.atleast_1d(value).tolist())
            alone = not any(near(value, v) for s, v in wrong.items() if s != said)
            if not near(value, right(*n)):
                assert not result.correct, (q, value)
            if alone and not near(value, right(*n)):
                assert said in result.message, (q, value)
                seen.add(said)
    assert seen >= {said for said in slips if "one of the two" not in said}


def test_no_number_hides_what_is_asked_for():
    """A weight or a gradient of 0 takes no part, and of a sum that is 0 the mean is 0, too."""
    for seed in range(300):
        assert 0 not in numbers_in(question("delta_of_a_hidden_unit", seed).task)
        column = question("gradient_of_a_bias", seed)
        assert column.answer != 0
        assert len(column.mutants) == 1
        _, before, after = numbers_in(question("gradient_of_a_step", seed).task)
        assert 0 < before - after < 1, "a step, and not a leap"
        for name in ("slope_from_the_output", "gradient_at_the_label"):
            assert 0 < numbers_in(question(name, seed).task)[-1] < 1


TENTHS = [n / 10 for n in range(1, 10)]
# what each number of a task may be, in the order in which the task names them; None: reckoned from the others
DRAWN = {
    "network_numbers": [range(2, 7)] * 3,
    "fork": [range(1, 8)] * 3,
    "slope_from_the_output": [TENTHS],
    "largest_safe_rate": [[1, 2, 2.5, 3, 4, 5, 6, 8, 10, 20]],
    "delta_of_a_hidden_unit": [[0.2, 0.4, 0.5, 0.8], *[[n / 10 for n in range(-4, 5) if n]] * 2, *[[*range(-5, 0), *range(1, 6)]] * 2],
    "gradient_of_a_bias": [[n / 10 for n in range(-9, 11)], *[[n / 10 for n in range(-9, 10)]] * 2],
    "gradient_at_the_label": [[2, 4, 5, 10], TENTHS],
    "passes_of_a_check": [range(2, 7)] * 3,
    "steps_of_training": [range(50, 100), [8, 16, 20], range(2, 6)],
    "spread_before_relu": [[8, 32, 50, 98, 200], [10, 20, 64]],
    "share_right": [range(1, 20)] * 4,
    "gradient_of_a_step": [[0.1, 0.2, 0.5], range(-5, 6), None],
    "broadcast_bias": [[3], range(3, 9), TENTHS[:8]],
    "kept_by_dropout": [[0.2, 0.25, 0.5, 0.6], range(1, 7)],
    "velocity_in_the_end": [[0.5, 0.8, 0.9], range(1, 9)],
    "paths_through_blocks": [range(3, 13)],
}  # fmt: skip


@each
def test_numbers_can_be_reckoned_without_a_machine(name):
    """And both ends are drawn."""
    tasks = [numbers_in(question(name, seed).task) for seed in range(250)]
    for place, wanted in enumerate(DRAWN[name]):
        drawn = {task[place] for task in tasks}
        if wanted is not None:
            assert drawn <= set(wanted)
            assert {min(drawn), max(drawn)} == {min(wanted), max(wanted)} or (name, place) == (
                "gradient_of_a_bias",
                0,
            )
            assert len(drawn) > 0.8 * len(wanted)


def test_how_a_question_helps():
    q = question("network_numbers", 3)
    assert q.lesson == 0
    assert "Lesson 0" not in repr(q)
    assert [repr(q.hint(n)) for n in (1, 2)] == [f"Hint {n} of 3: Look at the lesson again." for n in (1, 2)]
    assert repr(q.hint(3)).endswith("of the 5 + 5 units that add up has a bias.")
    assert "2 values are to be returned, weights, biases" in q.check(3).message
    assert "2 values are to be returned, weights, biases; it returns 3." in q.check(3, 4, 5).message
    assert question("fork", 3).check([1]).message.startswith("Your answer has shape (1,)")


@each
@pytest.mark.parametrize("spoken", language.languages())
def test_a_question_speaks_one_language_from_the_task_to_the_verdict(name, spoken):
    for seed in range(2):
        with language.speaking(spoken):
            q = question(name, seed)
            answers = [q.answer, *(wrong for wrong, _ in q.mutants)]
            verdicts = [q.check(*np.atleast_1d(answer).tolist()) for answer in answers]
            for shown in (q.check(...), q.hint(1), q.hint(3), *verdicts):
                assert re.findall(r"(?:[A-Za-z]{2,}[ ,]+){2,}[A-Za-z]{2,}", repr(shown)) == []


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
    task = question("fork", recalling.today().toordinal()).task
    assert task.startswith("f = (x + y)(x + z)")
    assert said == f'1 question is due:\n  {task}\n      (lesson 01) answer with ex.review("fork", …)'
    again = "Put your answer in place of the `...` and run the cell again."
    assert repr(ex.review("fork")) == f"○ Do you remember? From lesson 01: {task}\n{again}"
    assert (ex.review("fork").exercise, ex.review("fork").status) == ("fork", "not attempted")
    assert file.read_text() == before


def test_three_at_once_the_longest_waiting_first(day):
    for name, date in (("fork_slope", "2026-03-04"), ("weight_shape", "2026-03-02"), ("ten_sigmoids", "2026-03-03"),
                       ("largest_rate", "2026-03-01")):  # fmt: skip
        solved(name, date)
    day(9)
    assert recalling.due() == ["largest_safe_rate", "network_numbers", "slope_from_the_output", "fork"]
    said = repr(ex.review())
    assert said.startswith("4 questions are due, the first 3 of them:")
    assert re.findall(r"lesson (\d+)", said) == ["03", "00", "02"]
    ex.review("fork", -1)
    solved("fork_slope", "2026-03-20")
    assert repr(ex.review()).startswith("3 questions are due:\n"), (
        "it counts from the answer, not from the lesson"
    )


def test_a_lesson_of_which_nothing_is_solved_yet_asks_nothing(day, file):
    ex.fork_slope.check(1)
    assert progress_file.load()["fork_slope"]["solved"] is None
    day(30)
    assert recalling.due() == []
    solved("fork_slope", "2026-03-20")
    assert recalling.due() == ["fork"]


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
    for lesson in (1, 16):
        with pytest.raises(ValueError, match=rf"recall: expected a lesson from 2 to 15, got {lesson}$"):
            ex.recall(lesson)


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
