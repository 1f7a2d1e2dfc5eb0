"""The door: every sentence word by word, and what stands at the very limits comes in."""

import copy
import inspect

import numpy as np
import pytest

from bplib import Affine, Tanh, checks

NAN, INF = float("nan"), float("inf")
ONES = np.ones((2, 3))


class Net:
    def __init__(self, *params):
        self.layers = [Part(p) for p in params]


class Part:
    def __init__(self, params):
        self.params = params

    def __repr__(self):
        return "Part()"

    def forward(self, X, *, training=False, rng=None):
        return X, None

    def backward(self, dY, cache, *, input_gradient=True):
        return dY, {}


class Deaf(Part):
    def forward(self, X):
        return X, None


class Wasteful(Part):
    def backward(self, dY, cache):
        return dY, {}


class Unhashable:
    __hash__ = None

    def __call__(self, X, *, training=False):
        return X, None


class Sparse:
    toarray = None


class Odd:
    """What another library answers when it is asked for an array."""

    def __init__(self, error):
        self.error = error

    def __array__(self, dtype=None, copy=None):
        raise self.error


class Images:
    """Not an array, but it has a shape, and rows can be drawn; there is no row −1."""

    def __init__(self, *shape):
        self.shape = shape

    def __array__(self, dtype=None, copy=None):
        return np.ones(self.shape)

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        if not all(0 <= row < len(self) for row in rows):
            raise IndexError
        return np.ones((len(rows), *self.shape[1:]))


class Frame:
    """X[rows] asks it for columns: an error, or, where columns are called so, other numbers."""

    shape = (3, 2)

    def __init__(self, columns=None):
        self.columns = columns

    def __len__(self):
        return self.shape[0]

    def __array__(self, dtype=None, copy=None):
        return np.ones(self.shape)

    def __getitem__(self, rows):
        if self.columns is None:
            raise KeyError
        return self.columns


class Thing:
    rate = checks.Setting(0, 1, open_low=True)
    share = checks.Setting(0)


class Owner(checks.Owned):
    def __init__(self, **memory):
        self.memory = {(0, name): [np.ones(shape)] for name, shape in memory.items()}


def with_nan(row):
    X = np.zeros((4097, 1))
    X[row] = NAN
    return X


