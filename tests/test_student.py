"""The edition for a class: its checks say what the full edition's say, and it holds no solution."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import test_answers

import address
import bplib.exercises as ex
import student
from bplib import language
from bplib.exercises import diagnose, kinds, locked

HOME = Path(__file__).resolve().parent.parent
ALL = ex.exercises()
each = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class") / "student"
    student.make(folder)
    return folder


@pytest.fixture(scope="module")
def sheets(edition):
    return locked.load(edition / "bplib" / "exercises" / "locked.json")


@pytest.fixture(autouse=True)
def no_record(monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")


def right_and_wrong(e):
    """The right answer, and pairs (wrong answer, its sentence), as they are handed to `check`."""
    if isinstance(e, kinds.Function):
        return e.reference, [(e.mutated(m), m.teaches) for m in e.mutants]
    if isinstance(e, kinds.Expression):
        return e.answer, [(e.formula(wrong), teaches) for wrong, teaches in e.mutants]
    filled = [
        (tuple(a if w is None else w for w, a in zip(wrong, e.answer, strict=True)), teaches)
        if isinstance(wrong, tuple)
        else (wrong, teaches)
        for wrong, teaches in e.mutants
    ]
    return e.answer, filled


# ---------------------------------------------------------------- the checks


@each
def test_checks_answer_as_in_the_full_edition(exercise, sheets):
    mine = sheets[exercise.name]
    right, wrongs = right_and_wrong(exercise)
    assert mine.lesson == exercise.lesson
    assert mine.check(right).correct, mine.check(right)
    assert exercise.after in mine.check(right).message
    for blank in (..., None):
        assert mine.check(blank).status == diagnose.NOT_ATTEMPTED
    for wrong, teaches in wrongs:
        result = mine.check(wrong)
        assert result.status == diagnose.NOT_YET
        assert teaches in result.message, result


@each
def test_zeros_and_noise_are_refused(exercise, sheets):
    rng = np.random.default_rng(0)

    def answers(like):
        if isinstance(like, tuple):
            return tuple(map(answers, like))
        return rng.standard_normal(np.shape(like)) * 3

    if isinstance(exercise, kinds.Function):
        wrong = [lambda *given: answers(exercise.reference(*given)), lambda *given: 0.0]
    elif isinstance(exercise, kinds.Choice):
        wrong = ["z", 3]
    else:
        wrong = [answers(exercise.answer) if isinstance(exercise.answer, tuple) else float(rng.normal()), 0]
    for answer in wrong:
        assert sheets[exercise.name].check(answer).status == diagnose.NOT_YET


@pytest.mark.parametrize("name", sorted({name for name, _, _ in test_answers.ANSWERS}))
def test_functions_are_told_as_in_the_full_edition(name, sheets):
    """By what they do, whatever their spelling: on the inputs of the sheet."""
    slips = {m.name: m.teaches for m in getattr(ex, name).mutants}
    for other, body, said in test_answers.ANSWERS:
        if other == name:
            result = sheets[name].check(test_answers.written(getattr(ex, name), body))
            assert result.correct == (said == test_answers.RIGHT), (body, result)
            for part in [] if result else said.split(" + "):
                assert slips.get(part, part) in result.message, (body, result)


@pytest.mark.parametrize("name", test_answers.TOLD)
def test_numbers_and_letters_are_told_as_in_the_full_edition(name, sheets):
    for answer, said in test_answers.TOLD[name]:
        result = sheets[name].check(answer)
        assert result.correct == (said == test_answers.RIGHT), (answer, result)
        assert result or said in result.message, (answer, result)


def test_numbers_are_taken_within_their_tolerance(sheets):
    e = ex.loss_after_step
    mine = sheets[e.name]
    for share in np.linspace(-1, 1, 41):
        assert mine.check(e.answer * (1 + 0.99 * share * e.tolerance)), share
    assert not mine.check(e.answer * (1 + 2.1 * e.tolerance))
    assert "look at the sign" in mine.check(-e.answer).message
    assert "columns is the first that differs" in sheets["weight_shape"].check(3, 99).message
    assert sheets["weight_shape"].check(np.array(ex.weight_shape.answer))
    assert not sheets["forward_passes"].check(ex.forward_passes.answer + 1)


def test_formulas_are_told_by_their_values(sheets):
    import sympy

    e = ex.output_delta
    assert sheets[e.name].check(sympy.expand(e.answer))
    assert sheets["log_square"].check(-ex.log_square.answer).message == "Right but for its sign."
    told = sheets["log_square"].check(2 / sympy.Abs(sympy.Symbol("x")))
    assert "for x < 0 the sign is not" in told.message
    assert "no symbol of this task" in sheets["log_square"].check(sympy.Symbol("q")).message


def test_a_crash_and_a_shape_are_explained(sheets):
    mine = sheets["affine_backward"]
    assert "It stops with ValueError" in mine.check(lambda dZ, X, W: dZ @ X).message
    assert "2 values" not in mine.check(lambda dZ, X, W: (1, 2)).message
    assert "It should take (dZ, X, W)" in mine.check(lambda dZ: 1).message


# ---------------------------------------------------------------- what is not in it


def bare(line):
    return re.sub(r"\s+", "", line.split("#")[0])


def solution_lines():
    """Every line of a solution that says something, without blanks: {line: exercise}."""
    lines = {}
    for e in ALL:
        if isinstance(e, kinds.Function):
            body = str(e.solution()).replace(e.reference.__doc__, "")
            lines |= {bare(line): e.name for line in body.splitlines()[1:]}
    dull = re.compile(r"(returns?)?[\w.,()\[\]]*:?|\"+")  # a bare name or two is no solution
    return {line: name for line, name in lines.items() if len(line) > 8 and not dull.fullmatch(line)}


def texts(folder):
    """Every text in the folder, without blanks: {path: text}."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in (".png", ".npz", ".otf", ".pyc"):
            text = path.read_text(encoding="utf-8")
            if path.suffix in (".ipynb", ".json"):
                text = "\n".join(strings(json.loads(text)))
            found[path.relative_to(folder).as_posix()] = "".join(map(bare, text.splitlines()))
    return found


