"""Lesson 14, optimisers: the rate that momentum needs, Adam's first step, Adam, decay inside Adam."""

import numpy as np

from .kinds import Fault, choice, draw, function, sizes, value

# fmt: off

momentum_rate = value(
    "Plain SGD runs well with η = 0.2. You switch momentum on, with μ = 0.95. Which η makes the steps under "
    "a constant gradient as long, in the long run, as they were?",
    0.01,
    working="v tends to g/(1 − 0.95) = 20 g, so η · 20 g = 0.2 g: η = 0.2 · (1 − 0.95) = 0.01.",
    hints=(
        "v ← 0.95 v + g, with the same g each time. Where does v stop growing?",
        "It stops where v = 0.95 v + g: at v = g/(1 − 0.95).",
        "The step is η v = 20 η g, and is to be 0.2 g.",
    ),
    mutants=(
        (0.2, "Then the steps become 1/(1 − μ) = 20 times as long as they were."),
        (4, "That is 0.2/(1 − μ). v is 20 times g already, so η must become smaller."),
        (0.19, "That is 0.2 · μ. v tends to g/(1 − μ), so the factor is 1 − μ."),
        (0.1, "That is half of it. The steps become 1/(1 − μ) times as long, and that is 20, not 2."),
        (0.05, "That is 1 − μ. The steps become 1/(1 − μ) times as long, so η = 0.2 is multiplied by it."),
        (4.95, "Momentum makes the steps longer, so η must become smaller than 0.2, not larger."),
        (0.39, "That is 0.2 · (1 + μ), which belongs to gradients that change their sign at each step."),
    ),
    after="The walls of a ravine, whose gradients alternate, feel only 1/(1 + μ) of it: that is the gain.",
)


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
        (0.001 / (50 + 1e-8), "That is η divided by g. Adam multiplies by m̂, which is g, too: η g/|g|."),
        (1, "m̂/√v̂ is 1; the step is η times that."),
        (50, "The step is η m̂/√v̂, and m̂/√v̂ = g/|g| = 1."),
    ),
    after="The first step is η for every weight, however large its gradient.",
)


def _first_step(rng):
    return _step(rng, 1, 0.1)


def _a_few_steps_in(rng):
    return _step(rng, int(rng.integers(2, 5)), 0.2)


def _step(rng, t, learning_rate):
    d, k = sizes(rng, 2)
    g, m, v = draw(rng, d, k), draw(rng, d, k), np.abs(draw(rng, d, k))
    g[0, 0] = m[0, 0] = v[0, 0] = 0.0  # a weight that never had a gradient
    g[0, 1], m[0, 1], v[0, 1] = 1e-6, 1e-6, 1e-15  # one whose gradients are so small that ε counts
    return draw(rng, d, k), g, m, v, t, learning_rate


