"""Mirror units: tied for ever with tanh, parted by a large enough nudge, never tied with sigmoid."""

import json
from pathlib import Path

import numpy as np
import pytest

from bplib.playgrounds.mirror import EPOCHS, MirrorUnits, X, Y, course, mirrored_start

START = json.loads((Path(__file__).parents[1] / "notebooks/data/xor_published.json").read_text())["setup"]


def split(weights):
    """The two units' weights (in, bias, out) from rows of `course`."""
    return weights[:, [0, 2, 4, 6]], weights[:, [1, 3, 5, 7]]


def test_the_start_and_the_rows_are_the_published_ones():
    network, initial = mirrored_start(), START["initial"]
    for (_, p), name in zip(network.named_params(), ("w1", "b1", "w2", "b2"), strict=True):
        np.testing.assert_allclose(p.ravel(), 10 * np.ravel(np.transpose(initial[name])))
    assert [[x.tolist(), int(y[0])] for x, y in zip(X, Y, strict=True)] == START["sample_order"]


def test_tanh_units_stay_exact_mirror_images():
    losses, weights = course(0.0, "tanh")
    one, two = split(weights)
    assert np.array_equal(one, -two)
    assert losses[-1] > 0.47  # the other three rows share ⅓: ¾ of the entropy of ⅓ is 0.477
    assert not np.array_equal(weights[0], weights[-1])


@pytest.mark.parametrize(("nudge", "activation", "solved"), [(0.0, "tanh", False), (0.01, "tanh", False),
                                                             (0.1, "tanh", True), (0.0, "sigmoid", True)])  # fmt: skip
def test_published_behaviour(nudge, activation, solved):
    explorer = MirrorUnits(nudge, EPOCHS, activation)
    assert ("4 of 4 right" in explorer.status.value) == solved
    assert ("exact mirror images" in explorer.status.value) == (nudge == 0 and activation == "tanh")


def test_picture_and_lines_follow_the_sliders():
    explorer = MirrorUnits(epoch=EPOCHS)
    pictures = [explorer.png()]
    first, second = (line.get_xydata() for line in explorer.lines)
    (dx, dy), apart = first[1] - first[0], second - first[0]
    np.testing.assert_allclose(dx * apart[:, 1] - dy * apart[:, 0], 0, atol=1e-9)  # the same line
    for name, value in (("nudge", 0.1), ("epoch", 60), ("activation", "sigmoid")):
        explorer.controls[name].value = value
        explorer.refresh()
        pictures.append(explorer.png())
    assert len(set(pictures)) == len(pictures)
    assert explorer.error is None


def test_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="tanh or sigmoid, got 'relu'"):
        mirrored_start(activation="relu")
