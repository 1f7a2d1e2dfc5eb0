"""The contracts: doors check, formulas do the work, and a door of somebody's own is never gone around."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from bplib import (
    SGD,
    Affine,
    Network,
    ReLU,
    Sigmoid,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    check_gradients,
    train,
)
from bplib.contracts import DOORS, Layer, Loss
from bplib.deep_layers import Residual


class Scale(Layer):
    """Y = w X, by the formulas alone."""

    def __init__(self, w=2.0):
        super().__init__()
        self.params["w"] = np.array(w)
        self.config = {"w": float(w)}

    def value(self, X, *, training, rng):
        return self.params["w"] * X, X

    def gradient(self, dY, cache, *, input_gradient):
        return self.params["w"] * dY if input_gradient else None, {"w": np.sum(dY * cache)}


class Bare:
    """Y = w X, with forward, backward and params, and nothing inherited."""

    def __init__(self):
        self.params = {"w": np.array(2.0)}

    def forward(self, X, *, training=False, rng=None):
        return self.params["w"] * X, X

    def backward(self, dY, cache, *, input_gradient=True):
        return self.params["w"] * dY, {"w": np.sum(dY * cache)}


def loose():
    """The same, in an object whose class knows nothing of layers."""
    bare = Bare()
    return SimpleNamespace(params=bare.params, forward=bare.forward, backward=bare.backward)


class Absolute(Loss):
    """L = 1/N Σ |Z − Y|, by the formulas alone."""

    def value(self, Z, Y):
        return float(np.abs(Z - Y).sum() / len(Z)), (Z, Y)

    def backward(self, cache):
        Z, Y = cache
        return np.sign(Z - Y) / len(Z)

    def prediction(self, Z):
        return Z


class Doubled(Affine):
    """Its own backward, on top of the inherited one: every gradient twice."""

    def backward(self, dY, cache, *, input_gradient=True):
        dX, grads = super().backward(dY, cache, input_gradient=input_gradient)
        return None if dX is None else 2 * dX, {name: 2 * g for name, g in grads.items()}


class Shifted(Affine):
    """Its own forward, on top of the inherited one."""

    def forward(self, X, *, training=False, rng=None):
        Y, cache = super().forward(X, training=training, rng=rng)
        return Y + 1, cache


class Tripled(SquaredError):
    """Its own forward, on top of the inherited one."""

    def forward(self, Z, Y):
        L, cache = super().forward(Z, Y)
        return 3 * L, cache


def data(rng):
    return rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


def layers(rng, cls=Affine):
    W = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
    return [
        Affine.from_arrays(W[0]),
        Tanh(),
        cls.from_arrays(W[1], np.ones(4)),
        Tanh(),
        Affine.from_arrays(W[2]),
    ]


@pytest.mark.parametrize("own", [Scale, Bare, loose])
@pytest.mark.parametrize("loss", [SquaredError, Absolute])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_layer_and_a_loss_of_ones_own_train_and_pass_the_check(own, loss, place, rng):
    chain = [Affine(3, 4, rng=rng), Tanh(), Affine(4, 2, rng=rng)]
    chain.insert(place, own())
    network, (X, Y) = Network(chain, loss()), data(rng)
    assert check_gradients(network, X, Y)
    before = network.loss(X, Y)
    for _ in train(network, X, Y, optimizer=SGD(0.01), batch_size=6, epochs=20, shuffle=False):
        pass
    assert network.loss(X, Y) < before
    assert network.layers[place].params["w"] != 2


def test_the_doors_are_inherited():
    """A layer or loss that wrote only formulas refuses what does not fit, by its own name."""
    Y, _ = Scale().forward([[1, 2]])
    np.testing.assert_array_equal(Y, [[2.0, 4.0]], strict=True)
    with pytest.raises(TypeError, match=r"^Scale\(\): X must hold real numbers, got dtype <U1"):
        Scale().forward([["a"]])
    with pytest.raises(
        ValueError, match=r"^Absolute\(\): Y must have the shape of the outputs, \(2, 1\), got \(2,\)"
    ):
        Absolute().forward([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^Absolute\(\): Z must be \(N, k\)"):
        Absolute().predict([1.0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Layer().forward([[1.0]]), "Layer(): a layer must define value or forward"),
        (
            lambda: Layer().backward(np.ones((1, 1)), None),
            "Layer(): a layer must define gradient or backward",
        ),
        (lambda: Loss().backward(None), "Loss(): a loss must define backward"),
        (lambda: Loss().forward([[1.0]], [[1.0]]), "Loss(): a loss must define value or forward"),
        (lambda: Loss().predict([[1.0]]), "Loss(): a loss must define prediction or predict"),
    ],
)
def test_what_is_not_written_is_named(call, sentence):
    with pytest.raises(NotImplementedError) as caught:
        call()
    assert str(caught.value) == sentence


class Spy(Layer):
    """Keeps what its formulas were given, and asks for three outputs."""

    def __init__(self, n_in=None):
        super().__init__()
        self.n_in = n_in

    def value(self, X, **given):
        self.given = given
        return X, X

    def gradient(self, dY, cache, **given):
        self.given = given
        return dY, {}


def test_a_layer_begins_with_nothing_to_train_or_keep_and_no_widths():
    layer = Layer()
    assert (layer.params, layer.state, layer.config) == ({}, {}, {})
    assert (layer.n_in, layer.n_out) == (None, None)
    assert layer.output_shape(np.ones((2, 3))) is layer.pieces(np.ones((2, 3))) is None
    assert layer.params is not Layer().params
    layer.update_state(None)
    assert (layer.params, layer.state) == ({}, {})


def test_doors_hand_their_settings_on(rng):
    """And say what they are when nobody says: no training, no generator, an input gradient."""
    spy, X = Spy(), np.ones((2, 3))
    spy.forward(X)
    assert spy.given == {"training": False, "rng": None}
    assert spy.given["training"] is False
    spy.forward(X, training=True, rng=rng)
    assert spy.given == {"training": True, "rng": rng}
    spy.backward(X, X)
    assert spy.given["input_gradient"] is True
    spy.backward(X, X, input_gradient=False)
    assert spy.given["input_gradient"] is False


def test_the_door_asks_the_width_that_the_layer_fixes_and_no_other():
    """With n_in X has to have it, without one all shapes will do; so do those of dY."""
    with pytest.raises(ValueError, match=r"^Spy\(\): X must be \(N, 2\), got \(4, 3\)$"):
        Spy(2).forward(np.ones((4, 3)))
    assert Spy(3).forward(np.ones((4, 3)))[0].shape == (4, 3)
    for shape in ((4, 3), (4,), (4, 3, 2)):
        assert Spy().forward(np.ones(shape))[0].shape == shape
        assert Spy().backward(np.ones(shape), None)[0].shape == shape


def test_what_is_no_array_is_no_upstream_gradient():
    layer = Sigmoid()
    _, cache = layer.forward(np.zeros((1, 2)))
    np.testing.assert_array_equal(layer.backward(np.ones((1, 2)), cache)[0], [[0.25, 0.25]])
    with pytest.raises(
        ValueError, match=r"^Sigmoid\(\): dY must have the shape of the output, \(1, 2\), got \(\)$"
    ):
        layer.backward(None, cache)


def test_the_class_of_a_name_is_the_one_defined_last():
    """Who runs a cell again means the new class; `Network.load` makes layers by it."""
    first = type("Again", (Scale,), {})
    assert Layer.classes["Again"] is first
    second = type("Again", (Scale,), {})
    assert Loss.classes["Again"] is second
    assert Layer.classes["Absolute"] is Absolute
    assert repr(second()) == "Again()"


def test_all_public_names_can_be_imported_at_once():
    names = {}
    exec("from bplib.contracts import *", names)
    assert names["Layer"] is Layer
    assert names["ArrayLike"] is not None


@pytest.mark.parametrize("inside", [False, True])
def test_an_own_backward_is_never_gone_around(inside, rng):
    """In the middle of a network, and in a Residual in one."""
    W = rng.normal(size=(3, 3))
    sound, wrong = ([cls.from_arrays(W, np.ones(3)), Tanh()] for cls in (Affine, Doubled))
    wrap = (lambda chain: [Residual(chain)]) if inside else list
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    last = Affine(3, 3, rng=rng)
    _, right = Network([Tanh(), *wrap(sound), last], SquaredError()).gradients(X, Y)
    _, twice = Network([Tanh(), *wrap(wrong), last], SquaredError()).gradients(X, Y)
    assert not check_gradients(Network([Tanh(), *wrap(wrong), last], SquaredError()), X, Y)
    for name, g in twice[1].items():
        np.testing.assert_allclose(g, 2 * right[1][name])


def test_an_own_forward_is_never_gone_around(rng):
    state = rng.bit_generator.state
    plain = Network(layers(rng), SquaredError())
    rng.bit_generator.state = state
    shifted = Network(layers(rng, Shifted), SquaredError())
    X, _ = data(rng)
    by_hand = X
    for i, layer in enumerate(plain.layers):
        by_hand = layer.forward(by_hand)[0] + (1 if i == 2 else 0)
    np.testing.assert_allclose(shifted.forward(X)[0], by_hand)


@pytest.mark.parametrize(
    ("place", "door"), [(0, "forward"), (2, "forward"), (0, "backward"), (2, "backward")]
)
def test_a_door_put_on_one_object_is_used(place, door, rng):
    """As a spy does it, in the class of the package itself."""
    network, (X, Y) = Network(layers(rng), SquaredError()), data(rng)
    layer, asked = network.layers[place], []
    method = getattr(layer, door)
    setattr(layer, door, lambda *a, **k: asked.append(door) or method(*a, **k))
    network.gradients(X, Y)
    assert asked == [door]


def test_training_asks_an_own_loss_at_its_door(rng):
    X, Y = data(rng)
    losses = []
    for loss in (SquaredError(), Tripled()):
        network = Network([Affine(3, 2, init="zeros")], loss)
        losses.append(
            next(train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=1, shuffle=False)).loss
        )
    assert losses[1] == pytest.approx(3 * losses[0])


def test_between_sound_layers_only_formulas_run(rng, monkeypatch):
    """The network's first layer checks X, its last dZ; between them nothing is checked twice."""
    asked = []
    for door in ("forward", "backward"):
        formula = {"forward": "value", "backward": "gradient"}[door]
        method = getattr(Affine, formula)

        def counted(self, *a, method=method, formula=formula, **k):
            asked.append(formula)
            return method(self, *a, **k)

        monkeypatch.setattr(Affine, formula, counted)
    from bplib import checks

    named = []
    floats = checks.floats
    monkeypatch.setattr(checks, "floats", lambda who, *a: named.append(str(who)) or floats(who, *a))
    network, (X, Y) = Network(layers(rng), SquaredError()), data(rng)
    network.gradients(X, Y)
    assert asked == ["value"] * 3 + ["gradient"] * 3
    assert named == ["Affine(3→4)", "SquaredError()"]


