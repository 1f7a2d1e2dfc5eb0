"""The gradient check itself is checked: it must refuse every fault below, and refuse to prove nothing."""

import re

import numpy as np
import pytest

from bplib import (
    Affine,
    Network,
    ReLU,
    Sigmoid,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    check_gradients,
    datasets,
    faults,
    mlp,
)
from bplib.deep_layers import Dropout
from bplib.gradcheck import GradientReport, VacuousCheckError, numerical_gradient, relative_error
from bplib.layers import Layer


def problem(rng, first=Affine, activation=Sigmoid, loss=SquaredError, N=7):
    """Non-square weights, non-zero biases, batch ≠ width."""
    layers = [
        first.from_arrays(rng.normal(size=(3, 5)), rng.normal(size=5)),
        activation(),
        Affine.from_arrays(rng.normal(size=(5, 2)), rng.normal(size=2)),
    ]
    return Network(layers, loss()), rng.normal(size=(N, 3)), rng.normal(size=(N, 2))


@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_right_gradients_pass(activation, rng):
    network, X, Y = problem(rng, activation=activation)
    report = check_gradients(network, X, Y)
    assert report
    assert report.ok
    assert report.worst == max(report.errors.values()) < 1e-7
    assert list(report.errors) == ["0.W", "0.b", "2.W", "2.b", "X"]
    assert report.vanishing == ()
    assert "ok   0.W" in str(report)


def test_float32_networks_are_checked_in_float64_and_left_alone(rng):
    network = mlp([3, 4, 2], activation="tanh", dtype=np.float32, rng=rng)
    before = [p.copy() for _, p in network.named_params()]
    assert check_gradients(network, rng.normal(size=(5, 3)), rng.normal(size=(5, 2))).worst < 1e-7
    for p, (_, now) in zip(before, network.named_params(), strict=True):
        assert now.dtype == np.float32
        np.testing.assert_array_equal(p, now)


class FlippedSign(Sigmoid):
    def slope(self, A):
        return A * (A - 1)


class StaleSlope(Tanh):
    def slope(self, A):
        return 1 - np.tanh(A) ** 2  # takes a for z


class ScaledByRows(Affine):
    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return dX, grads | {"W": grads["W"] / len(dY)}


class MissingTranspose(Affine):
    def backward(self, dY, cache, *, input_gradient=True):
        _, grads = super().backward(dY, cache, input_gradient=False)
        return dY @ self.params["W"], grads


class ForgottenBias(Affine):
    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return dX, grads | {"b": np.zeros_like(grads["b"])}


class LostN(SquaredError):
    def backward(self, cache):
        return cache[1]


class OpenGate(ReLU):
    def slope(self, A):
        return A >= 0


class NotANumber(Sigmoid):
    def slope(self, A):
        return np.full_like(A, np.nan)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"activation": FlippedSign}, {"0.W", "0.b", "X"}),
        ({"activation": StaleSlope}, {"0.W", "0.b", "X"}),
        ({"activation": OpenGate}, {"0.W", "0.b", "X"}),
        ({"activation": NotANumber}, {"0.W", "0.b", "X"}),
        ({"first": ScaledByRows}, {"0.W"}),
        ({"first": ForgottenBias}, {"0.b"}),
        ({"loss": LostN}, {"0.W", "0.b", "2.W", "2.b", "X"}),
    ],
)
def test_faults_are_refused_and_localised(settings, wrong, rng):
    network, X, Y = problem(rng, **settings)
    report = check_gradients(network, X, Y)
    assert not report
    assert {name for name, error in report.errors.items() if error > 1e-6} == wrong
    assert "BAD" in str(report)


def test_a_missing_transpose_on_square_weights_is_refused(rng):
    """With a square W the shapes fit; the numbers do not."""
    W = rng.normal(size=(3, 3))
    network = Network([Tanh(), MissingTranspose.from_arrays(W, rng.normal(size=3))], SquaredError())
    report = check_gradients(network, rng.normal(size=(5, 3)), rng.normal(size=(5, 3)))
    assert not report
    assert report.errors["X"] > 0.1
    assert report.errors["1.W"] < 1e-7


