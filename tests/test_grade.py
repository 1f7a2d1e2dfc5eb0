"""The teacher's command: each notebook on its own, judged where its code cannot reach."""

import argparse
import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import bplib.exercises as ex
from bplib.exercises import kinds, locked, running
from bplib.exercises.attempt import attempt_to_json, decode, encode
from bplib.exercises.diagnose import CORRECT, NOT_ATTEMPTED, NOT_YET, Result
from bplib.exercises.grading import command, judging, keeper, learner

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
    for text in ("=1+1", "+1+1", "-2*(y - y_hat)", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠SUM(A1)"):
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
    "crash": (("import ctypes; ctypes.string_at(0)",), "its process crashed (SIGSEGV) in code cell 3", ""),
    "exit": (("import os; os._exit(0)",), "its process ended in code cell 3", ""),
    "status": (("import os; os._exit(3)",), "its process crashed (status 3) in code cell 3", ""),
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


# each takes its whole limit, or resembles another
LONG = ("status", "waits", "in C", "noise in short lines", "flood", "hungry")


def test_what_is_left_to_ci_is_in_the_table():
    assert set(LONG) <= {*BROKEN, "hungry"}  # which is there on Linux


@pytest.fixture(scope="module")
def broken(home, request):
    asked = {
        item.callspec.params["name"]
        for item in request.session.items
        if "broken" in getattr(item, "fixturenames", ())
    }
    for name, (cells, _, _) in BROKEN.items():
        if name not in asked:
            continue
        notebook(home / "broken" / f"{name}.ipynb", IMPORTS, RIGHT, *cells, BIAS)
    return Graded(home / "broken", "--jobs", "2", "--seconds", "15", "--memory", "1")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough) if name in LONG else name for name in BROKEN]
)
def test_a_broken_cell_costs_its_own_exercise_and_no_other(broken, name):
    _, remark, status = BROKEN[name]
    found = broken.statuses(f"{name}.ipynb")
    assert found["affine_backward"] == "correct"
    assert found["bias_gradient"] == "correct"
    assert found["square_dW"] == (status or "not attempted")
    assert broken.remark(f"{name}.ipynb").startswith(remark)
    assert bool(broken.remark(f"{name}.ipynb")) == bool(remark)


@pytest.mark.thorough
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


@pytest.mark.thorough
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


LIMITS = "--seconds and --memory must be above 0, and --jobs at least 1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["."], "there is no notebook below ."),
        ([".", "--seconds", "0"], LIMITS),
        ([".", "--seconds", "nan"], LIMITS),
        ([".", "--memory", "-1"], LIMITS),
        ([".", "--memory", "0"], LIMITS),
        ([".", "--jobs", "0"], LIMITS),
    ],
)
def test_bad_arguments_are_named(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert capsys.readouterr().err.endswith(f"error: {message}\n")


def results(*verdicts):
    return {name: Result(name, status, "", slip) for name, status, slip in verdicts}


REPORTS = [
    command.Report("anna/05.ipynb", results(("collapse", CORRECT, ""), ("square_dW", NOT_YET, "dW transposed")), "cells with errors: 1"),
    command.Report("=x.ipynb", results(("collapse", NOT_ATTEMPTED, ""), ("best_h", NOT_YET, ""), ("softmax", NOT_YET, "a"))),
    command.Report("torn.ipynb", remark="not read"),
]  # fmt: skip


def test_the_table_in_words():
    assert command.table(REPORTS).splitlines() == [
        "notebook       solved   not yet  open  remarks",
        "anna/05.ipynb  1 of 2         1     0  cells with errors: 1; square_dW (dW transposed)",
        "=x.ipynb       0 of 3         2     1  best_h, softmax (a)",
        "torn.ipynb     0 of 0         0     0  not read",
    ]
    assert command.table([]) == "notebook  solved   not yet  open  remarks"


def test_each_row_of_the_csv_is_there_at_once(tmp_path):
    rows = command.Table(tmp_path / "out.csv")
    for report in REPORTS:
        rows.add(report)
    assert (tmp_path / "out.csv").read_bytes().decode("utf-8-sig").split("\r\n") == [
        "notebook,lesson,exercise,status,slip,remark",
        "anna/05.ipynb,5,collapse,correct,,cells with errors: 1",
        "anna/05.ipynb,5,square_dW,not yet,dW transposed,cells with errors: 1",
        "'=x.ipynb,5,collapse,not attempted,,",
        "'=x.ipynb,1,best_h,not yet,,",
        "'=x.ipynb,6,softmax,not yet,a,",
        "torn.ipynb,,,,,not read",
        "",
    ]
    rows.file.close()


def test_the_better_answer_counts_and_of_equal_ones_the_later():
    report = command.Report("a")
    for status, message, counts in [
        (NOT_ATTEMPTED, "stub", True), (NOT_YET, "slip", True), (NOT_ATTEMPTED, "stub again", False),
        (NOT_YET, "another slip", True), (CORRECT, "right", True), (NOT_YET, "late slip", False), (CORRECT, "again", True),
    ]:  # fmt: skip
        report.take(Result("collapse", status, message))
        assert (report.results["collapse"].message == message) == counts
    assert [report.count(status) for status in (CORRECT, NOT_YET, NOT_ATTEMPTED)] == [1, 0, 0]


def test_notebooks_are_found_by_their_names(tmp_path):
    for name in (
        "b.ipynb",
        "a/c.IPYNB",
        "a/notes.txt",
        "a/.ipynb_checkpoints/c.ipynb",
        "z.ipynb/inner.ipynb",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "away").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in command.notebooks(tmp_path)]
    assert found == ["a/c.IPYNB", "b.ipynb", "z.ipynb", "z.ipynb/inner.ipynb"]


