"""Schedules for the learning rate η, derived in lesson 14: functions of the fraction of training done."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from . import checks

Schedule: TypeAlias = Callable[[float], float]  # from the fraction of training done to η


def step_decay(learning_rate: float, *, at: Sequence[float] = (0.5, 0.75), factor: float = 0.1) -> Schedule:
    """η(t) = η₀ · factorᵏ, where k of the fractions `at` have been passed."""
    eta = checks.number("step_decay", "learning_rate", learning_rate, 0, open_low=True)
    factor = checks.number("step_decay", "factor", factor, 0, open_low=True)
    at = [checks.number("step_decay", "a fraction in at", t, 0, 1, open_low=True) for t in at]
    return lambda t: eta * factor ** sum(t >= a for a in at)


def exponential(learning_rate: float, *, final: float) -> Schedule:
    """η(t) = η₀ (η₁/η₀)ᵗ: from η₀ to η₁ = `final`, by the same factor in each equal part."""
    eta = checks.number("exponential", "learning_rate", learning_rate, 0, open_low=True)
    final = checks.number("exponential", "final", final, 0, open_low=True)
    return lambda t: eta * (final / eta) ** t


def cosine(learning_rate: float, *, final: float = 0.0) -> Schedule:
    """η(t) = η₁ + (η₀ − η₁)(1 + cos πt)/2: slowly off η₀, slowly on to η₁. Loshchilov & Hutter 2017."""
    eta = checks.number("cosine", "learning_rate", learning_rate, 0, open_low=True)
    final = checks.number("cosine", "final", final, 0)
    return lambda t: float(final + (eta - final) * (1 + np.cos(np.pi * t)) / 2)


def warm_up(schedule: Schedule, *, fraction: float = 0.05) -> Schedule:
    """η rises in a straight line to schedule(0) during the first `fraction`, then follows `schedule`."""
    fraction = checks.number("warm_up", "fraction", fraction, 0, 1, open_low=True)
    if not callable(schedule):
        raise TypeError(f"warm_up: schedule must be a function of the fraction done, got {schedule!r}")

    def learning_rate(t):
        if t < fraction:  # 1 % at the start, since η must be above 0
            return schedule(0.0) * max(t / fraction, 0.01)
        return schedule((t - fraction) / (1 - fraction))

    return learning_rate