class Fork(Layer):
    """Y = tanh X + X²: X is used twice, so its two gradients add."""

    def forward(self, X, *, training=False, rng=None):
        return np.tanh(X) + X**2, X

    def backward(self, dY, cache, *, input_gradient=True):
        dX = dY * (1 - np.tanh(cache) ** 2)
        dX = dX + dY * 2 * cache
        return dX, {}


class OverwrittenFork(Fork):
    def backward(self, dY, cache, *, input_gradient=True):
        return dY * 2 * cache, {}  # `=` where `+=` is meant


def test_overwriting_where_a_value_forks_is_refused(rng):
    for kind, ok in ((Fork, True), (OverwrittenFork, False)):
        network = Network([Affine(3, 4, rng=rng), kind()], SquaredError())
        assert check_gradients(network, rng.normal(size=(5, 3)), rng.normal(size=(5, 4))).ok is ok


class TinyBlock(Affine):
    """A hundredth of W's gradient missing: small, and still seen."""

    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return dX, grads | {"W": grads["W"] * 0.99}


def test_one_per_cent_is_seen(rng):
    network, X, Y = problem(rng, first=TinyBlock)
    assert check_gradients(network, X, Y).errors["0.W"] == pytest.approx(0.01, rel=0.02)


def test_all_gradients_zero_proves_nothing(rng):
    """Dead units everywhere and targets met exactly: nothing moves the loss."""
    network = Network([Affine.from_arrays(np.ones((2, 2)), [-9.0, -9.0]), ReLU()], SquaredError())
    with pytest.raises(VacuousCheckError, match="every gradient is zero, so the check proves nothing"):
        check_gradients(network, rng.random((4, 2)), np.ones((4, 2)))


def test_a_constant_output_proves_nothing(rng):
    """All weights zero: the last bias still has a gradient, which is all that would be compared."""
    network = mlp([3, 4, 2], init="zeros")
    with pytest.raises(VacuousCheckError, match="constant output"):
        check_gradients(network, rng.normal(size=(5, 3)), rng.normal(size=(5, 2)))


def test_a_kink_within_eps_raises(rng):
    network = Network([Affine.from_arrays(np.ones((1, 1)), [0.0]), ReLU()], SquaredError())
    sentence = r"moving 0\.b by 1e-05 takes a unit of ReLU\(\) across its kink"
    for near in (0.0, 1e-6, -1e-6):
        with pytest.raises(VacuousCheckError, match=sentence):
            check_gradients(network, np.array([[1.0], [near]]), np.full((2, 1), 3.0))
    assert check_gradients(network, np.array([[1.0], [-0.1]]), np.full((2, 1), 3.0))


def test_vanishing_arrays_are_listed(rng):
    """One dead unit among live ones: the check goes on, and says what it could not compare."""
    layers = [Affine.from_arrays(np.ones((1, 1)), [-9.0]), ReLU()]
    alive = Network([Affine.from_arrays(np.array([[1.0, 1.0]]), [0.0, 0.0]), Gate(layers)], SquaredError())
    report = check_gradients(alive, rng.random((4, 1)), rng.normal(size=(4, 2)))
    assert report.ok
    assert report.vanishing == ("1.W",)
    assert "1.W: gradient zero both ways within round-off, nothing compared" in str(report)


class Gate(Layer):
    """Y = X + max(X w − 9, 0) w, with the second term dead for small X: w has no gradient."""

    def __init__(self, layers):
        super().__init__()
        self.params = {"W": np.ones((1, 1))}

    def forward(self, X, *, training=False, rng=None):
        w = self.params["W"][0, 0]
        return X + np.maximum(X * w - 9, 0), X

    def backward(self, dY, cache, *, input_gradient=True):
        w = self.params["W"][0, 0]
        open_ = cache * w > 9
        return dY + dY * open_ * w, {"W": np.sum(dY * open_ * cache, keepdims=True)}


def test_numerical_gradient_is_exact_for_a_square_and_leaves_x(rng):
    X = rng.normal(size=(2, 3))
    before = X.copy()
    np.testing.assert_allclose(numerical_gradient(lambda Q: np.sum(Q**2), X), 2 * X, rtol=1e-9)
    np.testing.assert_array_equal(X, before)
    assert numerical_gradient(lambda x: x**2, 3.0) == pytest.approx(6.0)