@pytest.mark.parametrize(
    ("name", "title", "cells", "lesson"),
    [
        ("x.ipynb", "# 05 · Matrix gradients", [], {5}),
        ("06.ipynb", "#05", [], {5}),
        ("06.ipynb", "# 77 · none of ours", [], {6}),
        ("a/06/x_12 (2).ipynb", "", [], {12}),
        ("2024-05-01.ipynb", "", [], {5}),
        ("1205.ipynb", "", [], set()),
        ("x99_07.ipynb", "", [], {7}),
        ("x.ipynb", "", ["def softmax(Z): ...", "collapse = 1\nsquare_dW=2"], {5}),
        ("x.ipynb", "", ["def softmax (Z): ...", "  collapse = 1\nx.collapse = 2"], {6}),
        ("x.ipynb", "", ["x = 1"], set()),
    ],
)
def test_what_tells_a_lesson(name, title, cells, lesson):
    known = {e.name: e for e in ex.exercises()}
    assert command.lesson_of(name, {"title": title, "cells": cells}, known) == lesson


def test_checks_are_found_in_a_cell():
    assert command.checks(
        "ex.collapse.check(W, b)\nx = bplib.exercises.softmax.check(softmax)\nex.best_h.hint()"
    ) == [
        "collapse",
        "softmax",
    ]


@pytest.mark.parametrize(
    ("ended", "status", "said"),
    [
        ({"out_of_time": True}, 137, "stopped after 7.5 seconds"),
        ({"too_much": True}, 137, "wrote more than 50 MB of answers"),
        ({}, 77, "more than 1.5 GB of memory"),
        ({}, 0, "its process ended"),
        ({}, None, "its process ended"),
        ({}, 3, "its process crashed (status 3)"),
        pytest.param({}, 139, "its process crashed (SIGSEGV)", marks=pytest.mark.skipif(not LINUX, reason="numbers of LINUX")),
        pytest.param({}, 152, "stopped after 1.5 seconds of computing", marks=pytest.mark.skipif(not LINUX, reason="numbers of LINUX")),
    ],
)  # fmt: skip
def test_how_a_notebook_ended_is_said(ended, status, said):
    run = SimpleNamespace(**{"out_of_time": False, "too_much": False} | ended)
    assert command._how(run, status, command.Limits(7.5, 1_500_000_000)) == said


def test_the_limits():
    assert (command.Limits().seconds, command.Limits().memory) == (300, 4_000_000_000)
    limits = command.Limits(50)
    assert (limits.cell, limits.patience) == (10, 4)


class Said:
    """A run that says what it is told to, and then ends."""

    out_of_time = too_much = False

    def __init__(self, *entries, status=0, **ended):
        self.entries, self.status, self.clocks = entries, status, []
        vars(self).update(ended)

    def __iter__(self):
        return iter(self.entries)

    def clock(self, seconds):
        self.clocks.append(seconds)

    def end(self):
        return self.status


class SaidRuns:
    """Gives these runs, one after the other, and notes what each is asked."""

    def __init__(self, *runs):
        self.runs, self.asked = list(runs), []

    @contextlib.contextmanager
    def start(self, folder, request, seconds):
        assert (folder / "cwd").is_dir()
        self.asked.append((request, seconds))
        yield self.runs[len(self.asked) - 1]


def collected(
    *runs, cells=("import x", "ex.collapse.check(W, b)", "ex.best_h.check('c')\nex.softmax.check(f)", "y")
):
    asked = SaidRuns(*runs)
    course = SimpleNamespace(inputs={"softmax": 1}, unpack=lambda folder: (folder / "cwd").mkdir())
    return *command.collect(list(cells), command.Limits(50, 10**9), course, asked), asked.asked