class Halved(Network):
    """Its own doors, on top of the inherited ones: half the outputs, and the gradients to that."""

    def forward(self, X, *, training=False, rng=None):
        Z, caches = super().forward(X, training=training, rng=rng)
        return Z / 2, caches

    def backward(self, dZ, caches, *, input_gradient=True):
        return super().backward(dZ / 2, caches, input_gradient=input_gradient)


def test_training_asks_a_network_at_its_own_doors(rng):
    """A step is that of `gradients`, which goes by the doors."""
    network, (X, Y) = Halved(layers(rng), SquaredError()), data(rng)
    L, grads = network.gradients(X, Y)
    before = [p.copy() for _, p in network.named_params()]
    (step,) = train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=1, shuffle=False)
    assert step.loss == L
    moves = [0.1 * g for layer in grads for g in layer.values()]
    for (_, p), old, move in zip(network.named_params(), before, moves, strict=True):
        np.testing.assert_allclose(p, old - move, rtol=1e-14)


@pytest.mark.parametrize("door", ["forward", "backward"])
def test_a_door_put_on_one_network_is_used_in_training(door, rng):
    network, (X, Y), asked = Network(layers(rng), SquaredError()), data(rng), []
    method = getattr(network, door)
    setattr(network, door, lambda *a, **k: asked.append(door) or method(*a, **k))
    steps = train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=2, shuffle=False)
    asked.clear()
    assert len(list(steps)) == 2
    assert asked == [door] * 2


