"""Dropout, batch normalisation, residual blocks: gradients, modes, statistics, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import SGD, Affine, Network, ReLU, SquaredError, Tanh, check_gradients, train
from bplib.deep_layers import BatchNorm, Dropout, Residual
from bplib.gradcheck import VacuousCheckError


def affine(rng, d, k):
    return Affine.from_arrays(rng.normal(size=(d, k)), rng.normal(size=k))


def batch_norm(rng, n):
    """γ, β and the running statistics away from 1 and 0, where a slip would not show."""
    layer = BatchNorm(n)
    for array in (*layer.params.values(), layer.state["mean"]):
        array[:] = rng.normal(size=n)
    layer.state["var"][:] = rng.uniform(0.5, 2, size=n)
    return layer


@pytest.mark.parametrize("training", [False, True])
@given(N=st.integers(3, 8), d=st.integers(1, 5), n=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_batch_norm_gradients(training, N, d, n, seed):
    """In training mode too, where every row's output depends on every row."""
    rng = np.random.default_rng(seed)
    network = Network([affine(rng, d, n), batch_norm(rng, n), Tanh(), affine(rng, n, 2)], SquaredError())
    X, Y = rng.normal(size=(N, d)), rng.normal(size=(N, 2))
    assert check_gradients(network, X, Y, training=training, tolerance=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_dropout_gradients(training, rng):
    network = Network([affine(rng, 3, 6), Dropout(0.4), Tanh(), affine(rng, 6, 2)], SquaredError())
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    assert check_gradients(network, X, Y, training=training, rng=np.random.default_rng(1))


@pytest.mark.parametrize("training", [False, True])
def test_residual_gradients(training, rng):
    inner = [affine(rng, 4, 6), batch_norm(rng, 6), Tanh(), Dropout(0.3), affine(rng, 6, 4)]
    network = Network([affine(rng, 3, 4), Residual(inner), Residual([Tanh()])], SquaredError())
    report = check_gradients(network, rng.normal(size=(7, 3)), rng.normal(size=(7, 4)), training=training,
                             rng=np.random.default_rng(2), tolerance=1e-5)  # fmt: skip
    assert report
    assert {"1.0.W", "1.1.gamma", "1.4.b"} <= report.errors.keys()


class NoFactor(Dropout):
    """A published slip: the mask goes back without the factor 1/(1 − p)."""

    def backward(self, dY, cache, *, input_gradient=True):
        return dY * (cache > 0), {}


class FixedStatistics(BatchNorm):
    """As if μ and s² were constants: two of the three paths are missing."""

    def backward(self, dY, cache, *, input_gradient=True):
        return dY * self.params["gamma"] * cache[1], super().backward(dY, cache)[1]


class LostShortcut(Residual):
    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache)
        return dX - dY, grads


@pytest.mark.parametrize(
    "faulty",
    [
        lambda rng: NoFactor(0.4),
        lambda rng: FixedStatistics(4),
        lambda rng: LostShortcut([affine(rng, 4, 4)]),
    ],
)
def test_known_slips_are_refused(faulty, rng):
    network = Network([affine(rng, 3, 4), faulty(rng), Tanh()], SquaredError())
    report = check_gradients(network, rng.normal(size=(6, 3)), rng.normal(size=(6, 4)), training=True,
                             rng=np.random.default_rng(1))  # fmt: skip
    assert report.errors["0.W"] > 1e-2


def test_batch_norm_normalises_in_training_and_uses_running_statistics_in_prediction(rng):
    layer, X = BatchNorm(3), 5 + 2 * rng.normal(size=(50, 3))
    Y, cache = layer.forward(X, training=True)
    np.testing.assert_allclose(Y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(Y.var(axis=0), 1, rtol=1e-4)
    np.testing.assert_allclose(layer.forward(X)[0], X / np.sqrt(1 + 1e-5), rtol=1e-14)
    np.testing.assert_array_equal(layer.state["mean"], np.zeros(3))  # forward is pure
    layer.update_state(cache)
    np.testing.assert_allclose(layer.state["mean"], 0.1 * X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(layer.state["var"], 0.9 + 0.1 * X.var(axis=0, ddof=1), rtol=1e-12)


def test_training_alone_moves_running_statistics(rng):
    inner = BatchNorm(3)
    network = Network([affine(rng, 2, 3), BatchNorm(3), Residual([inner]), affine(rng, 3, 1)], SquaredError())
    X, Y = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))
    network.predict(X)
    network.gradients(X, Y, training=True)
    assert (network.layers[1].state["var"] == 1).all()
    next(train(network, X, Y, optimizer=SGD(0.01), batch_size=8, epochs=1, rng=rng))
    assert (network.layers[1].state["var"] != 1).all()
    assert (inner.state["var"] != 1).all()


