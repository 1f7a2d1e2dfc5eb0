"""Network and mlp: the chain rule over layers, files, and every sentence at the door."""

import json
import os
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib import Affine, BinaryCrossEntropy, Network, ReLU, Sigmoid, SquaredError, Tanh, mlp, storage
from bplib.contracts import Part
from bplib.deep_layers import BatchNorm, Dropout, Residual
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.layers import Layer
from bplib.network import ACTIVATIONS, LOSSES


class Least:
    """forward, backward and params, and nothing more; its array has a second name."""

    def __init__(self, a=(1.0, 1.0, 1.0, 1.0)):
        self.a = np.array(a) if isinstance(a, tuple) else a
        self.params = {"a": self.a}

    def forward(self, X, *, training=False, rng=None):
        return X * self.a, X

    def backward(self, dY, cache, *, input_gradient=True):
        return dY * self.a, {"a": np.sum(dY * cache, axis=0)}


class Harm:
    """Its pickle makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


class Deaf(Sigmoid):
    def forward(self, X):
        return super().forward(X)


class Outer:
    """Its name has a dot for those that it holds; and it is half a layer itself."""

    class Least(Least):
        pass

    def backward(self, dY, cache, *, input_gradient=True):
        raise AssertionError


class Power:
    """A loss of one's own with a setting: L = 1/N Σ |z − y|ᵖ."""

    def __init__(self, p=2.0):
        self.p, self.config = p, {"p": p}

    def forward(self, Z, Y):
        return float(np.sum(np.abs(Z - Y) ** self.p)) / len(Z), (Z, Y)

    def backward(self, cache):
        Z, Y = cache
        return self.p * np.abs(Z - Y) ** (self.p - 1) * np.sign(Z - Y) / len(Z)

    def predict(self, Z):
        return Z


class Leaky(Layer):
    """A layer with a setting that it does not name in its config, unless `told`."""

    def __init__(self, slope=0.01, told=False):
        super().__init__()
        self.slope, self.told = slope, told
        if told:
            self.config = {"slope": slope, "told": told}

    def forward(self, X, *, training=False, rng=None):
        return np.where(X > 0, X, self.slope * X), X

    def backward(self, dY, cache, *, input_gradient=True):
        return np.where(cache > 0, dY, self.slope * dY), {}


def random_biases(network, rng):
    for _, p in network.named_params():
        if p.ndim == 1:
            p[:] = rng.normal(size=p.shape)
    return network


def a_network(rng, activation="tanh", loss="softmax_cross_entropy", dtype=np.float64):
    return random_biases(mlp([3, 5, 4], activation=activation, loss=loss, dtype=dtype, rng=rng), rng)


def a_batch(rng, network, N=7, d=3, k=4):
    return rng.normal(size=(N, d)), rng.random((N, k))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    N=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradients_agree_with_central_differences(activation, loss, sizes, N, seed):
    rng = np.random.default_rng(seed)
    network = random_biases(mlp(sizes, activation=activation, loss=loss, rng=rng), rng)
    X, Y = rng.normal(size=(N, sizes[0])), rng.random((N, sizes[-1]))
    kinks = [np.abs(cache).min() for layer, cache in zip(network.layers, pre_activations(network, X), strict=True)
             if isinstance(layer, ReLU)]  # fmt: skip
    if kinks and min(kinks) < 1e-3:
        X = X + 0.37  # another point; a kink within eps of it is excluded again below
        kinks = [np.abs(Z).min() for layer, Z in zip(network.layers, pre_activations(network, X), strict=True)
                 if isinstance(layer, ReLU)]  # fmt: skip
        if min(kinks) < 1e-3:
            return
    _, grads = network.gradients(X, Y)
    for name, p in network.named_params():
        i, key = name.split(".")

        def loss_at(Q, p=p):
            kept = p.copy()
            p[...] = Q
            L = network.loss(X, Y)
            p[...] = kept
            return L

        assert relative_error(grads[int(i)][key], numerical_gradient(loss_at, p), floor=1e-3) < 1e-6


