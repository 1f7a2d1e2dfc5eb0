"""The break-a-line lab: every fault on offer is refused by the check, and the sound network passes."""

import numpy as np
import pytest

from bplib.playgrounds.break_a_line import NOTHING, TOLERANCE, BreakALine, Trial, lab_faults


@pytest.mark.parametrize("name", [fault.name for fault in lab_faults()])
def test_every_fault_is_refused(name):
    trial = Trial(name, epochs=1)
    assert not trial.report
    assert max(trial.errors.values()) > 1e-3


def test_nothing_broken_passes_and_the_curves_coincide():
    explorer = BreakALine(NOTHING)
    assert explorer.trial.report
    np.testing.assert_array_equal(*(line.get_ydata() for line in (explorer.sound, explorer.broken)))
    assert len(explorer.wrong_ones.get_xdata()) == 0
    assert "the check passes" in explorer.status.value


def test_choosing_a_fault_moves_the_points_across_the_tolerance():
    explorer = BreakALine(NOTHING)
    before = explorer.live.pixels()
    explorer.controls["fault"].value = "stale weights"
    assert explorer.error is None
    assert len(explorer.wrong_ones.get_xdata()) == 5
    assert min(explorer.wrong_ones.get_xdata()) > TOLERANCE > max(explorer.right_ones.get_xdata())
    assert "refuses 5 of 7" in explorer.status.value
    assert np.any(explorer.live.pixels() != before)


def test_stale_weights_train_as_well_as_sound_ones():
    """What the lesson says: accuracy cannot see this fault."""
    sound, broken = Trial("stale weights").accuracies
    assert sound > 0.95
    assert broken == pytest.approx(sound, abs=0.02)


def test_a_diverging_trial_is_shown_not_raised():
    trial = Trial("lost 1/N", learning_rate=1.0)
    assert np.isnan(trial.accuracies[1])
    assert len(trial.losses[1]) < len(trial.losses[0])
