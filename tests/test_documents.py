"""The Python in CONTRIBUTING.md, README.md and the docstrings runs as it stands.

Each piece of CONTRIBUTING.md runs in the file that the text names.
"""

import ast
import functools
import importlib
import inspect
import re
import textwrap
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from test_house import MODULES

import bplib
from bplib import derive, faults, live
from bplib.derive import lesson_02
from bplib.exercises import kinds

HOME = Path(__file__).resolve().parent.parent


def blocks(document):
    """(heading, code) of each Python block."""
    heading = ""
    for part in re.split(r"^(## .*)$", (HOME / document).read_text(encoding="utf-8"), flags=re.MULTILINE):
        if part.startswith("## "):
            heading = part.removeprefix("## ")
        for code in re.findall(r"^ *```python\n(.*?)^ *```", part, flags=re.MULTILINE | re.DOTALL):
            yield heading, textwrap.dedent(code)


def under(heading, document="CONTRIBUTING.md"):
    found = [code for title, code in blocks(document) if title == heading]
    assert found, f"{document} has no Python under {heading!r}"
    return found


def test_every_block_has_its_test():
    assert [title for title, _ in blocks("CONTRIBUTING.md")] == [
        "Adding a proof",
        "Adding an exercise",
        "Adding an exercise",
        *["The four kinds of exercise"] * 5,
        "Adding a fault",
    ]
    assert [title for title, _ in blocks("README.md")] == ["What is in `bplib`"]


def test_the_example_of_the_readme_learns_xor():
    (code,) = under("What is in `bplib`", "README.md")
    names = {}
    exec(code, names)
    data = names["data"]
    assert names["network"].loss(data.X_train, data.y_train) < 0.1


def test_the_proof_can_be_added(monkeypatch):
    monkeypatch.setattr(derive.registry, "CLAIMS", dict(derive.CLAIMS))
    (code,) = under("Adding a proof")
    exec(code, dict(vars(lesson_02)))
    claim = derive.claim("tanh_slope")
    assert claim.prove().outcome == "proved"
    assert claim.compare().checked
    for spoiled in claim.spoiled():
        with pytest.raises(derive.ProofError):
            spoiled.prove()


def test_the_exercise_can_be_added(tmp_path, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(tmp_path / "progress.json"))
    made, cell = under("Adding an exercise")
    names = dict(vars(kinds))
    exec(made, names)
    exercise = names["first_step"]
    exercise.name, exercise.lesson = "first_step", 3
    assert exercise.judge_value(exercise.answer).correct
    for wrong, teaches in exercise.mutants:
        result = exercise.judge_value(wrong)
        assert not result.correct
        assert teaches in str(result)
    stub, check = cell.strip().splitlines()
    exec(stub, names := {"ex": types.SimpleNamespace(first_step=exercise)})
    assert "not attempted" in repr(eval(check, names)).lower()


def test_each_kind_of_exercise_can_be_made():
    imports, *kinds_shown = under("The four kinds of exercise")
    names = {"__package__": "bplib.exercises"}
    exec(imports, names)
    for code in kinds_shown:
        exec(code, names)
    made = [thing for thing in names.values() if isinstance(thing, kinds.Exercise)]
    assert {type(e) for e in made} == {kinds.Function, kinds.Value, kinds.Choice, kinds.Expression}
    function = names["affine_backward"]
    assert function.judge(function.attempt((function.reference,), 0), 0).correct
    for fault in function.mutants:
        assert fault.apply(textwrap.dedent(kinds_shown[0]).partition("def affine_backward")[2])
    for e in made:
        if e is not function:
            assert e.judge(e.attempt((e.answer,), 0), 0).correct
            assert not e.judge(e.attempt((e.mutants[0][0],), 0), 0).correct


def test_the_fault_can_be_added():
    (code,) = under("Adding a fault")
    (fault,) = eval(code, dict(vars(faults)))
    assert fault.lab
    assert fault.spoiled_source() == faults.find(fault.name).spoiled_source()
    assert fault.spoiled_function()(None, 0.0)
    assert not fault.target()(None, 0.0)


