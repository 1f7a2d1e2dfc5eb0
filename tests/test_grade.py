"""The teacher's command: each notebook on its own, judged where its code cannot reach."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import bplib.exercises as ex
from bplib.exercises import running
from bplib.exercises.attempt import attempt_to_json, decode, encode
from bplib.exercises.grading import command, judging

LINUX = sys.platform.startswith("linux")
IMPORTS = "import numpy as np\nimport bplib.exercises as ex"
RIGHT = """
def affine_backward(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)
ex.affine_backward.check(affine_backward)
"""
STUB = "def affine_backward(dZ, X, W): ...\nex.affine_backward.check(affine_backward)"
BIAS = "def bias_gradient(dZ):\n    return dZ.sum(axis=0)\nex.bias_gradient.check(bias_gradient)"
SLIP = BIAS.replace("axis=0", "axis=1")
SQUARE = "def square_dW(dZ, X):\n    {}\nex.square_dW.check(square_dW)"
SPOOF = """
import bplib.exercises.diagnose as d, bplib.exercises.kinds as t
d.close = lambda *a: True
d.judge = t.Function.judge = lambda *a: d.Result("affine_backward", "correct", "")
np.allclose = lambda *a, **k: True
def affine_backward(dZ, X, W):
    return dZ, X, W
ex.affine_backward.check(affine_backward)
"""
MUTE = "ex.kinds.Exercise.check = lambda self, *a: print('✔ correct')\n" + RIGHT
CHILDREN = """
import subprocess
children = [subprocess.Popen(["sleep", "600"], start_new_session=apart, env=env).pid
            for apart in (False, True) for env in (None, {{}})]
open({path!r}, "w").write(" ".join(map(str, children)))
"""
# Every pipe and socket between the processes of this grading gets a record with full marks; a child that is no
# longer its child goes on doing so. Nobody else's are touched: the tests' own processes talk through pipes too.
FORGER = """
import os, subprocess, sys, time
code = '''
import os, sys, time
{writing}
def parent(pid):
    with open(f"/proc/{{pid}}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
grading, marker = int(sys.argv[1]), sys.argv[2]
while True:
    parents = {{}}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = parent(pid)
        except OSError:
            pass
    family = [grading]
    for pid in family:
        family += [p for p in parents if parents[p] == pid]
    for pid in family:
        for number in os.listdir(f"/proc/{{pid}}/fd") if os.path.exists(f"/proc/{{pid}}/fd") else ():
            place = f"/proc/{{pid}}/fd/{{number}}"
            try:
                if pid == grading and int(number) < 3 or not os.readlink(place).startswith(("pipe:", "socket:")):
                    continue
                file = os.open(place, os.O_WRONLY | os.O_NONBLOCK)
                os.write(file, lines)
                os.close(file)
            except OSError:
                pass
    open(marker, "w").close()
    time.sleep(0.05)
'''
keeper = os.getppid()
grading = open(f"/proc/{{keeper}}/stat").read().rpartition(")")[2].split()[1]
subprocess.Popen([sys.executable, "-c", code, grading, {marker!r}], env={{}}, start_new_session=True, close_fds=False)
while not os.path.exists({marker!r}):
    time.sleep(0.05)
time.sleep(1)
"""
DAMAGE = """
import os
for lines in (b'{"exercise": []}', b'{"exercise": "affine_backward", "attempt": []}', b'[1]', b'nonsense', b'{"cell": -7}',
              b'{"cell": "x"}', b'{"stopped": 1e9}', b'{"exercise": "nobody", "attempt": {}}', b"[" * 100_000):
    for number in range(3, 64):
        try:
            os.write(number, lines + b"\\n")
        except OSError:
            pass
"""
CHEAT = """
for e in ex.exercises():
    try:
        e.check(getattr(e, "reference", None) or e.answer)
    except Exception:
        pass
"""
RESULTS = """
for e in ex.exercises(5):
    if hasattr(e, "results"):
        e.check(lambda *a, e=e: e.results[0].returned)
"""
SOURCES = """
import glob, importlib, inspect, os, pkgutil
import bplib
for module in pkgutil.iter_modules(ex.__path__):
    if module.name.startswith("lesson"):
        raise SystemExit(module.name)
texts = [open(p, encoding="utf-8").read() for p in glob.glob(os.path.dirname(bplib.__file__) + "/**/*.py", recursive=True)]
for e in ex.exercises():
    try:
        exec(str(e.solution()) if e.solution() in texts else inspect.getsource(e.reference))
        e.check(globals()[e.name])
    except BaseException:
        pass