def test_a_step_like_the_one_before_checks_nothing(rng, monkeypatch):
    """X and Y have been at the doors, and so have gradients of this shape; other batches go there."""
    from bplib import checks, training

    network, X, Y, named = Network(layers(rng), SquaredError()), np.ones((8, 3)), np.ones((8, 2)), []
    steps = train(network, X, Y, optimizer=SGD(0.1), batch_size=3, epochs=2, shuffle=False)
    next(steps)
    for check in ("real", "floats", "rows", "gradients"):
        original = getattr(checks, check)
        monkeypatch.setattr(
            checks, check, lambda *a, check=check, original=original: named.append(check) or original(*a)
        )
    for door in ("forward", "backward"):  # spies that pass for the doors as they were written
        _, formula = DOORS[Layer, door]
        monkeypatch.setitem(DOORS, (Layer, door), (spy_on(Layer, door, named, monkeypatch), formula))
        monkeypatch.setattr(training, door.upper(), spy_on(Network, door, named, monkeypatch))
    next(steps)
    assert named == []
    next(steps)  # two rows are left
    assert set(named) == {"real", "floats", "rows", "gradients", "forward", "backward"}


def spy_on(base, door, named, monkeypatch):
    """The door, which from now on also says that it was passed."""
    original = getattr(base, door)

    def spy(self, *arguments, **keywords):
        named.append(door)
        return original(self, *arguments, **keywords)

    monkeypatch.setattr(base, door, spy)
    return spy