def snippets():
    """(name, code) of each indented piece of a docstring that calls something, or defines it, in Python."""
    for name in MODULES:
        module = importlib.import_module(name)
        texts = [(name, module.__doc__ or "")]
        for key, thing in vars(module).items():
            if not key.startswith("_") and getattr(thing, "__module__", None) == name:
                texts.append((f"{name}.{key}", inspect.getdoc(thing) or ""))
        for label, text in texts:
            for piece in re.findall(r"(?:^ {4}.*\n|^\n)+", f"{text}\n", flags=re.MULTILINE):
                code = textwrap.dedent(piece).strip()
                try:
                    statements = ast.parse(code).body
                except SyntaxError:
                    continue
                if any(isinstance(node, ast.Call | ast.ClassDef) for s in statements for node in ast.walk(s)):
                    yield label, code


SNIPPETS = list(snippets())


def count_points(**setting):
    return {"loss": float(len(setting))}


def names_for(label):
    """What a reader has at hand where the docstring is read: the names that its piece uses."""
    rng = np.random.default_rng(0)
    network = bplib.mlp((2, 2, 1), activation="relu", rng=rng)
    names = {"bplib": bplib, "derive": derive, "np": np, "sp": sp, "network": network, "run": count_points}
    names |= {"X": rng.normal(size=(4, 2)), "Y": rng.normal(size=(4, 1)), "x": [0, 1], "y": [0, 1]}
    names["check_gradients"] = bplib.check_gradients
    if label == "bplib.derive":
        z, (N, d, k) = sp.Symbol("z", real=True), sp.symbols("N d k", integer=True, positive=True)
        names |= {"z": z, "s": 1 / (1 + sp.exp(-z)), "X": sp.MatrixSymbol("X", N, d)}
        names |= {"W": sp.MatrixSymbol("W", d, k), "D": sp.MatrixSymbol("D", N, k)}
    if label == "bplib.derive.formulas":
        names["values"] = {
            "a": [None, [0.1, 0.5]],
            "W": [None, None, [[2.0, 3.0]]],
            "delta": [None, None, [0.2]],
        }
    if label == "bplib.playgrounds.draw.draw":
        data = bplib.datasets.digits()
        names["dataset"] = data
        names["network"] = bplib.mlp((784, 10), loss="softmax_cross_entropy", dtype=np.float32, rng=rng)
    if label.startswith("bplib.live"):
        names |= vars(live)
    if label.startswith("bplib.exercises."):
        names |= {"ex": bplib.exercises, "rng": rng, "right": 3, "X": np.eye(4, 2), "Y": np.eye(4, 1)}
    return names | vars(importlib.import_module(label if label in MODULES else label.rpartition(".")[0]))


def test_docstrings_show_python():
    """The search is worth something: it finds the pieces in docstrings of files, folders and classes."""
    assert {"bplib.derive", "bplib.sweep", "bplib.live.explorer.Explorer"} <= {label for label, _ in SNIPPETS}


@pytest.mark.parametrize(("label", "code"), SNIPPETS, ids=[label for label, _ in SNIPPETS])
def test_the_python_in_a_docstring_runs(label, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", str(tmp_path / "progress.json"))
    monkeypatch.setattr(kinds.Exercise, "latest", None)  # nothing has been checked
    names = names_for(label) | {"path": tmp_path / "locked.json"}
    with ThreadPoolExecutor(2) as threads:  # processes would take half a minute to start
        monkeypatch.setattr(bplib.sweep, "sweep", functools.partial(bplib.sweep.sweep, executor=threads))
        exec(code, names)
    if label == "bplib.derive.formulas":
        assert names["f"].value(names["values"]) == pytest.approx((1 - 0.5**2) * 3 * 0.2)
    if label == "bplib.live.explorer.Explorer":
        slope = names["Slope"]()
        slope.controls["z"].value = 2.0
        assert "slope 0.07" in slope.status.value
