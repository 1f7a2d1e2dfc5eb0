"""Lesson 14: optimisers and schedules."""

import numpy as np
import sympy as sp

from ..optimizers import SGD, Adam
from ..schedules import cosine, step_decay
from .lesson_03 import step_of
from .registry import Equation, evaluate, register

w, g, eta, lam, mu = sp.symbols("w g eta lambda mu", real=True)


def _unrolled(steps):
    """v after these many steps of v ← μ v + g_t."""
    v = sp.Integer(0)
    for t in range(1, steps + 1):
        v = mu * v + sp.Symbol(f"g{t}", real=True)
    return v


def _compare_momentum(equation, rng):
    W, gs = rng.normal(size=(2, 3)), [rng.normal(size=(2, 3)) for _ in range(4)]
    velocities = []
    for steps in range(1, 5):
        names = {sp.Symbol(f"g{t}", real=True): gs[t - 1] for t in range(1, steps + 1)}
        velocities.append(evaluate(_unrolled(steps), {mu: 0.9, **names}))
    assert sp.expand(_unrolled(4) - equation.claimed) == 0  # the fourth is the claim's own
    yield (
        "SGD.step with momentum, 4 steps",
        W - 0.1 * sum(velocities),
        step_of(SGD(0.1, momentum=0.9), W, *gs),
    )


@register(
    "momentum is a sum over all past gradients, each faded by μ a step (4 steps)",
    lesson=14,
    posts=("D23",),
    left="v_4",
    numeric=_compare_momentum,
)
def momentum_unrolled():
    claimed = sum(mu ** (4 - t) * sp.Symbol(f"g{t}", real=True) for t in range(1, 5))
    return Equation(
        _unrolled(4),
        claimed,
        wrong={"faded the wrong way": sum(mu**t * sp.Symbol(f"g{t}", real=True) for t in range(4))},
    )


@register(
    "under a constant gradient momentum tends to g/(1 − μ): ten times at 0.9",
    lesson=14,
    left=r"\sum_{t=0}^{\infty}\mu^t g",
)
def momentum_steady():
    rate, t = sp.Rational(9, 10), sp.Symbol("t", integer=True, nonnegative=True)
    return Equation(sp.summation(rate**t, (t, 0, sp.oo)) * g, 10 * g, wrong={"1/μ": g / rate})


@register("v_t = g (1 − μ^t)/(1 − μ) solves v_t = μ v_{t−1} + g", lesson=14)
def momentum_recurrence():
    t = sp.Symbol("t", integer=True, positive=True)

    def v(n):
        return g * (1 - mu**n) / (1 - mu)

    return Equation(mu * v(t - 1) + g, v(t), wrong={"no fading": (v(t - 1) + g, v(t))})


@register("v_t = (−1)^t g/(1 + μ) solves v_t = μ v_{t−1} + (−1)^t g", lesson=14)
def momentum_alternating():
    t = sp.Symbol("t", integer=True, positive=True)

    def v(n, scale=1 + mu):
        return (-1) ** n * g / scale

    return Equation(
        mu * v(t - 1) + (-1) ** t * g,
        v(t),
        wrong={"1 − μ": (mu * v(t - 1, 1 - mu) + (-1) ** t * g, v(t, 1 - mu))},
    )


def _after_momentum(c, w_before, velocity):
    """w and v after one step of momentum on ½cw²."""
    velocity = mu * velocity + c * w_before
    return w_before - eta * velocity, velocity


@register(
    "at η = 2/(c₁ + c₂) wall and floor shrink alike, by (κ − 1)/(κ + 1) with κ = c₁/c₂",
    lesson=14,
)
def ravine_best_rate():
    c2, kappa = sp.symbols("c2 kappa", positive=True)
    best = 2 / (kappa * c2 + c2)
    factor = (kappa - 1) / (kappa + 1)
    return Equation(
        sp.Matrix([1 - best * kappa * c2, 1 - best * c2]),
        sp.Matrix([-factor, factor]),
        wrong={"no change of sign": sp.Matrix([factor, factor])},
    )


def _compare_two_terms(equation, rng):
    curvatures, W = rng.uniform(0.1, 4, size=(2, 3)), [rng.normal(size=(2, 3))]
    for _ in range(3):  # the gradients of ½cw² along the way, fed to the shipped steps
        W.append(step_of(SGD(0.1, momentum=0.9), W[0], *(curvatures * past for past in W)))
    c, before, velocity = sp.symbols("c w_{-1} v", real=True)
    values = {c: curvatures, before: W[1], velocity: (W[0] - W[1]) / 0.1, eta: 0.1, mu: 0.9}
    yield "SGD.step with momentum on ½cw²", evaluate(equation.claimed, values), W[3]