def test_relative_error():
    assert relative_error([1.0, 2.0], [1.0, 2.0]) == 0
    assert relative_error([1.0, 2.0], [1.0, 1.0]) == 0.5
    assert relative_error([0.0], [1e-12]) == pytest.approx(1e-4)
    assert relative_error([np.nan], [1.0]) == np.inf
    with pytest.raises(ValueError, match=r"a must have the shape of n, \(1,\), got \(2,\)"):
        relative_error([1.0, 2.0], [1.0])


def test_bad_settings_are_named(rng):
    network, X, Y = problem(rng)
    with pytest.raises(ValueError, match="eps must be above 0, got 0"):
        check_gradients(network, X, Y, eps=0)
    with pytest.raises(ValueError, match="tolerance must be above 0, got -1"):
        check_gradients(network, X, Y, tolerance=-1)
    with pytest.raises(ValueError, match="X holds NaN or inf"):
        check_gradients(network, X * np.nan, Y)

    class Secretive(Affine):
        def backward(self, dY, cache, *, input_gradient=True):
            return super().backward(dY, cache, input_gradient=input_gradient)[0], {}

    hidden, X, Y = problem(rng, first=Secretive)
    with pytest.raises(ValueError, match=r"backward must give 0\.W, 0\.b, 2\.W"):
        check_gradients(hidden, X, Y)


def test_integer_labels(rng):
    network = Network([Affine(3, 4, rng=rng)], SoftmaxCrossEntropy())
    assert check_gradients(network, rng.normal(size=(5, 3)), np.array([0, 1, 2, 3, 0]))
    assert isinstance(check_gradients(network, rng.normal(size=(5, 3)), [0, 1, 2, 3, 0]), GradientReport)


def test_the_callers_array_is_not_even_written_to(rng):
    """Not for a moment: it may be read-only, and f may look at it."""
    X = rng.normal(size=(2, 3))
    X.flags.writeable = False
    np.testing.assert_allclose(numerical_gradient(lambda X: float(np.sum(X**2)), X), 2 * X)


def test_a_function_that_changes_its_argument_is_no_trap(rng):
    X = rng.normal(size=(2, 3))

    def spoils(Q):
        value = float(np.sum(Q**2))
        Q *= 0
        return value

    np.testing.assert_allclose(numerical_gradient(spoils, X), 2 * X, rtol=1e-9)


class WrongInTraining(Affine):
    """Right where X's gradient is asked for, and wrong where it is not: the way that training goes."""

    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return dX, grads if input_gradient else grads | {"b": 0.5 * grads["b"]}


def test_the_way_that_training_goes_is_checked_too(rng):
    network, X, Y = problem(rng, first=WrongInTraining)
    report = check_gradients(network, X, Y)
    assert {name for name, error in report.errors.items() if error > 1e-6} == {"0.b"}
    assert report.errors["0.b"] == pytest.approx(0.5, rel=1e-6)


