"""The depth explorer shows the sizes that a network really has, layer by layer."""

import numpy as np
import pytest

from bplib import SGD, Adam, check_gradients, train
from bplib.deep_layers import Residual
from bplib.playgrounds.depth import ACTIVATIONS, DepthExplorer, deep_network, layer_sizes, side_by_side, size
from bplib.training import DivergenceError


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_the_sizes_are_those_of_the_network(normalise, residual, rng):
    network = deep_network(6, normalise=normalise, residual=residual, width=5, rng=rng)
    X, Y = rng.normal(size=(7, 2)), rng.integers(0, 2, size=(7, 1))
    signal, delta, dW = layer_sizes(network, X, Y)
    Z, _ = network.forward(X, training=True)
    P = network.loss_function.predict(Z)
    assert signal[-1] == pytest.approx(size(Z))
    assert delta[-1] == pytest.approx(size(P - Y))  # δ of one sample, not divided by N
    _, grads = network.gradients(X, Y, training=True)
    sizes = [size(g) for layer in grads for name, g in layer.items() if name.endswith("W")]
    np.testing.assert_allclose(dW, sizes)
    assert len(signal) == len(delta) == len(dW) == 6


@pytest.mark.parametrize("method", [SGD, Adam])
@pytest.mark.parametrize("kind", [{}, {"normalise": True}, {"normalise": True, "residual": True}])
def test_networks_side_by_side_learn_what_each_learns_alone(kind, method, rng):
    alone = [deep_network(4, width=3, rng=np.random.default_rng(seed), **kind) for seed in range(3)]
    together = side_by_side(alone)
    X, Y = rng.normal(size=(9, 2)), rng.integers(0, 2, size=(9, 1)).astype(float)
    for network, targets in [(together, np.tile(Y, 3)), *((network, Y) for network in alone)]:
        for _ in train(network, X, targets, optimizer=method(0.1), batch_size=3, epochs=3,
                       rng=np.random.default_rng(1)):  # fmt: skip
            pass
    np.testing.assert_allclose(
        together.predict(X), np.hstack([network.predict(X) for network in alone]), rtol=1e-6
    )


def test_where_one_of_them_diverges_the_others_go_on(rng):
    start = [deep_network(10, width=4, residual=True, rng=np.random.default_rng(seed)) for seed in range(3)]
    start[1].layers[0].params["W"] *= 1e200
    together = side_by_side(start)
    X, Y = rng.normal(size=(9, 2)), rng.integers(0, 2, size=(9, 1)).astype(float)
    for network, targets in [(together, np.tile(Y, 3)), (start[0], Y), (start[2], Y)]:
        for _ in train(network, X, targets, optimizer=SGD(0.01), batch_size=3, epochs=3, shuffle=False):
            pass
    with np.errstate(all="ignore"):
        Z, _ = together.forward(X)
        found = together.loss_function.predict(Z)
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_allclose(found[:, ::2], np.hstack([start[i].predict(X) for i in (0, 2)]), rtol=1e-9)


def test_where_all_of_them_diverge_the_training_ends(rng):
    start = [deep_network(10, width=4, residual=True, rng=np.random.default_rng(seed)) for seed in range(2)]
    for network in start:
        network.layers[0].params["W"] *= 1e200
    X, Y = rng.normal(size=(9, 2)), rng.integers(0, 2, size=(9, 2)).astype(float)
    with pytest.raises(DivergenceError):
        list(train(side_by_side(start), X, Y, optimizer=SGD(0.01), batch_size=3, epochs=3, shuffle=False))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_residual_networks_of_normalised_blocks_pass_the_gradient_check(activation, rng):
    network = deep_network(4, activation=activation, normalise=True, residual=True, width=3, rng=rng)
    assert sum(isinstance(layer, Residual) for layer in network.layers) == 2
    X, Y = rng.normal(size=(5, 2)), rng.integers(0, 2, size=(5, 1)).astype(float)
    assert check_gradients(network, X, Y, tolerance=1e-5).ok


def test_sigmoid_vanishes_by_a_quarter_a_layer_and_a_residual_path_keeps_it():
    explorer = DepthExplorer("sigmoid", "Xavier", depth=20)
    delta = explorer.delta.get_ydata()
    assert 0.1 < (delta[0] / delta[-2]) ** (1 / 18) < 0.35
    explorer.controls["residual"].value = True
    assert explorer.delta.get_ydata()[0] > 0.01


def test_he_is_level_and_the_unit_normal_explodes():
    explorer = DepthExplorer("ReLU", "He", depth=20)
    assert 1e-2 < explorer.delta.get_ydata()[0] < 10
    assert 1e-2 < explorer.signal.get_ydata()[-1] < 10
    explorer.controls["init"].value = "N(0, 1)"
    assert explorer.signal.get_ydata()[-1] > 1e6
    assert explorer.delta.get_ydata()[0] > 1e6
    explorer.controls["normalise"].value = True
    assert explorer.signal.get_ydata()[-2] < 10
    assert explorer.delta.get_ydata()[0] < 1e6


def test_depth_and_new_weights_redraw():
    explorer = DepthExplorer("tanh", depth=3)
    assert len(explorer.delta.get_xdata()) == 3
    explorer.controls["depth"].value = 20
    assert len(explorer.delta.get_xdata()) == 20
    assert "20 layers" in explorer.status.value
    before = explorer.dW.get_ydata().copy()
    explorer.buttons["Draw new weights"].click()
    assert explorer.error is None
    assert np.all(before != explorer.dW.get_ydata())
    explorer.controls["init"].value = "N(0, 0.01)"  # 1e-30 and below: at the edge, not lost
    assert explorer.dW.get_ydata().min() >= 1e-16
