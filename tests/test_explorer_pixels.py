"""Silent pixels: weights of always-black pixels never move, unless the inputs are lifted."""

import numpy as np
import pytest

from bplib import datasets
from bplib.playgrounds.pixels import EVERY, STEPS, SilentPixels


@pytest.fixture(scope="module")
def explorer():
    return SilentPixels(datasets.digits())


def test_black_pixels_are_those_without_ink(explorer):
    ink = np.asarray(datasets.digits().X_train).sum(axis=0)
    assert np.array_equal(explorer.black, np.flatnonzero(ink == 0))
    assert len(explorer.black) > 0


def test_their_weights_stay_exactly_and_all_others_move(explorer):
    moved = explorer.moved(STEPS)
    assert np.array_equal(np.flatnonzero(moved == 0), explorer.black)


def test_lifted_inputs_move_every_weight_by_little(explorer):
    moved = explorer.moved(STEPS, lifted=True)
    assert moved.min() > 0
    others = np.delete(moved, explorer.black)
    assert moved[explorer.black].max() < 0.1 * np.median(others)
    # they all carry the same input, so they all get the same gradient (grey_pixel of lesson 10)
    np.testing.assert_allclose(moved[explorer.black], moved[explorer.black][0], rtol=1e-3)


def test_nothing_has_moved_at_step_0_and_the_moved_region_never_shrinks(explorer):
    counts = [np.count_nonzero(explorer.moved(step)) for step in range(0, STEPS + 1, EVERY)]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] > counts[1] > 0


def test_picture_and_status_follow_the_controls(explorer):
    pictures, said = [explorer.png()], [explorer.status.value]
    for name, value in (("step", 10), ("lifted", True), ("step", STEPS)):
        explorer.controls[name].value = value
        explorer.refresh()
        pictures.append(explorer.png())
        said.append(explorer.status.value)
    assert len(set(pictures)) == len(set(said)) == 4
    assert explorer.error is None


def test_other_data_are_refused():
    with pytest.raises(TypeError, match="28 × 28 images, got Dataset"):
        SilentPixels(datasets.xor())