class Least:
    """A scale for each column, with forward, backward and params alone; its array has a second name."""

    def __init__(self, factor=1.0):
        self.a = np.array([1.0, -2.0, 0.5])
        self.params, self.factor = {"a": self.a}, factor

    def forward(self, X, *, training=False, rng=None):
        return X * self.a, X

    def backward(self, dY, cache, *, input_gradient=True):
        return dY * self.a, {"a": self.factor * np.sum(dY * cache, axis=0)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_with_forward_backward_and_params_alone(dtype, rng):
    layer, wrong = Least(), Least(0.9)
    for each in (layer, wrong):
        each.a = each.params["a"] = each.a.astype(dtype)
    X, Y = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    affine = Affine(2, 3, rng=rng, dtype=dtype)
    assert check_gradients(Network([affine, layer], SquaredError()), X, Y)
    report = check_gradients(Network([affine, wrong], SquaredError()), X, Y)
    assert [name for name, e in report.errors.items() if e > 1e-6] == ["1.a"]
    assert layer.a.dtype == dtype


SCALES = [100.0, 1000.0, np.array([1.0, 100.0, 1e4])]


def tell_apart(check, activation, scale, rng, times):
    """Right networks pass on inputs of that scale and wrong ones do not; returns the reasons of refusals."""
    judged, refusals = 0, []
    for _ in range(times):
        network, X, Y = problem(rng, activation=activation, N=9)
        wrong = Network([ScaledByRows.from_arrays(*network.layers[0].params.values()), *network.layers[1:]],
                        SquaredError())  # fmt: skip
        try:
            report = check(network, scale * X, Y)
        except VacuousCheckError as refusal:
            refusals.append(str(refusal))
            continue
        assert report, str(report)
        if "0.W" not in report.vanishing:
            judged += 1
            assert not check(wrong, scale * X, Y)
    assert judged >= 2
    return refusals


@pytest.mark.parametrize("scale", SCALES, ids=["100", "1000", "mixed"])
@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_right_networks_on_unscaled_inputs_pass_and_wrong_ones_do_not(activation, scale, rng):
    """A weight behind an input of 1000 moves z by 1000 h. Where all units are saturated the check refuses."""
    refusals = tell_apart(check_gradients, activation, scale, rng, 12)
    assert all("constant output" in refusal for refusal in refusals)


def test_large_weights_are_no_fault_either(rng):
    network, X, Y = problem(rng, activation=ReLU)
    network.layers[0].params["W"] *= 1000
    assert check_gradients(network, X, Y)


def test_a_large_loss_is_named_and_not_called_zero(rng):
    """Targets of 1e9: L is near 1e18, and doubles that large are 128 apart."""
    network, X, _ = problem(rng)
    with pytest.raises(
        VacuousCheckError, match=r"the loss is .*e\+18, and its round-off hides the gradients"
    ):
        check_gradients(network, X, np.full((7, 2), 1e9))


def test_a_tiny_loss_is_judged_by_the_numbers_it_is_made_of(rng):
    """Targets met to 1e-10: L is 1e-20, its round-off that of outputs near 1. No fault, and no proof."""
    network, X, _ = problem(rng)
    with pytest.raises(VacuousCheckError, match="every gradient is zero"):
        check_gradients(network, X, network.predict(X) + 1e-10 * rng.normal(size=(7, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_targets_that_are_no_numbers_are_refused(bad, rng):
    network, X, Y = problem(rng)
    Y[3, 1] = bad
    with pytest.raises(ValueError, match="check_gradients: Y holds NaN or inf in 1 of 14 places"):
        check_gradients(network, X, Y)


def test_gradients_of_another_layer_are_named_on_the_way_of_training_too(rng):
    class Secretive(Affine):
        def backward(self, dY, cache, *, input_gradient=True):
            dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
            return dX, grads if input_gradient else {}

    network, X, Y = problem(rng, first=Secretive)
    with pytest.raises(ValueError, match=r"backward must give 0\.W, 0\.b, 2\.W"):
        check_gradients(network, X, Y)


def test_a_kink_that_only_a_long_step_would_cross_is_no_kink():
    """An input of 1000 moves z by 1000 eps, and z = 0.001 is 100 eps off: with eps / 1000 nothing is crossed."""
    network = Network([Affine.from_arrays([[0.001]], [-0.999]), ReLU()], SquaredError())
    assert check_gradients(network, np.array([[1000.0], [1010.0]]), np.full((2, 1), 3.0))
    network.layers[0].params["b"][:] = -1.0
    with pytest.raises(VacuousCheckError, match="across its kink"):
        check_gradients(network, np.array([[1000.0], [1010.0]]), np.full((2, 1), 3.0))


class Blank(Tanh):
    """Gives zeros whatever comes, and a gradient all the same."""

    def f(self, Z):
        return np.zeros_like(Z)

    def slope(self, A):
        return A + 1


def test_a_constant_output_with_a_gradient_is_constant_and_not_hidden(rng):
    network = Network([Affine(3, 2, rng=rng), Blank(), Affine(2, 2, rng=rng)], SquaredError())
    with pytest.raises(VacuousCheckError, match="constant output"):
        check_gradients(network, rng.normal(size=(4, 3)), 0.1 * rng.normal(size=(4, 2)))


@pytest.mark.parametrize("size", [1e5, 1e7, 1e12])
def test_numbers_so_large_that_doubles_are_far_apart(size, rng):
    """1e7 + 1e-5 lies between two doubles: the difference is over the way that was really gone."""
    X = size * rng.uniform(1, 2, size=(2, 3))
    np.testing.assert_allclose(numerical_gradient(lambda Q: np.sum(Q - X), X), np.ones((2, 3)), rtol=1e-12)


@pytest.mark.parametrize("size", [1e5, 1e7])
def test_right_networks_on_huge_inputs_pass(size, rng):
    network, X, Y = problem(rng, activation=ReLU)
    assert check_gradients(network, size * X, Y)
    network.layers[0].params["W"] *= size
    assert check_gradients(network, X, Y)


# ---- along random directions: what it costs does not grow with the network ---------------------------------


def along(network, X, Y, directions=3, seed=0, **settings):
    return check_gradients(
        network, X, Y, directions=directions, rng=np.random.default_rng(seed), **settings
    )  # fmt: skip


@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_right_gradients_pass_along_directions(activation, rng):
    network, X, Y = problem(rng, activation=activation)
    before = [p.copy() for _, p in network.named_params()]
    report = along(network, X, Y)
    assert report
    assert report.worst == max(report.errors.values()) < 1e-7
    assert list(report.errors) == ["0.W", "0.b", "2.W", "2.b", "X"]
    for p, (_, now) in zip(before, network.named_params(), strict=True):
        np.testing.assert_array_equal(p, now)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"activation": FlippedSign}, {"0.W", "0.b", "X"}),
        ({"activation": NotANumber}, {"0.W", "0.b", "X"}),
        ({"first": ScaledByRows}, {"0.W"}),
        ({"first": ForgottenBias}, {"0.b"}),
        ({"first": TinyBlock}, {"0.W"}),
        ({"first": WrongInTraining}, {"0.b"}),
        ({"loss": LostN}, {"0.W", "0.b", "2.W", "2.b", "X"}),
    ],
)
@pytest.mark.parametrize("directions", [1, 3])
def test_faults_are_refused_and_localised_along_directions(settings, wrong, directions, rng):
    network, X, Y = problem(rng, **settings)
    report = along(network, X, Y, directions)
    assert not report
    assert {name for name, error in report.errors.items() if error > 1e-6} == wrong


