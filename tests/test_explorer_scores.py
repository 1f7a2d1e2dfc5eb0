"""The explorer of lesson 06's scores shows what softmax, its Jacobian and the loss say."""

import numpy as np
import pytest

from bplib import gradcheck
from bplib.losses import softmax
from bplib.playgrounds.scores import ScoreExplorer


def shown(explorer):
    """p, J and p − y as they are drawn."""
    p, gradient = ([bar.get_height() for bar in bars] for bars in (explorer.p, explorer.gradient))
    J = [float(text.get_text().replace("−", "-")) for text in explorer.entries]
    return np.array(p), np.reshape(J, (3, 3)), np.array(gradient)


@pytest.mark.parametrize(
    ("scores", "right"), [((0.7, 1.6, 1.1), 2), ((-6.0, 6.0, 0.0), 1), ((2.0, 2.0, -3.0), 3)]
)
def test_it_shows_what_nudging_finds(scores, right):
    explorer = ScoreExplorer(*scores, right=right)
    p, J, gradient = shown(explorer)
    z = np.array(scores)
    nudged = [gradcheck.numerical_gradient(lambda z, i=i: softmax(z)[i], z) for i in range(3)]
    np.testing.assert_allclose(p, softmax(z))
    np.testing.assert_allclose(J, nudged, atol=0.0051)
    np.testing.assert_allclose(
        gradient, gradcheck.numerical_gradient(lambda z: -np.log(softmax(z)[right - 1]), z), atol=1e-8
    )
    np.testing.assert_array_equal(explorer.table._values, np.float32(np.diag(p) - np.outer(p, p)))


def test_a_class_without_probability_is_still_pulled():
    explorer = ScoreExplorer()
    explorer.controls["z2"].value = -4.0
    _, J, gradient = shown(explorer)
    assert np.all(J[1] == 0)
    assert gradient[1] < -0.99
    explorer.controls["z2"].value = 6.0
    _, J, gradient = shown(explorer)
    assert max(np.abs(J).max(), np.abs(gradient).max()) < 0.02
    explorer.controls["right"].value = 1
    assert shown(explorer)[2][0] < -0.99
    assert "p of the right class 0.00" in explorer.status.value
