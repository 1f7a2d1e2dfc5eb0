"""The Python in CONTRIBUTING.md and README.md runs as it stands, each piece in the file that the text names."""

import re
import textwrap
import types
from pathlib import Path

import pytest

from bplib import derive, faults
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
