"""The published XOR run, replayed: first gradients, first weights, and every printed row."""

import json
from pathlib import Path

import numpy as np
import pytest

from bplib import SGD, Affine, BinaryCrossEntropy, Network, Sigmoid, train

PUBLISHED = json.loads((Path(__file__).parents[1] / "notebooks/data/xor_published.json").read_text())


@pytest.fixture(params=[np.float64, np.float32])
def run(request):
    """The published start; its W1 has one row per hidden unit, ours one column."""
    initial, setup = PUBLISHED["setup"]["initial"], PUBLISHED["setup"]
    dtype = request.param
    network = Network(
        [
            Affine.from_arrays(np.array(initial["w1"], dtype).T, np.array(initial["b1"], dtype)),
            Sigmoid(),
            Affine.from_arrays(np.array(initial["w2"], dtype)[:, None], np.array([initial["b2"]], dtype)),
        ],
        BinaryCrossEntropy(),
    )
    X = np.array([x for x, _ in setup["sample_order"]], dtype)
    Y = np.array([[y] for _, y in setup["sample_order"]], dtype)
    return network, X, Y


def test_first_gradients_and_weights_to_the_printed_digits(run):
    network, X, Y = run
    after, gradients = (
        PUBLISHED["after_first_sample"]["weights"],
        PUBLISHED["after_first_sample"]["gradients"],
    )
    _, grads = network.gradients(X[:1], Y[:1])
    np.testing.assert_array_equal(
        np.round(grads[0]["W"].T, 4), np.round(np.array(gradients["w1"], network.dtype), 4)
    )
    np.testing.assert_allclose(np.round(grads[0]["b"], 4), gradients["b1"], rtol=1e-6)
    np.testing.assert_allclose(np.round(grads[2]["W"][:, 0], 4), gradients["w2"], rtol=1e-6)
    assert grads[2]["b"][0] == pytest.approx(gradients["b2"], rel=1e-7)  # published from float32: 7 digits
    SGD(PUBLISHED["setup"]["learning_rate"]).step(network, grads)
    np.testing.assert_allclose(np.round(network.layers[0].params["W"].T, 4), after["w1"], rtol=1e-6)
    np.testing.assert_allclose(np.round(network.layers[0].params["b"], 4), after["b1"], rtol=1e-6)
    np.testing.assert_allclose(np.round(network.layers[2].params["W"][:, 0], 4), after["w2"], rtol=1e-6)
    np.testing.assert_allclose(np.round(network.layers[2].params["b"], 4), [after["b2"]], rtol=1e-6)


def test_forty_of_forty_rows(run):
    network, X, Y = run
    setup = PUBLISHED["setup"]
    snapshots = train(network, X, Y, optimizer=SGD(setup["learning_rate"]), batch_size=1,
                      epochs=setup["epochs"], shuffle=False)  # fmt: skip
    rows = [
        (s.epoch, X[s.rows[0]].tolist(), round(float(s.outputs[0, 0]), 2), round(s.loss, 2))
        for s in snapshots
        if s.epoch % 100 == 0
    ]
    printed = [(r["epoch"], r["x"], r["output"], r["loss"]) for r in PUBLISHED["log"]]
    assert len(printed) == 40
    assert rows == printed