for path in sys_path:
    for p in glob.glob(os.path.join(path, "bplib", "exercises", "lesson_05.py")):
        raise SystemExit(p)
""".replace("sys_path", "__import__('sys').path")


def notebook(path, *sources, outputs=(), title="", encoding="utf-8"):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "execution_count": 1,
         "outputs": list(outputs)} for i, source in enumerate(sources)
    ]  # fmt: skip
    if title:
        cells.insert(0, {"cell_type": "markdown", "id": "t", "metadata": {}, "source": title})
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    path.write_text(text, encoding=encoding)


def graded_by_command(folder, csv_file, *more, **settings):
    return subprocess.run(
        [sys.executable, "-m", "bplib.exercises.grade", str(folder), "--csv", str(csv_file), *more],
        capture_output=True, text=True, timeout=300, **settings,
    )  # fmt: skip


class Graded:
    """One run of the command over a folder."""

    def __init__(self, folder, *more, **settings):
        self.csv = folder.parent / f"{folder.name}.csv"
        self.done = graded_by_command(folder, self.csv, *more, **settings)
        assert self.done.returncode == 0, self.done.stderr
        with open(self.csv, encoding="utf-8-sig", newline="") as file:
            self.rows = list(csv.DictReader(file))

    def statuses(self, name):
        return {row["exercise"]: row["status"] for row in self.rows if row["notebook"] == name}

    def remark(self, name):
        return next(row["remark"] for row in self.rows if row["notebook"] == name)


@pytest.fixture(scope="module")
def course():
    return command.Course()


# ---------------------------------------------------------------- a class, its files and its cheats


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("grade")


@pytest.fixture(scope="module")
def graded(home):
    folder = home / "class"
    forged = {"output_type": "stream", "name": "stdout", "text": "✔ affine_backward: correct."}
    notebook(folder / "anna" / "05.ipynb", IMPORTS, RIGHT, SLIP, "1/0", "ex.best_h.check('c')")
    notebook(folder / "anna" / ".ipynb_checkpoints" / "05.ipynb", IMPORTS, RIGHT)
    notebook(folder / "best.ipynb", IMPORTS, RIGHT, STUB, SLIP, BIAS, SLIP)
    notebook(folder / "bom.ipynb", IMPORTS, RIGHT, encoding="utf-8-sig")
    notebook(folder / "children.ipynb", IMPORTS, CHILDREN.format(path=str(home / "pids")), RIGHT)
    notebook(folder / "cheat.ipynb", IMPORTS, CHEAT, RESULTS, SOURCES)
    notebook(folder / "damage.ipynb", IMPORTS, RIGHT, DAMAGE, BIAS)
    notebook(
        folder / "thread.ipynb",
        IMPORTS,
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()",
        RIGHT,
    )
    notebook(folder / "=HYPERLINK(1).ipynb", IMPORTS, RIGHT)
    notebook(folder / "mute.ipynb", IMPORTS, MUTE)
    notebook(folder / "spoof.ipynb", IMPORTS, SPOOF)
    notebook(folder / "stored.ipynb", IMPORTS, STUB, outputs=[forged])
    notebook(folder / "surrogate.ipynb", IMPORTS, "text = '\ud800'", RIGHT, encoding="ascii")
    notebook(folder / "05_matrix_gradients (2).ipynb", IMPORTS, "x = 1")
    notebook(folder / "untitled.ipynb", IMPORTS, title="# 05 · Matrix gradients")
    notebook(
        folder / "names.ipynb",
        IMPORTS,
        "def affine_backward(dZ, X, W):\n    return 1\nbest_h = 'c'\nsquare_dW = 3",
    )
    notebook(folder / "other.ipynb", "x = 1")
    (folder / "torn.ipynb").write_text('{"cells": [')
    (folder / "deep.ipynb").write_text("[" * 200_000)
    (folder / "text.ipynb").write_text('"cells"')
    (folder / "empty.ipynb").touch()
    (folder / "folder.ipynb").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "fifo.ipynb")
        os.symlink("loop.ipynb", folder / "loop.ipynb")
        os.symlink(".", folder / "round")
        notebook(folder / "two\nlines.ipynb", IMPORTS, RIGHT)
    if LINUX:
        os.rename(folder / "two\nlines.ipynb", os.fsencode(folder) + b"/two\nl\xfcnes.ipynb")
    progress = home / "progress.json"
    return Graded(
        folder,
        "--jobs",
        "2",
        env=os.environ | {"BPLIB_PROGRESS_FILE": str(progress), "PYTHONIOENCODING": "ascii"},
    )


def test_every_notebook_is_in_the_table(graded):
    files = [p for p in (graded.csv.parent / "class").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    assert len({row["notebook"] for row in graded.rows}) == len(files)
    assert len(graded.done.stdout.splitlines()) == len(files) + 1
    names = [line.split(".ipynb")[0] for line in graded.done.stdout.splitlines()[1:]]
    assert names == sorted(names)


def test_it_warns_that_it_runs_other_peoples_code(graded):
    assert "This runs the code in these notebooks with your rights" in graded.done.stderr


def test_right_wrong_and_open_are_told_apart(graded):
    found = graded.statuses("anna/05.ipynb")
    assert found["affine_backward"] == found["best_h"] == "correct"
    assert found["bias_gradient"] == "not yet"
    assert found["collapse"] == found["fork_slope"] == "not attempted"
    (slip,) = (
        r["slip"] for r in graded.rows if r["notebook"].startswith("anna") and r["status"] == "not yet"
    )
    assert slip == "the wrong axis"
    assert graded.remark("anna/05.ipynb") == "cells with errors: 1"


def test_the_best_answer_counts(graded):
    """A copied stub below a right answer does no harm, nor does a later slip."""
    found = graded.statuses("best.ipynb")
    assert found["affine_backward"] == found["bias_gradient"] == "correct"
    assert graded.remark("best.ipynb") == ""


def test_a_notebook_cannot_grade_itself(graded):
    """Patched graders, a muted check and forged outputs do not count."""
    assert graded.statuses("spoof.ipynb")["affine_backward"] == "not yet"
    assert "correct" not in graded.statuses("mute.ipynb").values()
    assert set(graded.statuses("stored.ipynb").values()) == {"not attempted"}


def test_there_are_no_solutions_to_hand_in(graded):
    """Not by attribute, not by the results of a check, not from the sources of the package."""
    assert "correct" not in graded.statuses("cheat.ipynb").values()
    assert graded.remark("cheat.ipynb") == ""


def test_damaged_records_cost_nothing(graded):
    found = graded.statuses("damage.ipynb")
    assert found["affine_backward"] == found["bias_gradient"] == "correct"
    assert graded.remark("damage.ipynb") == ""


def test_a_thread_left_running_is_no_remark(graded):
    assert graded.statuses("thread.ipynb")["affine_backward"] == "correct"
    assert graded.remark("thread.ipynb") == ""


def test_children_are_ended_with_their_notebook(graded):
    """Those in the notebook's session, those that started one of their own, and those without its environment."""
    assert graded.statuses("children.ipynb")["affine_backward"] == "correct"
    pids = (graded.csv.parent / "pids").read_text().split()
    assert len(pids) == 4
    assert not any(alive(pid) for pid in pids)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_files_that_are_no_notebooks_get_a_row_that_says_so(graded):
    expected = {
        "torn.ipynb": "not a notebook that can be read (JSONDecodeError)",
        "deep.ipynb": "not a notebook that can be read (RecursionError)",
        "text.ipynb": "not a notebook that can be read (TypeError)",
        "empty.ipynb": "not a notebook that can be read (JSONDecodeError)",
        "folder.ipynb": "a folder, no notebook",
    }
    if hasattr(os, "mkfifo"):
        expected["fifo.ipynb"] = "no notebook: neither a file nor a folder"
        expected["loop.ipynb"] = "not a notebook that can be read (Too many levels of symbolic links)"
    assert {name: graded.remark(name) for name in expected} == expected


