"""The loss at step 0: the figures by hand are those of random starts, and nothing is told before Reveal."""

import numpy as np
import pytest

from bplib.playgrounds.step_zero import BY_HAND, DIGITS, REGRESSION, XOR, StepZero, losses_at_start


@pytest.mark.parametrize(("program", "within"), [(XOR, 0.02), (DIGITS, 0.001), (REGRESSION, 0.1)])
def test_by_hand_is_what_random_starts_give(program, within):
    assert np.mean(losses_at_start(program, 1.0)) == pytest.approx(BY_HAND[program][0], rel=within)


def test_small_weights_guess_and_large_ones_are_confidently_wrong():
    assert np.allclose(losses_at_start(DIGITS, 0.1), np.log(10), atol=1e-6)
    assert losses_at_start(DIGITS, 100.0).min() > 20
    assert np.allclose(losses_at_start(REGRESSION, 0.1), 32 * 10 * (1 + 1), rtol=0.35)


def test_nothing_is_told_before_reveal_and_another_program_hides_it_again():
    explorer = StepZero()
    assert len(explorer.dots.get_xdata()) == 0
    assert "2.3" not in explorer.status.value
    before = explorer.live.pixels()
    explorer.buttons["Reveal"].click()
    assert len(explorer.dots.get_xdata()) == 12
    assert "2.303" in explorer.status.value
    assert np.any(explorer.live.pixels() != before)
    explorer.controls["prediction"].value = 2.3
    assert "You are right" in explorer.status.value
    explorer.controls["program"].value = XOR
    assert not explorer.revealed
    assert len(explorer.dots.get_xdata()) == 0
    explorer.close()


def test_the_size_of_the_weights_moves_the_points():
    explorer = StepZero(revealed=True)
    at_one = explorer.dots.get_ydata().copy()
    explorer.controls["factor"].value = 100.0
    assert explorer.dots.get_ydata().min() > at_one.max()
    explorer.close()


def test_a_program_that_is_not_there():
    with pytest.raises(ValueError, match="program must be one of"):
        StepZero("F")
