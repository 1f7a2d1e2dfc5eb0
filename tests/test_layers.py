"""Layers: the formulas by central differences, purity, initialisation, and every sentence at the door."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import Affine, ReLU, Sigmoid, Tanh
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.layers import Activation, sigmoid

ACTIVATIONS = [Sigmoid, Tanh, ReLU]
widths = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)


def affine(rng, d, k, dtype=np.float64):
    """An affine layer with non-zero biases: zeros would hide a missing db."""
    return Affine.from_arrays(rng.normal(size=(d, k)).astype(dtype), rng.normal(size=k).astype(dtype))


def off_the_kink(rng, shape):
    X = rng.normal(size=shape)
    return X + np.copysign(0.1, X)


@given(N=st.integers(1, 9), d=widths, k=widths, seed=seeds)
def test_affine_gradients_agree_with_central_differences(N, d, k, seed):
    """dX, dW and db of L = Σ Z ⊙ G, whose upstream gradient is G."""
    rng = np.random.default_rng(seed)
    layer, X, G = affine(rng, d, k), rng.normal(size=(N, d)), rng.normal(size=(N, k))
    _, cache = layer.forward(X)
    dX, grads = layer.backward(G, cache)

    def loss_at(name):
        def loss(Q):
            moved = Affine.from_arrays(**(layer.params | ({name: Q} if name != "X" else {})))
            return np.sum(moved.forward(Q if name == "X" else X)[0] * G)

        return loss

    assert relative_error(dX, numerical_gradient(loss_at("X"), X)) < 1e-6
    assert relative_error(grads["W"], numerical_gradient(loss_at("W"), layer.params["W"])) < 1e-6
    assert relative_error(grads["b"], numerical_gradient(loss_at("b"), layer.params["b"])) < 1e-6


@pytest.mark.parametrize("kind", ACTIVATIONS)
@given(N=st.integers(1, 9), d=widths, seed=seeds)
def test_activation_gradients_agree_with_central_differences(kind, N, d, seed):
    rng = np.random.default_rng(seed)
    X, G = off_the_kink(rng, (N, d)), rng.normal(size=(N, d))
    _, cache = kind().forward(X)
    dX, grads = kind().backward(G, cache)
    assert grads == {}
    assert relative_error(dX, numerical_gradient(lambda Q: np.sum(kind().forward(Q)[0] * G), X)) < 1e-6


@pytest.mark.parametrize(
    "make", [lambda rng: affine(rng, 3, 2), *(lambda rng, k=k: k() for k in ACTIVATIONS)]
)
def test_layers_are_pure(make, rng):
    """Inputs, parameters, upstream gradient and cache are the same after a pass as before it."""
    layer, X = make(rng), off_the_kink(rng, (4, 3))
    X_before, params_before = X.copy(), {name: p.copy() for name, p in layer.params.items()}
    Y, cache = layer.forward(X)
    dY = rng.normal(size=Y.shape)
    dY_before, cache_before = dY.copy(), np.copy(cache)
    first = layer.backward(dY, cache)
    layer.forward(rng.normal(size=(2, 3)))  # a prediction in between does no harm
    second = layer.backward(dY, cache)
    np.testing.assert_array_equal(first[0], second[0])
    for name, g in first[1].items():
        np.testing.assert_array_equal(g, second[1][name])
        assert g.shape == layer.params[name].shape
        assert not np.shares_memory(g, layer.params[name])
    np.testing.assert_array_equal(X, X_before)
    np.testing.assert_array_equal(dY, dY_before)
    np.testing.assert_array_equal(cache, cache_before)
    for name, p in params_before.items():
        np.testing.assert_array_equal(layer.params[name], p)


@pytest.mark.parametrize(
    "make", [lambda rng: affine(rng, 3, 2), *(lambda rng, k=k: k() for k in ACTIVATIONS)]
)
def test_input_gradient_is_left_out_on_request(make, rng):
    layer = make(rng)
    Y, cache = layer.forward(rng.normal(size=(4, 3)))
    dX, grads = layer.backward(np.ones_like(Y), cache, input_gradient=False)
    assert dX is None
    assert grads.keys() == layer.params.keys()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("N", [1, 5])
def test_the_dtype_stays(dtype, N, rng):
    layers = [affine(rng, 3, 2, dtype), Sigmoid(), Tanh(), ReLU()]
    for layer in layers:
        Y, cache = layer.forward(rng.normal(size=(N, 3)).astype(dtype))
        dX, grads = layer.backward(np.ones_like(Y), cache)
        assert {Y.dtype, dX.dtype, *(g.dtype for g in grads.values())} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_at_large_inputs(dtype):
    """No warning (warnings are errors here) and the limits to the last bit."""
    Z = np.array([[-1e4, 0.0, 1e4]], dtype)
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(Tanh().forward(Z)[0], [[-1, 0, 1]])
        np.testing.assert_array_equal(ReLU().forward(Z)[0], [[0, 0, 1e4]])
    np.testing.assert_array_equal(Sigmoid().forward(Z)[0], [[0, 0.5, 1]])


def test_sigmoid_keeps_its_left_tail():
    """σ(−40) is 4.2e−18, not 0: the loss of a confident network depends on it."""
    assert sigmoid(np.array(-40.0)) == pytest.approx(np.exp(-40.0), rel=1e-14)


def test_relu_has_slope_0_at_the_kink():
    """The mask is a > 0: with a ≥ 0 the gate would never close."""
    A, cache = ReLU().forward(np.array([[-1.0, 0.0, 2.0]]))
    dX, _ = ReLU().backward(np.ones((1, 3)), cache)
    np.testing.assert_array_equal(A, [[0, 0, 2]])
    np.testing.assert_array_equal(dX, [[0, 0, 1]])


def test_integers_are_taken_as_numbers():
    """−Z of an unsigned integer would wrap round."""
    np.testing.assert_allclose(Sigmoid().forward(np.array([[3]], np.uint8))[0], 1 / (1 + np.exp(-3.0)))


@pytest.mark.parametrize(
    ("init", "scale", "sd"),
    [
        ("auto", None, np.sqrt(2 / 700)),
        ("xavier", None, np.sqrt(2 / 700)),
        ("he", None, np.sqrt(2 / 300)),
        ("normal", None, 1.0),
        ("normal", 0.01, 0.01),
        ("he", 3.0, 3 * np.sqrt(2 / 300)),
    ],
)
def test_the_spread_of_initial_weights(init, scale, sd, rng):
    """120 000 draws fix a standard deviation to 0.2 %; 1 % is five of those."""
    layer = Affine(300, 400, init=init, scale=scale, rng=rng)
    assert np.std(layer.params["W"]) == pytest.approx(sd, rel=0.01)
    assert np.mean(layer.params["W"]) == pytest.approx(0, abs=0.015 * sd)
    np.testing.assert_array_equal(layer.params["b"], np.zeros(400))


def test_zeros_and_no_bias():
    layer = Affine(2, 3, init="zeros", bias=False)
    assert list(layer.params) == ["W"]
    assert not layer.params["W"].any()
    layer.params["W"] += 2
    np.testing.assert_array_equal(layer.forward(np.ones((4, 2)))[0], np.full((4, 3), 4.0))
    _, grads = layer.backward(np.ones((4, 3)), np.ones((4, 2)))
    assert list(grads) == ["W"]


def test_from_arrays_copies():
    W, b = np.ones((2, 3)), np.ones(3)
    layer = Affine.from_arrays(W, b)
    W += 1
    b += 1
    np.testing.assert_array_equal(layer.params["W"], np.ones((2, 3)))
    np.testing.assert_array_equal(layer.params["b"], np.ones(3))
    assert Affine.from_arrays([[1, 2]]).params["W"].dtype == np.float64


def test_same_generator_state_same_weights():
    one, two = (Affine(3, 4, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.params["W"], two.params["W"])


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: Affine(0, 3), ValueError, "^Affine: a width must be a whole number of at least 1, got 0$"),
        (lambda: Affine(2.0, 3), TypeError, "a width must be a whole number of at least 1, got 2.0"),
        (lambda: Affine(True, 3), TypeError, "got True"),
        (lambda: Affine(2, 3), TypeError, r"Affine\(2→3\): rng must be a NumPy Generator.*got None"),
        (lambda: Affine(2, 3, rng=0), TypeError, "got 0"),
        (
            lambda: Affine(2, 3, init="lecun"),
            ValueError,
            r"^Affine\(2→3\): init must be one of auto, xavier, he, normal, zeros, got 'lecun'$",
        ),
        (
            lambda: Affine(2, 3, init="he", scale=0),
            ValueError,
            r"^Affine\(2→3\): scale must be above 0, got 0$",
        ),
        (
            lambda: Affine(2, 3, init="zeros", dtype=int),
            TypeError,
            r"^Affine\(2→3\): dtype must be float32 or float64, got int64$",
        ),
        (
            lambda: Affine.from_arrays([1.0, 2.0]),
            ValueError,
            r"^Affine\.from_arrays: W must be \(n_in, n_out\), got \(2,\)$",
        ),
        (
            lambda: Affine.from_arrays([[1.0, 2.0]], [1.0]),
            ValueError,
            r"b must have the shape of a row of W, \(2,\)",
        ),
        (lambda: Affine.from_arrays([[1j]]), TypeError, "W must hold real numbers, got dtype complex128"),
        (lambda: Affine.from_arrays([["a"]]), TypeError, "W must hold real numbers"),
        (
            lambda: Affine.from_arrays([[1.0], [1.0, 2.0]]),
            ValueError,
            "W must be an array of numbers, got list",
        ),
    ],
)
def test_bad_settings_are_named(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (
            (32, 28, 28),
            r"Affine\(784→2\): X must be \(N, 784\), got \(32, 28, 28\): flatten the images first",
        ),
        ((784,), r"X must be \(N, 784\), got \(784,\): one example is a batch of one, X\[None, :\]"),
        ((5, 783), r"X must be \(N, 784\), got \(5, 783\)$"),
    ],
)
def test_bad_inputs_are_named(shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        Affine(784, 2, init="zeros").forward(np.zeros(shape))


def test_inputs_that_are_not_numbers_are_named():
    for layer in (Affine(1, 2, init="zeros"), Sigmoid()):
        sentence = f"^{re.escape(str(layer))}: X must hold real numbers, got dtype <U3$"
        with pytest.raises(TypeError, match=sentence):
            layer.forward(np.array([["one"]]))


@pytest.mark.parametrize("layer", [Affine(3, 3, init="zeros"), Sigmoid(), Tanh(), ReLU()])
def test_bad_upstream_gradients_are_named(layer):
    _, cache = layer.forward(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"dY must have the shape of the output, \(4, 3\), got \(3, 4\)"):
        layer.backward(np.ones((3, 4)), cache)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.bool_])
def test_small_integers_give_the_numbers_of_floats(kind):
    """A uint8 would wrap at −z, and tanh of one would come in half precision."""
    Z = np.array([[0, 1, 100]], kind)
    np.testing.assert_array_equal(sigmoid(Z), sigmoid(Z.astype(float)))
    for layer in (Sigmoid(), Tanh(), ReLU()):
        np.testing.assert_array_equal(layer.forward(Z)[0], layer.forward(Z.astype(float))[0], strict=True)


def test_sigmoid_takes_numbers_and_lists():
    assert sigmoid(0) == 0.5
    np.testing.assert_array_equal(sigmoid([0, 0]), [0.5, 0.5])
    with pytest.raises(TypeError, match=r"^sigmoid: Z must hold real numbers, got dtype <U1$"):
        sigmoid("a")


def test_a_layer_from_arrays_without_b_says_so():
    """In its config too, from which a file makes it again."""
    for b in (None, [1.0, 2.0, 3.0]):
        layer = Affine.from_arrays(np.ones((2, 3)), b)
        assert layer.config["bias"] is ("b" in layer.params) is (b is not None)


def test_the_config_makes_the_same_layer_again():
    """`Network.load` calls the class with it, and then puts the arrays of the file in."""
    config = {"n_in": 2, "n_out": 3, "bias": True, "init": "zeros"}
    layer = Affine(2, 3, init="he", scale=2, rng=np.random.default_rng(0))
    assert layer.config == config
    assert layer.config["bias"] is True
    assert Affine(2, 3, bias=0, init="zeros").config == config | {"bias": False}
    assert Affine(**layer.config).params.keys() == layer.params.keys()
    assert str(layer) == "Affine(2→3)"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float32"])
def test_both_arrays_have_the_type_that_was_asked_for(dtype, rng):
    for init in ("auto", "zeros"):
        layer = Affine(2, 3, init=init, dtype=dtype, rng=rng)
        assert {p.dtype for p in layer.params.values()} == {np.dtype(dtype)}
    assert {p.dtype for p in Affine(2, 3, rng=rng).params.values()} == {np.dtype(np.float64)}


def test_an_affine_layer_has_no_pieces_and_a_relu_is_open_or_closed():
    _, cache = ReLU().forward(np.array([[-1.0, 0.0, 2.0]]))
    np.testing.assert_array_equal(ReLU().pieces(cache), [[False, False, True]])
    assert all(layer.pieces(cache) is None for layer in (Affine(3, 1, init="zeros"), Sigmoid(), Tanh()))


def test_an_activation_without_a_formula_says_which():
    class Empty(Activation):
        pass

    with pytest.raises(NotImplementedError, match=r"^Empty\(\): an activation must define f$"):
        Empty().forward(np.ones((1, 1)))
    with pytest.raises(NotImplementedError, match=r"^Empty\(\): an activation must define slope$"):
        Empty().backward(np.ones((1, 1)), np.ones((1, 1)))