def pre_activations(network, X):
    inputs = []
    for layer in network.layers:
        inputs.append(X)
        X, _ = layer.forward(X)
    return inputs


def test_backward_gives_the_input_gradient(rng):
    network = a_network(rng)
    X, Y = a_batch(rng, network)
    Z, caches = network.forward(X)
    dZ = network.loss_function.backward(network.loss_function.forward(Z, Y)[1])
    dX, grads = network.backward(dZ, caches)
    assert relative_error(dX, numerical_gradient(lambda Q: network.loss(Q, Y), X)) < 1e-6
    none, same = network.backward(dZ, caches, input_gradient=False)
    assert none is None
    np.testing.assert_array_equal(grads[0]["W"], same[0]["W"])
    assert [set(g) for g in grads] == [set(layer.params) for layer in network.layers]


def test_a_prediction_between_forward_and_backward_does_no_harm(rng):
    network = a_network(rng)
    X, Y = a_batch(rng, network)
    Z, caches = network.forward(X)
    network.predict(rng.normal(size=(2, 3)))
    dZ = network.loss_function.backward(network.loss_function.forward(Z, Y)[1])
    grads = network.backward(dZ, caches, input_gradient=False)[1]
    expected = network.gradients(X, Y)[1]
    for got, want in zip(grads, expected, strict=True):
        for name in want:
            np.testing.assert_array_equal(got[name], want[name])


