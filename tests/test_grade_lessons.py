"""Each shipped notebook runs in the grader: untouched without a cell error, solved with full marks."""

import re
from pathlib import Path

import pytest

import bplib.exercises as ex
from bplib.exercises import kinds
from bplib.exercises.grading import command, judging

SHIPPED = sorted(Path(__file__).resolve().parents[1].joinpath("notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(scope="module")
def course():
    return command.Course()


@pytest.fixture(scope="module")
def judge():
    judge = judging.Judge()
    yield judge
    judge.close()


def solved(source):
    """Cells that answer what a cell of a lesson checks, with the course's own solutions."""
    for name, arguments in re.findall(r"\bex\.(\w+)\.check\((.*)\)", source):
        e, names = getattr(ex, name), [a.strip() for a in arguments.split(",")]
        if isinstance(e, kinds.Function):
            lines = [e.solution_text, f"{names[0]} = {name}"]
        elif isinstance(e, kinds.Expression):
            symbols = "{" + ", ".join(f"{s!r}: sympy.Symbol({s!r}, real=True)" for s in e.symbols) + "}"
            lines = ["import sympy", f"{names[0]} = sympy.sympify({str(e.answer)!r}, locals={symbols})"]
        else:
            values = e.answer if len(names) > 1 else [e.answer]
            lines = [f"{n} = {v!r}" for n, v in zip(names, values, strict=True)]
        yield "\n".join([*lines, f"ex.{name}.check({arguments})"])


def test_there_are_sixteen():
    assert len(SHIPPED) == 16


DAILY = ("04_deltas",)


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.stem, marks=() if p.stem in DAILY else pytest.mark.thorough) for p in SHIPPED],
)
def test_shipped_notebooks_run_untouched_and_solved(path, course, judge, monkeypatch, tmp_path):
    """Untouched, no cell errs and nothing is attempted; solved, all of the lesson's exercises are correct."""
    monkeypatch.setenv("BPLIB_DATA_DIR", str(tmp_path))
    cells = judge.read(path)["cells"]
    more = [cell for source in cells for cell in solved(source)]
    answers, remarks, lost = command.collect([*cells, *more], command.Limits(), course, command.Runs())
    assert remarks == []
    assert not lost
    found = {}
    for exercise, attempt in answers:
        found.setdefault(exercise, []).append(judge.judge(exercise, attempt, course.seed)["status"])
    here = {e.name for e in ex.exercises(int(path.stem[:2]))}
    assert found == {name: ["not attempted", "correct"] for name in here}