@pytest.mark.parametrize(("base", "door"), [(Network, "forward"), (Layer, "forward"), (Network, "backward"),
                                            (Layer, "backward"), (SGD, "step"), (SquaredError, "forward")])  # fmt: skip
def test_a_door_put_on_a_class_of_the_package_is_used(base, door, rng, monkeypatch):
    """As somebody does it who counts calls, or measures them."""
    network, (X, Y), named = Network(layers(rng), SquaredError()), data(rng), []
    steps = train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=3, shuffle=False)
    spy_on(base, door, named, monkeypatch)
    assert len(list(steps)) == 3
    assert len(named) == (15 if base is Layer else 3)


class Summed(SquaredError):
    """Its gradient has lost the columns of the outputs."""

    def backward(self, cache):
        return super().backward(cache).sum(axis=1, keepdims=True)


def test_a_wrong_gradient_of_a_loss_is_named(rng):
    network, (X, Y) = Network([Affine(3, 2, rng=rng), Sigmoid()], Summed()), data(rng)
    steps = train(network, X, Y, optimizer=SGD(0.1), batch_size=3, epochs=1, shuffle=False)
    with pytest.raises(ValueError, match=r"^Sigmoid\(\): dY must have the shape of the output, \(3, 2\)"):
        next(steps)


class AcrossRows(Affine):
    """Sums db along the wrong axis, which shows where there are not as many rows as outputs."""

    def gradient(self, dY, cache, *, input_gradient):
        dX, grads = super().gradient(dY, cache, input_gradient=input_gradient)
        return dX, grads | {"b": dY.sum(axis=1)}


def test_a_gradient_that_fits_by_accident_is_named_at_the_smaller_batch(rng):
    network = Network([AcrossRows(3, 2, rng=rng)], SquaredError())
    steps = train(network, np.ones((5, 3)), np.ones((5, 2)), optimizer=SGD(0.1), batch_size=2, epochs=1,
                  shuffle=False)  # fmt: skip
    next(steps), next(steps)
    with pytest.raises(ValueError, match=r"^SGD: the gradient of 0\.b must be \(2,\), got \(1,\)$"):
        next(steps)


@dataclass(eq=True)
class Times(Layer):
    """Y = w X; two of them with the same name are equal."""

    name: str

    def __post_init__(self):
        super().__init__()
        self.params["w"] = np.array(2.0)

    def value(self, X, *, training, rng):
        return self.params["w"] * X, X

    def gradient(self, dY, cache, *, input_gradient):
        return self.params["w"] * dY if input_gradient else None, {"w": np.sum(dY * cache)}


def test_an_equal_layer_put_in_is_another_layer(rng):
    X, Y = np.ones((6, 3)), np.zeros((6, 3))
    network = Network([Times("a")], SquaredError())
    steps = train(network, X, Y, optimizer=SGD(0.01), batch_size=3, epochs=2, shuffle=False)
    next(steps)
    old, new = network.layers[0], Times("a")
    assert old == new
    network.layers[0] = new
    assert next(steps).loss == SquaredError().forward(2.0 * X[:3], Y[:3])[0]
    assert old.params["w"] != 2 != new.params["w"]