@register(
    "on ½cw² momentum makes the next w from the last two: (1 + μ − ηc) w − μ w₋₁",
    lesson=14,
    numeric=_compare_two_terms,
)
def momentum_two_terms():
    c, old, velocity = sp.symbols("c w_{-1} v", real=True)
    now, velocity = _after_momentum(c, old, velocity)
    return Equation(
        _after_momentum(c, now, velocity)[0],
        (1 + mu - eta * c) * now - mu * old,
        wrong={"memory forgotten": (1 - eta * c) * now},
    )


@register(
    "the largest stable rate is 2(1 + μ)/c: there w changes its sign at each step, for ever",
    lesson=14,
)
def momentum_limit():
    c = sp.Symbol("c", positive=True)
    limit = 2 * (1 + mu) / c
    return Equation(
        ((1 + mu - eta * c) * w - mu * (-w)).subs(eta, limit),
        -w,
        wrong={"the limit of plain descent": (((1 + mu - eta * c) * w + mu * w).subs(eta, 2 / c), -w)},
    )


@register(
    "with √μ = (√κ − 1)/(√κ + 1) wall and floor shrink by √μ a step: κ has become √κ",
    lesson=14,
)
def momentum_best():
    # r² − (1 + μ − ηc) r + μ = 0 has the double root ±√μ for the wall (c = κ) and for the floor (c = 1).
    k = sp.Symbol("k", positive=True)  # √κ
    r = sp.Symbol("r", real=True)
    root = (k - 1) / (k + 1)
    rate = (2 / (k + 1)) ** 2

    def characteristic(c):
        return r**2 - (1 + root**2 - rate * c) * r + root**2

    return Equation(
        sp.Matrix([characteristic(k**2), characteristic(1)]),
        sp.Matrix([(r + root) ** 2, (r - root) ** 2]),
        wrong={"plain descent's factor": sp.Matrix([(r + root**2) ** 2, (r - root**2) ** 2])},
    )


def _adam_first(gradient_, beta1, beta2, small):
    """The first step of Adam divided by η: m̂/(√v̂ + ε) after one gradient."""
    m, v = (1 - beta1) * gradient_, (1 - beta2) * gradient_**2
    return (m / (1 - beta1)) / (sp.sqrt(v / (1 - beta2)) + small)


def _compare_adam(equation, rng):
    W, G = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    beta = {sp.Symbol("epsilon", positive=True): 1e-8}
    formula = W - 0.01 * evaluate(equation.claimed, {g: G, **beta})
    yield "Adam.step, first", formula, step_of(Adam(0.01), W, G)


@register(
    "Adam's first step is η g/(|g| + ε): the size of g hardly matters",
    lesson=14,
    left=r"\frac{\hat m_1}{\sqrt{\hat v_1} + \epsilon}",
    numeric=_compare_adam,
)
def adam_first_step():
    b1, b2, small = sp.symbols("beta1 beta2 epsilon", positive=True)
    return Equation(_adam_first(g, b1, b2, small), g / (sp.Abs(g) + small), wrong={"proportional to g": g})


@register(
    "as ε goes to 0 that is η sign(g), up or down",
    lesson=14,
    left=r"\lim_{\epsilon\to 0}",
)
def adam_first_step_sign():
    size, small = sp.symbols("u epsilon", positive=True)
    first = [
        sp.limit(_adam_first(s * size, sp.Rational(9, 10), sp.Rational(999, 1000), small), small, 0)
        for s in (1, -1)
    ]
    return Equation(sp.Matrix(first), sp.Matrix([1, -1]), wrong={"size kept": sp.Matrix([size, -size])})


@register(
    "without bias correction the first step is √10 = 3.16 times too long (β = 0.9, 0.999)",
    lesson=14,
)
def adam_uncorrected():
    size = sp.Symbol("g", positive=True)
    m, v = size / 10, size**2 / 1000
    return Equation(m / sp.sqrt(v), sp.sqrt(10), wrong={"as with correction": sp.Integer(1)})


@register(
    "the weights of t gradients in m add up to 1 − β^t: divide by it",
    lesson=14,
    left=r"\sum_{i=1}^{5}(1-\beta)\beta^{5-i}",
)
def adam_bias_correction():
    beta = sp.Symbol("beta", positive=True)
    return Equation(
        sum((1 - beta) * beta ** (5 - i) for i in range(1, 6)),
        1 - beta**5,
        wrong={"already 1": sp.Integer(1)},
    )


@register("m_t = (1 − β^t) g solves m_t = β m_{t−1} + (1 − β) g, for any t", lesson=14)
def adam_bias_any_t():
    beta, t = sp.Symbol("beta", positive=True), sp.Symbol("t", integer=True, positive=True)

    def m(n):
        return (1 - beta**n) * g

    return Equation(
        beta * m(t - 1) + (1 - beta) * g,
        m(t),
        wrong={"uncorrected": (beta * m(t - 1) + (1 - beta) * g, g + 0 * t)},
    )


def _compare_decoupled(equation, rng):
    W, G = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    u = sp.Symbol("u", real=True)
    adam_part = G / (np.abs(G) + 1e-8)
    formula = evaluate(equation.claimed, {w: W, eta: 0.01, lam: 0.5, u: adam_part})
    yield "Adam.step with weight decay", formula, step_of(Adam(0.01, weight_decay=0.5), W, G)


