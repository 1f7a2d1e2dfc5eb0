"""The teacher's command: each notebook on its own, judged where its code cannot reach."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bplib.exercises import attempts, grade, running

IMPORTS = "import numpy as np\nimport bplib.exercises as ex"
RIGHT = """
def affine_backward(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)
ex.affine_backward.check(affine_backward)
"""
STUB = "def affine_backward(dZ, X, W): ...\nex.affine_backward.check(affine_backward)"
SLIP = "def bias_gradient(dZ):\n    return dZ.sum(axis=1)\nex.bias_gradient.check(bias_gradient)"
SPOOF = """
import bplib.exercises.diagnose as d, bplib.exercises.task as t
d.close = lambda *a: True
d.judge = t.Function.judge = lambda *a: d.Result("affine_backward", "correct", "")
np.allclose = lambda *a, **k: True
def affine_backward(dZ, X, W):
    return dZ, X, W
ex.affine_backward.check(affine_backward)
"""
MUTE = "ex.task.Exercise.check = lambda self, *a: print('✔ correct')\n" + RIGHT
CHILDREN = """
import subprocess
children = [subprocess.Popen(["sleep", "600"], start_new_session=apart).pid for apart in (False, True)]
open({path!r}, "w").write(" ".join(map(str, children)))
"""


def notebook(path, *sources, outputs=()):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "execution_count": 1,
         "outputs": list(outputs)} for i, source in enumerate(sources)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """One run over a folder of learners; (standard output, rows of the CSV, pids of children, progress file)."""
    home = tmp_path_factory.mktemp("grade")
    folder, pids, progress = home / "class", home / "pids", home / "progress.json"
    forged = {"output_type": "stream", "name": "stdout", "text": "✔ affine_backward: correct."}
    notebook(folder / "anna" / "05.ipynb", IMPORTS, RIGHT, SLIP, "1/0", "ex.best_h.check('c')")
    notebook(folder / "anna" / ".ipynb_checkpoints" / "05.ipynb", IMPORTS, RIGHT)
    notebook(folder / "children.ipynb", IMPORTS, CHILDREN.format(path=str(pids)), RIGHT)
    notebook(folder / "crash.ipynb", IMPORTS, RIGHT, "import ctypes; ctypes.string_at(0)")
    notebook(folder / "exit.ipynb", IMPORTS, RIGHT, "import os; os._exit(0)")
    notebook(
        folder / "loop.ipynb", IMPORTS, RIGHT, "while True:\n    try:\n        1/0\n    except: pass", SLIP
    )
    notebook(folder / "mute.ipynb", IMPORTS, MUTE)
    notebook(folder / "spoof.ipynb", IMPORTS, SPOOF)
    notebook(folder / "stored.ipynb", IMPORTS, STUB, outputs=[forged])
    (folder / "torn.ipynb").write_text('{"cells": [')
    done = subprocess.run(
        [sys.executable, "-m", "bplib.exercises.grade", str(folder), "--seconds", "20", "--jobs", "3",
         "--csv", str(home / "out.csv")],
        capture_output=True, text=True, timeout=240, env=os.environ | {"BPLIB_PROGRESS_FILE": str(progress)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with open(home / "out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return done, rows, pids, progress


def statuses(graded, name):
    return {row["exercise"]: row["status"] for row in graded[1] if row["notebook"] == name}


def remark(graded, name):
    return next(row["remark"] for row in graded[1] if row["notebook"] == name)


def test_every_notebook_is_in_the_table(graded):
    done, rows, *_ = graded
    names = ["anna/05.ipynb", "children.ipynb", "crash.ipynb", "exit.ipynb", "loop.ipynb", "mute.ipynb",
             "spoof.ipynb", "stored.ipynb", "torn.ipynb"]  # fmt: skip
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == names
    assert sorted({row["notebook"] for row in rows}) == names


def test_it_warns_that_it_runs_other_peoples_code(graded):
    assert "This runs the code in these notebooks with your rights" in graded[0].stderr


def test_right_wrong_and_open_are_told_apart(graded):
    found = statuses(graded, "anna/05.ipynb")
    assert found["affine_backward"] == found["best_h"] == "correct"
    assert found["bias_gradient"] == "not yet"
    assert found["collapse"] == found["fork_slope"] == "not attempted"
    (slip,) = (r["slip"] for r in graded[1] if r["notebook"].startswith("anna") and r["status"] == "not yet")
    assert slip == "the wrong axis"
    assert remark(graded, "anna/05.ipynb") == "cells with errors: 1"


def test_an_endless_loop_costs_what_comes_after_it(graded):
    found = statuses(graded, "loop.ipynb")
    assert (found["affine_backward"], found["bias_gradient"]) == ("correct", "not attempted")
    assert remark(graded, "loop.ipynb") == "stopped after 20 seconds"


def test_crash_and_early_end(graded):
    assert statuses(graded, "crash.ipynb")["affine_backward"] == "correct"
    assert remark(graded, "crash.ipynb").startswith("crashed (status -")
    assert statuses(graded, "exit.ipynb")["affine_backward"] == "correct"
    assert remark(graded, "exit.ipynb") == "ended before its last cell"
    assert "not a notebook that can be read" in remark(graded, "torn.ipynb")


def test_a_notebook_cannot_grade_itself(graded):
    """Patched graders, a muted check and forged outputs do not count."""
    assert statuses(graded, "spoof.ipynb")["affine_backward"] == "not yet"
    assert "correct" not in statuses(graded, "mute.ipynb").values()
    assert set(statuses(graded, "stored.ipynb").values()) == {"not attempted"}


def test_children_are_ended_with_their_notebook(graded):
    """Those in the notebook's session, and those that started one of their own."""
    assert statuses(graded, "children.ipynb")["affine_backward"] == "correct"
    pids = graded[2].read_text().split()
    assert len(pids) == 2
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_teachers_own_progress_is_left_alone(graded):
    assert not graded[3].exists()


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, float("inf"), "text", ..., [1, 2.0], (1, [2, None]), {"W": np.eye(2), "b": [1]},
        np.arange(6.0).reshape(2, 3), np.zeros((0, 2)), np.array(True), np.float32(2.5), running.Opaque("set"),
    ],
    ids=repr,
)  # fmt: skip
def test_values_travel_unchanged(value):
    there = json.loads(json.dumps(attempts.encode(running.freeze(value))))
    np.testing.assert_equal(attempts.decode(there), running.freeze(value))
    assert type(attempts.decode(there)) is type(running.freeze(value))


def test_formulas_travel_and_nothing_is_evaluated():
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y", real=True)
    for formula in (2 / x, sympy.exp(-x) * y - sympy.Rational(1, 3), sympy.pi * sympy.tanh(x) ** 2, 0.5 * x):
        assert attempts.decode(json.loads(json.dumps(attempts.encode(formula)))) == formula
    for tree in (["system", ["Symbol", "x"]], ["Add", "nonsense"], ["Number", "__import__('os')"], [], "x"):
        assert isinstance(attempts.decode({"formula": tree}), running.Opaque)


@pytest.mark.parametrize(
    "entry", [{}, {"attempt": 3}, {"attempt": {"status": "ran", "why": "", "trials": [{}]}}]
)
def test_nonsense_from_the_other_side_is_refused(entry):
    import bplib.exercises as ex

    assert grade._judge(ex.affine_backward, entry, 0).status == "not yet"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], "there is no notebook below ."),
        ([".", "--seconds", "0"], "--seconds must be above 0"),
        ([".", "--jobs", "0"], "--jobs at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        grade.main(arguments)
    assert message in capsys.readouterr().err