@pytest.mark.parametrize("put_in", [False, True])
def test_a_layer_with_a_wrong_gradient_is_named_at_its_first_step(put_in, rng):
    class Unsummed(Affine):
        def gradient(self, dY, cache, *, input_gradient):
            dX, grads = super().gradient(dY, cache, input_gradient=input_gradient)
            return dX, grads | {"b": dY}

    wrong, sound, (X, Y) = Unsummed(3, 2, rng=rng), Affine(3, 2, rng=rng), data(rng)
    network = Network([sound if put_in else wrong], SquaredError())
    steps = train(network, X, Y, optimizer=SGD(0.1), batch_size=6, epochs=2, shuffle=False)
    if put_in:
        next(steps)
        network.layers[0] = wrong
    W = wrong.params["W"].copy()
    with pytest.raises(ValueError, match=r"^SGD: the gradient of 0\.b must be \(2,\), got \(6, 2\)$"):
        next(steps)
    np.testing.assert_array_equal(wrong.params["W"], W)


class Counting(SGD):
    """Its own door, on top of the inherited one."""

    asked = 0

    def step(self, network, grads):
        self.asked += 1
        super().step(network, grads)


def test_training_asks_an_optimizer_at_its_own_door(rng):
    optimizer, (X, Y) = Counting(0.1), data(rng)
    list(train(Network(layers(rng), SquaredError()), X, Y, optimizer=optimizer, batch_size=3, epochs=2,
               shuffle=False))  # fmt: skip
    assert optimizer.asked == optimizer.steps == 4


@pytest.mark.parametrize("z", [-1e4, -800.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sigmoid_far_out_is_zero_and_nobody_is_warned(z, dtype):
    """At its own door, at that of a network in which it stands, and in training."""
    X = np.full((1, 1), z, dtype)
    network = Network([Affine.from_arrays(np.ones((1, 1), dtype)), Sigmoid()], SquaredError())
    assert Sigmoid().forward(X)[0] == network.forward(X)[0] == network.predict(X) == 0
    (step,) = train(network, X, np.zeros((1, 1)), optimizer=SGD(0.1), batch_size=1, epochs=1, shuffle=False)
    assert step.outputs == 0


def test_a_layer_beside_one_of_ones_own_checks_what_it_gets(rng):
    """It may hand on anything: here an array of one dimension too few."""

    class Flat(Bare):
        def forward(self, X, *, training=False, rng=None):
            return X[0], X

    network = Network([Affine(3, 4, rng=rng), Flat(), Affine(4, 2, rng=rng)], SquaredError())
    with pytest.raises(
        ValueError, match=r"Affine\(4→2\): X must be \(N, 4\), got \(4,\): one example is a batch"
    ):
        network.forward(np.ones((2, 3)))


def test_the_networks_door_names_what_came(rng):
    network = Network([Affine(784, 128, rng=rng), Sigmoid(), Affine(128, 10, rng=rng)], SoftmaxCrossEntropy())
    with pytest.raises(
        ValueError, match=r"Affine\(784→128\): X must be \(N, 784\), got \(32, 28, 28\): flatten"
    ):
        network.forward(np.zeros((32, 28, 28)))
    Z, caches = network.forward(np.zeros((3, 784)))
    with pytest.raises(
        ValueError, match=r"Affine\(128→10\): dY must have the shape of the output, \(3, 10\), got \(10,\)"
    ):
        network.backward(Z[0], caches)


def test_a_residual_names_a_wrong_upstream_gradient(rng):
    block = Residual([Affine(3, 3, rng=rng), ReLU()])
    _, cache = block.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"dY must have the shape of the output, \(2, 3\), got \(3,\)"):
        block.backward(np.ones(3), cache)


def test_a_layer_of_ones_own_is_saved_and_loaded(tmp_path, rng):
    network = Network([Affine(3, 2, rng=rng), Scale(3.0)], Absolute())
    network.save(tmp_path / "net.npz")
    X = rng.normal(size=(4, 3))
    np.testing.assert_array_equal(Network.load(tmp_path / "net.npz").predict(X), network.predict(X))