class OneEntry(Affine):
    """One entry of W's gradient is wrong by a thousandth of the largest."""

    def gradient(self, dY, cache, *, input_gradient):
        dX, grads = super().gradient(dY, cache, input_gradient=input_gradient)
        grads["W"][1, 2] += 1e-3 * np.abs(grads["W"]).max()
        return dX, grads


def test_one_wrong_entry_among_fifteen_is_seen_along_directions(rng):
    network, X, Y = problem(rng, first=OneEntry)
    errors = along(network, X, Y).errors
    assert 1e-5 < errors["0.W"] < 1e-2
    assert max(error for name, error in errors.items() if name != "0.W") < 1e-7


class Counted(Tanh):
    passes = 0

    def value(self, X, *, training, rng):
        Counted.passes += 1
        return super().value(X, training=training, rng=rng)


def test_the_cost_along_directions_does_not_grow_with_the_network(rng):
    counts = []
    for n in (3, 60):
        network = Network([Affine(4, n, rng=rng), Counted(), Affine(n, 2, rng=rng)], SquaredError())
        Counted.passes = 0
        assert along(network, rng.normal(size=(5, 4)), rng.normal(size=(5, 2)))
        counts.append(Counted.passes)
    assert max(counts) <= 1 + 5 * 3 * 3  # five arrays, three directions, a third pass where h must shrink


def test_the_network_of_lesson_10_is_checked_along_directions(rng):
    """784-128-10 in single precision: 101 770 parameters, and 6 272 pixels of eight images."""
    data = datasets.digits()
    network = mlp(
        [784, 128, 10], activation="relu", loss="softmax_cross_entropy", dtype=np.float32, rng=rng
    )  # fmt: skip
    X, y = data.X_train[:8], data.y_train[:8]
    assert along(network, X, y).worst < 1e-7
    report = along(faults.spoil(network, "a second 1/N in dW"), X, y)
    assert {name for name, error in report.errors.items() if error > 1e-6} == {"0.W", "2.W"}


