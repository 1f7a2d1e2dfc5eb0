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
        (lambda: step_decay(0), ValueError, "step_decay: learning_rate must be above 0, got 0"),
        (lambda: step_decay(0.1, factor=0), ValueError, "step_decay: factor must be above 0, got 0"),
        (lambda: step_decay(0.1, at=(1.5,)), ValueError, "step_decay: a fraction in at must be above 0 and below 1, got 1.5"),
        (lambda: step_decay(0.1, at=(0.5, 0)), ValueError, "step_decay: a fraction in at must be above 0 and below 1, got 0"),
        (lambda: exponential(0, final=0.1), ValueError, "exponential: learning_rate must be above 0, got 0"),
        (lambda: exponential(0.1, final=0), ValueError, "exponential: final must be above 0, got 0"),
        (lambda: cosine(0), ValueError, "cosine: learning_rate must be above 0, got 0"),
        (lambda: cosine(0.1, final=-0.5), ValueError, "cosine: final must be at least 0, got -0.5"),
        (lambda: warm_up(cosine(0.1), fraction=0), ValueError, "warm_up: fraction must be above 0 and below 1, got 0"),
        (lambda: warm_up(cosine(0.1), fraction=1), ValueError, "warm_up: fraction must be above 0 and below 1, got 1"),
        (lambda: warm_up(0.1), TypeError, "warm_up: schedule must be a function of the fraction done, got 0.1"),
    ],
)  # fmt: skip
def test_bad_use_is_named(call, kind, sentence):
    """The whole sentence: who asks, which setting, what it may be, and what came."""
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == sentence


def test_what_is_left_out_has_the_value_that_the_signature_says():
    """A tenth at half the training and another at three quarters; down to 0; a twentieth to warm up."""
    assert [step_decay(1.0)(t) for t in (0.49, 0.5, 0.74, 0.75, 1)] == pytest.approx(
        [1, 0.1, 0.1, 0.01, 0.01]
    )
    assert cosine(1.0)(1) == pytest.approx(0, abs=1e-15)
    assert [warm_up(lambda t: 1.0 + t)(t) for t in (0.025, 0.05, 1)] == pytest.approx([0.5, 1.0, 2.0])


def test_schedules_scale_with_their_rates():
    """Both ends are rates, and not factors of a first rate of 1."""
    assert [exponential(0.5, final=0.005)(t) for t in (0, 0.5, 1)] == pytest.approx([0.5, 0.05, 0.005])
    assert [cosine(0.5, final=0.1)(t) for t in (0, 0.5, 1)] == pytest.approx([0.5, 0.3, 0.1])


def test_a_warm_up_reaches_the_schedule_without_a_step():
    """η rises to schedule(0), and falls from there; also where the warm-up is all there is."""
    warm = warm_up(exponential(1.0, final=0.5), fraction=0.25)
    rates = [warm(t) for t in np.linspace(0, 1, 101)]
    assert np.argmax(rates) == 25
    assert max(rates) == 1.0
    assert (np.diff(rates[:26]) > 0).all()
    assert (np.diff(rates[25:]) < 0).all()
    assert rates[-1] == pytest.approx(0.5)