def test_predict_gives_probabilities(rng):
    network = a_network(rng)
    P = network.predict(rng.normal(size=(6, 3)))
    np.testing.assert_allclose(P.sum(axis=1), np.ones(6))
    binary = mlp([3, 1], loss="binary_cross_entropy", rng=rng)
    Z = binary.forward(np.ones((1, 3)))[0]
    np.testing.assert_allclose(binary.predict(np.ones((1, 3))), 1 / (1 + np.exp(-Z)))
    plain = mlp([3, 2], rng=rng)
    np.testing.assert_array_equal(plain.predict(np.ones((1, 3))), plain.forward(np.ones((1, 3)))[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_casts_once_to_its_dtype(dtype, rng):
    """Integers and the other float go in; what comes out, and every gradient, has the network's dtype."""
    network = a_network(rng, dtype=dtype)
    for X in (np.ones((2, 3), int), np.ones((2, 3), np.float32), np.ones((2, 3), np.float64)):
        Z, _ = network.forward(X)
        _, grads = network.gradients(X, np.array([0, 3]))
        assert {Z.dtype, *(g.dtype for layer in grads for g in layer.values())} == {np.dtype(dtype)}
    X = np.ones((2, 3), dtype)
    assert network.cast(X) is X


def test_named_params_are_the_arrays_themselves_in_order(rng):
    network = a_network(rng)
    assert [name for name, _ in network.named_params()] == ["0.W", "0.b", "2.W", "2.b"]
    assert dict(network.named_params())["2.W"] is network.layers[2].params["W"]


def test_mlp_builds_what_it_says(rng):
    network = mlp([2, 3, 4, 1], activation="relu", output="sigmoid", bias=False, rng=rng)
    assert repr(network) == (
        "Network([Affine(2→3), ReLU(), Affine(3→4), ReLU(), Affine(4→1), Sigmoid()], SquaredError())"
    )
    assert "b" not in network.layers[0].params


@pytest.mark.parametrize(("activation", "factor"), [("relu", np.sqrt(2 / 200)), ("tanh", np.sqrt(2 / 400))])
def test_auto_is_he_before_relu_and_xavier_otherwise(activation, factor, rng):
    network = mlp([200, 200, 200], activation=activation, init="auto", rng=rng)
    assert np.std(network.layers[0].params["W"]) == pytest.approx(factor, rel=0.02)
    assert np.std(network.layers[2].params["W"]) == pytest.approx(np.sqrt(2 / 400), rel=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_save_and_load(loss, dtype, tmp_path, rng):
    network = a_network(rng, loss=loss, dtype=dtype)
    network.save(tmp_path / "net.npz")
    again = Network.load(tmp_path / "net.npz")
    assert repr(again) == repr(network)
    assert again.dtype == dtype
    X = rng.normal(size=(5, 3))
    np.testing.assert_array_equal(again.predict(X), network.predict(X))
    assert os.listdir(tmp_path) == ["net.npz"]


def test_save_takes_any_name_and_leaves_nothing_half_written(tmp_path, rng, monkeypatch):
    network = a_network(rng)
    network.save(tmp_path / "net")
    before = (tmp_path / "net").read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space left"):
        network.save(tmp_path / "net")
    assert os.listdir(tmp_path) == ["net"]
    assert (tmp_path / "net").read_bytes() == before


def test_load_names_what_it_cannot_read(tmp_path, rng):
    path = tmp_path / "net.npz"
    with pytest.raises(FileNotFoundError):
        Network.load(path)
    path.write_text("<html>")
    with pytest.raises(ValueError, match=r"net\.npz does not hold a network saved by Network\.save"):
        Network.load(path)
    np.savez(path, W=np.ones(3))
    with pytest.raises(ValueError, match="does not hold a network"):
        Network.load(path)
    np.savez(path, about=np.array(Harm(tmp_path / "harm"), dtype=object))
    with pytest.raises(ValueError, match="does not hold a network"):
        Network.load(path)
    assert not (tmp_path / "harm").exists()
    a_network(rng).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = str(arrays.pop("about"))
    np.savez(path, about=about.replace("Tanh", "Swish"), **arrays)
    with pytest.raises(ValueError, match="no layer 'Swish' here: import the module that defines it"):
        Network.load(path)
    np.savez(path, about=about, **(arrays | {"0.b": np.ones(9)}))
    with pytest.raises(ValueError, match="do not fit the layers it names"):
        Network.load(path)
    np.savez(path, about=about.replace('"n_in": 3', '"n": 3'), **arrays)
    with pytest.raises(ValueError, match="Affine cannot be made from its config"):
        Network.load(path)
    np.savez(path, about=about.replace("SoftmaxCrossEntropy", "Hinge"), **arrays)
    with pytest.raises(ValueError, match="no loss 'Hinge' here"):
        Network.load(path)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda rng: mlp([3], rng=rng), ValueError, r"^mlp: sizes must name at least the inputs and the outputs, got \[3\]"),
        (lambda rng: mlp(3, rng=rng), ValueError, "sizes must name"),
        (lambda rng: mlp([3, 0], rng=rng), ValueError, "a width must be a whole number of at least 1, got 0"),
        (lambda rng: mlp([3, 1], activation="swish", rng=rng), ValueError, "^mlp: activation must be one of sigmoid, tanh, relu"),
        (lambda rng: mlp([3, 1], output="softmax", rng=rng), ValueError, "^mlp: output must be one of identity, sigmoid"),
        (lambda rng: mlp([3, 1], loss="mse", rng=rng), ValueError, "^mlp: loss must be one of squared_error, .*got 'mse'"),
        (lambda rng: mlp([3, 1], output="sigmoid", loss="binary_cross_entropy", rng=rng), ValueError,
         "binary_cross_entropy takes logits, so output must be 'identity', got 'sigmoid'"),
        (lambda rng: mlp([3, 2], output="sigmoid", loss="softmax_cross_entropy", rng=rng), ValueError, "takes logits"),
        (lambda rng: mlp([3, 1]), TypeError, "rng must be a NumPy Generator"),
        (lambda rng: Network([], SquaredError()), ValueError, "^Network: at least one layer is needed, got none"),
        (lambda rng: Network([Sigmoid], SquaredError()), TypeError, "the layer must be an object with forward, backward"),
        (lambda rng: Network([Sigmoid()], "mse"), TypeError, "^Network: the loss must be an object with forward, backward, predict"),
        (lambda rng: Network([Affine(2, 3, rng=rng), Sigmoid(), Affine(4, 1, rng=rng)], SquaredError()), ValueError,
         r"Affine\(4→1\) expects 4 inputs, the layers before it give 3"),
        (lambda rng: Network([Affine(2, 3, rng=rng), Affine(3, 1, dtype=np.float32, rng=rng)], SquaredError()),
         TypeError, "^Network: all parameters must have one dtype, got float32 and float64$"),
        (lambda rng: Network([Least(np.ones(3, int))], SquaredError()), TypeError, "dtype must be float32 or float64, got int"),
        (lambda rng: Network([Least([1.0, 2.0])], SquaredError()), TypeError, "a of .*Least.* must be an array, got list"),
        (lambda rng: Network([Deaf()], SquaredError()), TypeError,
         r"forward of Deaf\(\) must take training and rng as keywords, got forward\(X\)"),
        (lambda rng: a_network(rng).predict(np.ma.masked_less(np.ones((2, 3)), 0)), TypeError, "X must be a plain array"),
        (lambda rng: a_network(rng).loss(np.ones((2, 3)), np.ma.masked_less([0, 1], 1)), TypeError, "Y must be a plain array"),
        (lambda rng: a_network(rng).predict([[1.0, 2.0, 3.0], [1.0]]), ValueError, "X must be an array of numbers, got list"),
        (lambda rng: a_network(rng).predict([[1.0, np.nan, 0.0]]), ValueError, "^Network: X holds NaN or inf in 1 of 3 places$"),
        (lambda rng: a_network(rng).loss([[1.0, np.inf, 0.0]], [1]), ValueError, "^Network: X holds NaN or inf in 1 of 3 places$"),
        (lambda rng: a_network(rng).predict([["a", "b", "c"]]), TypeError, "^Network: X must hold real numbers"),
        (lambda rng: mlp([3, 1], rng=rng).loss(np.ones((2, 3)), [[1.0], [np.nan]]), ValueError, "^Network: Y holds NaN or inf in 1 of 2 places$"),
        (lambda rng: mlp([3, 1], rng=rng).loss(np.ones((2, 3)), [1.0, 2.0]), ValueError, "a column is meant"),
        (lambda rng: a_network(rng).forward(np.ones((2, 4))), ValueError, r"Affine\(3→5\): X must be \(N, 3\)"),
        (lambda rng: a_network(rng).backward(np.ones((2, 3)), a_network(rng).forward(np.ones((2, 3)))[1]), ValueError,
         r"^Affine\(5→4\): dY must have the shape of the output, \(2, 4\), got \(2, 3\)$"),
    ],
)  # fmt: skip
def test_bad_use_is_named(call, kind, sentence, rng):
    with pytest.raises(kind, match=sentence):
        call(rng)