def test_odd_encodings_are_read(graded):
    assert graded.statuses("bom.ipynb")["affine_backward"] == "correct"
    assert graded.statuses("surrogate.ipynb")["affine_backward"] == "correct"
    assert graded.remark("surrogate.ipynb") == "cells with errors: 1"


@pytest.mark.skipif(not LINUX, reason="needs LINUX: elsewhere names of files are text")
def test_odd_names_are_written_in_one_line_that_anything_prints(graded):
    assert graded.statuses(r"two\nl\xfcnes.ipynb")["affine_backward"] == "correct"
    assert r"two\nl\xfcnes.ipynb" in graded.done.stdout


def test_a_notebook_without_checks_is_no_silent_nought_of_nought(graded):
    """Its lesson is known by its file's name, its heading, or what it defines."""
    here = {e.name for e in ex.exercises(5)}
    for name in ("05_matrix_gradients (2).ipynb", "untitled.ipynb", "names.ipynb"):
        found = graded.statuses(name)
        assert set(found) == here, name
        assert set(found.values()) == {"not attempted"}
        assert graded.remark(name) == "no check is left in it"
    assert graded.statuses("other.ipynb") == {"": ""}
    assert graded.remark("other.ipynb") == "no check is left in it, nor what tells its lesson"


def test_the_csv_is_safe_in_a_spreadsheet(graded):
    assert graded.csv.read_bytes().startswith(b"\xef\xbb\xbfnotebook,lesson,exercise,status,slip,remark\r\n")
    assert graded.statuses("'=HYPERLINK(1).ipynb")["affine_backward"] == "correct"
    assert not [v for row in graded.rows for v in row.values() if v[:1] in "=+@\t\r" and v]