def test_answers_are_collected_of_equal_ones_the_later():
    first, second = {"status": "a"}, {"status": "b"}
    entries = [{"cell": 0}, {"trying": "collapse"}, {"exercise": "collapse", "attempt": first}, {"cell": 1}]
    entries += [{"exercise": "collapse", "attempt": second}, {"exercise": "softmax", "attempt": first}]
    entries += [
        {"exercise": "collapse", "attempt": first},
        {"exercise": ["no"], "attempt": 1},
        {"exercise": "x"},
    ]
    run = Said(*entries, {"done": True, "errors": 2}, {"exercise": "late", "attempt": 1})
    answers, remarks, lost, asked = collected(run)
    assert answers == [("collapse", second), ("softmax", first), ("collapse", first)]
    assert (remarks, lost) == (["cells with errors: 2"], set())
    assert run.clocks == [50]  # from the first cell on
    request = {"cells": ["import x", "ex.collapse.check(W, b)", "ex.best_h.check('c')\nex.softmax.check(f)", "y"],
               "skip": [], "inputs": {"softmax": 1}, "memory": 10**9, "cell_seconds": 10, "patience": 4}  # fmt: skip
    assert asked == [(request, 50)]


def test_so_many_answers_to_one_exercise_and_no_more():
    entries = [{"exercise": "collapse", "attempt": n} for n in range(60)] + [
        {"exercise": "collapse", "attempt": 3}
    ]
    answers, *_ = collected(
        Said(*entries, {"exercise": "softmax", "attempt": 0}, {"done": True, "errors": "x"})
    )
    assert [attempt for e, attempt in answers if e == "collapse"] == [0, 1, 2, *range(4, 50), 3]
    assert answers[-1] == ("softmax", 0)


def test_a_cell_that_ends_all_is_left_out_and_loses_what_it_checks():
    runs = [
        Said({"cell": 0}, {"cell": 2}, status=3),
        Said({"cell": 1}, {"trying": "collapse"}, status=0),
        Said({"done": True, "errors": 0}),
    ]
    answers, remarks, lost, asked = collected(*runs)
    assert answers == []
    assert remarks == ["its process crashed (status 3) in code cell 3", "its process ended in code cell 2"]
    assert lost == {"best_h", "softmax", "collapse"}
    assert [request["skip"] for request, _ in asked] == [[], [2], [1, 2]]


def test_a_cell_after_an_answer_is_to_blame_for_itself():
    runs = [
        Said({"cell": 1}, {"trying": "best_h"}, {"exercise": "best_h", "attempt": 1}, {"cell": 3}),
        Said({"done": True, "errors": 0}),
    ]
    assert collected(*runs)[2] == set()


def test_four_runs_of_a_notebook_are_enough():
    _, remarks, lost, asked = collected(*[Said({"cell": n}) for n in (3, 0, 2, 1)])
    assert len(asked) == len(remarks) == 4
    assert lost == {"collapse", "best_h", "softmax"}


def test_where_no_cell_is_to_blame_there_is_no_other_run():
    _, remarks, lost, asked = collected(Said({"cell": -1}, {"cell": 4}, {"cell": "0"}, status=9))
    assert (remarks, lost, len(asked)) == (["its process crashed (status 9)"], set(), 1)


def test_a_cell_that_was_stopped_is_said_once():
    stopped = [{"cell": 2}, {"stopped": 2}, {"stopped": 7}, {"stopped": -1}]
    _, remarks, lost, _ = collected(Said(*stopped), Said(*stopped, {"done": True, "errors": 1}))
    said = "code cell 3 was stopped: it takes too long"
    assert remarks == [said, "its process ended in code cell 3", "cells with errors: 1"]
    assert lost == {"best_h", "softmax"}


def test_out_of_time_the_longest_cell_is_to_blame(monkeypatch):
    now = [0]

    class Slow(Said):
        def __iter__(self):
            for seconds, entry in (
                (60, {"cell": 0}),
                (10, {"cell": 1}),
                (30, {"cell": 3}),
                (15, {"trying": "best_h"}),
            ):
                now[0] += seconds
                yield entry
            now[0] += 5

    monkeypatch.setattr(command, "time", SimpleNamespace(monotonic=lambda: now[0]))
    _, remarks, lost, asked = collected(Slow(out_of_time=True), Said({"done": True, "errors": 0}))
    assert remarks == ["stopped after 50 seconds in code cell 2"]
    assert lost == {"collapse"}
    assert asked[1][0]["skip"] == [1]


def test_what_a_run_says_is_heard_line_by_line():
    lines = b'{"cell": 0}\nnonsense\n[1]\n' + b"[" * 100_000 + b'\n{"cell": 1}\n{"torn'
    run = command.Run.__new__(command.Run)
    run.keeper, run.too_much = SimpleNamespace(answers=io.BytesIO(lines)), False
    assert list(run) == [{"cell": 0}, {"cell": 1}]
    assert not run.too_much


