"""Optimizers against their formulas, written out for one number."""

import copy
import pickle

import numpy as np
import pytest

from bplib import SGD, Adam, Affine, Network, SquaredError
from bplib.optimizers import Optimizer


def one_layer(W, b):
    return Network([Affine.from_arrays(np.array([[W]], float), np.array([b], float))], SquaredError())


def grads(dW, db):
    return [{"W": np.array([[dW]], float), "b": np.array([db], float)}]


def values(network):
    return [float(p.ravel()[0]) for _, p in network.named_params()]


def test_sgd_is_a_step_against_the_gradient():
    network = one_layer(1.0, 2.0)
    SGD(0.1).step(network, grads(3.0, -4.0))
    assert values(network) == pytest.approx([1.0 - 0.1 * 3.0, 2.0 + 0.1 * 4.0], rel=1e-15)


def test_momentum_adds_up_past_gradients():
    """v₁ = g₁, v₂ = μ g₁ + g₂."""
    network, optimizer = one_layer(0.0, 0.0), SGD(0.1, momentum=0.9)
    optimizer.step(network, grads(1.0, 2.0))
    optimizer.step(network, grads(3.0, 5.0))
    assert values(network) == pytest.approx([-0.1 * (1 + 0.9 * 1 + 3), -0.1 * (2 + 0.9 * 2 + 5)], rel=1e-14)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_decay_adds_lambda_w_but_not_to_biases(momentum):
    network = one_layer(2.0, 2.0)
    SGD(0.1, momentum=momentum, weight_decay=0.5).step(network, grads(1.0, 1.0))
    assert values(network) == pytest.approx([2 - 0.1 * (1 + 0.5 * 2), 2 - 0.1 * 1], rel=1e-15)


def adam_by_hand(w, gs, eta, beta1, beta2, eps, decay=0.0):
    m = v = 0.0
    for t, g in enumerate(gs, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - eta * (m_hat / (np.sqrt(v_hat) + eps) + decay * w)
    return w


def test_adam_follows_its_formula_and_decouples_the_decay():
    network, gs = one_layer(1.0, 1.0), [3.0, -2.0, 0.5, 7.0]
    optimizer = Adam(0.1, 0.8, 0.95, 1e-3, weight_decay=0.2)
    for g in gs:
        optimizer.step(network, grads(g, g))
    want = [adam_by_hand(1.0, gs, 0.1, 0.8, 0.95, 1e-3, decay) for decay in (0.2, 0.0)]
    assert values(network) == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("g", [1e-3, 1.0, -1e4])
def test_adams_first_step_is_eta_times_the_sign(g):
    network = one_layer(0.0, 0.0)
    Adam(0.01).step(network, grads(g, g))
    assert values(network) == pytest.approx([-0.01 * np.sign(g)] * 2, rel=1e-4)


@pytest.mark.parametrize(
    "make", [lambda: SGD(0.1, 0.9, 0.1), lambda: SGD(0.1, 0, 0.1), lambda: Adam(weight_decay=0.1)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_in_place_and_leaves_gradients_alone(make, dtype, rng):
    network = Network([Affine(3, 2, dtype=dtype, rng=rng)], SquaredError())
    W, optimizer = network.layers[0].params["W"], make()
    given = [{"W": rng.normal(size=(3, 2)).astype(dtype), "b": np.ones(2, dtype)}]
    kept, before = {name: g.copy() for name, g in given[0].items()}, W.copy()
    for _ in range(3):
        optimizer.step(network, given)
    assert network.layers[0].params["W"] is W
    assert W.dtype == dtype
    assert not np.array_equal(W, before)
    for name in kept:
        np.testing.assert_array_equal(given[0][name], kept[name])


def test_the_learning_rate_may_change_between_steps():
    network, optimizer = one_layer(0.0, 0.0), SGD(0.1)
    optimizer.step(network, grads(1.0, 1.0))
    optimizer.learning_rate = 0.5
    optimizer.step(network, grads(1.0, 1.0))
    assert values(network) == pytest.approx([-0.6, -0.6])


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: SGD(0), ValueError, "SGD: learning_rate must be above 0, got 0"),
        (lambda: SGD(-1), ValueError, "SGD: learning_rate must be above 0, got -1"),
        (lambda: SGD(np.nan), ValueError, "SGD: learning_rate must be above 0 and finite, got nan"),
        (lambda: SGD(np.inf), ValueError, "SGD: learning_rate must be above 0 and finite, got inf"),
        (lambda: SGD("0.1"), TypeError, "SGD: learning_rate must be a number, got '0.1'"),
        (lambda: SGD(0.1, momentum=1), ValueError, "SGD: momentum must be at least 0 and below 1, got 1"),
        (lambda: SGD(0.1, momentum=-1), ValueError, "SGD: momentum must be at least 0 and below 1, got -1"),
        (lambda: SGD(0.1, weight_decay=-1), ValueError, "SGD: weight_decay must be at least 0, got -1"),
        (lambda: Adam(0), ValueError, "Adam: learning_rate must be above 0, got 0"),
        (lambda: Adam(0.1, beta1=1.0), ValueError, "Adam: beta1 must be at least 0 and below 1, got 1.0"),
        (lambda: Adam(0.1, beta1=-0.1), ValueError, "Adam: beta1 must be at least 0 and below 1, got -0.1"),
        (lambda: Adam(0.1, beta2=1.0), ValueError, "Adam: beta2 must be at least 0 and below 1, got 1.0"),
        (lambda: Adam(0.1, beta2=-0.1), ValueError, "Adam: beta2 must be at least 0 and below 1, got -0.1"),
        (lambda: Adam(0.1, eps=0), ValueError, "Adam: eps must be above 0, got 0"),
        (lambda: Adam(0.1, weight_decay=-1), ValueError, "Adam: weight_decay must be at least 0, got -1"),
    ],
)
def test_bad_settings_are_named(call, kind, sentence):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == sentence