def test_a_sigmoid_before_cross_entropy_can_be_built_on_purpose(rng):
    """One of the published mistakes needs it."""
    network = Network([Affine(2, 1, rng=rng), Sigmoid()], BinaryCrossEntropy())
    assert network.loss(np.ones((1, 2)), np.ones((1, 1))) > np.log1p(np.exp(-1.0))


def test_a_saturated_sigmoid_warns_nobody():
    """e⁻ᶻ is ∞ there, and 1/∞ = 0 is right."""
    one = np.ones((1, 1))
    network = Network([Affine.from_arrays(one), Sigmoid(), Affine.from_arrays(one)], SquaredError())
    Z, (_, A, _) = network.forward(np.array([[-800.0]]))
    assert A == Z == 0


def test_gradients_are_those_of_the_mode_asked_for(rng):
    """With dropout in training mode the units that are dropped get no gradient."""
    layers = [Affine(4, 50, rng=rng), Dropout(0.5), Affine(50, 2, rng=rng)]
    network, X, Y = Network(layers, SquaredError()), rng.normal(size=(1, 4)), rng.normal(size=(1, 2))
    _, grads = network.gradients(X, Y, training=True, rng=rng)
    assert 10 < np.count_nonzero(grads[0]["b"] == 0) < 40
    _, grads = network.gradients(X, Y)
    assert np.all(grads[0]["b"] != 0)
    np.testing.assert_array_equal(
        network.forward(X)[0], network.predict(X)
    )  # nothing drops unless it is said


