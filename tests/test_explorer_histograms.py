"""The histograms of lesson 13 are those of the layers, and show what normalisation and dropout do."""

import numpy as np
import pytest

from bplib.playgrounds.histograms import LAYERS, MODES, HistogramExplorer, activations

TRAINING, AFTER, BEFORE = MODES


def spreads(*settings):
    return activations(*settings).std(axis=(1, 2))


@pytest.mark.parametrize("activation", LAYERS)
def test_normalised_layers_do_not_feel_the_size_of_the_weights(activation):
    """Exactly so but for ε; without normalisation the same change is felt."""
    small, large = (activations(activation, scale, True, 0.0, TRAINING) for scale in (0.3, 3.0))
    np.testing.assert_allclose(small, large, atol=0.05)
    bare = [spreads(activation, scale, False, 0.0, TRAINING)[-1] for scale in (0.3, 3.0)]
    assert bare[1] > 5 * bare[0]


def test_small_weights_shrink_tanh_layer_by_layer():
    spread = spreads("tanh", 0.3, False, 0.0, TRAINING)
    ratio = spread[1:] / spread[:-1]
    assert (ratio < 0.35).all()
    assert (ratio > 0.2).all()


def test_running_statistics_serve_prediction_only_once_they_have_run():
    training, after, before, bare = (
        spreads("tanh", 0.3, *rest)
        for rest in ((True, 0.0, TRAINING), (True, 0.0, AFTER), (True, 0.0, BEFORE), (False, 0.0, TRAINING))
    )
    np.testing.assert_allclose(after, training, rtol=0.05)
    np.testing.assert_allclose(before, bare, rtol=1e-3)


def test_dropout_zeroes_in_training_alone_and_widens_what_it_keeps():
    dropped, plain = (activations("tanh", 1.0, True, p, TRAINING) for p in (0.5, 0.0))
    assert np.mean(dropped == 0) == pytest.approx(0.5, abs=0.02)
    assert dropped[0].std() == pytest.approx(np.sqrt(2) * plain[0].std(), rel=0.02)
    assert not np.any(activations("tanh", 1.0, True, 0.5, AFTER) == 0)


def test_the_explorer_shows_these_numbers_and_follows_its_controls():
    explorer = HistogramExplorer()
    before = explorer.live.pixels()
    heights = explorer.bars[3].get_data().values
    counts, _ = np.histogram(activations("tanh", 0.25, False, 0.0, TRAINING)[3], bins=30, range=(-2.1, 2.1))
    np.testing.assert_allclose(heights, np.minimum(counts / counts.sum(), 0.5))
    explorer.controls["normalise"].value = True
    assert np.any(before != explorer.live.pixels())
    assert "sd 0.6" in explorer.texts[-1].get_text()
    explorer.controls["activation"].value = "ReLU"
    assert explorer.axes[0].get_xlim()[1] == 6
    assert "closed" in explorer.status.value


def test_values_beyond_the_picture_are_counted_in_the_last_bar():
    explorer = HistogramExplorer("ReLU", scale=10.0)
    for bars in explorer.bars:
        assert bars.get_data().values[-1] > 0.2


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="tanh"):
        HistogramExplorer("swish")