def strings(data):
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, dict)):
        joined = isinstance(data, list) and all(isinstance(part, str) for part in data)
        for part in ["".join(data)] if joined else data.values() if isinstance(data, dict) else data:
            yield from strings(part)


def test_solutions_would_be_found():
    """The search is worth something: it finds every one of its lines in the full edition."""
    full = "".join(texts(HOME / "bplib" / "exercises").values())
    lines = solution_lines()
    assert len(lines) > 60
    assert set(lines.values()) == {e.name for e in ALL if isinstance(e, kinds.Function)}
    assert [line for line in lines if line not in full] == []


def test_no_line_of_a_solution_is_in_it(edition):
    """Nowhere in its exercises; elsewhere only what the lessons and the package themselves teach."""
    taught = {name: text for name, text in texts(edition).items() if not name.startswith("bplib/exercises/")}
    for name in taught:
        if name.startswith("bplib/") and not name.endswith(".po"):
            assert (edition / name).read_bytes() == (HOME / name).read_bytes()
    own = {name: text for name, text in texts(edition).items() if name.startswith("bplib/exercises/")}
    assert "bplib/exercises/locked.json" in own
    held = {(path, line) for path, text in own.items() for line in solution_lines() if line in text}
    assert held == set()


def test_no_answer_can_be_read_from_the_sheet(edition):
    """Beside locked texts there are tasks, hints, names, and for functions inputs with their outputs."""
    data = json.loads((edition / "bplib" / "exercises" / "locked.json").read_text(encoding="utf-8"))
    assert set(data) == {e.name for e in ALL}
    common = {"kind", "lesson", "task", "hints", "returns", "tolerance", "locked"}
    further = {"function": {"names", "after", "inputs", "right", "changed"}, "value": set(),
               "choice": {"options"}, "expression": {"symbols", "functions"}}  # fmt: skip
    for e in ALL:
        entry = data[e.name]
        assert set(entry) == common | further[entry["kind"]]
        assert entry["hints"] == list(e.hints[:2])
        assert all(re.fullmatch(r"[0-9a-f]{20}", key) for key in entry["locked"])
        assert all(re.fullmatch(r"[A-Za-z0-9+/]+=*", text) for text in entry["locked"].values())
        if isinstance(e, kinds.Expression):
            assert bare(e.answer_text) not in bare(e.task + " ".join(e.hints[:2])), e.name
        if isinstance(e, kinds.Choice):
            assert not re.search(rf"\b{e.answer}\)", " ".join(e.hints[:2])), e.name


