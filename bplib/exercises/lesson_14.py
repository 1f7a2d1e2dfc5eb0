"""Lesson 14, optimisers: Adam's first step, and Adam."""

import numpy as np

from .task import Fault, draw, function, sizes, value

# fmt: off

adam_first_step = value(
    "Adam with η = 0.001, β₁ = 0.9, β₂ = 0.999 and ε negligible meets g = 50 in its very first step. By how "
    "much does it move the weight (absolute value)?",
    0.001,
    working="m = 0.1 g and v = 0.001 g²; corrected, m̂ = g and v̂ = g², so the step is η g/|g| = η.",
    hints=(
        "At t = 1, m = (1 − β₁) g and v = (1 − β₂) g². What does the bias correction make of them?",
        "m̂ = m/(1 − β₁) = g and v̂ = v/(1 − β₂) = g².",
        "η m̂/√v̂: what is left of g?",
    ),
    mutants=(
        (0.05, "That is η g, plain gradient descent. Adam divides by √v̂, which is |g| here: the size of g "
               "drops out."),
        (0.001 * 0.1 / np.sqrt(0.001), "That is without bias correction: 0.1/√0.001 = 3.16 times too large."),
        (0.0001, "m alone has been left uncorrected: m̂ = m/(1 − β₁) = g."),
        (50, "The step is η m̂/√v̂, and m̂/√v̂ = g/|g| = 1."),
    ),
    after="The first step is η for every weight, however large its gradient.",
)


def _a_few_steps_in(rng):
    d, k = sizes(rng, 2)
    m, v = draw(rng, d, k), np.abs(draw(rng, d, k))
    return draw(rng, d, k), draw(rng, d, k), m, v, int(rng.integers(1, 4)), 0.1


@function(
    inputs=_a_few_steps_in,
    returns=("w", "m", "v"),
    hints=(
        "First the two running means: m ← 0.9 m + 0.1 g and v ← 0.999 v + 0.001 g².",
        "Then the correction, of copies: m̂ = m/(1 − 0.9ᵗ), v̂ = v/(1 − 0.999ᵗ). m and v themselves are "
        "kept as they are.",
        "w − learning_rate · m̂/(√v̂ + 1e-8).",
    ),
    mutants=(
        Fault("no bias correction", "m / (1 - 0.9**t)", "m",
              "m starts at 0 and lags behind: without m̂ = m/(1 − β₁ᵗ) the first steps are wrong."),
        Fault("correction kept", "m_hat = m / (1 - 0.9**t)", "m_hat = m = m / (1 - 0.9**t)",
              "The correction is for this step only: m itself is kept uncorrected, or it is corrected again "
              "next time."),
        Fault("v without the square", "0.001 * g**2", "0.001 * g",
              "v is the running mean of g², not of g."),
        Fault("root forgotten", "np.sqrt(v_hat)", "v_hat",
              "Divide by √v̂: then the step has the size of η, whatever the units of g."),
        Fault("t from 0", "0.999**t", "0.999 ** (t - 1)",
              "t counts from 1, so the first correction divides v by 1 − β₂."),
    ),
    after="optimizers.Adam of the package, with its defaults β₁ = 0.9, β₂ = 0.999, ε = 1e-8.",
)
def adam_step(w, g, m, v, t, learning_rate):
    """Step t (from 1) of Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8, for weights w with gradient g and running
    means m, v from the step before. Return the new w, m, v; change none of the arrays you are given."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8), m, v