def test_bad_gradients_are_named_and_nothing_is_half_stepped(rng):
    network = Network([Affine(2, 3, rng=rng), Affine(3, 1, rng=rng)], SquaredError())
    good = [{"W": np.ones((2, 3)), "b": np.ones(3)}, {"W": np.ones((3, 1)), "b": np.ones(1)}]
    before = [p.copy() for _, p in network.named_params()]
    for bad, sentence in [
        (good[:1], "^SGD: 2 layers need as many gradients, got 1"),
        (
            [good[0], {"W": np.ones((1, 3)), "b": np.ones(1)}],
            r"gradient of 1.W must be \(3, 1\), got \(1, 3\)",
        ),
        ([good[0], {"W": np.ones((3, 1))}], r"gradient of 1.b must be \(1,\), got none"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            SGD(0.1).step(network, bad)
    for p, (_, now) in zip(before, network.named_params(), strict=True):
        np.testing.assert_array_equal(p, now)


def test_one_optimizer_serves_one_network(rng):
    optimizer = Adam()
    optimizer.step(one_layer(1.0, 1.0), grads(1.0, 1.0))
    other = Network([Affine(2, 1, rng=rng)], SquaredError())
    with pytest.raises(ValueError, match="one optimizer serves one network"):
        optimizer.step(other, [{"W": np.ones((2, 1)), "b": np.ones(1)}])


def test_one_optimizer_serves_one_network_of_the_same_shapes_too():
    """Adam's means, and a momentum's velocity, would leak from one into the other."""
    for make in (Adam, lambda: SGD(0.1, momentum=0.9)):
        optimizer, first = make(), one_layer(1.0, 1.0)
        for _ in range(2):
            optimizer.step(first, grads(1.0, 1.0))
        other = one_layer(5.0, 5.0)
        with pytest.raises(ValueError, match="one optimizer serves one network, make a new one"):
            optimizer.step(other, grads(1.0, 1.0))
        assert values(other) == [5.0, 5.0]
        assert optimizer.steps == 2
        del first  # not even when the first one is gone
        with pytest.raises(ValueError, match="one optimizer serves one network"):
            optimizer.step(other, grads(1.0, 1.0))


def test_plain_sgd_remembers_nothing_and_may_serve_several():
    optimizer = SGD(0.1, weight_decay=0.5)
    for network in (one_layer(1.0, 1.0), one_layer(1.0, 1.0)):
        optimizer.step(network, grads(1.0, 1.0))
        assert values(network) == pytest.approx([1 - 0.1 * 1.5, 0.9])
    assert optimizer.memory == {}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_of_both_goes_on_where_they_were(copied):
    """A checkpoint: the optimizer's copy takes the network's copy for its own, and no other after that."""
    network, optimizer = one_layer(1.0, 1.0), Adam(0.1)
    optimizer.step(network, grads(3.0, 1.0))
    network2, optimizer2 = copied((network, optimizer))
    for pair in ((network, optimizer), (network2, optimizer2)):
        pair[1].step(pair[0], grads(-1.0, 2.0))
    assert values(network2) == values(network)
    with pytest.raises(ValueError, match="one optimizer serves one network"):
        optimizer2.step(one_layer(1.0, 1.0), grads(1.0, 1.0))
    wider = Network([Affine.from_arrays(np.ones((2, 1)), [1.0])], SquaredError())
    with pytest.raises(ValueError, match="one optimizer serves one network"):
        copied(optimizer2).step(wider, [{"W": np.ones((2, 1)), "b": np.ones(1)}])


def test_momentum_takes_effect_when_it_is_set():
    network, optimizer = one_layer(0.0, 0.0), SGD(0.1)
    optimizer.momentum = 0.9
    optimizer.step(network, grads(1.0, 2.0))
    optimizer.step(network, grads(3.0, 5.0))
    assert values(network) == pytest.approx([-0.1 * (1 + 0.9 + 3), -0.1 * (2 + 1.8 + 5)], rel=1e-14)
    optimizer.momentum = 0.0
    optimizer.step(network, grads(1.0, 1.0))
    optimizer.momentum = 0.5  # v has followed its formula: v = 0 v + 1
    optimizer.step(network, grads(1.0, 1.0))
    assert values(network)[0] == pytest.approx(-0.1 * (1 + 3.9 + 1 + 1.5), rel=1e-14)
    optimizer.momentum = 0.0  # it remembers still
    with pytest.raises(ValueError, match="one optimizer serves one network"):
        optimizer.step(one_layer(0.0, 0.0), grads(1.0, 1.0))


def test_every_setting_takes_effect_between_steps():
    network, optimizer = one_layer(1.0, 1.0), Adam(0.1)
    optimizer.step(network, grads(0.0, 0.0))
    optimizer.beta1 = optimizer.beta2 = 0.0
    optimizer.eps, optimizer.weight_decay = 1.0, 0.5
    optimizer.step(network, grads(3.0, 3.0))
    assert values(network) == pytest.approx([1 - 0.1 * 0.5 - 0.1 * 3 / 4, 1 - 0.1 * 3 / 4])


@pytest.mark.parametrize(
    ("optimizer", "name", "value", "sentence"),
    [
        (SGD(0.1), "learning_rate", 0, "SGD: learning_rate must be above 0, got 0"),
        (SGD(0.1), "momentum", 1, "SGD: momentum must be at least 0 and below 1, got 1"),
        (SGD(0.1), "weight_decay", -1, "SGD: weight_decay must be at least 0, got -1"),
        (Adam(0.1), "beta1", 1, "Adam: beta1 must be at least 0 and below 1, got 1"),
        (Adam(0.1), "eps", 0, "Adam: eps must be above 0, got 0"),
    ],
)
def test_settings_are_checked_when_they_are_set(optimizer, name, value, sentence):
    kept = getattr(optimizer, name)
    with pytest.raises(ValueError, match=sentence):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == kept


def test_a_step_that_was_refused_is_not_counted():
    optimizer = Adam()
    with pytest.raises(ValueError, match="the gradient of 0"):
        optimizer.step(one_layer(1.0, 1.0), [{}])
    assert (optimizer.steps, optimizer.memory) == (0, {})


def test_what_is_left_out_has_the_value_that_the_signature_says():
    """η = 0.001, β₁ = 0.9, β₂ = 0.999, ε = 1e−8 and no decay, as in the paper; SGD is plain."""
    gs, network, optimizer = [2.0, -1.0, 0.5], one_layer(1.0, 1.0), Adam()
    for g in gs:
        optimizer.step(network, grads(g, 1e-7 * g))  # ε counts where gradients are small
    assert values(network) == pytest.approx(
        [adam_by_hand(1.0, [k * g for g in gs], 0.001, 0.9, 0.999, 1e-8) for k in (1, 1e-7)], rel=1e-13
    )
    assert (SGD(0.1).momentum, SGD(0.1).weight_decay) == (0, 0)


def test_an_optimizer_of_ones_own_writes_update_alone():
    """It has no memory unless it says so, and may then serve several networks; λ is 0 for a bias."""

    class Signs(Optimizer):
        def update(self, p, g, decay):
            p -= self.learning_rate * (np.sign(g) + decay * p)

    optimizer = Signs(0.5, 0.1)
    for _ in range(2):
        network = one_layer(1.0, 1.0)
        optimizer.step(network, grads(3.0, -4.0))
        assert values(network) == pytest.approx([1 - 0.5 * 1.1, 1.5])
    assert (optimizer.steps, optimizer.memory, optimizer.n_memory) == (2, {}, 0)

    class Empty(Optimizer):
        pass

    with pytest.raises(NotImplementedError, match=r"^Empty: an optimizer must define update$"):
        Empty(0.1, 0).step(one_layer(1.0, 1.0), grads(1.0, 1.0))


def test_each_parameter_has_a_memory_of_its_own_in_its_shape_and_type(rng):
    for optimizer, n in ((Adam(), 2), (SGD(0.1, momentum=0.5), 1)):
        network = Network([Affine(2, 3, dtype=np.float32, rng=rng)], SquaredError())
        given = [{"W": np.ones((2, 3), np.float32), "b": np.ones(3, np.float32)}]
        optimizer.step(network, given)
        assert optimizer.memory.keys() == {(0, "W"), (0, "b")}
        for (_, name), arrays in optimizer.memory.items():
            assert [(a.shape, a.dtype) for a in arrays] == [(given[0][name].shape, np.dtype(np.float32))] * n