def test_another_call_with_the_same_generator_takes_other_directions(rng):
    network, X, Y = problem(rng, first=TinyBlock)
    generator = np.random.default_rng(0)
    state = generator.bit_generator.state
    first, second = (check_gradients(network, X, Y, directions=1, rng=generator).errors for _ in range(2))
    assert first["0.W"] != second["0.W"]
    assert generator.bit_generator.state == state


def test_dropout_draws_the_same_mask_along_directions(rng):
    layers = [Affine(3, 20, rng=rng), Dropout(0.5), Tanh(), Affine(20, 2, rng=rng)]
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    assert along(Network(layers, SquaredError()), X, Y, training=True)
    layers[0] = ScaledByRows.from_arrays(*layers[0].params.values())
    assert not along(Network(layers, SquaredError()), X, Y, training=True)


def test_what_proves_nothing_is_refused_along_directions(rng):
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    with pytest.raises(VacuousCheckError, match="constant output"):
        along(mlp([3, 4, 2], init="zeros"), X, Y)
    dead = Network([Affine.from_arrays(np.ones((3, 2)), [-99.0, -99.0]), ReLU()], SquaredError())
    with pytest.raises(VacuousCheckError, match="every gradient is zero"):
        along(dead, X, np.zeros((5, 2)))
    with pytest.raises(VacuousCheckError, match="its round-off hides the gradients"):
        along(problem(rng)[0], X, np.full((5, 2), 1e9))
    kink = Network([Affine.from_arrays(np.ones((1, 1)), [0.0]), ReLU()], SquaredError())
    for near in (0.0, 1e-7, -1e-7):
        with pytest.raises(
            VacuousCheckError, match=r"moving 0\.[Wb] by \S+ takes a unit of ReLU\(\) across its"
        ):
            along(kink, np.array([[1.0], [near]]), np.full((2, 1), 3.0))
    kink.layers[0].params["b"][:] = -10.0  # here the step has to be shortened, and crosses all the same
    with pytest.raises(
        VacuousCheckError, match=r"moving 0\.W by \S+ takes a unit of ReLU\(\) across its kink"
    ):
        along(kink, np.array([[10.0], [20.0]]), np.full((2, 1), 3.0))


def test_arrays_whose_gradient_vanishes_are_listed_along_directions(rng):
    layers = [Affine.from_arrays(np.array([[1.0, 1.0]]), [0.0, 0.0]), Gate(())]
    report = along(Network(layers, SquaredError()), rng.random((4, 1)), rng.normal(size=(4, 2)))
    assert report.ok
    assert report.vanishing == ("1.W",)


@pytest.mark.parametrize("scale", SCALES, ids=["100", "1000", "mixed"])
@pytest.mark.parametrize("activation", [Sigmoid, Tanh, ReLU])
def test_unscaled_inputs_are_no_fault_along_directions(activation, scale, rng):
    seeds = iter(range(60))  # a network that passes is followed by a wrong one, along directions of its own
    refusals = tell_apart(lambda *problem: along(*problem, seed=next(seeds)), activation, scale, rng, 30)
    reasons = ("constant output", "its round-off hides the gradients")
    assert all(any(reason in refusal for reason in reasons) for refusal in refusals)


def test_directions_need_a_number_and_a_generator(rng):
    network, X, Y = problem(rng)
    with pytest.raises(
        ValueError, match=r"^check_gradients: directions must be a whole number of at least 1, got 0"
    ):
        along(network, X, Y, directions=0)
    with pytest.raises(
        TypeError, match=r"^check_gradients \(with directions\): rng must be a NumPy Generator"
    ):
        check_gradients(network, X, Y, directions=3)


def test_a_report_in_words():
    """At the tolerance is within it; what was not compared is listed last."""
    errors = {"0.W": 1e-6, "X": 2e-6}
    report = GradientReport(False, 2e-6, errors, ("0.b",))
    assert str(report).splitlines() == [
        "ok   0.W      1.0e-06",
        "BAD  X        2.0e-06",
        "     0.b: gradient zero both ways within round-off, nothing compared",
    ]
    assert not report
    assert (report.vanishing, report.floor, report.tolerance) == (("0.b",), 0.0, 1e-6)
    assert "tolerance" not in repr(report)
    assert "BAD" not in str(GradientReport(True, 2e-6, errors, tolerance=1e-5))