def test_what_a_spreadsheet_might_take_for_a_formula():
    for text in ("=1+1", "+1+1", "-2*(y - y_hat)", "@SUM(A1)", "\t=1", "\r=1"):
        assert command.harmless(text) == "'" + text
    for text in ("", "a=1", "-4.0", "+3", "-1e-05", 5, "the wrong axis"):
        assert command.harmless(text) == str(text)


def test_printable():
    assert command.printable("a\nb\r\t\x1b\u202e é✔\udcfc\ud800") == r"a\nb\r\t\x1b\u202e é✔\xfc\ud800"


def test_the_teachers_own_progress_is_left_alone(graded):
    assert not (graded.csv.parent / "progress.json").exists()


# ---------------------------------------------------------------- cells that end, never end, or take all there is


NOISE = """
def square_dW(dZ, X):
    line = {line}
    while True:
        print(line)
ex.square_dW.check(square_dW)
"""
HUNGRY = "held = []\nwhile True:\n    held.append(np.ones(10**6))"
BROKEN = {
    # name: (cells between two right answers, remark, status of square_dW)
    "crash": (("import ctypes; ctypes.string_at(0)",), "crashed (SIGSEGV) in code cell 3", ""),
    "exit": (("import os; os._exit(0)",), "ended in code cell 3", ""),
    "status": (("import os; os._exit(3)",), "crashed (status 3) in code cell 3", ""),
    "loop": (("while True:\n    try:\n        1/0\n    except: pass",), "code cell 3 was stopped: it takes too long", ""),
    "waits": (("import threading\nthreading.Event().wait()",), "code cell 3 was stopped: it takes too long", ""),
    "in C": (("import itertools\nsum(itertools.repeat(1))",), "stopped after ", ""),
    "in C, an answer": ((SQUARE.format("return sum(__import__('itertools').repeat(1))"),), "stopped after ", "not yet"),
    "noise": ((NOISE.format(line="'x' * 1_000_000"),), "", "not yet"),
    "noise in short lines": ((NOISE.format(line="'x'"),), "", "not yet"),
    "large": ((SQUARE.format("return np.random.rand(3000, 3000)"),), "", "not yet"),
    "itself": ((SQUARE.format("a = []; a.append(a); return a"),), "", "not yet"),
    "interrupt": ((SQUARE.format("raise KeyboardInterrupt"), "raise KeyboardInterrupt", "raise SystemExit", "raise BaseException", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)"), "cells with errors: ", "not yet"),
    "no text": (("class E(Exception):\n    def __str__(self): raise self", SQUARE.format("raise E"), "raise E"), "cells with errors: 1", "not yet"),
    "forks": (("import os\nos.fork()",), "", ""),
    "flood": (("import os\nwhile True:\n    for n in range(3, 64):\n        try:\n            os.write(n, b'x' * 100_000)\n        except OSError:\n            pass",), "wrote more than 50 MB of answers in code cell 3", ""),
}  # fmt: skip
if LINUX:
    BROKEN["hungry"] = (HUNGRY,), "more than 1 GB of memory in code cell 3", ""
    BROKEN["hungry answer"] = (SQUARE.format(HUNGRY.replace("\n", "\n    ")),), "", "not yet"


@pytest.fixture(scope="module")
def broken(home):
    for name, (cells, _, _) in BROKEN.items():
        notebook(home / "broken" / f"{name}.ipynb", IMPORTS, RIGHT, *cells, BIAS)
    return Graded(home / "broken", "--jobs", "2", "--seconds", "15", "--memory", "1")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_cell_costs_its_own_exercise_and_no_other(broken, name):
    _, remark, status = BROKEN[name]
    found = broken.statuses(f"{name}.ipynb")
    assert found["affine_backward"] == "correct"
    assert found["bias_gradient"] == "correct"
    assert found["square_dW"] == (status or "not attempted")
    assert broken.remark(f"{name}.ipynb").startswith(remark)
    assert bool(broken.remark(f"{name}.ipynb")) == bool(remark)


@pytest.mark.skipif(not LINUX, reason="needs LINUX: processes are found by /proc")
def test_one_notebook_cannot_change_anothers_result(home):
    """A process that outlives its notebook, and writes full marks wherever it can, changes nothing."""
    e = ex.affine_backward
    marks = {"exercise": e.name, "attempt": attempt_to_json(e.attempt((e.reference,), 0))}
    writing = f"lines = {(json.dumps(marks) + chr(10)).encode()!r}"
    folder = home / "forger"
    forger = FORGER.format(writing=writing.replace("\\", "\\\\"), marker=str(home / "forged"))
    notebook(folder / "a.ipynb", IMPORTS, forger, SLIP)
    notebook(folder / "b.ipynb", IMPORTS, "import time\ntime.sleep(3)", STUB, SLIP)
    notebook(folder / "c.ipynb", IMPORTS, "import os\nos.kill(os.getppid(), 9)\n" + RIGHT, BIAS)
    notebook(folder / "d.ipynb", IMPORTS, STUB, SLIP)
    result = Graded(folder, "--jobs", "2")
    assert (home / "forged").exists()
    for name in ("b.ipynb", "d.ipynb"):
        assert result.statuses(name)["affine_backward"] == "not attempted"
        assert result.statuses(name)["bias_gradient"] == "not yet"
        assert result.remark(name) == ""


def test_when_time_runs_out_the_longest_cell_is_left_out(course):
    """Not the one that happened to run then: it would lose its exercise to the other's waste."""
    cells = [IMPORTS + "\nimport time", "time.sleep(8)", "time.sleep(3)\n" + RIGHT, "time.sleep(3)\n" + BIAS]
    answers, remarks, lost = command.collect(cells, command.Limits(seconds=12), course, command.Runs())
    assert {exercise for exercise, _ in answers} == {"affine_backward", "bias_gradient"}
    assert remarks == ["stopped after 12 seconds in code cell 2"]
    assert not lost


# ---------------------------------------------------------------- the command while it runs


def test_rows_are_written_as_they_are_known_and_an_interruption_keeps_them(tmp_path):
    notebook(tmp_path / "class" / "a.ipynb", IMPORTS, RIGHT)
    marker = tmp_path / "started"
    notebook(
        tmp_path / "class" / "b.ipynb", f"import time\nopen({str(marker)!r}, 'w').close()\ntime.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "bplib.exercises.grade", str(tmp_path / "class"), "--csv", str(tmp_path / "out.csv")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "a.ipynb,5,affine_backward,correct" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said
    assert re.search(rf"a\.ipynb +1 of {len(ex.exercises(5))}\b", out)
    assert "Traceback" not in said


def test_a_file_that_cannot_be_written_is_said_before_the_work(tmp_path, capsys):
    notebook(tmp_path / "a.ipynb", "1")
    with pytest.raises(SystemExit):
        command.main([str(tmp_path), "--csv", str(tmp_path / "nowhere" / "out.csv")])
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], "there is no notebook below ."),
        ([".", "--seconds", "0"], "must be above 0"),
        ([".", "--seconds", "nan"], "must be above 0"),
        ([".", "--memory", "-1"], "must be above 0"),
        ([".", "--jobs", "0"], "--jobs at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert message in capsys.readouterr().err


# ---------------------------------------------------------------- magics, and what lies beside the notebook


MAGICS = [
    "%matplotlib inline", "%matplotlib widget", "%matplotlib notebook", "%matplotlib qt", "%matplotlib agg", "%matplotlib",
    "%pylab inline", "%load_ext autoreload\n%autoreload 2", "%config InlineBackend.figure_format = 'retina'",
    "%autosave 60", "!ls", "listing = !ls", "%nonsense 3", "%load_ext nothing_here", "ex?", "np??", "%precision 3",
    "%time sum([1])", "%env A=1", "%who", "%cd .", "get_ipython().run_line_magic('matplotlib', 'inline')",
]  # fmt: skip
CELL_MAGICS = ["%%time", "%%capture", "%%nonsense 3", "%%prun -q"]


def test_magics_cost_at_worst_themselves(course):
    """Each in an import cell, between its imports; nothing else of the cell is lost, and no cell counts as failed."""
    cells = [f"{m}\nimport numpy as n{i}\n{m}\nm{i} = 1\n" for i, m in enumerate(MAGICS)]
    cells += [f"{m}\nimport numpy as c{i}\nd{i} = 1" for i, m in enumerate(CELL_MAGICS)]
    names = [f"{letter}{i}" for i in range(len(MAGICS)) for letter in "nm"]
    names += [f"{letter}{i}" for i in range(len(CELL_MAGICS)) for letter in "cd"]
    cells = ["import numpy as np\nimport bplib.exercises as ex", *cells, ", ".join(names), RIGHT]
    answers, remarks, _ = command.collect(cells, command.Limits(), course, command.Runs())
    assert remarks == []
    assert [exercise for exercise, _ in answers] == ["affine_backward"]


def test_modules_written_beside_the_notebook_are_found_and_the_lessons_data(course):
    cells = [
        "%%writefile mine.py\nx = 7",
        "import mine\nassert mine.x == 7",
        "assert open('data/xor_published.json').read()",
    ]
    assert command.collect(cells, command.Limits(), course, command.Runs())[1] == []


# ---------------------------------------------------------------- what travels, and judging it


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, float("inf"), "text", ..., [1, 2.0], (1, [2, None]), {"W": np.eye(2), "b": [1]},
        np.arange(6.0).reshape(2, 3), np.zeros((0, 2)), np.array(True), np.float32(2.5), running.Opaque("set"),
    ],
    ids=repr,
)  # fmt: skip
def test_values_travel_unchanged(value):
    there = json.loads(json.dumps(encode(running.freeze(value))))
    np.testing.assert_equal(decode(there), running.freeze(value))
    assert type(decode(there)) is type(running.freeze(value))


