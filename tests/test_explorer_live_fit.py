"""The live fit: the published program step by step, and what moves when a knob is turned."""

import numpy as np
import pytest

from bplib import datasets
from bplib.losses import sigmoid
from bplib.playgrounds.live_fit import LiveFit, LiveFitModel, LiveFitSettings


def test_it_is_the_published_program():
    """Columns, z = W a, all deltas before any update, as printed; the same weights after 50 rows."""
    model = LiveFitModel(LiveFitSettings())
    W = [model.network.layers[i].params["W"].T.copy() for i in (0, 2, 4)]
    for x, y in zip(model.X[:50], model.Y[:50], strict=True):
        a = [x]
        for matrix in W:
            a.append(sigmoid(matrix @ a[-1]))
        deltas = [(a[3] - y) * a[3] * (1 - a[3])]
        for layer in (2, 1):
            deltas.insert(0, (W[layer].T @ deltas[0]) * a[layer] * (1 - a[layer]))
        W = [
            matrix - 0.01 * np.outer(delta, below)
            for matrix, delta, below in zip(W, deltas, a[:3], strict=True)
        ]
        model.step()
    for matrix, layer in zip(W, (0, 2, 4), strict=True):
        np.testing.assert_allclose(model.network.layers[layer].params["W"].T, matrix, rtol=1e-10)


def test_targets_are_scaled_by_the_training_rows_and_the_line_is_exact():
    model = LiveFitModel(LiveFitSettings(seed=3))
    assert model.Y.min() == 0
    assert model.Y.max() == 1
    assert 0.998 < model.least_squares < 1
    raw = datasets.linear_targets(rng=np.random.default_rng(3))
    np.testing.assert_allclose(np.corrcoef(raw.y_test[:300, 0], model.y_test[:, 0])[0, 1], 1)


def test_scaled_inputs_and_a_larger_rate_fit_better():
    published = LiveFit().run(4000)
    mended = LiveFit(LiveFitSettings(learning_rate=0.1, input_scale=0.2)).run(4000)
    first, second = (p.model.observe() for p in (published, mended))
    assert first.r_squared[-1] < 0.3 < 0.6 < second.r_squared[-1]
    assert first.sd_of_z > 8 > 3 > second.sd_of_z
    published.close()
    mended.close()


def test_a_knob_that_acts_at_once_and_one_that_starts_anew():
    fit = LiveFit().run(300)
    pictures = [fit.png()]
    fit.controls["learning_rate"].value = 0.1
    assert fit.model.optimizer.learning_rate == pytest.approx(0.1)
    assert fit.model.step_count == 300
    fit.controls["hidden"].value = 3
    assert fit.model.step_count == 0
    assert fit.model.network.layers[0].params["W"].shape == (6, 3)
    fit.controls["bias"].value = True
    assert "b" in fit.model.network.layers[0].params
    pictures.append(fit.png())
    assert pictures[0] != pictures[1]
    assert "step 0" in fit.run(0).status.value
    assert fit.line_of_code() == (
        "from bplib.playgrounds.live_fit import LiveFit, LiveFitSettings; "
        "LiveFit(LiveFitSettings(learning_rate=0.1, hidden=3, bias=True))"
    )
    fit.close()


def test_settings_that_make_no_sense():
    for bad in ({"hidden": 0}, {"bias": "yes"}, {"input_scale": 0.0}):
        with pytest.raises(ValueError, match="must be"):
            LiveFitSettings(**bad)
    with pytest.raises(TypeError, match="LiveFitSettings"):
        LiveFit({"hidden": 3})