def test_who_says_too_much_is_not_heard_to_the_end(monkeypatch):
    lines = b'{"cell": 0}\n{"cell": 1}\n{"cell": 2}\n'
    for enough, heard, too_much in ((len(lines) + 1, 3, False), (len(lines), 3, True), (13, 1, True)):
        monkeypatch.setattr(command, "MAX_BYTES", enough)
        run = command.Run.__new__(command.Run)
        run.keeper, run.too_much = SimpleNamespace(answers=io.BytesIO(lines)), False
        assert (len(list(run)), run.too_much) == (heard, too_much)


class Judged:
    """Says of each answer what is written in it."""

    def __init__(self, **notebook):
        self.notebook = {"cells": [], "title": "", "language": "en"} | notebook

    def read(self, path):
        return self.notebook

    def judge(self, exercise, attempt, seed):
        assert seed == 7
        return attempt and {"status": attempt, "message": f"about {attempt}", "slip": attempt[:3]}

    def close(self):
        pass


def graded_as(monkeypatch, answers, remarks=(), lost=(), name="x.ipynb", **notebook):
    monkeypatch.setattr(command, "collect", lambda *given: (list(answers), list(remarks), set(lost)))
    course = SimpleNamespace(seed=7)
    return command.grade_notebook(Path(name), name, command.Limits(), course, Judged(**notebook))


def statuses(report):
    return {name: r.status for name, r in report.results.items() if r.status != NOT_ATTEMPTED}


def test_a_report_has_every_exercise_of_the_lessons_that_were_answered_or_checked(monkeypatch):
    answers = [("collapse", NOT_YET), ("nobody", CORRECT), ("best_h", NOT_ATTEMPTED)]
    cells = ["ex.softmax.check(f)", "ex.nobody.check(f)"]
    report = graded_as(monkeypatch, answers, ["a\nb", "c"], name="é\n.ipynb", cells=cells, language="zh_CN")
    assert list(report.results) == [e.name for e in ex.exercises() if e.lesson in (5, 6)]
    assert report.results["collapse"] == Result("collapse", NOT_YET, "about not yet", "not")
    assert report.results["softmax"] == Result("softmax", NOT_ATTEMPTED, "")
    assert (report.notebook, report.remark, report.language) == ("é\\n.ipynb", "a\\nb; c", "zh_CN")


def test_a_lost_answer_is_not_yet_right_but_spoils_no_right_one(monkeypatch):
    report = graded_as(
        monkeypatch, [("collapse", CORRECT), ("best_h", None)], lost=["collapse", "softmax", "nobody"]
    )
    assert statuses(report) == {"collapse": CORRECT, "best_h": NOT_YET, "softmax": NOT_YET}
    assert report.results["softmax"].message == "Its cell was stopped, or ended the whole process."
    assert report.results["best_h"] == Result("best_h", NOT_YET, "")
    assert report.remark == "best_h: its answer takes too long, or too much memory, to be judged"


def test_a_notebook_without_checks_says_so_first(monkeypatch):
    report = graded_as(monkeypatch, [], ["cells with errors: 1"], name="05.ipynb")
    assert set(report.results) == {e.name for e in ex.exercises(5)}
    assert report.remark == "no check is left in it; cells with errors: 1"
    report = graded_as(monkeypatch, [("softmax", NOT_ATTEMPTED)])
    assert (report.results, report.remark) == ({}, "no check is left in it, nor what tells its lesson")


def test_a_notebook_that_is_not_read_has_a_remark_alone(monkeypatch):
    assert graded_as(monkeypatch, [], trouble="torn") == command.Report("x.ipynb", remark="torn")
    monkeypatch.setattr(Judged, "read", lambda self, path: None)
    said = "not a notebook that can be read: it takes too long, or too much memory"
    assert graded_as(monkeypatch, []) == command.Report("x.ipynb", remark=said)


def test_a_notebook_that_fails_ends_no_other(monkeypatch, tmp_path):
    """Each thread has one judge; all are closed, and what runs is ended."""
    judges, seen = [], []

    class Closing(Judged):
        def __init__(self):
            super().__init__()
            judges.append(self)

        def close(self):
            judges.remove(self)

    def graded(path, name, limits, course, judge, runs):
        seen.append((path, name, limits, course, judge in judges, runs))
        return 1 / 0 if "bad" in name else command.Report(name)

    monkeypatch.setattr(command, "Judge", Closing)
    monkeypatch.setattr(command, "Course", lambda seed: f"course {seed}")
    monkeypatch.setattr(command, "grade_notebook", graded)
    found = [tmp_path / "a" / "bad\n.ipynb", tmp_path / "b.ipynb", tmp_path / "c.ipynb"]
    got = dict(command.grade_all(found, tmp_path, "limits", 1, 7))
    assert got == {
        found[0]: command.Report("a/bad\\n.ipynb", remark="could not be graded (ZeroDivisionError)", failed=True),
        found[1]: command.Report("b.ipynb"), found[2]: command.Report("c.ipynb"),
    }  # fmt: skip
    assert [(path, *rest) for path, _, *rest in (entry[:5] for entry in seen)] == [
        (path, "limits", "course 7", True) for path in found
    ]
    assert judges == []
    with pytest.raises(RuntimeError, match="grading has ended"), seen[0][5].start():
        pass


