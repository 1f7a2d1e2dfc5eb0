"""The process that runs a notebook's cells: what it says line by line, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_grade import BIAS, IMPORTS, LINUX, RIGHT

import bplib.exercises as ex
from bplib.exercises import locked
from bplib.exercises.attempt import attempt_to_json, decode
from bplib.exercises.grading import learner

COURSE = Path(learner.__file__).resolve().parents[3]


def conversation(cells, *, skip=(), inputs=None, seconds=20.0, patience=4, memory=4_000_000_000):
    """(what the process says about these cells, its exit status)"""
    request = {"cells": cells, "skip": list(skip), "inputs": inputs or {}, "cell_seconds": seconds,
               "patience": patience, "memory": memory}  # fmt: skip
    settings = {
        "BPLIB_PROGRESS_FILE": "",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bplib.exercises.grading.learner"],
        input=json.dumps(request) + "\n", cwd=COURSE, env=os.environ | settings, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def test_a_whole_notebook():
    """Each cell is named, each new answer is tried once, an error costs its cell, a cell to skip does not run."""
    cells = [
        IMPORTS,
        RIGHT,
        "1 / 0",
        "x =",
        "raise SystemExit",
        "pass",
        BIAS,
        "raise KeyboardInterrupt",
        BIAS,
    ]
    said, status = conversation(cells, skip=[8])
    tried = json.loads(
        json.dumps(attempt_to_json(ex.affine_backward.attempt((ex.affine_backward.reference,), 0)))
    )
    bias = json.loads(json.dumps(attempt_to_json(ex.bias_gradient.attempt((ex.bias_gradient.reference,), 0))))
    assert said == [
        {"cell": 0}, {"cell": 1}, {"trying": "affine_backward"}, {"exercise": "affine_backward", "attempt": tried},
        {"cell": 2}, {"cell": 3}, {"cell": 4}, {"cell": 5}, {"cell": 6}, {"trying": "bias_gradient"},
        {"exercise": "bias_gradient", "attempt": bias}, {"cell": 7}, {"done": True, "errors": 4},
    ]  # fmt: skip
    assert status == 0


def test_an_answer_is_tried_on_the_inputs_of_the_request():
    dZ = [np.arange(6.0).reshape(3, 2), np.ones((1, 4))]
    said, _ = conversation(
        [IMPORTS, BIAS], inputs={"bias_gradient": [[locked._encode(value)] for value in dZ]}
    )
    trials = said[3]["attempt"]["trials"]
    assert len(trials) == 2
    for trial, value in zip(trials, dZ, strict=True):
        np.testing.assert_array_equal(decode(trial["returned"]), value.sum(axis=0))


def test_what_each_step_may_compute(monkeypatch):
    """A cell its seconds, an answer those of a call for each of its inputs, and a grace for what cannot be stopped."""
    said, allowed = [], []
    monkeypatch.setattr(ex, "exercises", lambda: [SimpleNamespace(name="a", submitted=(1,))])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(learner.running, "PASSED_ON", learner.running.PASSED_ON)
    monkeypatch.setattr(learner.running, "SECONDS", 3.0)
    for name, stub in {
        "allow": allowed.append,
        "limit_memory": lambda memory: None,
        "asyncio": SimpleNamespace(new_event_loop=lambda: None, set_event_loop=lambda loop: None),
        "_shell": SimpleNamespace,
        "_run_cell": lambda *cell: None,
        "_fresh": lambda *exercise: SimpleNamespace(trials=3),
        "_attempt": lambda *answer: {},
    }.items():
        monkeypatch.setattr(learner, name, stub)
    request = {"cells": ["1", "2"], "skip": [], "inputs": {}, "patience": 1, "memory": 1}
    learner.run(request | {"cell_seconds": 8.0}, said.append)
    assert allowed == [8 + 5, 3 * 2 + 5, 8 + 5]  # 2: a quarter of the cell's
    allowed.clear()
    learner.run(request | {"cell_seconds": 4.0}, said.append)
    assert allowed == [4 + 4, 3 * 1 + 4, 4 + 4]
    assert said[-1] == {"done": True, "errors": 0}


def test_a_changed_answer_is_tried_again():
    said, _ = conversation([IMPORTS, BIAS, BIAS.replace("axis=0", "axis=1"), BIAS])
    assert [entry["exercise"] for entry in said if "exercise" in entry] == ["bias_gradient"] * 3
    assert said[3]["attempt"] == said[9]["attempt"] != said[6]["attempt"]


def test_what_a_cell_prints_reads_or_starts_says_nothing():
    cells = [
        "import os, sys\nprint('{\"cell\": 90}')\nos.write(1, b'{\"cell\": 91}\\n')\nos.write(2, b'noise')\n"
        "sys.__stdout__.write('x')\nassert not sys.__stdin__.read() and not os.read(0, 9)",
        "input()",
        *(["if os.fork() == 0:\n    pass"] if hasattr(os, "fork") else []),
        IMPORTS, BIAS,
    ]  # fmt: skip
    said, status = conversation(cells)
    kinds = [next(iter(entry)) for entry in said]
    assert kinds == ["cell"] * len(cells) + ["trying", "exercise", "done"]
    assert [entry["cell"] for entry in said if "cell" in entry] == list(range(len(cells)))
    assert said[-1]["errors"] == 1  # nobody answers input()
    assert status == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer by signal")
def test_a_cell_that_takes_too_long_is_stopped_and_the_next_has_its_turn():
    cells = ["import time", "while True:\n    pass", "time.sleep(60)", f"{IMPORTS}\n{BIAS}"]
    said, status = conversation(cells, seconds=0.5)
    assert [entry for entry in said if "stopped" in entry] == [{"stopped": 1}, {"stopped": 2}]
    assert said.index({"stopped": 1}) == said.index({"cell": 2}) - 1
    assert said[-1] == {"done": True, "errors": 2}
    assert any(entry.get("exercise") == "bias_gradient" for entry in said)
    assert status == 0


@pytest.mark.skipif(not LINUX, reason="needs limits on computing, as Linux has them")
def test_a_cell_that_cannot_be_stopped_is_killed():
    loop = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said, status = conversation([IMPORTS, loop, "1"], seconds=0.5)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert said == [{"cell": 0}, {"cell": 1}]
    assert status == -signal.SIGXCPU
    assert after.ru_utime - before.ru_utime < 8  # a second for the cell and its grace, the rest is the start


@pytest.mark.skipif(not LINUX, reason="needs limits on memory, as Linux has them")
def test_memory_that_is_given_back_costs_a_cell_and_memory_that_is_kept_the_process():
    much = "x = bytearray(3_000_000_000)"
    said, status = conversation([much, f"{IMPORTS}\n{BIAS}"], memory=1_000_000_000)
    assert said[-1] == {"done": True, "errors": 1}
    assert status == 0
    kept = "kept = []\nwhile True:\n    kept.append(bytearray(20_000_000))"
    said, status = conversation([kept, BIAS], memory=1_000_000_000)
    assert said == [{"cell": 0}]
    assert status == learner.OUT_OF_MEMORY == 77


@pytest.mark.skipif(not LINUX, reason="reads Linux's /proc")
def test_what_the_limits_set():
    code = (
        "import resource; from pathlib import Path; from bplib.exercises.grading import learner\n"
        "learner.limit_memory(10**9); learner.allow(1000)\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA), Path('/proc/self/oom_score_adj').read_text().strip())\n"
        "used = resource.getrusage(resource.RUSAGE_SELF); used = used.ru_utime + used.ru_stime\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_CPU); print(0 < soft - used - 1000 <= 1, hard)\n"
        "held = learner._held(); more = bytearray(80_000_000); print(79e6 < learner._held() - held < 90e6)\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (2000, 2000)); learner.allow(5000)\n"  # above the hard one
        "print(resource.getrlimit(resource.RLIMIT_CPU))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=COURSE, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "(1000000000, 1000000000) 1000", "True -1", "True", "(2000, 2000)",
    ]  # fmt: skip


def test_cells_run_as_in_a_kernel():
    """Magics, their local names, top-level await, a module beside the notebook; a GUI that is not there."""
    cells = [
        "def f():\n    y = 3\n    return get_ipython().run_line_magic('timeit', '-n1 -r1 -q -o y')\nassert f() is not None",
        "%gui qt\n%matplotlib qt\nimport matplotlib\nassert matplotlib.get_backend().lower() == 'agg'",
        "%%nobody_has_this 3\ncounted = 1",
        "assert counted == 1",
        "assert get_ipython().run_line_magic('nobody_has_this', '') is None",
        "%%timeit -q -n1 -r1 --nonsense\ncounted = 2",
        "assert counted == 1",
        "import asyncio\nawait asyncio.sleep(0)\nassert asyncio.get_running_loop() is not None",
        "import sys\nassert sys.path[0] == ''",
        "len?",
        "assert len(In) == 1 and get_ipython().history_manager.enabled is False",
    ]
    said, status = conversation(cells)
    assert said == [*({"cell": i} for i in range(len(cells))), {"done": True, "errors": 0}]
    assert status == 0


def test_an_answer_that_cannot_be_looked_at_is_a_crash():
    def attempt(answer, seed):
        assert (answer, seed) == ("mine", 0)
        raise KeyboardInterrupt("mine")

    found = learner._attempt(SimpleNamespace(attempt=attempt), "mine")
    (trial,) = found["trials"]
    assert found["status"] == "ran"
    assert (trial["crash"]["type"], trial["crash"]["message"]) == ("KeyboardInterrupt", "mine")


def test_other_copies_of_the_package_are_not_found(monkeypatch, tmp_path):
    """Neither in a folder nor by an editable install; an installation of everything is more than the package."""
    own, other, installed, plain = (tmp_path / name for name in ("own", "other", "site-packages", "plain"))
    for folder in (own, other, installed):
        (folder / "bplib").mkdir(parents=True)
    plain.mkdir()
    finders = [SimpleNamespace(name="an editable finder"), SimpleNamespace(name="another")]
    hooks = [SimpleNamespace(name="an editable hook"), SimpleNamespace(name="another")]
    monkeypatch.setattr(sys, "path", [str(folder) for folder in (own, other, installed, plain)])
    with monkeypatch.context() as patch:  # nothing is imported meanwhile
        patch.setattr(sys, "meta_path", list(finders))
        patch.setattr(sys, "path_hooks", list(hooks))
        learner._only_here(own.resolve())
        left = list(sys.path), list(sys.meta_path), list(sys.path_hooks)
    assert left == ([str(own), str(installed), str(plain)], finders[1:], hooks[1:])