def test_relative_error_at_its_edges():
    """The larger of the two is the scale, whatever integers they come in; ∞ is no number to compare."""
    assert relative_error([1.0, 1.0], [1.0, -2.0]) == 1.5
    assert relative_error([1.0, -2.0], [1.0, 1.0]) == 1.5
    assert relative_error([], []) == 0
    assert relative_error([np.inf], [1.0]) == relative_error([1.0], [np.nan]) == np.inf
    low, zero = np.array([-128], np.int8), np.array([0], np.int8)
    assert relative_error(low, zero) == relative_error(zero, low) == 1
    with pytest.raises(ValueError, match=r"^relative_error: a must have the shape of n, \(1,\), got \(2,\)$"):
        relative_error([1.0, 2.0], [1.0])


def test_numerical_gradient_takes_integers_and_names_what_it_does_not():
    """Whose entries could not be moved by 1e-5; x³ shows the step, since the error is its square."""
    np.testing.assert_allclose(numerical_gradient(lambda Q: np.sum(Q**3), [1, 2]), [3, 12], rtol=1e-9)
    X = np.ones(2, np.float32)
    np.testing.assert_allclose(numerical_gradient(lambda Q: np.sum(Q**3), X), [3, 3], rtol=1e-9)
    assert numerical_gradient(lambda Q: Q**3, 1.0, eps=0.1) == pytest.approx(3.01, rel=1e-12)
    with pytest.raises(TypeError, match=r"^numerical_gradient: X must hold real numbers, got dtype <U1$"):
        numerical_gradient(len, ["a"])
    with pytest.raises(ValueError, match=r"^numerical_gradient: eps must be above 0, got 0$"):
        numerical_gradient(len, [1.0], eps=0)


@pytest.mark.parametrize("size", [1000.5, 1e5, -1e5, 1e7])
def test_a_step_from_a_large_number_is_as_long_as_any(size):
    """Too short a one drowns in the round-off of 1, too long a one sees the third power."""
    X = np.array([size])

    def f(Q):
        return np.sum(1 + (Q - X) + (Q - X) ** 3)

    np.testing.assert_allclose(numerical_gradient(f, X), [1.0], rtol=1e-9)


@pytest.mark.parametrize("z", [5e-5, -5e-5])
def test_ten_times_as_far_is_too_far(z):
    """A step moves z by W eps; z stands 5 eps from its kink, and a shorter step does not reach it."""

    def unit(W):
        return Network([Affine.from_arrays([[W]], [z - W]), ReLU()], SquaredError())

    X, Y = np.array([[1.0], [2.0]]), np.full((2, 1), 3.0)
    assert check_gradients(unit(10.5), X, Y)
    with pytest.raises(
        VacuousCheckError, match=r"moving X by 1e-05 takes a unit of ReLU\(\) across its kink"
    ):
        check_gradients(unit(9.5), X, Y)


class NoFactor(Dropout):
    """The mask goes back without the factor 1/(1 − p): wrong in training alone."""

    def gradient(self, dY, cache, *, input_gradient):
        return dY * (cache > 0), {}


def test_dropout_is_checked_with_one_mask_and_left_out_unless_asked_for(rng):
    network = Network([Affine(3, 8, rng=rng), Tanh(), Dropout(0.5), Affine(8, 2, rng=rng)], SquaredError())
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    assert check_gradients(network, X, Y)  # without training no generator is asked for
    state = rng.bit_generator.state
    report = check_gradients(network, X, Y, training=True, rng=rng)
    assert report, str(report)
    assert rng.bit_generator.state == state
    network.layers[2] = NoFactor(0.5)
    assert check_gradients(network, X, Y)
    assert not check_gradients(network, X, Y, training=True, rng=rng)


@pytest.mark.parametrize("far", [0.1, 3.0])
@pytest.mark.parametrize(("eps", "tolerance"), [(1e-5, 1e-6), (1e-4, 1e-5)])
def test_the_floor_is_the_one_that_the_docstring_states(far, eps, tolerance, rng):
    """100 ε max(|L|, 1)/eps, over the tolerance."""
    network, X, _ = problem(rng)
    Y = network.predict(X) + far
    report = check_gradients(network, X, Y, eps=eps, tolerance=tolerance)
    L = far**2
    assert report.floor == pytest.approx(100 * np.finfo(float).eps * max(L, 1) / eps / tolerance, rel=1e-9)
    assert report.tolerance == tolerance


