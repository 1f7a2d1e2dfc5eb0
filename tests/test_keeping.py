"""What a learner keeps in mynet.py, and the network made of it."""

import linecache

import numpy as np
import pytest

import bplib.exercises as ex
from bplib import check_gradients, datasets
from bplib.exercises import keeping, kinds
from bplib.playgrounds.xor import XORPlayground, XORSettings


@pytest.fixture(autouse=True)
def beside_the_lessons(tmp_path, monkeypatch):
    monkeypatch.setenv("BPLIB_PROGRESS_FILE", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kinds.Exercise, "latest", None)
    return tmp_path / "mynet.py"


def typed(source, **names):
    """What a cell with this source defines last, with its source where Python looks for it."""
    filename = f"<cell {abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__", "np": np} | names
    before = set(namespace)
    exec(compile(source, filename, "exec"), namespace)
    return namespace[next(name for name in reversed(namespace) if name not in before | {"__builtins__"})]


TANH = "def tanh_backward(dA, A):\n    # my own comment\n    return dA * (1 - A * A)\n"


def check(source, name="tanh_backward", **names):
    return getattr(ex, name).check(typed(source, **names))


def keep_all():
    for name in keeping.PIECES:
        assert check(str(getattr(ex, name).solution()), name).correct
        assert repr(ex.keep()).startswith("✔"), name


# ---------------------------------------------------------------- keeping


def test_the_source_is_kept_as_it_was_typed(beside_the_lessons):
    result = check(TANH)
    assert "ex.keep() keeps it in mynet.py" in result.message
    assert repr(ex.keep()) == "✔ tanh_backward is kept in mynet.py. ex.mine() shows your network."
    assert beside_the_lessons.read_text() == f"{keeping.HEADER}\n\n{TANH}"
    assert repr(ex.keep()) == "✔ mynet.py holds this tanh_backward already."


def test_imports_come_along_and_another_name_is_kept(beside_the_lessons):
    source = "def my_softmax(Z):\n    E = np.exp(Z - Z.max(1, keepdims=True))\n    return E / total(E, axis=1)[:, None]\n"
    assert check(source, "softmax", total=np.sum).correct
    assert repr(ex.keep()).startswith("✔")
    text = beside_the_lessons.read_text()
    assert text.startswith(f"{keeping.HEADER}\nimport numpy as np\nfrom numpy import sum as total\n")
    assert text.endswith(f"\n\n\n{source}\n\nsoftmax = my_softmax\n")
    assert "Yours: softmax" in repr(ex.mine())


def test_nothing_is_replaced_without_being_asked(beside_the_lessons):
    beside_the_lessons.write_text(
        "# mine\nX = 1\n\n\ndef tanh_backward(dA, A):\n    return dA * (1 - A**2)\n\n\nY = 2\n"
    )
    before = beside_the_lessons.read_text()
    check(TANH)
    assert "holds another one. ex.keep(replace=True)" in repr(ex.keep())
    assert beside_the_lessons.read_text() == before
    assert "takes the place of the one before" in repr(ex.keep(replace=True))
    text = beside_the_lessons.read_text()
    assert text.startswith("# mine\nX = 1\n")
    assert "Y = 2" in text
    assert text.count("def tanh_backward") == 1
    assert "my own comment" in text


@pytest.mark.parametrize(
    ("source", "names", "why"),
    [
        ("def tanh_backward(dA, A):\n    return dA * slope(A)\n", {"slope": typed("def slope(A):\n    return 1 - A * A")},
         "it uses slope, which stands elsewhere in the lesson"),
        ("def tanh_backward(dA, A):\n    return bplib.Tanh().backward(dA, A)[0]\n", {"bplib": __import__("bplib")},
         "it uses bplib of bplib"),
        ("tanh_backward = lambda dA, A: dA * (1 - A * A)\n", {}, "write it with `def`"),
    ],
)  # fmt: skip
def test_what_would_not_stand_alone_is_not_kept(source, names, why, beside_the_lessons):
    assert check(source, **names).correct
    assert why in repr(ex.keep())
    assert not beside_the_lessons.exists()


def test_a_helper_that_is_kept_already_may_be_used(beside_the_lessons):
    beside_the_lessons.write_text("def slope(A):\n    return 1 - A * A\n")
    check("def tanh_backward(dA, A):\n    return dA * slope(A)\n", slope=lambda A: 1 - A * A)
    assert repr(ex.keep()).startswith("✔")


def test_a_helper_of_the_same_name_that_does_something_else_is_noticed(beside_the_lessons):
    beside_the_lessons.write_text("def slope(A):\n    return 1 + A * A\n")
    before = beside_the_lessons.read_text()
    check("def tanh_backward(dA, A):\n    return dA * slope(A)\n", slope=lambda A: 1 - A * A)
    assert "from mynet.py alone it does not pass any more" in repr(ex.keep())
    assert beside_the_lessons.read_text() == before


def test_only_what_passed_is_kept(beside_the_lessons):
    assert repr(ex.keep()) == "○ There is nothing to keep yet: check a function first."
    check("def tanh_backward(dA, A):\n    return dA\n")
    assert "has not passed its check yet" in repr(ex.keep())
    ex.fork_slope.check(8)
    assert "functions are kept" in repr(ex.keep())
    with pytest.raises(ValueError, match=r"expected the name of an exercise, got 'tanh'"):
        ex.keep("tanh")
    assert not beside_the_lessons.exists()


