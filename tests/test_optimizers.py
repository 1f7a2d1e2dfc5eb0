"""Optimizers against their formulas, written out for one number."""

import numpy as np
import pytest

from bplib import SGD, Adam, Affine, Network, SquaredError


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
        (lambda: SGD(-1), ValueError, "learning_rate must be above 0, got -1"),
        (lambda: SGD(np.nan), ValueError, "learning_rate must be above 0 and finite, got nan"),
        (lambda: SGD(np.inf), ValueError, "learning_rate must be above 0 and finite, got inf"),
        (lambda: SGD("0.1"), TypeError, "learning_rate must be a number, got '0.1'"),
        (lambda: SGD(0.1, momentum=1), ValueError, "momentum must be at least 0 and below 1, got 1"),
        (lambda: SGD(0.1, weight_decay=-1), ValueError, "weight_decay must be at least 0, got -1"),
        (lambda: Adam(0.1, beta1=1.0), ValueError, "Adam: beta1 must be at least 0 and below 1"),
        (lambda: Adam(0.1, beta2=-0.1), ValueError, "Adam: beta2 must be at least 0 and below 1"),
        (lambda: Adam(0.1, eps=0), ValueError, "Adam: eps must be above 0"),
    ],
)
def test_bad_settings_are_named(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


def test_bad_gradients_are_named_and_nothing_is_half_stepped(rng):
    network = Network([Affine(2, 3, rng=rng), Affine(3, 1, rng=rng)], SquaredError())
    good = [{"W": np.ones((2, 3)), "b": np.ones(3)}, {"W": np.ones((3, 1)), "b": np.ones(1)}]
    before = [p.copy() for _, p in network.named_params()]
    for bad, sentence in [
        (good[:1], "2 layers need as many gradients, got 1"),
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