@register(
    "decoupled decay: w − η(u + λw) = (1 − ηλ)w − ηu, whatever u Adam makes of g",
    lesson=14,
    numeric=_compare_decoupled,
)
def decoupled_decay():
    u = sp.Symbol("u", real=True)
    return Equation(
        w - eta * (u + lam * w), (1 - eta * lam) * w - eta * u, wrong={"not decayed": w - eta * u}
    )


@register(
    "λw put into Adam's g instead is scaled away: the first step is sign(g + λw)",
    lesson=14,
)
def coupled_decay_lost():
    total, small = sp.symbols("u epsilon", positive=True)  # u = g + λw > 0
    b1, b2 = sp.Rational(9, 10), sp.Rational(999, 1000)
    return Equation(
        sp.limit(_adam_first(total, b1, b2, small), small, 0),
        sp.Integer(1),
        wrong={"decays by λw": 1 + lam * w},
    )


def _cosine(t, start, end):
    return end + (start - end) * (1 + sp.cos(sp.pi * t)) / 2


def _compare_cosine(equation, rng):
    t, start, end = sp.symbols("t eta0 eta1", real=True)
    times = rng.uniform(size=5)
    formula = [evaluate(_cosine(t, start, end), {t: v, start: 0.3, end: 0.01}) for v in times]
    yield "cosine", formula, [cosine(0.3, final=0.01)(v) for v in times]


@register(
    "the cosine goes from η₀ through their mean to η₁",
    lesson=14,
    posts=("D23",),
    left=r"\eta(0), \eta(\tfrac12), \eta(1)",
    numeric=_compare_cosine,
)
def cosine_schedule():
    start, end = sp.symbols("eta0 eta1", real=True)
    derived = sp.Matrix([_cosine(at, start, end) for at in (0, sp.Rational(1, 2), 1)])
    return Equation(
        derived,
        sp.Matrix([start, (start + end) / 2, end]),
        wrong={"half way down": sp.Matrix([start, start / 2, end])},
    )


@register("and is flat at both ends", lesson=14, left=r"\eta'(0), \eta'(1)")
def cosine_flat_ends():
    t, start, end = sp.symbols("t eta0 eta1", real=True)
    slope = sp.diff(_cosine(t, start, end), t)
    return Equation(sp.Matrix([slope.subs(t, 0), slope.subs(t, 1)]), sp.zeros(2, 1))


def _compare_steps(equation, rng):
    start, factor = sp.symbols("eta0 q", positive=True)
    schedule = step_decay(0.3, at=(0.5, 0.75), factor=0.2)
    yield (
        "step_decay",
        evaluate(equation.claimed, {start: 0.3, factor: 0.2})[:, 0],
        [schedule(t) for t in (0, 0.5, 0.9)],
    )


@register(
    "two steps down by a factor q leave η₀, q η₀, q² η₀",
    lesson=14,
    posts=("D23",),
    numeric=_compare_steps,
)
def step_schedule():
    start, factor = sp.symbols("eta0 q", positive=True)
    rates = [start]
    for _ in range(2):
        rates.append(rates[-1] * factor)
    return Equation(
        sp.Matrix(rates),
        sp.Matrix([start, factor * start, factor**2 * start]),
        wrong={"divided": sp.Matrix([start, start / factor, start / factor**2])},
    )


@register(
    "averaged over all batches of 2 from 4 rows, the batch's gradient is the full one",
    lesson=14,
    posts=("D19",),
)
def minibatch_unbiased():
    gs = sp.symbols("g1:5", real=True)
    pairs = [(p + q) / 2 for i, p in enumerate(gs) for q in gs[i + 1 :]]
    return Equation(sum(pairs) / len(pairs), sum(gs) / 4, wrong={"a sum": sum(gs)})


@register(
    "k rows drawn with replacement: the variance of their mean is that of one row, divided by k",
    lesson=14,
    posts=("D19",),
)
def minibatch_noise():
    k, i, j = sp.symbols("k i j", integer=True, positive=True)
    one = sp.Symbol("s_row", positive=True) ** 2  # the variance of one row
    total = sp.Sum(sp.Sum(one * sp.KroneckerDelta(i, j, (1, k)), (j, 1, k)), (i, 1, k)) / k**2
    return Equation(total, one / k, wrong={"divided by √k": one / sp.sqrt(k)})


@register(
    "steps η on ½cw² with noise of variance s² in the gradient: w keeps the variance ηs²/(c(2 − ηc))",
    lesson=14,
)
def noise_floor():
    c, s = sp.symbols("c s", positive=True)
    kept = eta * s**2 / (c * (2 - eta * c))
    after = (1 - eta * c) ** 2 * kept + eta**2 * s**2  # variances of independent terms add
    return Equation(after, kept, wrong={"noise of one step": (after, eta**2 * s**2)})