@pytest.mark.parametrize("text", ["def broken(:\n", "1 / 0\n"])
def test_a_file_that_cannot_be_read_is_left_alone(text, beside_the_lessons):
    beside_the_lessons.write_text(text)
    check(TANH)
    assert "Mend it first." in repr(ex.keep())
    assert beside_the_lessons.read_text() == text
    with pytest.raises(ValueError, match=r"mynet\.py cannot be run: (SyntaxError|ZeroDivisionError)"):
        ex.mine()


def test_interrupted_writing_leaves_the_old_file(beside_the_lessons, monkeypatch):
    beside_the_lessons.write_text("X = 1\n")

    def stop(*_):
        raise KeyboardInterrupt

    check(TANH)
    monkeypatch.setattr(keeping.files.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        ex.keep()
    assert [p.name for p in beside_the_lessons.parent.iterdir()] == ["mynet.py"]
    assert beside_the_lessons.read_text() == "X = 1\n"


# ---------------------------------------------------------------- the network


def test_the_pieces_are_exercises():
    assert all(isinstance(getattr(ex, name), kinds.Function) for name in keeping.PIECES)


def test_without_a_file_everything_is_bplibs(beside_the_lessons):
    said = repr(ex.mine())
    assert said.startswith("Yours: nothing yet.\nbplib stands in for: ")
    assert all(name in said for name in keeping.PIECES)


def doubled(gradients):
    if isinstance(gradients, tuple):  # of a loss and its gradient, the gradient
        return tuple(2 * g if np.ndim(g) else g for g in gradients)
    return 2 * gradients


@pytest.mark.parametrize(
    ("activation", "loss", "Y"),
    [
        ("relu", "softmax_cross_entropy", np.arange(7) % 3),
        ("tanh", "softmax_cross_entropy", np.eye(3)[np.arange(7) % 3] * 2),
        ("tanh", "binary_cross_entropy", np.ones((7, 3))),
    ],
)
def test_the_kept_pieces_pass_the_gradient_check_and_are_used(activation, loss, Y):
    keep_all()
    mine = ex.mine()
    assert "bplib stands in" not in repr(mine)
    network = mine.mlp([4, 5, 3], activation=activation, loss=loss, rng=np.random.default_rng(0))
    X = np.random.default_rng(1).normal(size=(7, 4))
    assert check_gradients(network, X, Y).ok
    # a piece that is spoiled shows: it is these that run
    used = {"affine_backward", f"{activation}_backward"}
    used |= {"cross_entropy_gradient"} if loss.startswith("softmax") else {"logistic_loss"}
    used |= {"cross_entropy_loss"} if Y.ndim == 1 else set()
    for name in used:
        right = mine.own[name]
        mine.own[name] = lambda *given, right=right: doubled(right(*given))
        assert not check_gradients(network, X, Y).ok, name
        mine.own[name] = right


def test_the_kept_network_learns_xor(beside_the_lessons):
    keep_all()
    data, mine = datasets.xor(), ex.mine()
    loops = []
    loop = mine.own["training_loop"]
    mine.own["training_loop"] = lambda *given: loops.append(1) or loop(*given)
    network = mine.mlp(
        [2, 4, 1], activation="tanh", loss="binary_cross_entropy", rng=np.random.default_rng(0)
    )
    losses = mine.fit(network, data.X_train, data.y_train, learning_rate=0.5, batch_size=4, epochs=400)
    assert len(losses) == len(loops) == 400
    assert np.array_equal(network.predict(data.X_train) > 0.5, data.y_train > 0.5)


def test_the_loop_that_stands_in_trains_alike():
    data = datasets.xor()
    weights = []
    for _ in range(2):
        network = ex.mine().mlp([2, 3, 1], activation="tanh", rng=np.random.default_rng(0))
        ex.mine().fit(network, data.X_train, data.y_train, learning_rate=0.3, batch_size=3, epochs=5)
        weights.append(network.layers[0].params["W"].copy())
        if not keeping.path().exists():
            keep_all()
    np.testing.assert_allclose(*weights, rtol=1e-12)


def test_the_playground_runs_on_the_kept_pieces():
    keep_all()
    playground = XORPlayground(XORSettings(hidden=4), build=ex.mine().mlp)
    playground.run(3)
    assert isinstance(playground.model.network.layers[0], keeping.MyAffine)
    assert "build=ex.mine().mlp" in playground.line_of_code()
    playground.close()


# ---------------------------------------------------------------- nothing of bplib


class Small:
    """A data set that is learned at once."""

    name = "digits"
    X_train = X_test = np.eye(10, 784)
    y_train = y_test = np.arange(10)


def nearest(X, y):
    return lambda rows: y[np.argmax(rows @ X.T, axis=1)]


def uses_bplib(X, y):
    return datasets.digits


def test_own_digits():
    assert repr(ex.own_digits(lambda X, y: ..., Small)).startswith("○ own_digits: not attempted yet")
    assert (
        repr(ex.own_digits(nearest, Small))
        == "✔ own_digits: 1.0000 of the test images are right; at least 0.93 is asked for."
    )
    assert repr(ex.own_digits(lambda X, y: lambda rows: y[::-1], Small)).startswith("✘ own_digits: 0.0000")
    assert "it uses datasets of bplib" in repr(ex.own_digits(uses_bplib, Small))
    assert "it uses uses_bplib" not in repr(ex.own_digits(lambda X, y: uses_bplib(X, y), Small))
    assert "datasets of bplib" in repr(ex.own_digits(lambda X, y: uses_bplib(X, y), Small))
    assert "return a function" in repr(ex.own_digits(lambda X, y: 3, Small))
    assert "(10,) labels are expected, got (10, 2)" in repr(
        ex.own_digits(lambda X, y: lambda r: np.zeros((10, 2)), Small)
    )
