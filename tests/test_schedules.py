"""Schedules of the learning rate: their values, the warm-up, errors."""

import numpy as np
import pytest

from bplib.schedules import cosine, exponential, step_decay, warm_up


def test_schedules():
    assert [step_decay(0.5, at=(0.5, 0.75), factor=0.1)(t) for t in (0, 0.49, 0.5, 0.8)] == pytest.approx(
        [0.5, 0.5, 0.05, 0.005]
    )
    assert [exponential(1.0, final=0.01)(t) for t in (0, 0.5, 1)] == pytest.approx([1, 0.1, 0.01])
    assert [cosine(1.0, final=0.2)(t) for t in (0, 0.5, 1)] == pytest.approx([1, 0.6, 0.2])
    warm = warm_up(cosine(1.0), fraction=0.1)
    assert [warm(t) for t in (0, 0.05, 0.1, 0.55)] == pytest.approx([0.01, 0.5, 1.0, 0.5])


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (lambda: step_decay(0.1, at=(1.5,)), ValueError, "a fraction in at must be above 0 and below 1, got 1.5"),
        (lambda: cosine(0), ValueError, "cosine: learning_rate must be above 0"),
        (lambda: exponential(0.1, final=0), ValueError, "final must be above 0"),
        (lambda: warm_up(0.1), TypeError, "schedule must be a function"),
    ],
)  # fmt: skip
def test_bad_use_is_named(call, kind, sentence):
    with pytest.raises(kind, match=sentence):
        call()


def test_a_warm_up_reaches_the_schedule_without_a_step():
    """η rises to schedule(0), and falls from there; also where the warm-up is all there is."""
    warm = warm_up(exponential(1.0, final=0.5), fraction=0.25)
    rates = [warm(t) for t in np.linspace(0, 1, 101)]
    assert np.argmax(rates) == 25
    assert max(rates) == 1.0
    assert (np.diff(rates[:26]) > 0).all()
    assert (np.diff(rates[25:]) < 0).all()
    assert rates[-1] == pytest.approx(0.5)