def test_dropout_keeps_the_expectation(rng):
    """A million entries: the mean of Y is 1 within five standard errors, √(p/(1 − p)/10⁶)."""
    X = np.ones((1000, 1000))
    Y, _ = Dropout(0.3).forward(X, training=True, rng=rng)
    assert Y.mean() == pytest.approx(1, abs=5 * np.sqrt(0.3 / 0.7 / 1e6))
    assert np.mean(Y == 0) == pytest.approx(0.3, abs=0.003)
    assert Dropout(0.3).forward(X)[0] is X
    assert Dropout(0).forward(X, training=True)[0] is X  # nothing to draw, so no generator is asked for


class Even(np.random.Generator):
    """Draws 0, 1/n, 2/n, …: every number as often as every other."""

    def random(self, size, dtype):
        return (np.arange(np.prod(size)) / np.prod(size)).reshape(size).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_dropout_drops(dtype):
    """Exactly the share p of all draws; and a seed drops the same units whatever the dtype, here and elsewhere."""
    Y, _ = Dropout(0.25).forward(np.ones((4, 4), dtype), training=True, rng=Even(np.random.PCG64(0)))
    np.testing.assert_array_equal(Y, np.repeat([0, 4 / 3, 4 / 3, 4 / 3], 4).reshape(4, 4).astype(dtype))
    Y, _ = Dropout(0.5).forward(np.ones((2, 8), dtype), training=True, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(Y / 2, [[1, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 0, 0, 0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_purity(dtype, rng):
    X = rng.normal(size=(6, 4)).astype(dtype)
    for layer in (
        BatchNorm(4, dtype=dtype),
        Dropout(0.5),
        Residual([Affine(4, 4, dtype=dtype, rng=rng), ReLU()]),
    ):
        for training in (False, True):
            before = X.copy()
            Y, cache = layer.forward(X, training=training, rng=rng)
            dY = np.ones_like(Y)
            dX, grads = layer.backward(dY, cache)
            again, _ = layer.backward(dY, cache)
            assert {Y.dtype, dX.dtype, *(g.dtype for g in grads.values())} == {np.dtype(dtype)}
            np.testing.assert_array_equal(dX, again)
            np.testing.assert_array_equal(X, before)
            np.testing.assert_array_equal(dY, np.ones_like(Y))
            assert grads.keys() == layer.params.keys()
            none, same = layer.backward(dY, cache, input_gradient=False)
            assert none is None
            np.testing.assert_equal(same, grads)


def test_save_and_load(tmp_path, rng):
    blocks = [affine(rng, 3, 4), batch_norm(rng, 4), Dropout(0.2),
              Residual([affine(rng, 4, 5), Residual([Tanh()]), batch_norm(rng, 5), affine(rng, 5, 4)])]  # fmt: skip
    network = Network(blocks, SquaredError())
    network.save(tmp_path / "deep.npz")
    again, X = Network.load(tmp_path / "deep.npz"), rng.normal(size=(5, 3))
    assert repr(again) == repr(network)
    np.testing.assert_array_equal(again.predict(X), network.predict(X))


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda rng: Dropout(1.0), ValueError, "Dropout: p must be at least 0 and below 1, got 1.0"),
        (lambda rng: Dropout(0.5).forward(np.ones((2, 2)), training=True), TypeError,
         r"Dropout\(0.5\) in training: rng must be a NumPy Generator"),
        (lambda rng: BatchNorm(2).forward(np.ones((1, 2)), training=True), ValueError,
         r"^BatchNorm\(2\): a batch of 1 has no variance: training needs at least 2 rows$"),
        (lambda rng: BatchNorm(0), ValueError, "^BatchNorm: n must be a whole number of at least 1, got 0$"),
        (lambda rng: BatchNorm(2).forward(np.ones((4, 3))), ValueError, r"BatchNorm\(2\): X must be \(N, 2\), got \(4, 3\)"),
        (lambda rng: BatchNorm(2, eps=0), ValueError, r"^BatchNorm\(2\): eps must be above 0, got 0$"),
        (lambda rng: BatchNorm(2, momentum=1), ValueError,
         r"^BatchNorm\(2\): momentum must be above 0 and below 1, got 1$"),
        (lambda rng: BatchNorm(2, dtype=int), TypeError, r"^BatchNorm\(2\): dtype must be float32 or float64, got int"),
        (lambda rng: Residual([]), ValueError, "^Residual: at least one layer is needed"),
        (lambda rng: Residual([Affine(3, 4, rng=rng)]), ValueError, "F must keep the width, got 3 in and 4 out"),
        (lambda rng: Residual([Tanh(), Affine(3, 4, rng=rng), Affine(4, 5, rng=rng)]), ValueError,
         "^Residual: F must keep the width, got 3 in and 5 out$"),
        (lambda rng: Residual([affine(rng, 2, 2)]).forward(np.ones((4, 3))), ValueError,
         r"^Residual\(\[Affine\(2→2\)\]\): X must be \(N, 2\), got \(4, 3\)$"),
        (lambda rng: Network([Residual([affine(rng, 2, 2)]), affine(rng, 3, 1)], SquaredError()), ValueError,
         r"Affine\(3→1\) expects 3 inputs, the layers before it give 2$"),
        (lambda rng: Residual([Tanh]), TypeError, "the layer must be an object with forward"),
    ],
)  # fmt: skip
def test_bad_use_is_named(call, kind, sentence, rng):
    with pytest.raises(kind, match=sentence):
        call(rng)


def test_a_gradient_of_another_shape_is_named(rng):
    for layer in (Dropout(0.5), BatchNorm(3), Residual([Tanh()])):
        _, cache = layer.forward(np.ones((4, 3)), training=True, rng=rng)
        with pytest.raises(ValueError, match=r"dY must have the shape of the output, \(4, 3\), got \(3, 4\)"):
            layer.backward(np.ones((3, 4)), cache)
    layer = Dropout(0.5)  # a prediction has no mask, and takes any shape
    np.testing.assert_array_equal(layer.backward(np.ones((3, 4)), layer.forward(np.ones((4, 3)))[1])[0], 1.0)


def test_a_kink_inside_nested_blocks_is_found():
    """`pieces` of a block are those of its layers, however deep."""
    block = Residual([Residual([Affine.from_arrays(np.ones((1, 1))), ReLU()])])
    network = Network([Affine.from_arrays(np.ones((1, 1)), [0.0]), block], SquaredError())
    with pytest.raises(VacuousCheckError, match="across its kink"):
        check_gradients(network, np.array([[1.0], [0.0]]), np.full((2, 1), 3.0))
    X = np.array([[1.0, -2.0, 3.0]])
    block = Residual([Residual([ReLU()]), Tanh(), ReLU()])
    np.testing.assert_array_equal(block.pieces(block.forward(X)[1]), [True, False, True] * 2)


def test_statistics_inside_nested_blocks_move(rng):
    inner = BatchNorm(2)
    network = Network([Residual([Residual([inner, Tanh()])])], SquaredError())
    X, Y = 5 + rng.normal(size=(8, 2)), rng.normal(size=(8, 2))
    next(train(network, X, Y, optimizer=SGD(0.01), batch_size=8, epochs=1, rng=rng))
    np.testing.assert_allclose(inner.state["mean"], 0.1 * X.mean(axis=0))


def test_two_rows_have_a_variance():
    Y, _ = BatchNorm(1, eps=1e-12).forward([[3], [7]], training=True)
    np.testing.assert_allclose(Y, [[-1.0], [1.0]])


class Bare:
    """Y = w X, with forward, backward and params, and nothing inherited; it notes what it is asked for."""

    def __init__(self):
        self.params, self.asked = {"w": np.array(2.0)}, []

    def forward(self, X, *, training=False, rng=None):
        return self.params["w"] * X, X

    def backward(self, dY, cache, *, input_gradient=True):
        self.asked.append(input_gradient)
        return self.params["w"] * dY if input_gradient else None, {"w": np.sum(dY * cache)}


def test_blocks_of_layers_that_inherit_nothing_train_and_pass_the_check(rng):
    """And the first layer in a block at the beginning makes no gradient that nobody needs."""
    first, last = Bare(), Bare()
    network = Network([Residual([first, BatchNorm(3), last])], SquaredError())
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    assert check_gradients(network, X, Y, tolerance=1e-5)
    first.asked.clear(), last.asked.clear()
    next(train(network, X, Y, optimizer=SGD(0.01), batch_size=6, epochs=1, rng=rng))
    assert (first.asked, last.asked) == ([False], [True])
    assert first.params["w"] != 2
    assert last.params["w"] != 2


def test_blocks_take_lists_and_small_integers():
    for X in ([[1, 2]], np.array([[1, 2]], np.uint8)):
        np.testing.assert_array_equal(
            Residual([Tanh()]).forward(X)[0], np.array([[1, 2]]) + np.tanh([[1.0, 2.0]])
        )