def test_an_edition_in_chinese_speaks_it_and_keeps_its_secrets(tmp_path, monkeypatch):
    student.make(tmp_path / "class", language="zh_CN")
    sheet = tmp_path / "class" / "bplib" / "exercises" / "locked.json"
    monkeypatch.setenv("BPLIB_LANGUAGE", "zh_CN")
    sheets = locked.load(sheet)
    said, exercise = language.said, ex.affine_backward
    slip = exercise.mutants[0]
    assert said(slip.teaches) in sheets["affine_backward"].check(exercise.mutated(slip)).message
    assert said(exercise.task) == sheets["affine_backward"].task
    assert said(exercise.task) != exercise.task
    everything = "".join(texts(tmp_path / "class").values())
    for e in ALL:  # neither language has a last hint or a slip's sentence
        for text in (e.hints[2], *(m.teaches if hasattr(m, "teaches") else m[1] for m in e.mutants)):
            for way in {text, said(text)} if len(text) > 60 else ():
                assert bare(way) not in everything, (e.name, way)
    lesson = nbformat.read(tmp_path / "class" / "notebooks" / "05_matrix_gradients.ipynb", as_version=4)
    assert lesson.metadata.bplib.language == "zh_CN"
    assert re.search(r"[\u4e00-\u9fff]", lesson.cells[0].source)


@each
def test_solution_and_third_hint_are_with_the_teacher(exercise, sheets):
    mine = sheets[exercise.name]
    assert mine.solution() == locked.TEACHER
    assert [mine.hint() for _ in range(4)][2:] == [locked.TEACHER] * 2
    assert exercise.hints[1] in mine.hint(2)


def test_left_out(edition):
    names = {path.relative_to(edition).as_posix() for path in edition.rglob("*") if path.is_file()}
    assert not [
        n for n in names if re.search(r"exercises/(lesson_\d\d|grad)|^tests/|CONTRIBUTING|pycache", n)
    ]
    assert {"Makefile", "README.md", "tools/lab.py", "notebooks/00_start_here.ipynb"} <= names


# ---------------------------------------------------------------- as a folder


def test_it_stands_alone(edition):
    """The package of the edition, in a process of its own: exercises, links of its README, nothing to grade with."""
    code = (
        "import numpy as np, bplib, bplib.exercises as ex\n"
        "print(bplib.__file__)\n"
        "print(len(ex.exercises()))\n"
        "print(ex.bias_gradient.check(lambda dZ: dZ.sum(axis=0)))\n"
        "print(ex.tied_units.check('a').correct, ex.tied_units.solution())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=edition,
        env=os.environ | {"PYTHONPATH": str(edition)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert Path(lines[0]).is_relative_to(edition)
    assert lines[1] == str(len(ALL))
    assert lines[2].startswith("✔ bias_gradient: correct.")
    assert lines[-1] == f"False {locked.TEACHER}"
    readme = (edition / "README.md").read_text(encoding="utf-8")
    assert "In class" not in readme
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", readme):
        assert (edition / link).exists(), link


def test_the_teacher_grades_what_was_handed_in(edition, tmp_path):
    """A notebook worked on in the class's edition; what fits only the numbers on the sheet is found out."""
    learn = "def bias_gradient(dZ):\n    return dZ.sum(axis=0)\nex.bias_gradient.check(bias_gradient)"
    cheat = (
        "import json, pathlib, bplib.exercises.locked as s\n"
        f"e = s.load(pathlib.Path({str(edition / 'bplib/exercises/locked.json')!r}))['square_dW']\n"
        "def square_dW(dZ, X):\n"
        "    for t in range(e.trials):\n"
        "        if np.array_equal(e.draw(0, t)['X'], X): return e.results[t].returned\n"
        "    return X\n"
        "print(e.check(square_dW).correct)\n"
        "ex.square_dW.check(square_dW)"
    )
    nb = nbformat.v4.new_notebook()
    nb.cells = [
        nbformat.v4.new_code_cell(s)
        for s in (address.CELL, "import numpy as np\nimport bplib.exercises as ex", learn, cheat)
    ]
    nbformat.write(nb, tmp_path / "anna.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "bplib.exercises.grade", str(tmp_path), "--csv", str(tmp_path / "out.csv")],
        capture_output=True, text=True, cwd=HOME,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert re.search(r"bias_gradient,correct", table)
    assert re.search(r"square_dW,not yet", table)


def test_an_edition_is_made_again_but_no_other_folder_is_replaced(tmp_path):
    student.make(tmp_path / "class")
    (tmp_path / "class" / "old.txt").write_text("of yesterday")
    student.make(tmp_path / "class")
    assert not (tmp_path / "class" / "old.txt").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ValueError, match="is no edition made by this tool"):
        student.make(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_the_public_address_is_not_in_it(tmp_path):
    """It leads to the edition with solutions."""
    for path in [*student.files(HOME), Path("README.md"), Path("CITATION.cff")]:
        (tmp_path / "full" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "full" / path).write_bytes((HOME / path).read_bytes())
    address.write("https://github.com/someone/course", root=tmp_path / "full")
    student.make(tmp_path / "class", home=tmp_path / "full")
    holding = [name for name, text in texts(tmp_path / "class").items() if "someone/course" in text]
    assert holding == []