def owned_by_another():
    owner, first = Owner(), Net({})
    owner.belong_to(first)
    owner.belong_to(Net({}))


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: setattr(Thing(), "rate", 0), ValueError, "Thing: rate must be above 0 and below 1, got 0"),
        (lambda: setattr(Thing(), "rate", 1), ValueError, "Thing: rate must be above 0 and below 1, got 1"),
        (lambda: setattr(Thing(), "share", -1), ValueError, "Thing: share must be at least 0, got -1"),
        (owned_by_another, ValueError, "Owner: it remembers the steps of another network: one optimizer serves one network, make a new one"),
        (lambda: Owner(W=(2, 3)).belong_to(Net({"W": np.ones((3, 2))})), ValueError,
         "Owner: it remembers the steps of another network: one optimizer serves one network, make a new one"),
        (lambda: checks.whole_number("w", "n", 0), ValueError, "w: n must be a whole number of at least 1, got 0"),
        (lambda: checks.whole_number("w", "n", True), TypeError, "w: n must be a whole number of at least 1, got True"),
        (lambda: checks.whole_number("w", "n", 2.0), TypeError, "w: n must be a whole number of at least 1, got 2.0"),
        (lambda: checks.whole_number("w", "n", 5, 2, 4), ValueError, "w: n must be a whole number from 2 to 4, got 5"),
        (lambda: checks.whole_number("w", "n", 1, 2, 4), ValueError, "w: n must be a whole number from 2 to 4, got 1"),
        (lambda: checks.widths("w", [3]), ValueError, "w: sizes must be two or more whole numbers, inputs first, got (3,)"),
        (lambda: checks.widths("w", [3, 0]), ValueError, "w: a size must be a whole number of at least 1, got 0"),
        (lambda: checks.number("w", "x", True, 0), TypeError, "w: x must be a number, got True"),
        (lambda: checks.number("w", "x", "1", 0), TypeError, "w: x must be a number, got '1'"),
        (lambda: checks.number("w", "x", -1, 0), ValueError, "w: x must be at least 0, got -1"),
        (lambda: checks.number("w", "x", 0, 0, open_low=True), ValueError, "w: x must be above 0, got 0"),
        (lambda: checks.number("w", "x", 1, 0, 1), ValueError, "w: x must be at least 0 and below 1, got 1"),
        (lambda: checks.number("w", "x", 2, -INF, 1), ValueError, "w: x must be below 1, got 2"),
        (lambda: checks.number("w", "x", INF, 0), ValueError, "w: x must be at least 0 and finite, got inf"),
        (lambda: checks.number("w", "x", NAN, 0), ValueError, "w: x must be at least 0 and finite, got nan"),
        (lambda: checks.number("w", "x", -INF, -INF), ValueError, "w: x must be finite, got -inf"),
        (lambda: checks.choice("w", "kind", "c", {"a": 1, "b": 2}), ValueError, "w: kind must be one of a, b, got 'c'"),
        (lambda: checks.choice("w", "kind", [], {"a": 1}), ValueError, "w: kind must be one of a, got []"),
        (lambda: checks.generator("w", 3), TypeError,
         "w: rng must be a NumPy Generator, such as np.random.default_rng(0), got 3"),
        (lambda: checks.floating("w", np.float16), TypeError, "w: dtype must be float32 or float64, got float16"),
        (lambda: checks.real("w", "Q", [1, None]), TypeError,
         "w: Q must hold real numbers, got dtype object: text, dates, or numbers and gaps mixed"),
        (lambda: checks.real("w", "Q", np.array([1j])), TypeError, "w: Q must hold real numbers, got dtype complex128"),
        (lambda: checks.real("w", "Q", np.ma.masked_less([0, 1], 1)), TypeError,
         "w: Q must be a plain array, got a masked one, whose masked places would count as numbers: "
         "leave those rows out, or fill them in, Q.filled(0.0)"),
        (lambda: checks.real("w", "Q", Sparse()), TypeError, "w: Q must be a dense array, got Sparse: Q.toarray()"),
        (lambda: checks.real("w", "Q", Odd(RuntimeError("no"))), TypeError, "w: Q must be an array of numbers, got Odd (no)"),
        (lambda: checks.real("w", "Q", Odd(ValueError("no"))), ValueError, "w: Q must be an array of numbers, got Odd (no)"),
        (lambda: checks.floats("w", "Q", "a"), TypeError, "w: Q must hold real numbers, got dtype <U1"),
        (lambda: checks.rows_of("w", "X", np.ones((0, 3))), ValueError, "w: X must have at least one row, got (0, 3)"),
        (lambda: checks.rows_of("w", "X", 1.0), ValueError, "w: X must have at least one row, got ()"),
        (lambda: checks.rows_of("w", "X", np.array([["a"]])), TypeError, "w: X must hold real numbers, got dtype <U1"),
        (lambda: checks.data("w", ONES, [1, 2, 3]), ValueError, "w: X and Y must have as many rows, got (2, 3) and (3,)"),
        (lambda: checks.data("w", [[1]], 3, ("A", "B")), ValueError, "w: A and B must have as many rows, got (1, 1) and ()"),
        (lambda: checks.data("w", 1, [1], ("A", "B")), ValueError, "w: A must have at least one row, got ()"),
        (lambda: checks.data("w", ONES, [1, NAN], ("A", "B")), ValueError, "w: B holds NaN or inf in 1 of 2 places"),
        (lambda: checks.data("w", with_nan(0), np.ones(4097), ("A", "B")), ValueError,
         "w: A holds NaN or inf in 1 of 4096 places"),
        (lambda: checks.data("w", with_nan(4096), np.ones(4097)), ValueError, "w: X holds NaN or inf in 1 of 1 places"),
        (lambda: checks.finite("w", "Q", [[INF, 0, NAN]]), ValueError, "w: Q holds NaN or inf in 2 of 3 places"),
        (lambda: checks.finite("w", "Q", "a"), TypeError, "w: Q must hold real numbers, got dtype <U1"),
        (lambda: checks.weights("w", [1, 2], None), ValueError, "w: W must be (n_in, n_out), got (2,)"),
        (lambda: checks.weights("w", np.ones((0, 3)), None), ValueError, "w: W must be (n_in, n_out), got (0, 3)"),
        (lambda: checks.weights("w", "a", None), TypeError, "w: W must hold real numbers, got dtype <U1"),
        (lambda: checks.weights("w", ONES, [1, 2]), ValueError, "w: b must have the shape of a row of W, (3,), got (2,)"),
        (lambda: checks.weights("w", ONES, ["a"] * 3), TypeError, "w: b must hold real numbers, got dtype <U1"),
        (lambda: checks.rows("w", np.ones((3, 2, 2)), 4), ValueError, "w: X must be (N, 4), got (3, 2, 2): flatten the images first"),
        (lambda: checks.rows("w", np.ones((3, 4, 2)), 4), ValueError, "w: X must be (N, 4), got (3, 4, 2)"),
        (lambda: checks.rows("w", np.ones(4), 4), ValueError,
         "w: X must be (N, 4), got (4,): one example is a batch of one, X[None, :]"),
        (lambda: checks.rows("w", np.ones(5), 4), ValueError, "w: X must be (N, 4), got (5,)"),
        (lambda: checks.rows("w", np.ones((4, 5)), 4), ValueError, "w: X must be (N, 4), got (4, 5)"),
        (lambda: checks.shape("w", "Q", [1], (2,), "the output"), ValueError,
         "w: Q must have the shape of the output, (2,), got (1,)"),
        (lambda: checks.outputs("w", [1.0]), ValueError, "w: Z must be (N, k) with at least one row, got (1,)"),
        (lambda: checks.outputs("w", np.ones((0, 2))), ValueError, "w: Z must be (N, k) with at least one row, got (0, 2)"),
        (lambda: checks.outputs("w", "a"), TypeError, "w: Z must hold real numbers, got dtype <U1"),
        (lambda: checks.targets("w", "a", ONES), TypeError, "w: Y must hold real numbers, got dtype <U1"),
        (lambda: checks.targets("w", [1, 2], np.ones((2, 1)), ": a hint"), ValueError,
         "w: Y must have the shape of the outputs, (2, 1), got (2,): a column is meant, Y[:, None] "
         "(broadcasting would make an N×N loss)"),
        (lambda: checks.targets("w", [1, 2], ONES, ": a hint"), ValueError,
         "w: Y must have the shape of the outputs, (2, 3), got (2,): a hint"),
        (lambda: checks.targets("w", [1, 2, 3], np.ones((2, 1))), ValueError,
         "w: Y must have the shape of the outputs, (2, 1), got (3,)"),
        (lambda: checks.probabilities("w", [[-0.5, 0.5], [0, 1]], np.ones((2, 2))), ValueError,
         "w: Y must lie in [0, 1], got -0.5 to 1"),
        (lambda: checks.probabilities("w", [[0.25, 0.5], [1.5, 1]], np.ones((2, 2))), ValueError,
         "w: Y must lie in [0, 1], got 0.25 to 1.5"),
        (lambda: checks.probabilities("w", [[1.0]], ONES), ValueError, "w: Y must have the shape of the outputs, (2, 3), got (1, 1)"),
        (lambda: checks.labels_or_weights("w", "a", ONES), TypeError, "w: Y must hold real numbers, got dtype <U1"),
        (lambda: checks.labels_or_weights("w", [0.0, 1.0], ONES), TypeError,
         "w: labels must be integers, got float64: Y.astype(int), if that is meant"),
        (lambda: checks.labels_or_weights("w", [0, 1, 2], ONES), ValueError, "w: 2 rows need 2 labels, got 3"),
        (lambda: checks.labels_or_weights("w", [0, 3], ONES), ValueError, "w: labels must be 0 to 2, got 0 to 3"),
        (lambda: checks.labels_or_weights("w", [1, 4], ONES), ValueError, "w: labels must be 0 to 2, got 1 to 4"),
        (lambda: checks.labels_or_weights("w", [-1, 2], ONES), ValueError, "w: labels must be 0 to 2, got -1 to 2"),
        (lambda: checks.labels_or_weights("w", [1, 3], ONES), ValueError,
         "w: labels must be 0 to 2, got 1 to 3: they seem to count from 1, Y - 1"),
        (lambda: checks.labels("w", "y", np.array([1, 3]), 2, 3), ValueError,
         "w: labels must be 0 to 2, got 1 to 3: they seem to count from 1, y - 1"),
        (lambda: checks.labels_or_weights("w", [[0], [1]], ONES), ValueError,
         "w: Y must have the shape of the outputs, (2, 3), got (2, 1): labels are one number a row, Y[:, 0], as integers"),
        (lambda: checks.labels_or_weights("w", [[0, 1]] * 2, ONES), ValueError,
         "w: Y must have the shape of the outputs, (2, 3), got (2, 2)"),
        (lambda: checks.labels_or_weights("w", [[[0]]], ONES), ValueError,
         "w: Y must have the shape of the outputs, (2, 3), got (1, 1, 1)"),
        (lambda: checks.labels_or_weights("w", [[0]], np.ones((2, 1))), ValueError,
         "w: Y must have the shape of the outputs, (2, 1), got (1, 1)"),
        (lambda: checks.labels_or_weights("w", [[0, 1, 2], [0, -1, 3]], ONES), ValueError,
         "w: rows of weights must not be negative, got -1"),
        (lambda: checks.labels_or_weights("w", [[0, NAN, 2]] * 2, ONES), ValueError,
         "w: rows of weights must not be negative, got nan"),
        (lambda: checks.gradients("w", Net({}, {}), [{}]), ValueError, "w: 2 layers need as many gradients, got 1"),
        (lambda: checks.gradients("w", Net({}, {"W": ONES}), [{}, {}]), ValueError, "w: the gradient of 1.W must be (2, 3), got none"),
        (lambda: checks.gradients("w", Net({"W": ONES}), [{"W": ONES.T}]), ValueError,
         "w: the gradient of 0.W must be (2, 3), got (3, 2)"),
        (lambda: checks.sizes("w", 3, "identity", "squared_error"), ValueError,
         "w: sizes must name at least the inputs and the outputs, got 3"),
        (lambda: checks.sizes("w", [3], "identity", "squared_error"), ValueError,
         "w: sizes must name at least the inputs and the outputs, got [3]"),
        (lambda: checks.sizes("w", [3, 1], "sigmoid", "binary_cross_entropy"), ValueError,
         "w: binary_cross_entropy takes logits, so output must be 'identity', got 'sigmoid', which would act twice"),
        (lambda: checks.layers("w", []), ValueError, "w: at least one layer is needed, got none"),
        (lambda: checks.layers("w", [Part]), TypeError,
         f"w: the layer must be an object with forward, backward, params; got {Part!r}"),
        (lambda: checks.layers("w", [3]), TypeError, "w: the layer must be an object with forward, backward, params; got 3"),
        (lambda: checks.interface("w", "loss", 1j, "real", "backward"), TypeError,
         "w: the loss must be an object with real, backward; got 1j"),
        (lambda: checks.interface("w", "loss", Part, "forward", "backward"), TypeError,
         f"w: the loss must be an object with forward, backward; got {Part!r}"),
        (lambda: checks.layers("w", [Deaf({})]), TypeError,
         "w: forward of Part() must take training and rng as keywords, got forward(X)"),
        (lambda: checks.layers("w", [Wasteful({})]), TypeError,
         "w: backward of Part() must take input_gradient as keywords, got backward(dY, cache)"),
        (lambda: checks.layers("w", [Part({"W": [1.0]})]), TypeError, "w: W of Part() must be an array, got list"),
        (lambda: checks.layers("w", [Affine(2, 3, init="zeros"), Tanh(), Part({}), Affine(4, 1, init="zeros")]), ValueError,
         "w: Affine(4→1) expects 4 inputs, the layers before it give 3"),
        (lambda: checks.one_dtype("w", [Part({"W": ONES, "b": np.ones(3, np.float32)})]), TypeError,
         "w: all parameters must have one dtype, got float32 and float64"),
        (lambda: checks.one_dtype("w", [Part({"W": ONES.astype(np.int32)})]), TypeError,
         "w: dtype must be float32 or float64, got int32"),
    ],
)  # fmt: skip
def test_bad_use_is_named(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == sentence


def test_numbers_at_the_limits_come_in():
    for n in (2, np.int64(4)):
        assert type(checks.whole_number("w", "n", n, 2, 4)) is int
    assert checks.whole_number("w", "n", 1) == 1
    assert checks.widths("w", iter([3, 1])) == (3, 1)
    for x in (0, np.int64(0), np.float32(0.5)):
        assert checks.number("w", "x", x, 0, 1) == x
        assert type(checks.number("w", "x", x, 0, 1)) is float
    assert checks.number("w", "x", -5, -INF) == -5
    assert checks.choice("w", "kind", "b", {"a": 1, "b": 2}) == 2
    rng = np.random.default_rng(0)
    assert checks.generator("w", rng) is rng
    thing = Thing()
    thing.rate, thing.share = np.float32(0.5), 0
    assert (thing.rate, thing.share) == (0.5, 0)
    assert vars(thing) == {"rate": 0.5, "share": 0.0}
    assert checks.floating("w", "f4") == np.float32
    assert type(checks.floating("w", np.float64)) is type(np.dtype(float))
    checks.sizes("w", [3, 1], "sigmoid", "squared_error")
    checks.sizes("w", (3, 1), "identity", "binary_cross_entropy")


def test_an_optimizer_is_free_again_in_a_copy():
    owner, first = Owner(), Net({"W": ONES})
    owner.belong_to(first)
    owner.belong_to(first)
    owner.memory = {(0, "W"): [np.zeros((2, 3))]}
    owner.belong_to(first)
    again = copy.deepcopy(owner)
    again.belong_to(Net({"W": ONES}))  # of the same shapes
    assert again.memory.keys() == owner.memory.keys()


def test_arrays_come_in_as_they_are_where_they_will_do():
    for dtype in (bool, np.uint8, int, np.float32, float):
        Q = np.ones((2, 3), dtype)
        for same in (checks.real("w", "Q", Q), checks.finite("w", "Q", Q), checks.rows_of("w", "Q", Q)):
            assert same is Q
        floats = checks.floats("w", "Q", Q)
        assert (floats is Q) == (Q.dtype.kind == "f")
        assert floats.dtype == (dtype if floats is Q else np.float64)
        assert checks.outputs("w", Q).dtype == floats.dtype
        own = Q.view(type("Own", (np.ndarray,), {}))
        assert type(checks.real("w", "Q", own)) is type(checks.floats("w", "Q", own)) is np.ndarray
        assert checks.floats("w", "Q", own).dtype == floats.dtype
    assert checks.targets("w", ONES, ONES) is ONES
    assert checks.targets("w", ONES, ONES.astype(np.float32)).dtype == np.float32
    edges = np.array([[0.0, 1.0]])
    assert checks.probabilities("w", edges, edges) is edges
    for edge in (0.0, 1.0):  # all the same
        assert checks.probabilities("w", [[edge, edge]], edges).max() == edge
    assert checks.labels_or_weights("w", 2 * edges, edges).max() == 2
    labels = np.array([0, 2], np.uint8)
    assert checks.labels_or_weights("w", labels, ONES) is labels
    np.testing.assert_array_equal(checks.labels_or_weights("w", [[0], [1]], np.ones((2, 1))), [[0.0], [1.0]])
    assert checks.labels_or_weights("w", [0], np.ones((1, 1))).shape == (1,)
    checks.rows("w", ONES, 3)
    checks.shape("w", "Q", [1, 2], (2,), "the output")


@pytest.mark.parametrize(("dtype", "kept"), [(np.float32, np.float32), (np.float16, float), (int, float)])
def test_weights_are_copies_of_one_type(dtype, kept):
    W, b = np.ones((2, 3), dtype), np.ones(3)
    arrays = checks.weights("w", W, b)
    assert arrays["W"].dtype == arrays["b"].dtype == kept
    np.testing.assert_equal(arrays, {"W": W, "b": b})
    assert not np.shares_memory(arrays["W"], W)
    assert not np.shares_memory(arrays["b"], b)
    assert checks.weights("w", W, None).keys() == {"W"}
    assert checks.weights("w", [[1]], [2])["b"] == [2]


def test_weights_keep_rows_together():
    """∂L/∂W comes row by row; a step over two orders takes twice as long, and somebody's W is often W.T."""
    W = checks.weights("w", np.arange(6.0).reshape(2, 3).T, None)["W"]
    assert W.flags.c_contiguous
    np.testing.assert_array_equal(W, [[0, 3], [1, 4], [2, 5]])


def test_rows_are_drawn_from_what_gives_rows():
    """From anything else an array is made: a frame answers with columns."""
    for images in (Images(1, 2, 2), Images(1, 4)):
        assert checks.rows_of("w", "X", images) is images
    assert type(checks.rows_of("w", "X", Images(3))) is np.ndarray  # one column
    assert checks.data("w", [[1.0], [2.0]], [1, 2])[0].shape == (2, 1)
    for columns in (None, [1, 2], np.ones((3, 2)), np.ones(2)):
        assert type(checks.rows_of("w", "X", Frame(columns))) is np.ndarray
    assert checks.rows_of("w", "X", [1]).shape == (1,)


def test_a_gradient_for_every_parameter_is_enough():
    """More of them do no harm: a layer may hand back what it does not train."""
    network, grads = Net({"W": ONES}, {"b": np.ones(3)}), [{"W": -ONES, "X": 1}, {"b": np.zeros(3)}]
    assert checks.gradients("w", network, grads) is None


def test_layers_that_fit_share_a_type():
    chain = [
        Tanh(),
        Affine(2, 3, init="zeros", dtype=np.float32),
        Tanh(),
        Affine(3, 1, init="zeros", dtype=np.float32),
    ]
    checks.layers("w", chain)
    assert checks.one_dtype("w", chain) == np.float32
    assert checks.one_dtype("w", [Tanh()]) == np.float64


def test_a_signature_is_read_once_for_all_objects_of_a_class(monkeypatch):
    class Own(Part):
        def forward(self, X, *, training, rng):
            return X, None

    read, signature = [], inspect.signature
    monkeypatch.setattr(inspect, "signature", lambda function: read.append(function) or signature(function))
    for _ in range(3):
        checks.keywords("w", Own(ONES), "forward", "training", "rng")
    assert read == [Own.forward]
    loose = Own(ONES)
    loose.forward = lambda X: X
    with pytest.raises(TypeError, match=r"w: forward of Part\(\) must take training"):
        checks.keywords("w", loose, "forward", "training")
    loose.forward = lambda X, *, training: X
    checks.keywords("w", loose, "forward", "training")
    loose.forward = Unhashable()
    checks.keywords("w", loose, "forward", "training")
    with pytest.raises(TypeError, match=r"w: forward of Part\(\) must take rng as keywords"):
        checks.keywords("w", loose, "forward", "rng")
