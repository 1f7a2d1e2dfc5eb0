"""The catalogue of faults: every line is there, and the faults of the lab do what the lab says of them."""

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mutants
import mutation
from bplib import SGD, Affine, Network, ReLU, SoftmaxCrossEntropy, Tanh, check_gradients, faults, mlp, train
from bplib.deep_layers import BatchNorm, Dropout, Residual

HOME = Path(__file__).resolve().parents[1]


def ids(faults):
    return [fault.name for fault in faults]


@pytest.mark.parametrize("fault", faults.CORE, ids=ids(faults.CORE))
def test_the_line_is_there_exactly_once(fault):
    """The core may change under the catalogue: then this says which fault has lost its line."""
    spoiled = fault.spoiled_source()
    assert spoiled != fault.source()
    assert "\n" not in fault.spoiled.rstrip("\n")
    compile(spoiled, "<spoiled>", "exec")
    assert len(fault.teaches) > 20


def test_names_are_unique():
    assert len({fault.name for fault in faults.CORE}) == len(faults.CORE)


def test_there_are_enough():
    assert len(faults.CORE) >= 60
    assert len(faults.lab()) >= 12
    assert {f.where.split(".")[0] for f in faults.CORE} >= {
        "layers", "losses", "network", "optimizers", "gradcheck", "training",
    }  # fmt: skip


def network_for(fault):
    """A small network that runs the spoiled function, with data: (network, X, Y)."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(9, 3))
    module, owner = fault.where.split(".")[:2]
    labels = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
    activation = {"Sigmoid": "sigmoid", "ReLU": "relu"}.get(owner, "tanh")
    loss = {"SquaredError": "squared_error", "BinaryCrossEntropy": "binary_cross_entropy"}
    if module == "deep_layers":
        block = Residual([Affine(5, 5, rng=rng), Tanh()])
        middle = {"Dropout": Dropout(0.25), "BatchNorm": BatchNorm(5), "Residual": block}[owner]
        layers = [Affine(3, 5, rng=rng), middle, Tanh(), Affine(5, 3, rng=rng)]
        return Network(layers, SoftmaxCrossEntropy()), X, labels
    network = mlp([3, 5, 4, 3], activation=activation, rng=rng,
                  loss=loss.get(owner, "softmax_cross_entropy"))  # fmt: skip
    for layer in network.layers[::2]:
        layer.params["b"] += rng.uniform(0.2, 0.6, layer.n_out)
    one_hot = np.eye(3)[labels]
    return network, X, one_hot if owner in loss else labels


def last_losses(network, X, Y, steps=400):
    """The mean loss at the start and at the end of training, as the learning curve shows them."""
    run = train(network, X, Y, optimizer=SGD(0.05), batch_size=9, epochs=steps, rng=np.random.default_rng(0))
    losses = [snapshot.loss for snapshot in run]
    return np.mean(losses[:5]), np.mean(losses[-5:])


@pytest.mark.parametrize("fault", faults.lab(), ids=ids(faults.lab()))
def test_faults_of_the_lab_are_seen_by_the_check_and_not_by_the_curve(fault):
    network, X, Y = network_for(fault)
    settings = {"training": fault.where.startswith("deep_layers"), "rng": np.random.default_rng(3)}
    assert check_gradients(network, X, Y, **settings).worst < 1e-6
    broken = faults.spoil(network, fault.name)
    assert check_gradients(broken, X, Y, **settings).worst > 1e-3
    assert check_gradients(network, X, Y, **settings).worst < 1e-6, "the network itself stays sound"
    before, after = last_losses(broken, X, Y)
    assert after < 0.85 * before


def verdict(network, X, Y, **settings):
    """Which arrays the check finds wrong, or the error that it raises."""
    try:
        report = check_gradients(network, X, Y, **settings)
    except Exception as error:
        return str(error)
    return {name for name, error in report.errors.items() if error > 1e-6}


def in_a_network(fault):
    """Whether a network runs the spoiled function."""
    try:
        faults.spoil(network_for(fault)[0], fault.name)
    except (ValueError, TypeError):
        return False
    return True


IN_NETWORKS = [
    f for f in faults.CORE if f.where.startswith(("layers", "losses", "network", "deep")) and in_a_network(f)
]


@pytest.mark.parametrize("fault", IN_NETWORKS, ids=ids(IN_NETWORKS))
def test_a_check_along_directions_finds_what_the_check_entry_by_entry_finds(fault):
    """And in the same arrays. Faults that change no gradient are found by neither."""
    network, X, Y = network_for(fault)
    broken = faults.spoil(network, fault.name)
    found = [
        verdict(broken, X, Y, training=fault.where.startswith("deep_layers"), directions=directions,
                rng=np.random.default_rng(3))
        for directions in (None, 3)
    ]  # fmt: skip
    assert found[0] == found[1]


def test_most_faults_are_found_along_directions():
    """The test before this one would pass if both checks found nothing."""
    assert len(IN_NETWORKS) >= 65
    settings = {"directions": 3, "rng": np.random.default_rng(3)}
    found = [f for f in IN_NETWORKS if verdict(faults.spoil(network_for(f)[0], f.name), *network_for(f)[1:],
                                               training=f.where.startswith("deep_layers"), **settings)]  # fmt: skip
    assert len(found) >= 40


def test_optimizers_can_be_spoiled():
    network = mlp([2, 3, 1], rng=np.random.default_rng(0))
    before = network.layers[0].params["W"].copy()
    _, grads = network.gradients(np.ones((2, 2)), np.zeros((2, 1)))
    faults.spoil(SGD(0.1), "uphill").step(network, grads)
    assert np.allclose(network.layers[0].params["W"], before + 0.1 * grads[0]["W"])


def test_nested_layers_are_spoiled_too():
    network = Network([Residual([Affine(3, 3, rng=np.random.default_rng(0)), ReLU()])], SoftmaxCrossEntropy())
    broken = faults.spoil(network, "gate that never closes")
    relu = broken.layers[0].layers[1]
    assert relu.slope(np.zeros(2)).all()
    assert not network.layers[0].layers[1].slope(np.zeros(2)).any()


def test_a_spoiled_network_leaves_the_package_alone(tmp_path):
    network = mlp([2, 3, 2], loss="softmax_cross_entropy", rng=np.random.default_rng(0))
    broken = faults.spoil(network, "reshape for transpose")
    assert repr(broken) == repr(network)
    network.save(tmp_path / "net.npz")
    again = Network.load(tmp_path / "net.npz")
    assert check_gradients(again, np.ones((2, 2)) * [[1], [-2]], np.array([0, 1]))


def test_errors():
    network = mlp([2, 3, 1], rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="there is no fault called 'nothing'"):
        faults.spoil(network, "nothing")
    with pytest.raises(ValueError, match=r"is in layers\.ReLU\.slope, which nothing in Network.* uses"):
        faults.spoil(network, "gate that never closes")
    with pytest.raises(ValueError, match=r"is in the function losses\.softmax, which belongs to no network"):
        faults.spoil(network, "no shift")
    with pytest.raises(ValueError, match="must occur once in the solution, it occurs 2 times"):
        faults.Fault("a", "x", "y", "-").apply("x + x")


@pytest.mark.thorough
def test_the_mutation_run_names_the_test_that_noticed():
    """tools/mutants.py on one fault, from end to end."""
    done = subprocess.run(
        [sys.executable, "tools/mutants.py", "--jobs", "1", "tanh twice"],
        cwd=HOME, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layers.Tanh.slope" in done.stdout
    assert "test_layers.py::test_" in done.stdout
    assert "1 of 1 noticed" in done.stdout


MODULE = '''
"""A module."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    limit = 3 + 4
Rate: TypeAlias = Callable[[float], float]


