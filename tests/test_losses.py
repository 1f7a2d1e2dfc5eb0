"""Losses: gradients by central differences, stability at |z| = 1e4, and every sentence at the door."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import BinaryCrossEntropy, SoftmaxCrossEntropy, SquaredError
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.losses import softmax

LOSSES = [SquaredError(), BinaryCrossEntropy(), SoftmaxCrossEntropy()]


def targets(loss, rng, N, k, labels=False):
    if isinstance(loss, SquaredError):
        return rng.normal(size=(N, k))
    return rng.integers(k, size=N) if labels else rng.random((N, k))


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@given(N=st.integers(1, 9), k=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_gradients_agree_with_central_differences(loss, labels, N, k, seed):
    """Σy differs from 1 in the rows of weights, so that (p − y)/N would be caught."""
    if labels and not isinstance(loss, SoftmaxCrossEntropy):
        labels = False
    rng = np.random.default_rng(seed)
    Z, Y = 2 * rng.normal(size=(N, k)), targets(loss, rng, N, k, labels)
    dZ = loss.backward(loss.forward(Z, Y)[1])
    assert dZ.shape == Z.shape
    # A single class has the constant probability 1: its gradient is zero, judged against the floor.
    assert relative_error(dZ, numerical_gradient(lambda Q: loss.forward(Q, Y)[0], Z), floor=1e-3) < 1e-6


def test_values_by_hand():
    """Guessing costs ln 2 a bit and ln 10 a digit; squared error is half the mean squared distance."""
    assert BinaryCrossEntropy().forward(np.zeros((4, 1)), np.ones((4, 1)))[0] == pytest.approx(np.log(2))
    assert BinaryCrossEntropy().forward(np.zeros((4, 3)), np.ones((4, 3)))[0] == pytest.approx(3 * np.log(2))
    assert SoftmaxCrossEntropy().forward(np.zeros((4, 10)), np.arange(4))[0] == pytest.approx(np.log(10))
    assert SquaredError().forward([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [3.0, 1.0]])[0] == (1 + 4 + 9) / 4


def test_labels_are_one_hot_rows(rng):
    Z, y = rng.normal(size=(5, 3)), rng.integers(3, size=5)
    loss = SoftmaxCrossEntropy()
    (L1, cache1), (L2, cache2) = loss.forward(Z, y), loss.forward(Z, np.eye(3)[y])
    assert L1 == pytest.approx(L2, rel=1e-14)
    np.testing.assert_allclose(loss.backward(cache1), loss.backward(cache2), atol=1e-16)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_mean_over_rows(loss, rng):
    """Every row twice: L stays, and each row's gradient halves."""
    Z = rng.normal(size=(4, 3))
    Y = targets(loss, rng, 4, 3)
    (L1, c1), (L2, c2) = loss.forward(Z, Y), loss.forward(np.vstack([Z, Z]), np.vstack([Y, Y]))
    assert L1 == pytest.approx(L2, rel=1e-14)
    np.testing.assert_allclose(loss.backward(c1) / 2, loss.backward(c2)[:4], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_logits_are_exact_and_silent(dtype):
    """At |z| = 1e4 the loss is |z| or 0, the gradient ±1 or 0, without a warning."""
    Z = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype)
    Y = np.array([[1], [0], [0], [1]], dtype)
    with np.errstate(divide="raise", invalid="raise"):
        L, cache = BinaryCrossEntropy().forward(Z, Y)
        assert L == 2e4 / 4
        np.testing.assert_array_equal(BinaryCrossEntropy().backward(cache), [[0], [0], [0.25], [-0.25]])
        L, cache = SoftmaxCrossEntropy().forward(np.hstack([Z, -Z, 0 * Z]), np.array([0, 1, 1, 2]))
        assert L == pytest.approx((2e4 + 1e4) / 4)
        dZ = SoftmaxCrossEntropy().backward(cache)
        np.testing.assert_array_equal(dZ[:2], np.zeros((2, 3)))
        np.testing.assert_array_equal(dZ[2], [0.25, -0.25, 0])


