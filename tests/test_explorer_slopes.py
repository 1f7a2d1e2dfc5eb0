"""The explorers of lesson 02 show the slopes that the layers use."""

import numpy as np
import pytest

from bplib import gradcheck
from bplib.playgrounds.slopes import LAYERS, ChainExplorer, SlopeExplorer, chain


@pytest.mark.parametrize("activation", LAYERS)
def test_the_tangent_has_the_slope_of_the_curve(activation):
    explorer = SlopeExplorer(activation)
    explorer.controls["z"].value = 1.3
    (x0, x1), (y0, y1) = explorer.tangent.get_data()
    layer = LAYERS[activation]
    true = gradcheck.numerical_gradient(lambda Z: layer.f(Z).sum(), np.array([1.3]))[0]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(true, rel=1e-7)
    assert explorer.height.get_ydata()[0] == pytest.approx(true, rel=1e-7)
    assert "z = 1.3" in explorer.status.value


def test_a_new_activation_brings_its_own_curve_and_heights():
    explorer = SlopeExplorer("sigmoid")
    before = explorer.live.pixels()
    explorer.controls["activation"].value = "tanh"
    assert explorer.curve.get_ydata()[0] == pytest.approx(-1, abs=1e-4)
    assert explorer.left.get_ylim()[0] < -1
    assert np.any(before != explorer.live.pixels())


def test_the_kink_has_no_tangent_and_says_what_we_choose():
    explorer = SlopeExplorer("ReLU", z=0.1)
    explorer.controls["z"].value = -1e-16  # where steps of 0.1 end up
    assert len(explorer.tangent.get_xdata()) == 0
    assert "kink" in explorer.status.value
    assert explorer.height.get_ydata()[0] == 0


@pytest.mark.parametrize("activation", LAYERS)
def test_the_factors_multiply_to_the_slope_of_the_whole_chain(activation):
    def end(x):
        z, _ = chain(activation, 1.2, 0.3, 7, x)
        return float(LAYERS[activation].f(z[-1]))

    slope = (end(0.5 + 1e-5) - end(0.5 - 1e-5)) / 2e-5
    _, factors = chain(activation, 1.2, 0.3, 7)
    assert np.prod(factors) == pytest.approx(slope, rel=1e-6)


def test_ten_sigmoids_at_their_steepest_leave_a_millionth():
    explorer = ChainExplorer("sigmoid", w=1.0, b=-0.5)  # z = 0 in every unit
    left = explorer.left_over.get_ydata()
    np.testing.assert_allclose(left, 0.25 ** np.arange(10, 0, -1), rtol=1e-12)
    explorer.controls["layers"].value = 3
    assert len(explorer.left_over.get_ydata()) == 3


def test_the_same_chain_explodes_and_dies():
    explorer = ChainExplorer("ReLU", w=2.0, layers=20)
    assert explorer.left_over.get_ydata()[0] == pytest.approx(2.0**20)
    explorer.controls["w"].value = -1.0
    assert "exactly 0" in explorer.status.value
    assert "-0" not in explorer.status.value