class Row:
    """Of fields."""

    def add(self, n: int, by: int = 1) -> int:
        """More of them."""
        if n < by:
            return by
        return n + by
'''


def test_the_mutants_of_a_module():
    """Every operator, number and condition, each once; no type, no text that only people read."""
    pytest.importorskip("mutmut", reason="no mutation tests: mutmut is not installed")
    found = mutation.mutants_of(MODULE)
    assert {(mutant.place, mutant.change) for mutant in found} == {
        (
            "Row.add",
            "def add(self, n: int, by: int = 1) -> int: → def add(self, n: int, by: int = 2) -> int:",
        ),
        ("Row.add", "if n < by: → if n <= by:"),
        ("Row.add", "if n < by: → if True:"),
        ("Row.add", "if n < by: → if False:"),
        ("Row.add", "return n + by → return n - by"),
    }
    for mutant in found:
        assert ast.parse(mutant.code)
        assert MODULE.splitlines()[mutant.line - 1].strip().startswith(mutant.change.split(" → ")[0])
    lengths = {mutant.change: mutant.last - mutant.line + 1 for mutant in found}
    assert lengths["if n < by: → if n <= by:"] == 1
    assert lengths["if n < by: → if True:"] == 2, "the condition and what stands below it"


def test_a_share_is_every_nth_from_the_kth():
    assert mutation.share("2/5") == (2, 5)
    for text in ("0/5", "6/5", "5", "a/b"):
        with pytest.raises(ValueError, match=r"unpack|literal|^[06]/5$"):
            mutation.share(text)


def test_each_fault_of_the_core_goes_into_its_file_and_out_again(tmp_path):
    shutil.copytree(
        HOME / "bplib", tmp_path / "bplib", ignore=shutil.ignore_patterns("__pycache__", "exercises")
    )
    for fault in faults.CORE:
        path = tmp_path / "bplib" / f"{fault.where.partition('.')[0]}.py"
        sound = path.read_text(encoding="utf-8")
        mend = mutants.spoil_file(fault, tmp_path)
        spoiled = path.read_text(encoding="utf-8")
        assert spoiled != sound
        ast.parse(spoiled)
        mend()
        assert path.read_text(encoding="utf-8") == sound


def test_a_sample_is_spread_over_the_module():
    mutants = [mutation.Mutant("", line, line, "", "") for line in range(1, 101)]

    def lines(part=(1, 1), sample=None, line=None):
        options = argparse.Namespace(part=part, sample=sample, line=line)
        return [mutant.line for mutant in mutation.chosen(mutants, options)]

    assert lines() == list(range(1, 101))
    assert lines(part=(2, 5)) == list(range(2, 101, 5))
    assert lines(sample=4) == [1, 26, 51, 76]
    assert len(lines(sample=40)) <= 40
    assert lines(sample=1000) == list(range(1, 101))
    assert lines(line=7) == [7]


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no mutation tests: fork is of POSIX")


def tree_of(folder, code, *tests):
    """A module `halves` with tests of it."""
    (folder / "halves.py").write_text(code, encoding="utf-8")
    body = "".join(f"def test_{i}():\n    {test}\n\n" for i, test in enumerate(tests))
    (folder / "test_halves.py").write_text(f"import halves\n\n{body}", encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return folder / "halves.py", folder / "notes.json"


def ask(folder, notes, limit=60):
    return mutation.run_tests(folder, ["test_halves.py"], limit, lambda: mutation.Quickest(notes))[0]


@pytest.mark.parametrize(
    ("body", "outcome", "limit"),
    [
        ("assert halves.half(4) == 2", mutation.NOTICED, 60),
        ("halves.half(4)", mutation.SURVIVED, 60),
        ("while halves.half(4) != 2: pass", mutation.TOO_LONG, 3),
    ],
)
@needs_fork
def test_a_mutant_is_noticed_by_a_test_that_fails_or_does_not_end(body, outcome, limit, tmp_path):
    _, notes = tree_of(tmp_path, "def half(n):\n    return n * 2\n", body)
    assert ask(tmp_path, notes, limit) == outcome


@needs_fork
@pytest.mark.thorough
def test_a_mutant_that_cannot_be_imported_is_noticed(tmp_path):
    """Its tests cannot be found by their names; for sound code that is a mistake in the settings."""
    _, notes = tree_of(tmp_path, "half = 1 / 0\n", "halves.half")
    arguments = (tmp_path, ["test_halves.py::test_0"], 60, lambda: mutation.Quickest(notes))
    assert mutation.run_tests(*arguments)[0] == mutation.NOTICED
    with pytest.raises(SystemExit, match="4"):
        mutation.run_tests(*arguments, sound=True)


@needs_fork
@pytest.mark.thorough
def test_the_test_that_failed_last_is_asked_first(tmp_path):
    """The next mutant is one of the same line, as often as not: of two that fail, the same one says so."""
    code, notes = tree_of(tmp_path, "", "assert halves.one == 1", "assert halves.two == 2")
    found = []
    for one, two in ((1, 0), (0, 0), (0, 2)):
        code.write_text(f"one, two = {one}, {two}\n", encoding="utf-8")
        outcome = ask(tmp_path, notes)
        failed = json.loads(notes.read_text(encoding="utf-8"))["failed"]
        found.append((outcome, failed.rpartition("::")[2]))
    assert found == [(mutation.NOTICED, "test_1"), (mutation.NOTICED, "test_1"), (mutation.NOTICED, "test_0")]


@needs_fork
@pytest.mark.thorough
def test_the_tests_that_came_by_are_asked_first_and_then_all_others(tmp_path):
    """Where those that came by notice nothing, or nobody did, all are asked."""
    sound = "def half(n):\n    return n / 2\n\ndef odd(n):\n    return n % 2\n"
    tests = ["halves.half(2)", "assert halves.odd(3)", "assert open(halves.__file__).read().count('/') == 1"]
    code, notes = tree_of(tmp_path, sound, *tests)
    arguments = (tmp_path, ["test_halves.py"], 60, lambda: mutation.Noting(notes, code))
    assert mutation.run_tests(*arguments, sound=True)[0] == mutation.SURVIVED
    for compiled in tmp_path.glob("__pycache__/halves.*"):
        compiled.unlink()
    known = json.loads(notes.read_text(encoding="utf-8"))
    assert known["lines"]["2"] == ["test_halves.py::test_0"]
    assert known["lines"]["5"] == ["test_halves.py::test_1"]
    for line, before, after, noticed in [
        (3, "\n\ndef odd", "  # /\n\ndef odd", "test_2"),  # nobody came by
        (5, "n % 2", "n * 0", "test_1"),  # by one that came by
        (2, "n / 2", "n // 2", "test_2"),  # not by test_0, which did, but by one that did not
        (2, "n / 2", "2 / n", None),
    ]:
        code.write_text(sound.replace(before, after), encoding="utf-8")
        notes.write_text(json.dumps(known), encoding="utf-8")
        mutant = mutation.Mutant("", line, line, "", "")
        outcome = mutation.outcome_of(mutant, tmp_path, ["test_halves.py"], known, 60)
        failed = json.loads(notes.read_text(encoding="utf-8")).get("failed", "").rpartition("::")[2]
        assert (outcome, failed or None) == (mutation.NOTICED if noticed else mutation.SURVIVED, noticed)