def test_small_losses_keep_their_digits():
    """A confident right answer costs e⁻ᶻ, not 0."""
    L, _ = BinaryCrossEntropy().forward([[30.0]], [[1.0]])
    assert L == pytest.approx(np.exp(-30.0), rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_purity(loss, dtype, rng):
    Z = rng.normal(size=(4, 3)).astype(dtype)
    Y = targets(loss, rng, 4, 3)
    Z_before, Y_before = Z.copy(), Y.copy()
    L, cache = loss.forward(Z, Y)
    kept = [np.copy(part) for part in cache]
    first, second = loss.backward(cache), loss.backward(cache)
    assert type(L) is float
    assert first.dtype == dtype
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(Z, Z_before)
    np.testing.assert_array_equal(Y, Y_before)
    for part, before in zip(cache, kept, strict=True):
        np.testing.assert_array_equal(part, before)
    np.testing.assert_allclose(cache[0], loss.predict(Z), rtol=1e-6)


def test_softmax_does_not_see_a_shift(rng):
    Z = rng.normal(size=(4, 3))
    np.testing.assert_allclose(softmax(Z), softmax(Z + 1e4), rtol=1e-10)
    np.testing.assert_allclose(softmax(Z).sum(axis=1), np.ones(4), rtol=1e-14)


@pytest.mark.parametrize(
    ("loss", "Z", "Y", "kind", "sentence"),
    [
        (SquaredError(), [[1.0], [2.0]], [1.0, 2.0], ValueError, r"\(2, 1\), got \(2,\): a column is meant, Y\[:, None\]"),
        (BinaryCrossEntropy(), [[1.0], [2.0]], [1, 0], ValueError, r"Y must have the shape .* N×N loss"),
        (SquaredError(), [[1.0, 2.0]], [[1.0]], ValueError, r"Y must have the shape of the outputs, \(1, 2\), got \(1, 1\)"),
        (SquaredError(), [1.0], [1.0], ValueError, r"Z must be \(N, k\) with at least one row, got \(1,\)"),
        (SquaredError(), np.zeros((0, 2)), np.zeros((0, 2)), ValueError, r"at least one row, got \(0, 2\)"),
        (SquaredError(), [[1.0]], [["a"]], TypeError, "Y must hold real numbers"),
        (BinaryCrossEntropy(), [[1.0]], [[2.0]], ValueError, r"Y must lie in \[0, 1\], got 2 to 2"),
        (BinaryCrossEntropy(), [[1.0]], [[np.nan]], ValueError, r"Y must lie in \[0, 1\]"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [2], ValueError, "labels must be 0 to 1, got 2 to 2"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [-1], ValueError, "labels must be 0 to 1, got -1"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [1.0], TypeError, "labels must be integers, got float64"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [True], TypeError, r"labels must be integers, got bool: Y.astype\(int\)"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [0, 1], ValueError, "1 rows need 1 labels, got 2"),
        (SoftmaxCrossEntropy(), np.zeros((3, 3)), [1, 2, 3], ValueError, "0 to 2, got 1 to 3: they seem to count from 1, Y - 1"),
        (SoftmaxCrossEntropy(), np.zeros((3, 3)), [0, 2, 3], ValueError, "labels must be 0 to 2, got 0 to 3$"),
        (SoftmaxCrossEntropy(), np.zeros((3, 3)), [1, 2, 4], ValueError, "labels must be 0 to 2, got 1 to 4$"),
        (SoftmaxCrossEntropy(), np.zeros((2, 3)), [[0], [1]], ValueError, r"\(2, 3\), got \(2, 1\): labels are one number a row, Y\[:, 0\]"),
        (SquaredError(), np.zeros((3, 2)), [1.0, 2.0, 3.0], ValueError, r"outputs, \(3, 2\), got \(3,\)$"),
        (SquaredError(), np.zeros((3, 2)), [[1.0], [2.0], [3.0]], ValueError, r"outputs, \(3, 2\), got \(3, 1\)$"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [[0], [1]], ValueError, r"Y must have the shape of the outputs, \(1, 2\)"),
        (SoftmaxCrossEntropy(), [[1.0, 2.0]], [[-1.0, 2.0]], ValueError, "weights must not be negative, got -1"),
    ],
)  # fmt: skip
def test_bad_targets_are_named(loss, Z, Y, kind, sentence):
    """And the loss that asks."""
    with pytest.raises(kind, match=sentence) as caught:
        loss.forward(Z, Y)
    assert str(caught.value).startswith(f"{loss}: ")


def test_rows_far_apart_keep_their_own_shift():
    """One maximum for all rows would leave 0/0 in the lower one."""
    Z = np.array([[3000.0, 3001.0], [-3000.0, -2999.0]])
    near = np.array([[0.0, 1.0], [0.0, 1.0]])
    np.testing.assert_allclose(softmax(Z), softmax(near))
    for Y in (np.array([0, 1]), np.array([[0.5, 0.5], [0.0, 2.0]])):
        (L, cache), (L_near, cache_near) = (SoftmaxCrossEntropy().forward(Q, Y) for Q in (Z, near))
        assert L == pytest.approx(L_near, rel=1e-12)
        np.testing.assert_allclose(cache[0], cache_near[0], rtol=1e-12)


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_backward_leaves_the_cache_as_it_was(loss, labels, rng):
    """The outputs in it are shown after the step, and backward may be asked twice."""
    labels = labels and isinstance(loss, SoftmaxCrossEntropy)
    _, cache = loss.forward(rng.normal(size=(5, 3)), targets(loss, rng, 5, 3, labels))
    before = [array.copy() for array in cache]
    first = loss.backward(cache)
    np.testing.assert_array_equal(loss.backward(cache), first)
    for array, copy in zip(cache, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_small_integers_give_the_numbers_of_floats(kind):
    """The difference of two of them would wrap."""
    Z = np.array([[1, 2, 127], [0, 100, 3]], kind) * (1 if kind == np.uint8 else np.int8(-1))
    np.testing.assert_array_equal(softmax(Z), softmax(Z.astype(float)), strict=True)
    for loss in LOSSES:
        np.testing.assert_array_equal(loss.predict(Z), loss.predict(Z.astype(float)), strict=True)


def test_targets_of_truth_values_are_zeros_and_ones():
    for loss in LOSSES:
        Z, Y = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[True, False], [False, True]])
        assert loss.forward(Z, Y)[0] == loss.forward(Z, Y.astype(float))[0]


def test_softmax_names_itself_and_takes_vectors_and_stacks(rng):
    """The last axis holds the classes, however many there are before it."""
    with pytest.raises(TypeError, match=r"^softmax: Z must hold real numbers, got dtype <U1$"):
        softmax([["a"]])
    Z = rng.normal(size=(2, 4, 3))
    np.testing.assert_allclose(softmax(Z)[1], softmax(Z[1]), rtol=1e-15)
    np.testing.assert_allclose(softmax(Z[1])[2], softmax(Z[1, 2]), rtol=1e-15)
    np.testing.assert_allclose(softmax([0.0, np.log(3.0)]), [0.25, 0.75], rtol=1e-15)