def test_a_step_makes_no_gradient_by_the_input(rng, monkeypatch):
    """Of a first layer as wide as an image it would take as long as all the rest."""
    network, asked = a_network(rng), []
    first = network.layers[0]

    def spy(dY, cache, *, input_gradient=True):
        asked.append(input_gradient)
        return Affine.backward(first, dY, cache, input_gradient=input_gradient)

    monkeypatch.setattr(first, "backward", spy)
    network.gradients(*a_batch(rng, network))
    assert not any(asked)
    assert len(asked) == 1


def test_mlp_hands_its_scale_to_the_layers():
    plain, scaled = (mlp([3, 4, 2], scale=scale, rng=np.random.default_rng(1)) for scale in (None, 0.25))
    np.testing.assert_allclose(scaled.layers[2].params["W"], 0.25 * plain.layers[2].params["W"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_and_losses_of_ones_own_are_saved_and_loaded(dtype, tmp_path, rng):
    least = Least(rng.normal(size=4).astype(dtype))
    block = Residual([Affine(4, 4, dtype=dtype, rng=rng), Leaky(0.3, told=True)])
    nested = Outer.Least(rng.normal(size=4).astype(dtype))
    layers = [Affine(3, 4, dtype=dtype, rng=rng), least, Leaky(np.float32(0.2), told=True), block, nested]
    network = Network(layers, Power(3.0))
    network.save(tmp_path / "net.npz")
    again = Network.load(tmp_path / "net.npz")
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
    np.testing.assert_array_equal(again.predict(X), network.predict(X))
    assert again.loss(X, Y) == network.loss(X, Y)
    assert (again.dtype, again.layers[1].a.dtype) == (dtype, dtype)
    assert again.layers[1].a is again.layers[1].params["a"]
    assert [type(part) for part in again.layers] == [type(part) for part in network.layers]


def test_what_would_not_come_back_is_refused_when_it_is_saved(tmp_path, rng):
    affine = Affine(3, 4, rng=rng)

    class Needs(Leaky):
        def __init__(self, slope):
            super().__init__(slope)

    class Wide(Least):
        pass

    unwritable, other = Leaky(0.2, told=True), Leaky(0.2, told=True)
    unwritable.config = {"slope": np.sin, "told": True}
    other.config = {"slope": 0.3}
    for layers, loss, sentence in [
        (
            [affine, Leaky(0.2)],
            SquaredError(),
            r"Leaky\(\) made from its config, \{\}, would come back with another slope",
        ),
        (
            [affine, other],
            SquaredError(),
            r"its config, \{'slope': 0\.3\}, would come back with another slope and another told: config must",
        ),
        (
            [affine, Least(np.ones(1))],
            SquaredError(),
            r"its config, \{\}, would come back with arrays \{'a': \(4,\)\}, not \{'a': \(1,\)\}",
        ),
        ([affine, Needs(0.1)], SquaredError(), "Needs cannot be made from its config.*'slope'"),
        ([affine, Wide()], SquaredError(), "could not be loaded again.*no layer 'Wide' here"),
        ([affine, unwritable], SquaredError(), "could not be loaded again"),
    ]:
        with pytest.raises(ValueError, match=f"Network.save: .*{sentence}"):
            Network(layers, loss).save(tmp_path / "net.npz")
    assert os.listdir(tmp_path) == []


def test_a_class_defined_again_is_the_one_that_counts(tmp_path, monkeypatch, rng):
    """The cell that defines a layer, run a second time: by its module's name for it, or else the latest."""
    cell = """
class Scale(Layer):
    def forward(self, X, *, training=False, rng=None):
        return FACTOR * X, None
    def backward(self, dY, cache, *, input_gradient=True):
        return FACTOR * dY, {}
"""
    notebook = types.ModuleType("a_notebook")
    notebook.Layer = Layer
    monkeypatch.setitem(sys.modules, "a_notebook", notebook)
    exec(cell.replace("FACTOR", "2"), vars(notebook))
    network = Network([Affine(3, 2, rng=rng), notebook.Scale()], SquaredError())
    network.save(tmp_path / "net.npz")
    X, once = np.ones((1, 3)), network.layers[0].forward(np.ones((1, 3)))[0]
    exec(cell.replace("FACTOR", "3"), vars(notebook))
    np.testing.assert_array_equal(Network.load(tmp_path / "net.npz").predict(X), 3 * once)
    network.save(tmp_path / "net.npz")  # the network still has the first
    exec(cell.replace("FACTOR", "5"), {"Layer": Layer, "__name__": "elsewhere"})
    np.testing.assert_array_equal(Network.load(tmp_path / "net.npz").predict(X), 3 * once)
    monkeypatch.delitem(sys.modules, "a_notebook")
    np.testing.assert_array_equal(Network.load(tmp_path / "net.npz").predict(X), 5 * once)


def test_a_layer_of_ones_own_does_not_stand_in_for_the_packages(tmp_path, rng):
    class Tanh(Layer):
        def forward(self, X, *, training=False, rng=None):
            raise AssertionError

        backward = forward

    network = a_network(rng, activation="tanh")
    network.save(tmp_path / "net.npz")
    assert repr(Network.load(tmp_path / "net.npz")) == repr(network)


def test_a_file_can_name_layers_and_losses_only(tmp_path, rng):
    """It may come from anywhere: no other class is called, no module imported."""
    path = tmp_path / "net.npz"
    a_network(rng).save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays.pop("about")))
    for description in (
        ["Popen", {"args": ["touch", str(tmp_path / "harm")]}, "subprocess"],
        ["Turtle", {}, "turtle"],
        ["Outer", {}, __name__],
    ):
        np.savez(path, about=json.dumps(about | {"layers": [description]}), **arrays)
        with pytest.raises(ValueError, match=f"no layer '{description[0]}' here"):
            Network.load(path)
    assert os.listdir(tmp_path) == ["net.npz"]
    assert "turtle" not in sys.modules