@function(
    inputs=(_a_few_steps_in, _first_step),
    returns=("w", "m", "v"),
    hints=(
        "First the two running means: m ← 0.9 m + 0.1 g and v ← 0.999 v + 0.001 g².",
        "Then the correction, of copies: m̂ = m/(1 − 0.9ᵗ), v̂ = v/(1 − 0.999ᵗ). m and v themselves are "
        "kept as they are.",
        "w − learning_rate · m̂/(√v̂ + 1e-8).",
    ),
    mutants=(
        Fault("no bias correction", ("m / (1 - 0.9**t)", "v / (1 - 0.999**t)"), ("m", "v"),
              "m and v start at 0 and lag behind: without m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) the first "
              "steps are wrong."),
        Fault("correction kept", ("m_hat = m / (1 - 0.9**t)", "v_hat = v / (1 - 0.999**t)"),
              ("m_hat = m = m / (1 - 0.9**t)", "v_hat = v = v / (1 - 0.999**t)"),
              "The correction is for this step only: m and v are returned as they are, uncorrected, or "
              "they are corrected again next time."),
        Fault("epsilon forgotten", "(np.sqrt(v_hat) + 1e-8)", "np.sqrt(v_hat)",
              "Below the fraction stands √v̂ + ε, in brackets: a weight that never had a gradient has m̂ = v̂ = "
              "0, and 0/0 is NaN."),
        Fault("epsilon under the root", "np.sqrt(v_hat) + 1e-8", "np.sqrt(v_hat + 1e-8)",
              "ε is added to the root. Under it, it works like 1e-4, and small gradients no longer count."),
        Fault("another epsilon", "+ 1e-8",
              tuple(f"+ {eps}" for eps in (1e-7, 1e-6, 1e-5, 1e-4, 1e-9, 1e-10, 1e-12)),
              "ε is 1e-8 here: where gradients are tiny it makes a difference."),
        Fault("shares exchanged", ("0.9 * m + 0.1 * g", "0.999 * v + 0.001 * g**2"),
              ("0.1 * m + 0.9 * g", "0.001 * v + 0.999 * g**2"),
              "β is the share of the old mean that is kept: 0.9 m + 0.1 g, and 0.999 v + 0.001 g²."),
        Fault("betas exchanged", "m = 0.9 * m + 0.1 * g\n    v = 0.999 * v + 0.001 * g**2",
              "m = 0.999 * m + 0.001 * g\n    v = 0.9 * v + 0.1 * g**2",
              "β₁ = 0.9 belongs to m, β₂ = 0.999 to v."),
        Fault("g with its full weight", ("0.1 * g", "0.001 * g**2"), ("g", "g**2"),
              "These are running means: what comes in has the weight 1 − β, 0.1 for m and 0.001 for v."),
        Fault("corrected as in the first step", ("0.9**t", "0.999**t"), ("0.9", "0.999"),
              "1 − β is the correction of the first step alone. In step t it is 1 − βᵗ, which comes nearer "
              "to 1."),
        Fault("power of the bracket", ("1 - 0.9**t", "1 - 0.999**t"), ("(1 - 0.9) ** t", "(1 - 0.999) ** t"),
              "1 − βᵗ and (1 − β)ᵗ differ: the power is of β alone."),
        Fault("t times for to the power of", ("0.9**t", "0.999**t"), ("0.9 * t", "0.999 * t"),
              "βᵗ is a power, beta**t."),
        Fault("g for the mean", "learning_rate * m_hat", "learning_rate * g",
              "The step goes along m̂, the running mean, not along this step's g alone."),
        Fault("v without the square", "0.001 * g**2", "0.001 * g",
              "v is the running mean of g², not of g."),
        Fault("root forgotten", "np.sqrt(v_hat)", "v_hat",
              "Divide by √v̂: then the step has the size of η, whatever the units of g."),
        Fault("uphill", "w - learning_rate", "w + learning_rate",
              "m̂ points uphill, as g does: the step goes against it, w − learning_rate · m̂/(√v̂ + ε)."),
        Fault("t from 0", ("0.9**t", "0.999**t"), ("0.9 ** (t - 1)", "0.999 ** (t - 1)"),
              "t counts from 1, so the first correction divides by 1 − β, and not by 0."),
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


decay_inside_adam = choice(
    "λw is added to the gradient, and Adam divides the sum by its root mean square. Two weights have the "
    "same value. The gradients of the first are noise of size 10, those of the second of size 0.01, both "
    "around 0. Which one does the decay shrink more?",
    {
        "a": "both alike: λ is the same",
        "b": "the first, as its gradients are larger",
        "c": "the second, as its gradients are smaller",
        "d": "neither: Adam's steps are all of size η",
    },
    "c",
    wrong={
        "a": "λ is the same when it is added. But by what is the sum divided, for the first and the second?",
        "b": "A large gradient makes √v̂ large, and λw is divided by that too.",
        "d": "The first step is of size η. Later the noise cancels in m̂, and what always points the same way "
             "does not.",
    },
    hints=(
        "Write the step as (g + λw)/√v̂ and look at the second part alone.",
        "√v̂ is about 10 for the first weight and about 0.01, or λw if that is larger, for the second.",
        "λw/10 against λw/0.01.",
    ),
    after="Decoupled decay, w ← (1 − ηλ) w beside Adam's step, shrinks both alike.",
)


def _quadratic(rng, eta=0.15):
    d = int(sizes(rng, 1)[0])
    mu, steps = float(rng.choice([0.5, 0.8, 0.9])), int(rng.integers(3, 6))
    return draw(rng, d), np.abs(draw(rng, d)), eta, mu, steps


def _quadratic_at_another_rate(rng):
    return _quadratic(rng, 0.08)


@function(
    inputs=(_quadratic, _quadratic_at_another_rate),
    returns="w",
    hints=(
        "On this loss the gradient is c w, entry by entry. The velocity starts at 0.",
        "Each step: v ← μ v + c w, then w ← w − η v with the new v.",
        "for _ in range(steps): v = mu * v + c * w; w = w - eta * v",
    ),
    mutants=(
        Fault("without memory", "v = mu * v + c * w", "v = c * w",
              "That is plain gradient descent: the old velocity, faded by μ, is missing."),
        Fault("a running mean", "mu * v + c * w", "mu * v + (1 - mu) * c * w",
              "That is a running mean, as Adam has it. The velocity adds the whole gradient."),
        Fault("nothing fades", "mu * v + c * w", "v + c * w",
              "Without μ the velocity never fades, and the ball never comes to rest."),
        Fault("old velocity", "v = mu * v + c * w\n        w = w - eta * v",
              "w, v = w - eta * v, mu * v + c * w",
              "w has stepped by the velocity of before. Take the new one."),
        Fault("uphill", "w - eta * v", "w + eta * v",
              "The velocity points uphill, as the gradient does: step against it."),
        Fault("rate in the velocity too", "mu * v + c * w", "mu * v + eta * c * w",
              "η comes once, in the step. In the velocity it would count twice."),
    ),
    after="SGD(η, momentum=μ) of the package takes these steps.",
)
def ball(w, c, eta, mu, steps):
    """Momentum on L = ½ Σ c w², with w (d,) and curvatures c (d,):
    v ← μ v + gradient, w ← w − η v, with v = 0 at first. Return w after so many
    steps; the w that you are given stays as it is."""
    v = np.zeros(len(w))
    for _ in range(steps):
        v = mu * v + c * w
        w = w - eta * v
    return w


slip_in_an_adam = choice(
    """Somebody's Adam. Its first steps are more than three times as long as η, and later ones are right.
    Which line is it?
    (a)  mean = 0.9 * mean + 0.1 * g
    (b)  square = 0.999 * square + 0.001 * g**2
    (c)  mean_hat, square_hat = mean, square
    (d)  w = w - eta * mean_hat / (np.sqrt(square_hat) + 1e-8)""",
    {"a": "line (a)", "b": "line (b)", "c": "line (c)", "d": "line (d)"},
    "c",
    wrong={
        "a": "A running mean of the gradients: right.",
        "b": "A running mean of their squares: right.",
        "d": "The step, with ε beside the root: right.",
    },
    hints=(
        "Put g = 1 into the lines, with both means 0 before.",
        "mean is 0.1 and the root of square is 0.0316: the step is 3.16 η.",
        "Both means remember the 0 they started from. Which line should make up for it?",
    ),
    after="The bias correction is missing: mean/(1 − 0.9ᵗ) and square/(1 − 0.999ᵗ). For large t both "
          "divisors are 1.",
)
