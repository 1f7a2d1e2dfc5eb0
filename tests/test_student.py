"""The edition for a class: its checks say what the full edition's say, and it holds no solution."""

import copy
import functools
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
from bplib.exercises import diagnose, input_functions, kinds, locked, running

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


# ---------------------------------------------------------------- a sheet of some exercises


FUNCTIONS = ["relu_backward", "affine_backward", "numerical_gradient", "read_idx", "tape_gradients"]


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Every kind of answer, on a sheet that is quickly made."""
    others = [*FUNCTIONS, "log_square", "sigmoid_slope", "output_delta"]
    chosen = [e for e in ALL if isinstance(e, (kinds.Value, kinds.Choice)) or e.name in others]
    path = tmp_path_factory.mktemp("sheet") / "some.json"
    locked.write(path, chosen)
    assert b"\r" not in path.read_bytes()
    found = locked.load(path)
    assert list(found) == [e.name for e in chosen]
    return found


def told(exercise, answer):
    result = exercise.check(answer)
    return result.exercise, result.status, result.message, result.slip


@pytest.mark.parametrize("name", [e.name for e in ALL if isinstance(e, (kinds.Value, kinds.Choice))])
def test_numbers_and_letters_get_the_same_result(name, some):
    """Message and slip too, also for what is no number or no option."""
    e = getattr(ex, name)
    right, wrongs = right_and_wrong(e)
    answers = [right, *(wrong for wrong, _ in wrongs), "z", "", " B) ", (), {}, None]
    if isinstance(e, kinds.Value):
        parts = right if isinstance(right, tuple) else (right,)
        for change in (
            lambda v: -v, lambda v: v * 1.37 + 11.3, lambda v: v * (1 + 10 * e.tolerance), lambda v: np.nan, str,
        ):  # fmt: skip
            answers += [tuple(map(change, parts)) if isinstance(right, tuple) else change(right)]
            answers += [
                (*parts[:n], change(parts[n]), *parts[n + 1 :]) for n in range(len(parts)) if len(parts) > 1
            ]
    for answer in answers:
        assert told(some[name], answer) == told(e, answer), answer
    assert some[name].returns == e.returns
    assert some[name].hint(3) == locked.TEACHER
    assert list(getattr(some[name], "options", ())) == list(getattr(e, "options", ()))
    assert str(some[name]) == str(e)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slips_of_functions_get_the_same_name_and_sentence(name, some):
    e, mine = getattr(ex, name), some[name]
    for slip in e.mutants:
        status, _, slips = told(mine, e.mutated(slip))[1:]
        assert (status, slips) == (diagnose.NOT_YET, slip.name)
        assert slip.teaches in mine.check(e.mutated(slip)).message
    status, message, slips = told(mine, e.reference)[1:]
    assert (status, message.splitlines()[0], slips) == (diagnose.CORRECT, e.after.splitlines()[0], "")
    for nothing in (lambda: 1, 3, "text"):
        assert told(mine, nothing) == told(e, nothing)
    assert mine.check(lambda *given: 1 / 0).message.startswith("It stops with ZeroDivisionError")


def test_of_two_slips_in_two_values_both_are_named(some):
    """And one beside a value that is wrong in no known way."""
    for e in (ex.affine_backward, some["affine_backward"]):
        result = e.check(lambda dZ, X, W: (dZ @ W.T, dZ.T @ X, dZ.mean(axis=0)))
        assert result.slip == "dW transposed + db as a mean"
        result = e.check(lambda dZ, X, W: (dZ @ W.T * 3.7, dZ.T @ X, dZ.sum(axis=0)))
        assert result.slip == "dW transposed"


def test_a_function_that_never_ends_is_stopped(some, monkeypatch):
    monkeypatch.setattr(running, "SECONDS", 0.02)

    def forever(dA, A):
        while True:
            pass

    assert told(some["relu_backward"], forever) == told(ex.relu_backward, forever)


def test_formulas_are_told_from_each_other(some):
    for name, factor, said in (
        ("log_square", -1, "Right but for its sign."),
        ("sigmoid_slope", 2, "Twice what it should be."),
        ("sigmoid_slope", 0.5, "Half of what it should be."),
    ):
        answer = getattr(ex, name).answer * factor
        assert told(some[name], answer) == (name, diagnose.NOT_YET, said, "")
    e, mine = ex.output_delta, some["output_delta"]
    assert told(mine, e.answer + 1)[1:] == (
        diagnose.NOT_YET,
        "That is not it. ex.output_delta.hint() helps.",
        "",
    )
    assert told(mine, e.answer)[1:] == (diagnose.CORRECT, e.after, "")
    for wrong, teaches in e.mutants:
        assert told(mine, e.formula(wrong))[1:] == (diagnose.NOT_YET, teaches, wrong)
    for other in ("2/x", (), True):
        assert told(mine, other) == told(e, other)


# ---------------------------------------------------------------- what a sheet is made of


def test_what_is_locked_opens_to_its_answer_alone():
    key, text = locked._lock("collapse", "a", ["not yet", "一句话 — ÷"])
    assert locked._unlock("collapse", "a", {key: text}) == ["not yet", "一句话 — ÷"]
    assert locked._unlock("collapse", "b", {key: text}) is None
    assert locked._unlock("softmax", "a", {key: text}) is None
    assert locked._lock("collapse", "a", ["other"])[0] == key
    both = locked._lock_all("collapse", [("a", "first"), ("b", "other"), ("a", "second")])
    assert [locked._unlock("collapse", answer, both) for answer in "ab"] == ["first", "other"]


def times(value, by):
    if isinstance(value, (list, tuple)):
        return type(value)(times(v, by) for v in value)
    if isinstance(value, dict):
        return {k: times(value[k], by) for k in reversed(value)}
    return value * by


@pytest.mark.parametrize(
    "value",
    [3.7, -2, np.pi * 1e9, np.arange(6.0).reshape(2, 3), [1.5, (2, [3.3])], {"W": np.eye(2), "b": [0.1]},
     np.array([1.0, np.nan, np.inf])],
    ids=repr,
)  # fmt: skip
def test_a_fingerprint_is_the_same_for_the_same_to_five_digits(value):
    assert locked._fingerprint(times(value, 1 + 1e-12)) == locked._fingerprint(value)
    assert locked._fingerprint(times(value, 1 + 1e-4)) != locked._fingerprint(value)


@pytest.mark.parametrize("value", [0, 1e-13, np.zeros((0, 2)), np.array([np.nan])], ids=repr)
def test_what_is_next_to_nothing_has_a_fingerprint_too(value):
    assert locked._fingerprint(value * 1.5) == locked._fingerprint(value)


def test_fingerprints_differ_where_values_do():
    values = [
        1.0, 1.0001, -1.0, 2.0, 0.0, None, "x", [], [1.0], [1.0, 1.0], [[1.0], 1.0], {"a": 1.0}, {"b": 1.0},
        {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0}, np.ones((1, 2)), np.ones((2, 1)), np.array([1.0, np.nan]),
        np.array([np.nan, 1.0]), np.array([1.0, 0.9999]), np.array([1.0, 0.0]), np.array([10.0, 0.0]),
    ]  # fmt: skip
    assert len({locked._fingerprint(value) for value in values}) == len(values)
    assert locked._fingerprint([1.0, 1.0]) == locked._fingerprint(np.ones(2))
    assert locked._fingerprint(np.array([1.0, np.nan])) == locked._fingerprint(np.array([1.0, np.inf]))


@pytest.mark.parametrize("number", [0.4096, -3.7, 5.0, 52650, 1e-9])
@pytest.mark.parametrize("tolerance", [0.002, 0.02, 1e-6])
def test_neighbours_on_the_scale_are_as_far_apart_as_is_tolerated(number, tolerance):
    (step,) = locked._steps(number, tolerance)
    around = locked._steps(number, tolerance, (0, -1, 1))
    assert around[0] == step
    assert len(set(around)) == 3
    assert locked._steps(number * (1 + tolerance), tolerance)[0] == around[2]
    assert locked._steps(number / (1 + tolerance), tolerance)[0] == around[1]
    assert not {*locked._steps(-number, tolerance, (0, -1, 1))} & {*around}
    assert not {*locked._steps(number * (1 + tolerance) ** 2.5, tolerance)} & {*around}


def test_without_tolerance_a_number_is_itself():
    for number, tolerance in ((3, 1e-9), (0.123456789123, 0), (0, 0.002), (-1e-13, 0.002)):
        assert locked._steps(number, tolerance, (0, -1, 1)) == [f"{float(number):.9g}"]
    assert locked._steps(0.1234567891, 0) != locked._steps(0.1234567881, 0)


def test_inputs_travel_on_a_sheet():
    for value in (b"\x00\xff", 3, 2.5, [1, 2.0], np.arange(3.0), "text", {"W": [1]}):
        there = locked._decode(json.loads(json.dumps(locked._encode(value))))
        np.testing.assert_equal(there, value)
        assert type(there) is type(value)
    one = locked._decode(json.loads(json.dumps(locked._encode(np.array(2.5)))))
    assert (type(one), one) == (float, 2.5)
    given = locked._decode(
        json.loads(json.dumps(locked._encode(functools.partial(input_functions.curved, 2.0))))
    )
    assert (given.func, given.args) == (input_functions.curved, (2.0,))
    assert locked._decode(locked._encode(input_functions.gradient)) is input_functions.gradient

    def curved():
        """Of that name, but another."""

    for other in (curved, len):
        with pytest.raises(ValueError, match=f"{other.__name__}: a function among the inputs must be one of"):
            locked._encode(other)


def test_what_a_sheet_cannot_hold_is_refused(tmp_path, monkeypatch):
    one = copy.copy(ex.loss_after_step)
    one.answer = "text"
    with pytest.raises(
        ValueError, match="loss_after_step: a sheet can hold numbers as answers, this one is 'text'"
    ):
        locked.write(tmp_path / "sheet", [one])
    alike = copy.copy(ex.square_dW)
    monkeypatch.setattr(type(alike), "recognise", lambda *given: [])
    with pytest.raises(ValueError, match="square_dW: no inputs were found that tell all slips apart"):
        locked.write(tmp_path / "sheet", [alike])


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


@pytest.mark.thorough
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