def test_files_of_before_are_read(tmp_path, rng, monkeypatch):
    """Then a part was described by its class name and settings, or a loss by its name: the package's class."""
    for name in ("Affine", "BatchNorm", "Tanh", "SquaredError"):
        monkeypatch.setitem(Part.classes, name, Leaky)
    path, network = (
        tmp_path / "net.npz",
        Network([Affine(3, 3, rng=rng), BatchNorm(3), Tanh()], SquaredError()),
    )
    network.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays.pop("about")))
    about = about | {"loss": about["loss"][0], "layers": [layer[:2] for layer in about["layers"]]}
    np.savez(path, about=json.dumps(about), **arrays)
    X = rng.normal(size=(4, 3))
    np.testing.assert_array_equal(Network.load(path).predict(X), network.predict(X))


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX: Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_a_file_has_the_mode_that_the_umask_gives(umask, mode, tmp_path, rng):
    path, before = tmp_path / "net.npz", os.umask(umask)
    try:
        a_network(rng).save(path)
        assert path.stat().st_mode & 0o777 == mode
        path.chmod(0o660)
        a_network(rng).save(path)
        assert path.stat().st_mode & 0o777 == 0o660  # as writing into a file leaves it
    finally:
        os.umask(before)


def test_what_a_link_leads_to_is_replaced(tmp_path, rng):
    (tmp_path / "link.npz").symlink_to(tmp_path / "net.npz")
    a_network(rng).save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert repr(Network.load(tmp_path / "net.npz")) == repr(Network.load(tmp_path / "link.npz"))


def test_another_dtype_is_that_of_every_array_and_keeps_two_names_of_one_together(rng):
    network = Network(
        [Residual([BatchNorm(3)]), BatchNorm(3), Affine(3, 4, rng=rng), Least()], SquaredError()
    )
    other = storage.astype(network, np.float32)
    assert other.layers[3].a is other.layers[3].params["a"]
    for net, dtype in ((other, np.float32), (network, np.float64)):
        assert {a.dtype for a in storage.arrays_of(net).values()} == {net.dtype} == {np.dtype(dtype)}
    with pytest.raises(TypeError, match=r"^astype: dtype must be float32 or float64, got int64"):
        storage.astype(network, np.int64)