@pytest.fixture
def main(monkeypatch, tmp_path):
    """The command in a folder with two notebooks, of which each is as right as its name says."""
    notebook(tmp_path / "class" / "anna_05.ipynb", "1")
    notebook(tmp_path / "class" / "bo_05.ipynb", "2")
    monkeypatch.chdir(tmp_path)
    asked = []

    def graded(found, folder, limits, jobs, seed, begin):
        asked.append(([path.name for path in found], folder, limits, jobs, seed))
        for path in reversed(found):
            if path.name in stops:
                raise KeyboardInterrupt
            status = CORRECT if path.name.startswith("anna") else NOT_YET
            yield path, command.Report(path.name, results(("collapse", status, "")))

    stops = set()
    monkeypatch.setattr(command, "grade_all", graded)
    return SimpleNamespace(
        run=lambda *more: command.main(["class", *more]), asked=asked, stops=stops, folder=tmp_path
    )


def test_the_command_prints_in_the_order_of_names(main, capsys):
    assert main.run("--csv", "out.csv", "--seconds", "50", "--memory", "1.5", "--jobs", "3") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "notebook       solved   not yet  open  remarks",
        "anna_05.ipynb  1 of 1         0     0",
        "bo_05.ipynb    0 of 1         1     0  collapse",
    ]
    assert err.splitlines()[0] == command.WARNING
    assert [line for line in err.splitlines() if " of 2: " in line] == [
        "1 of 2: bo_05.ipynb",
        "2 of 2: anna_05.ipynb",
    ]
    names = ["anna_05.ipynb", "bo_05.ipynb"]
    assert main.asked == [(names, Path("class"), command.Limits(50, 1_500_000_000), 3, None)]
    rows = [
        line.split(",")[0] for line in (main.folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    ]
    assert rows == ["notebook", "bo_05.ipynb", "anna_05.ipynb"]  # as they became known


def test_the_command_by_itself_writes_nothing(main, capsys):
    assert main.run() == 0
    assert main.asked[0][2:] == (command.Limits(300, 4_000_000_000), 1, None)
    assert [path.name for path in main.folder.iterdir()] == ["class"]


def test_an_interruption_keeps_what_is_known(main, capsys):
    main.stops.add("anna_05.ipynb")
    assert main.run("--csv", "out.csv") == 130
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["bo_05.ipynb  0 of 1         1     0  collapse"]
    assert err.splitlines()[-1].strip() == "Interrupted: the rest was not graded."
    assert "bo_05" in (main.folder / "out.csv").read_text(encoding="utf-8-sig")


def test_marks_go_on_after_an_interruption(main, capsys):
    main.stops.add("anna_05.ipynb")
    assert main.run("--marks", "m", "--csv", "out.csv") == 130
    assert "No marks are written yet; the same command goes on from here." in capsys.readouterr().err
    assert [path.name for path in (main.folder / "m").iterdir()] == ["journal.jsonl"]
    main.stops.clear()
    assert main.run("--marks", "m", "--csv", "out.csv") == 0
    out, err = capsys.readouterr()
    assert f"1 of 2 are known from {Path('m', 'journal.jsonl')}" in err.splitlines()
    assert [names for names, *_ in main.asked] == [["anna_05.ipynb", "bo_05.ipynb"], ["anna_05.ipynb"]]
    assert main.asked[0][-1] == main.asked[1][-1] is not None  # the same inputs for all
    assert "2 of 2: anna_05.ipynb" in err
    assert out.splitlines()[-1] == "canvas.csv and moodle.csv are not written: they need --roster"
    assert len((main.folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()) == 3
    assert (main.folder / "m" / "points.csv").exists()
    assert main.run("--marks", "m") == 0  # all is known: nothing is graded
    assert len(main.asked) == 2
    assert "1 of 1 " in capsys.readouterr().out
    assert main.run("--marks", "m", "--fresh") == 0
    assert "have changed" not in capsys.readouterr().err
    assert main.run("--marks", "m", "--seconds", "299") == 0
    assert "The course or the limits have changed: all are graded again." in capsys.readouterr().err
    assert len(main.asked) == 4


@pytest.mark.parametrize(
    "more", [["--roster", "r"], ["--learner", "x"], ["--points", "p"], ["--lessons", "5"]]
)
def test_what_belongs_to_marks_needs_them(main, capsys, more):
    with pytest.raises(SystemExit):
        main.run(*more)
    said = "--roster, --learner, --points and --lessons need --marks DIR, where marks are written"
    assert capsys.readouterr().err.endswith(f"error: {said}\n")
    assert main.asked == []


def test_the_help_says_of_each_option_what_it_is_for(main, capsys):
    with pytest.raises(SystemExit) as stop:
        main.run("--help")
    assert stop.value.code == 0
    found = dict(re.findall(r"^  (--\w+)(?: [A-Z]+)?\s+([a-zC].+)", capsys.readouterr().out, re.MULTILINE))
    names = "csv seconds memory jobs marks roster learner points lessons fresh"
    assert list(found) == [f"--{name}" for name in names.split()]


def test_limits_at_their_edges(main):
    assert main.run("--seconds", "0.5", "--memory", "0.5", "--jobs", "1") == 0
    assert main.asked[0][2] == command.Limits(0.5, 500_000_000)
    assert command._numbers("4,15") == [4, 15]
    for text in ("", "4,", "4;5", " 4"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected numbers of lessons like 4,5"):
            command._numbers(text)


def test_the_same_seed_gives_the_same_course(tmp_path):
    course = command.Course(3)
    assert course.seed == 3
    functions = {e.name: e for e in ex.exercises() if isinstance(e, kinds.Function)}
    assert set(course.inputs) == set(functions)
    for name, e in functions.items():
        assert len(course.inputs[name]) == e.trials
    there = [locked._decode(item) for item in course.inputs["affine_backward"][1]]
    np.testing.assert_equal(there, list(ex.affine_backward.draw(3, 1).values()))
    course.unpack(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {
        "cwd/data/xor_published.json",
        "bplib/exercises/locked.json",
        "bplib/exercises/grading/learner.py",
    } < names
    assert not [n for n in names if re.search(r"exercises/(lesson|grade\.|grading/(com|jud|mar|kee))", n)]
    assert [n for n in names if re.search(r"__pycache__/learner.*\.pyc", n)]
    sheet = json.loads((tmp_path / "bplib/exercises/locked.json").read_text(encoding="utf-8"))
    assert list(sheet) == [e.name for e in ex.exercises()]
    assert all(e.mutants for e in functions.values())  # only the sheet has none


def test_the_lessons_data_lie_beside_the_package_or_where_the_command_runs(tmp_path, monkeypatch):
    """An installed package has no notebooks beside it; and where there are none at all, it goes without."""
    monkeypatch.setattr(command, "_edition", lambda: {"bplib/x.py": b"1"})
    monkeypatch.setattr(command, "PACKAGE", tmp_path / "package" / "bplib")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def given(number):
        (tmp_path / number).mkdir()
        command.Course(1).unpack(tmp_path / number)
        found = (path for path in (tmp_path / number).rglob("*") if path.is_file())
        return {path.relative_to(tmp_path / number).as_posix(): path.read_text() for path in found}

    assert given("1") == {"bplib/x.py": "1"}
    for n, place in enumerate(("here", "package"), 2):
        (tmp_path / place / "notebooks" / "data" / "inner").mkdir(parents=True)
        (tmp_path / place / "notebooks" / "data" / "inner" / "a.txt").write_text(place)
        assert given(str(n)) == {"bplib/x.py": "1", "cwd/data/inner/a.txt": place}


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
    path = tmp_path / "a.ipynb"
    notebook(path, IMPORTS)
    monkeypatch.setattr(judging, "MAX_NOTEBOOK", path.stat().st_size)
    assert judging.read(path)["cells"] == [IMPORTS]
    monkeypatch.setattr(judging, "MAX_NOTEBOOK", path.stat().st_size - 1)
    assert judging.read(path) == {"trouble": "too large to be read (more than 0 MB)"}
    monkeypatch.setattr(judging, "MAX_NOTEBOOK", 3_999_999)
    path.write_bytes(b" " * 4_000_000)
    assert judging.read(path)["trouble"].endswith("(more than 3 MB)")


def test_what_is_read_of_a_notebook(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["Text\n", "## 3 · small\n"]},
        {"cell_type": "code", "source": "# 04 · a remark"},
        {"cell_type": "raw", "source": "# 07 · raw"},
        {"cell_type": "markdown", "source": "# 05 · " + "x" * 300},
        {"cell_type": "code", "source": ["a = 1\n", "b = 2"]},
        {"cell_type": "markdown", "source": "# 06 · later"},
    ]
    content = {"cells": cells, "metadata": {"bplib": {"language": "zh_CN"}}}
    (tmp_path / "a.ipynb").write_text(json.dumps(content))
    assert judging.read(str(tmp_path / "a.ipynb")) == {
        "cells": ["# 04 · a remark", "a = 1\nb = 2"], "title": "# 05 · " + "x" * 193, "language": "zh_CN",
    }  # fmt: skip
    (tmp_path / "a.ipynb").write_text('{"cells": []}')
    assert judging.read(tmp_path / "a.ipynb") == {"cells": [], "title": "", "language": "en"}


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ('{"cells": [', "JSONDecodeError"),
        ("[" * 200_000, "RecursionError"),
        ('"cells"', "TypeError"),
        ("{}", "KeyError"),
        ('{"cells": [{"cell_type": "code"}]}', "KeyError"),
        (None, "No such file or directory"),
    ],
)
def test_why_a_notebook_is_not_read(tmp_path, text, trouble):
    if text is not None:
        (tmp_path / "a.ipynb").write_text(text)
    said = judging.read(tmp_path / "a.ipynb")["trouble"]
    assert said.startswith("not a notebook that can be read (")
    if text is not None or os.name != "nt":  # Windows has another sentence for a file that is not there
        assert said == f"not a notebook that can be read ({trouble})"


def test_what_is_no_file_is_not_read(tmp_path):
    assert judging.read(tmp_path) == {"trouble": "a folder, no notebook"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "fifo.ipynb")
        assert judging.read(tmp_path / "fifo.ipynb")["trouble"] == "no notebook: neither a file nor a folder"


def test_what_is_judged():
    """Status, message and slip, as the grader gives them; what cannot be read of an answer is not yet right."""
    e = ex.bias_gradient
    slip = next(m for m in e.mutants if m.name == "the wrong axis")
    for function in (e.reference, e.mutated(slip)):
        result = e.judge(e.attempt((function,), 3), 3)
        expected = {"status": result.status, "message": result.message, "slip": result.slip}
        assert judging.judge(e.name, attempt_to_json(e.attempt((function,), 3)), 3) == expected
    assert judging.judge(e.name, {}, 0) == {
        "status": "not yet", "message": "its answer could not be read (KeyError)", "slip": "",
    }  # fmt: skip


def test_a_judging_process_reads_and_judges_until_it_is_closed(tmp_path):
    judge = judging.Judge()
    path = tmp_path / ("é.ipynb" if os.name == "nt" else "é\n.ipynb")
    notebook(path, IMPORTS, title="# 05 · é")
    right = attempt_to_json(ex.log_square.attempt((ex.log_square.answer,), 0))
    try:
        assert judge.read(path) == judging.read(path)
        process = judge._started.process
        assert judge.judge("log_square", right, 0) == judging.judge("log_square", right, 0)
        assert judge._started.process is process
        process.kill()  # as when the machine has no memory left
        process.wait()
        assert judge.read(path) is None
        assert judge.read(path) == judging.read(path)
        process = judge._started.process
    finally:
        judge.close()
    assert process.wait(timeout=30) != 0
    assert judge.read(path) is None
    judging.Judge().close()


def test_judging_limits_itself(monkeypatch):
    """Its memory once, its computing anew for each question; only answers are written."""
    limits, out, talk = [], io.StringIO(), io.StringIO()
    asked = [{"read": list(b"/no/where")}, {"exercise": "best_h", "attempt": {}, "seed": 1}]
    lines = "".join(json.dumps(question) + "\n" for question in asked).encode()
    monkeypatch.setattr(learner, "limit_memory", lambda limit: limits.append(limit))
    monkeypatch.setattr(learner, "allow", lambda seconds: limits.append(seconds))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(lines)))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", talk)
    monkeypatch.setattr(
        judging, "judge", lambda exercise, attempt, seed: print(exercise, seed) or {"seed": seed}
    )
    judging.main(7.5)
    assert limits == [judging.MEMORY, 7.5, 7.5]
    expected = [judging.read("/no/where"), {"seed": 1}]
    assert "trouble" in expected[0]
    assert [json.loads(line) for line in out.getvalue().splitlines()] == expected
    assert talk.getvalue() == "best_h 1\n"