def test_formulas_travel_and_nothing_is_evaluated():
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y", real=True)
    for formula in (2 / x, sympy.exp(-x) * y - sympy.Rational(1, 3), sympy.pi * sympy.tanh(x) ** 2, 0.5 * x):
        assert decode(json.loads(json.dumps(encode(formula)))) == formula
    for tree in (["system", ["Symbol", "x"]], ["Add", "nonsense"], ["Number", "__import__('os')"], [], "x"):
        assert isinstance(decode({"formula": tree}), running.Opaque)


@pytest.mark.parametrize("attempt", [None, 3, [], {}, {"status": "ran", "why": "", "trials": [{}]}])
def test_nonsense_from_the_other_side_is_refused(attempt):
    assert judging.judge("affine_backward", attempt, 0)["status"] == "not yet"


def formula(tree):
    return {"status": "ran", "why": "", "trials": [{"returned": {"formula": tree}, "changed": []}]}


def test_judging_has_a_limit_and_goes_on_after_it():
    """Answers that take for ever to look at, or all memory there is, cost themselves."""
    judge = judging.Judge(seconds=1)
    right = attempt_to_json(ex.log_square.attempt((ex.log_square.answer,), 0))
    assert judge.judge("log_square", right, 0)["status"] == "correct"
    for tree in (
        ["Pow", ["Number", "7"], ["Number", str(10**12)]],
        ["factorial", ["Number", str(10**8)]],
    ):
        found = judge.judge("log_square", formula(tree), 0)
        assert found is None or found["status"] == "not yet"
        assert judge.judge("log_square", right, 0)["status"] == "correct"
    judge.close()
    assert judge.judge("log_square", right, 0) is None


def test_an_answer_that_cannot_be_judged_is_remarked(course, tmp_path):
    class Lost(judging.Judge):
        def judge(self, *_):
            return None

    notebook(tmp_path / "a.ipynb", IMPORTS, RIGHT)
    lost = Lost()
    report = command.grade_notebook(tmp_path / "a.ipynb", "a.ipynb", command.Limits(), course, lost)
    lost.close()
    assert report.results["affine_backward"].status == "not yet"
    assert report.remark == "affine_backward: its answer takes too long, or too much memory, to be judged"


def test_a_notebook_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "MAX_NOTEBOOK", 100)
    notebook(tmp_path / "a.ipynb", IMPORTS)
    assert judging.read(tmp_path / "a.ipynb")["trouble"].startswith("too large to be read")