class HalfBias(Affine):
    """Half of b's gradient."""

    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return dX, grads | {"b": grads["b"] / 2}


def test_gradients_below_the_floor_are_judged_against_it():
    """b's is 1e-4, half of it is missing, and the floor is 2.2e-3."""
    network = Network([HalfBias.from_arrays([[1.0]], [0.5])], SquaredError())
    X = np.array([[1.0], [-1.0]])
    report = check_gradients(network, X, network.predict(X) - 1e-4)
    assert report.errors["0.b"] == pytest.approx(0.5e-4 / report.floor, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda n, X, Y: check_gradients(n, X, Y, eps=0), ValueError, "eps must be above 0, got 0"),
        (lambda n, X, Y: check_gradients(n, X, Y, tolerance=0), ValueError, "tolerance must be above 0, got 0"),
        (lambda n, X, Y: check_gradients(n, X * np.nan, Y), ValueError, "X holds NaN or inf in 21 of 21 places"),
        (
            lambda n, X, Y: check_gradients(n, X, np.full((7, 2), 1e9)),
            VacuousCheckError,
            "the loss is 1e+18, and its round-off hides the gradients, so the check proves nothing: scale inputs"
            " and targets to about 1",
        ),
        (
            lambda n, X, Y: check_gradients(n, X, n.predict(X)),
            VacuousCheckError,
            "every gradient is zero, so the check proves nothing: draw other weights (non-zero biases, no dead"
            " units)",
        ),
        (
            lambda n, X, Y: check_gradients(mlp([3, 4, 2], init="zeros"), X, Y),
            VacuousCheckError,
            "constant output, whatever X is: the check proves next to nothing: draw other weights, or smaller"
            " inputs",
        ),
        (
            lambda n, X, Y: check_gradients(Network([Affine(1, 1, init="zeros"), ReLU()], SquaredError()), [[1.0]], [[3.0]]),
            VacuousCheckError,
            "moving 0.W by 1e-05 takes a unit of ReLU() across its kink, where there is no derivative: draw other"
            " inputs or weights, or make eps smaller",
        ),
    ],
)  # fmt: skip
def test_every_sentence_is_whole(call, kind, sentence, rng):
    with pytest.raises(kind) as caught:
        call(*problem(rng))
    assert str(caught.value) == f"check_gradients: {sentence}"


class OwnGradients(Affine):
    """Gives the gradients that it is told to."""

    given: dict

    def backward(self, dY, cache, *, input_gradient=True):
        return super().backward(dY, cache, input_gradient=input_gradient)[0], self.given


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"W": np.ones((3, 5))}, "backward must give 0.W, 0.b, 2.W, 2.b, X, not 0.W, 2.W, 2.b, X"),
        (
            {"W": np.ones((3, 5)), "b": np.ones((1, 5))},
            "the gradient of 0.b must have the shape of 0.b, (5,), got (1, 5)",
        ),
    ],
)
def test_gradients_of_other_names_and_shapes_are_named(given, sentence, rng):
    network, X, Y = problem(rng, first=OwnGradients)
    network.layers[0].given = given
    with pytest.raises(ValueError, match=f"^{re.escape('check_gradients: ' + sentence)}$"):
        check_gradients(network, X, Y)


def test_a_large_loss_may_hide_the_gradient_of_x_alone():
    """dX is 1e-4, far above the round-off of a loss of 1 and far below that of this one, 5e5."""
    network = Network([Affine.from_arrays([[1e-7]], [0.5])], SquaredError())
    with pytest.raises(VacuousCheckError, match=r"the loss is 5e\+05, and its round-off hides the gradients"):
        check_gradients(network, [[1.0]], [[1e3]])


def test_an_error_at_the_tolerance_is_within_it(rng):
    network, X, Y = problem(rng, first=TinyBlock)
    worst = check_gradients(network, X, Y).worst
    assert check_gradients(network, X, Y, tolerance=worst).ok
    assert not check_gradients(network, X, Y, tolerance=0.99 * worst).ok