def test_judging_that_takes_too_long_is_ended(monkeypatch):
    """By the clock too: what waits computes nothing."""
    monkeypatch.setattr(judging, "PATIENCE", 2)
    waits = [sys.executable, "-c", "import time\nprint('{}', flush=True)\ntime.sleep(600)"]
    judge = judging.Judge(seconds=1)
    monkeypatch.setattr(judge, "_start", lambda: keeper.Started(waits))
    assert judge.read("a") == {}
    started = judge._started
    assert judge.read("a") is None
    assert started.process.poll() is not None
    assert judge._started is None


# ---------------------------------------------------------------- the keeper


def kept(code, request="", **settings):
    """A keeper with a command in Python, and the ends of its talk."""
    command = [sys.executable, "-I", "-S", keeper.__file__, sys.executable, "-c", code]
    started = keeper.Started(command, **settings)
    started.questions.write(request.encode() + b"\n")
    started.questions.flush()
    return started


needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: processes end by signals")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        pytest.param("import os; os.kill(os.getpid(), 9)", 137, marks=needs_posix),
    ],
)
def test_the_keeper_ends_as_its_command_did(code, status):
    started = kept(code)
    assert started.process.wait(timeout=60) == status
    started.hang_up()


def test_the_keeper_hands_on_one_line_and_what_is_answered():
    started = kept("import sys\nprint(repr(sys.stdin.read()))\nprint('b')", "what is asked")
    assert started.answers.read().replace(b"\r", b"") == b"'what is asked\\n'\nb\n"
    assert started.process.wait(timeout=60) == 0
    started.hang_up()


@needs_posix
def test_the_keeper_ends_its_command_when_nobody_listens():
    started = kept("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
    pid = int(started.answers.readline())
    assert os.getsid(pid) == pid
    started.fall_silent()
    assert started.process.wait(timeout=60) == 137
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    started.hang_up()
    assert started.answers.read() == b""


FAMILY = """
import os, subprocess, sys, time
sleeps = "import time; time.sleep(600)"
orphan = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True).pid, flush=True)"
for apart in (False, True):
    print(subprocess.Popen([sys.executable, "-c", sleeps], start_new_session=apart).pid, flush=True)
    subprocess.run([sys.executable, "-c", orphan, sleeps], start_new_session=apart)
print("all", flush=True)
"""


@pytest.mark.skipif(not LINUX, reason="needs LINUX: elsewhere what left its group is not found")
@pytest.mark.parametrize("end", ["", "time.sleep(600)", "os.kill(os.getpid(), 11)"])
def test_the_keeper_leaves_nothing_running(end):
    """Children, those apart, and orphans; however the command ends."""
    started = kept(FAMILY + end)
    pids = [int(line) for line in iter(started.answers.readline, b"all\n")]
    assert len(pids) == 4
    started.fall_silent()
    assert started.process.wait(timeout=60) in (0, 137, 139)
    assert not any(map(alive, pids))
    started.hang_up()


@pytest.mark.skipif(not LINUX, reason="needs LINUX: processes are found by /proc")
def test_the_keeper_finds_who_descends_from_whom():
    code = "import subprocess, sys\nif int(sys.argv[1]): subprocess.run([sys.executable, '-c', sys.argv[2], str(int(sys.argv[1]) - 1), sys.argv[2]])"
    code += "\nelse: print('ready', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "2", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"ready\n"
        found = keeper.descendants(process.pid)
        assert len(set(found)) == len(found) == 2
        assert keeper.descendants(found[0]) == found[1:]
        assert {process.pid, *found} <= set(keeper.descendants(os.getpid()))
        assert keeper.descendants(found[1]) == []
    finally:
        process.communicate()


@pytest.mark.skipif(not LINUX, reason="needs LINUX: processes are found by /proc")
def test_the_keeper_passes_over_a_process_that_goes_while_it_looks(monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    there, gone = list(os.scandir("/proc")), SimpleNamespace(name="99999999999")
    monkeypatch.setattr(os, "scandir", lambda path: [gone, *there])
    assert process.pid in keeper.descendants(os.getpid())
    process.communicate(b"\n")


@needs_posix
def test_the_keeper_talks_by_sockets_and_hears_no_errors():
    """A pipe could be written into by others of the same user; errors are no answers."""
    code = "import os, stat, sys\nprint([stat.S_ISSOCK(os.fstat(n).st_mode) for n in (0, 1)])\nprint('oh', file=sys.stderr)"
    started = kept(code, stderr=subprocess.PIPE)
    assert started.answers.read().strip() == b"[True, True]"
    assert started.process.stderr.read() == b""
    assert started.process.wait(timeout=60) == 0
    started.process.stderr.close()
    started.hang_up()


@needs_posix
def test_the_keeper_shrugs_at_what_has_gone(monkeypatch):
    def gone(*args):
        raise ProcessLookupError

    with monkeypatch.context() as patch:
        patch.setattr(keeper.os, "kill", gone)
        keeper.kill(os.getpid())
    started = kept("import sys; sys.stdin.close()", "x" * 1_000_000)
    assert started.process.wait(timeout=60) == 0
    started.hang_up()
    started.hang_up()


def test_the_keepers_command_may_answer_on_our_own_output(capfd):
    started = keeper.Started([sys.executable, "-c", "print('here')"], answers=False)
    started.fall_silent()
    assert started.process.wait(timeout=60) == 0
    assert started.answers is None
    assert capfd.readouterr().out.split() == ["here"]
    started.hang_up()


def test_the_keeper_on_windows(monkeypatch):
    """Pipes in place of sockets; the whole tree is killed by the system's own command."""
    said = []
    monkeypatch.setattr(sys, "platform", "win32")
    for answers in (True, False):
        started = keeper.Started([sys.executable, "-c", "print(input() + '!')"], answers=answers)
        started.questions.write(b"here\n")
        started.fall_silent()
        said.append(started.answers.read().strip() if answers else started.answers)
        assert started.process.wait(timeout=60) == 0
        started.hang_up()
    assert said == [b"here!", None]
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda *command, **settings: commands.append((command, settings)))
    keeper.end_all(SimpleNamespace(pid=7))
    assert commands == [((["taskkill", "/T", "/F", "/PID", "7"],), {"capture_output": True})]
