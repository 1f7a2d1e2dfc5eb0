"""Lessons 12 to 15: automatic differentiation, normalising, dropout, optimisers, schedules, depth."""

import numpy as np
import sympy as sp

from ..deeper import BatchNorm, Dropout, Residual, cosine, step_decay
from ..layers import Affine, Tanh
from ..optimizers import SGD, Adam
from .lesson_02 import sigma
from .lesson_03 import gradient, step_of
from .lesson_05 import trace_gradient
from .registry import Equation, evaluate, register

x, y, w, g, eta, lam, mu, eps = sp.symbols("x y w g eta lambda mu epsilon", real=True)
f = sp.Function("f")


def _names(letter, rows, cols=1):
    return sp.ImmutableMatrix(
        rows, cols, lambda r, c: sp.Symbol(f"{letter}{r + 1}{c + 1 if cols > 1 else ''}", real=True)
    )


# ---------------------------------------------------------------- 12: automatic differentiation


@register("reverse_is_vjp", "reverse mode multiplies vᵀ in from the left, one Jacobian at a time", lesson=12)
def _():
    a, b, c, d = sp.symbols("a b c d", integer=True, positive=True)
    v, J1 = sp.MatrixSymbol("v", a, 1), sp.MatrixSymbol("J1", d, c)
    J2, J3 = sp.MatrixSymbol("J2", b, d), sp.MatrixSymbol("J3", a, b)
    return Equation(
        v.T * (J3 * (J2 * J1)),
        (J1.T * (J2.T * (J3.T * v))).T,
        wrong={"a Jacobian skipped, twice": 2 * (J1.T * (J2.T * (J3.T * v))).T},
    )


@register("forward_mode", "dual numbers: the ε part of f(x + ε) g(x + ε) is the product rule", lesson=12)
def _():
    e = sp.Symbol("epsilon")
    u, du, v, dv = sp.symbols("u du v dv", real=True)
    product = sp.expand((u + du * e) * (v + dv * e))
    return Equation(product.coeff(e, 1), u * dv + v * du, wrong={"slopes multiplied": du * dv})


@register(
    "broadcast_back",
    "an array that was broadcast to N rows collects its gradient from all of them",
    lesson=12,
)
def _():
    b, D = _names("b", 1, 3), _names("d", 4, 3)
    wide = sp.ones(4, 1) * b
    return Equation(gradient(sp.trace(D.T * wide), b), sp.ones(1, 4) * D, wrong={"one row": D[0, :]})


@register("matmul_back", "C = AB hands back dA = dC Bᵀ and dB = Aᵀ dC, for any sizes", lesson=12)
def _():
    n, m, k = sp.symbols("n m k", integer=True, positive=True)
    A, B, D = sp.MatrixSymbol("A", n, m), sp.MatrixSymbol("B", m, k), sp.MatrixSymbol("D", n, k)
    return Equation(trace_gradient(D, A * B, A), D * B.T)


@register("divide_back", "u/v hands back d/v to u and −d u/v² to v", lesson=12)
def _():
    u, v, d = sp.symbols("u v d", real=True)
    derived = sp.Matrix([sp.diff(d * u / v, s) for s in (u, v)])
    return Equation(
        derived, sp.Matrix([d / v, -d * u / v**2]), wrong={"sign": sp.Matrix([d / v, d * u / v**2])}
    )


@register("power_back", "uⁿ hands back d n uⁿ⁻¹", lesson=12)
def _():
    u, n = sp.symbols("u n", positive=True)
    d = sp.Symbol("d", real=True)
    return Equation(sp.Derivative(d * u**n, u), d * n * u ** (n - 1), wrong={"exponent kept": d * n * u**n})


@register("mean_back", "a mean over N hands each entry d/N (N = 4)", lesson=12)
def _():
    values, d = _names("x", 4), sp.Symbol("d", real=True)
    return Equation(
        gradient(d * sum(values) / 4, values), sp.ones(4, 1) * d / 4, wrong={"a sum": sp.ones(4, 1) * d}
    )


# ---------------------------------------------------------------- 13: normalising and regularising


class _Batch:
    """One column of N rows, normalised, written out: N is a number, as sympy cannot merge symbolic sums.

    `hat` and `r` are names for x̂ and 1/√(s² + ε); `names` are the equations that say so.
    """

    def __init__(self, N):
        self.N = N
        self.x, self.d = _names("x", N), _names("d", N)  # inputs, and the incoming ∂L/∂y
        self.gamma, self.beta = sp.symbols("gamma beta", real=True)
        self.eps, self.r = sp.symbols("epsilon r", positive=True)
        self.hat = _names("xhat", N)
        self.mean = sum(self.x) / N
        self.variance = sum((v - self.mean) ** 2 for v in self.x) / N
        self.inverse_sd = 1 / sp.sqrt(self.variance + self.eps)
        self.x_hat = (self.x - sp.ones(N, 1) * self.mean) * self.inverse_sd
        self.y = self.gamma * self.x_hat + sp.ones(N, 1) * self.beta
        self.loss = self.d.dot(self.y)
        self.names = (*map(sp.Eq, self.hat, self.x_hat), sp.Eq(self.r, self.inverse_sd))

    def backward(self, *, mean=True, spread=True):
        """dx = γ/√(s²+ε) · (d − mean(d) − x̂ mean(d x̂)), in names; either term may be left out."""
        inner = self.d
        inner -= sp.ones(self.N, 1) * (sum(self.d) / self.N if mean else 0)
        inner -= self.hat * (self.d.dot(self.hat) / self.N if spread else 0)
        return inner * self.gamma * self.r


def _compare_batch_norm(N):
    def compare(equation, rng):
        batch = _Batch(N)
        layer = BatchNorm(1, eps=0.25)
        gamma, beta = rng.normal(size=1), rng.normal(size=1)
        layer.params["gamma"][:], layer.params["beta"][:] = gamma, beta
        X, dY = rng.normal(size=(N, 1)), rng.normal(size=(N, 1))
        values = {batch.x: X, batch.d: dY, batch.gamma: gamma[0], batch.beta: beta[0], batch.eps: 0.25}
        Y, cache = layer.forward(X, training=True)
        dX, grads = layer.backward(dY, cache)
        yield f"BatchNorm.forward, N = {N}", evaluate(batch.y, values), Y
        yield f"BatchNorm.backward dX, N = {N}", evaluate(equation.written_out, values), dX
        yield f"BatchNorm.backward dγ, N = {N}", [evaluate(batch.d.dot(batch.x_hat), values)], grads["gamma"]

    return compare


def _batch_norm(N):
    @register(
        f"batch_norm_dx_{N}",
        f"dx = γ/√(s²+ε) (dy − mean dy − x̂ mean(dy x̂)), for a batch of N = {N}",
        lesson=13,
        posts=("D23",),
        left=r"\frac{\partial L}{\partial x}",
        numeric=_compare_batch_norm(N),
    )
    def _():
        batch = _Batch(N)
        return Equation(
            gradient(batch.loss, batch.x),
            batch.backward(),
            batch.names,
            wrong={
                "mean taken as a constant": batch.backward(mean=False),
                "variance taken as a constant": batch.backward(spread=False),
            },
        )


for _N in (3, 4, 5, 6):
    _batch_norm(_N)


@register(
    "batch_norm_matrix", "as a matrix (N = 3): dx = γ/√(s²+ε) (I − 11ᵀ/N − x̂x̂ᵀ/N) dy", lesson=13, left="J"
)
def _():
    batch = _Batch(3)
    one = sp.ones(3, 1)
    whole = sp.eye(3) - one * one.T / 3 - batch.hat * batch.hat.T / 3
    return Equation(
        batch.y.jacobian(batch.x),
        whole * batch.gamma * batch.r,
        batch.names,
        wrong={"I alone": sp.eye(3) * batch.gamma * batch.r},
    )


@register("batch_norm_dgamma", "γ collects Σ dy x̂ and β collects Σ dy (N = 3)", lesson=13)
def _():
    batch = _Batch(3)
    derived = sp.Matrix([sp.diff(batch.loss, batch.gamma), sp.diff(batch.loss, batch.beta)])
    return Equation(
        derived,
        sp.Matrix([batch.d.dot(batch.hat), sum(batch.d)]),
        batch.names,
        wrong={"means": sp.Matrix([batch.d.dot(batch.hat), sum(batch.d)]) / 3},
    )


@register(
    "batch_norm_shift",
    "a bias before batch normalisation is taken away again: its gradient is 0 (N = 3)",
    lesson=13,
)
def _():
    batch, shift = _Batch(3), sp.Symbol("b", real=True)
    moved = {v: v + shift for v in batch.x}
    return Equation(sp.diff(batch.loss.subs(moved, simultaneous=True), shift), sp.Integer(0))


@register("batch_norm_scale", "without ε the scale of what comes in makes no difference (N = 3)", lesson=13)
def _():
    batch, c = _Batch(3), sp.Symbol("c", positive=True)
    plain = batch.x_hat.subs(batch.eps, 0)
    scaled = plain.subs({v: c * v for v in batch.x}, simultaneous=True)
    return Equation(scaled, plain, wrong={"scaled too": c * plain})


@register(
    "batch_norm_two_more_paths",
    "dx is made of three paths: through x̂, through the mean, through the variance (N = 3)",
    lesson=13,
)
def _():
    batch = _Batch(3)
    m, s = sp.symbols("m s", real=True)
    hat = [(v - m) / sp.sqrt(s + batch.eps) for v in batch.x]
    loss = sum(d * batch.gamma * h for d, h in zip(batch.d, hat, strict=True))
    first = batch.x[0]
    back = {m: batch.mean, s: batch.variance}
    by_s, by_m, direct = sp.diff(loss, s), sp.diff(loss, m), sp.diff(loss, first)
    paths = (
        direct.subs(back)
        + by_m.subs(back) * sp.diff(batch.mean, first)
        + by_s.subs(back) * sp.diff(batch.variance, first)
    )
    return Equation(sp.diff(batch.loss, first), paths, wrong={"the first path alone": direct.subs(back)})


def _compare_dropout(equation, rng):
    X, dY = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    layer = Dropout(0.25)
    Y, cache = layer.forward(X, training=True, rng=rng)
    mask = (Y != 0).astype(float)
    d, m, p = sp.symbols("d m p", real=True)
    yield (
        "Dropout.backward",
        evaluate(equation.claimed, {d: dY, m: mask, p: 0.25}),
        layer.backward(dY, cache)[0],
    )


@register(
    "dropout_backward",
    "the gradient goes through the same mask with the same factor: d m/(1 − p)",
    lesson=13,
    posts=("D23",),
    numeric=_compare_dropout,
)
def _():
    d, m, p = sp.symbols("d m p", real=True)
    return Equation(sp.diff(d * x * m / (1 - p), x), d * m / (1 - p), wrong={"factor dropped": d * m})


@register(
    "dropout_expectation",
    "kept with probability 1 − p and divided by 1 − p: the expectation is x",
    lesson=13,
    posts=("D23",),
)
def _():
    p = sp.Symbol("p", positive=True)
    return Equation((1 - p) * (x / (1 - p)) + p * 0, x, wrong={"no factor": ((1 - p) * x + p * 0, x)})


@register("dropout_variance", "dropout's noise has variance x² p/(1 − p)", lesson=13)
def _():
    p = sp.Symbol("p", positive=True)
    return Equation(
        (1 - p) * (x / (1 - p)) ** 2 - x**2, x**2 * p / (1 - p), wrong={"p(1 − p)": x**2 * p * (1 - p)}
    )


@register(
    "decay_shrinks", "weight decay λ at rate η multiplies w by 1 − ηλ before the gradient's step", lesson=13
)
def _():
    return Equation(
        w - eta * (g + lam * w),
        (1 - eta * lam) * w - eta * g,
        wrong={"2λ": (1 - 2 * eta * lam) * w - eta * g},
    )


# ---------------------------------------------------------------- 14: optimisers


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
    "momentum_unrolled",
    "momentum is a sum over all past gradients, each faded by μ a step (4 steps)",
    lesson=14,
    posts=("D23",),
    left="v_4",
    numeric=_compare_momentum,
)
def _():
    claimed = sum(mu ** (4 - t) * sp.Symbol(f"g{t}", real=True) for t in range(1, 5))
    return Equation(
        _unrolled(4),
        claimed,
        wrong={"faded the wrong way": sum(mu**t * sp.Symbol(f"g{t}", real=True) for t in range(4))},
    )


@register(
    "momentum_steady",
    "under a constant gradient momentum tends to g/(1 − μ): ten times at 0.9",
    lesson=14,
    left=r"\sum_{t=0}^{\infty}\mu^t g",
)
def _():
    rate, t = sp.Rational(9, 10), sp.Symbol("t", integer=True, nonnegative=True)
    return Equation(sp.summation(rate**t, (t, 0, sp.oo)) * g, 10 * g, wrong={"1/μ": g / rate})


@register("momentum_recurrence", "v_t = g (1 − μ^t)/(1 − μ) solves v_t = μ v_{t−1} + g", lesson=14)
def _():
    t = sp.Symbol("t", integer=True, positive=True)

    def v(n):
        return g * (1 - mu**n) / (1 - mu)

    return Equation(mu * v(t - 1) + g, v(t), wrong={"no fading": (v(t - 1) + g, v(t))})


@register("momentum_alternating", "v_t = (−1)^t g/(1 + μ) solves v_t = μ v_{t−1} + (−1)^t g", lesson=14)
def _():
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
    "ravine_best_rate",
    "at η = 2/(c₁ + c₂) wall and floor shrink alike, by (κ − 1)/(κ + 1) with κ = c₁/c₂",
    lesson=14,
)
def _():
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
    "momentum_two_terms",
    "on ½cw² momentum makes the next w from the last two: (1 + μ − ηc) w − μ w₋₁",
    lesson=14,
    numeric=_compare_two_terms,
)
def _():
    c, old, velocity = sp.symbols("c w_{-1} v", real=True)
    now, velocity = _after_momentum(c, old, velocity)
    return Equation(
        _after_momentum(c, now, velocity)[0],
        (1 + mu - eta * c) * now - mu * old,
        wrong={"memory forgotten": (1 - eta * c) * now},
    )


@register(
    "momentum_limit",
    "the largest stable rate is 2(1 + μ)/c: there w changes its sign at each step, for ever",
    lesson=14,
)
def _():
    c = sp.Symbol("c", positive=True)
    limit = 2 * (1 + mu) / c
    return Equation(
        ((1 + mu - eta * c) * w - mu * (-w)).subs(eta, limit),
        -w,
        wrong={"the limit of plain descent": (((1 + mu - eta * c) * w + mu * w).subs(eta, 2 / c), -w)},
    )


@register(
    "momentum_best",
    "with √μ = (√κ − 1)/(√κ + 1) wall and floor shrink by √μ a step: κ has become √κ",
    lesson=14,
)
def _():
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
    "adam_first_step",
    "Adam's first step is η g/(|g| + ε): the size of g hardly matters",
    lesson=14,
    left=r"\frac{\hat m_1}{\sqrt{\hat v_1} + \epsilon}",
    numeric=_compare_adam,
)
def _():
    b1, b2, small = sp.symbols("beta1 beta2 epsilon", positive=True)
    return Equation(_adam_first(g, b1, b2, small), g / (sp.Abs(g) + small), wrong={"proportional to g": g})


@register(
    "adam_first_step_sign",
    "as ε goes to 0 that is η sign(g), up or down",
    lesson=14,
    left=r"\lim_{\epsilon\to 0}",
)
def _():
    size, small = sp.symbols("u epsilon", positive=True)
    first = [
        sp.limit(_adam_first(s * size, sp.Rational(9, 10), sp.Rational(999, 1000), small), small, 0)
        for s in (1, -1)
    ]
    return Equation(sp.Matrix(first), sp.Matrix([1, -1]), wrong={"size kept": sp.Matrix([size, -size])})


@register(
    "adam_uncorrected",
    "without bias correction the first step is √10 = 3.16 times too long (β = 0.9, 0.999)",
    lesson=14,
)
def _():
    size = sp.Symbol("g", positive=True)
    m, v = size / 10, size**2 / 1000
    return Equation(m / sp.sqrt(v), sp.sqrt(10), wrong={"as with correction": sp.Integer(1)})


@register(
    "adam_bias_correction",
    "the weights of t gradients in m add up to 1 − β^t: divide by it",
    lesson=14,
    left=r"\sum_{i=1}^{5}(1-\beta)\beta^{5-i}",
)
def _():
    beta = sp.Symbol("beta", positive=True)
    return Equation(
        sum((1 - beta) * beta ** (5 - i) for i in range(1, 6)),
        1 - beta**5,
        wrong={"already 1": sp.Integer(1)},
    )


@register("adam_bias_any_t", "m_t = (1 − β^t) g solves m_t = β m_{t−1} + (1 − β) g, for any t", lesson=14)
def _():
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
    "decoupled_decay",
    "decoupled decay: w − η(u + λw) = (1 − ηλ)w − ηu, whatever u Adam makes of g",
    lesson=14,
    numeric=_compare_decoupled,
)
def _():
    u = sp.Symbol("u", real=True)
    return Equation(
        w - eta * (u + lam * w), (1 - eta * lam) * w - eta * u, wrong={"not decayed": w - eta * u}
    )


@register(
    "coupled_decay_lost",
    "λw put into Adam's g instead is scaled away: the first step is sign(g + λw)",
    lesson=14,
)
def _():
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
    "cosine_schedule",
    "the cosine goes from η₀ through their mean to η₁",
    lesson=14,
    posts=("D23",),
    left=r"\eta(0), \eta(\tfrac12), \eta(1)",
    numeric=_compare_cosine,
)
def _():
    start, end = sp.symbols("eta0 eta1", real=True)
    derived = sp.Matrix([_cosine(at, start, end) for at in (0, sp.Rational(1, 2), 1)])
    return Equation(
        derived,
        sp.Matrix([start, (start + end) / 2, end]),
        wrong={"half way down": sp.Matrix([start, start / 2, end])},
    )


@register("cosine_flat_ends", "and is flat at both ends", lesson=14, left=r"\eta'(0), \eta'(1)")
def _():
    t, start, end = sp.symbols("t eta0 eta1", real=True)
    slope = sp.diff(_cosine(t, start, end), t)
    return Equation(sp.Matrix([slope.subs(t, 0), slope.subs(t, 1)]), sp.zeros(2, 1))


def _compare_steps(equation, rng):
    start, factor = sp.symbols("eta0 c", positive=True)
    schedule = step_decay(0.3, at=(0.5, 0.75), factor=0.2)
    yield (
        "step_decay",
        evaluate(equation.claimed, {start: 0.3, factor: 0.2})[:, 0],
        [schedule(t) for t in (0, 0.5, 0.9)],
    )


@register(
    "step_schedule",
    "two steps down by a factor c leave η₀, c η₀, c² η₀",
    lesson=14,
    posts=("D23",),
    numeric=_compare_steps,
)
def _():
    start, factor = sp.symbols("eta0 c", positive=True)
    rates = [start]
    for _ in range(2):
        rates.append(rates[-1] * factor)
    return Equation(
        sp.Matrix(rates),
        sp.Matrix([start, factor * start, factor**2 * start]),
        wrong={"divided": sp.Matrix([start, start / factor, start / factor**2])},
    )


@register(
    "minibatch_unbiased",
    "averaged over all batches of 2 from 4 rows, the batch's gradient is the full one",
    lesson=14,
    posts=("D19",),
)
def _():
    gs = sp.symbols("g1:5", real=True)
    pairs = [(p + q) / 2 for i, p in enumerate(gs) for q in gs[i + 1 :]]
    return Equation(sum(pairs) / len(pairs), sum(gs) / 4, wrong={"a sum": sum(gs)})


@register(
    "minibatch_noise",
    "m rows drawn with replacement: the variance of their mean is v/m, for any m",
    lesson=14,
    posts=("D19",),
)
def _():
    m, i, j = sp.symbols("m i j", integer=True, positive=True)
    v = sp.Symbol("v", positive=True)
    total = sp.Sum(sp.Sum(v * sp.KroneckerDelta(i, j, (1, m)), (j, 1, m)), (i, 1, m)) / m**2
    return Equation(total, v / m, wrong={"v/√m": v / sp.sqrt(m)})


@register(
    "noise_floor",
    "steps η on ½cw² with noise of variance s² in the gradient: w keeps the variance ηs²/(c(2 − ηc))",
    lesson=14,
)
def _():
    c, s = sp.symbols("c s", positive=True)
    floor = eta * s**2 / (c * (2 - eta * c))
    after = (1 - eta * c) ** 2 * floor + eta**2 * s**2  # variances of independent terms add
    return Equation(after, floor, wrong={"noise of one step": (after, eta**2 * s**2)})


# ---------------------------------------------------------------- 15: depth


@register(
    "vanishing_bound",
    "L sigmoid slopes at their largest multiply to (¼)^L",
    lesson=15,
    posts=("D5",),
    left=r"\prod_{l=1}^{L} \sigma'(0)",
)
def _():
    layer, depth = sp.symbols("l L", integer=True, positive=True)
    z = sp.Symbol("z", real=True)
    largest = sp.diff(sigma(z), z).subs(z, 0)
    return Equation(
        sp.Product(largest, (layer, 1, depth)).doit(),
        sp.Rational(1, 4) ** depth,
        wrong={"½": sp.Rational(1, 2) ** depth},
    )


@register(
    "exploding",
    "with w f′ = c in every layer the gradient is c^L: below 1 it vanishes, above it explodes",
    lesson=15,
    posts=("D5",),
    left=r"\prod_{l=1}^{L} c",
)
def _():
    layer, depth = sp.symbols("l L", integer=True, positive=True)
    c = sp.Symbol("c", positive=True)
    return Equation(sp.Product(c, (layer, 1, depth)).doit(), c**depth, wrong={"c L": c * depth})


@register(
    "residual_scalar",
    "y = x + F(x): the slope is 1 + F′(x), a way back that no layer shrinks",
    lesson=15,
    posts=("D23",),
)
def _():
    return Equation(sp.Derivative(x + f(x), x), 1 + f(x).diff(x), wrong={"plain layer": f(x).diff(x)})


def _compare_residual(equation, rng):
    layers = [
        Affine.from_arrays(rng.normal(size=(2, 3))),
        Tanh(),
        Affine.from_arrays(rng.normal(size=(3, 2))),
    ]
    X, dY = rng.normal(size=(1, 2)), rng.normal(size=(1, 2))
    block = Residual(layers)
    dX, _ = block.backward(dY, block.forward(X)[1])
    hidden = np.tanh(X @ layers[0].params["W"])
    J = (layers[0].params["W"] * (1 - hidden**2)) @ layers[2].params["W"]
    J_name, d = sp.MatrixSymbol("J", 2, 2), sp.MatrixSymbol("d", 2, 1)
    yield "Residual.backward", evaluate(equation.claimed, {J_name: J.T, d: dY.T}), dX.T


@register(
    "residual_matrix",
    "in matrices: (I + J)ᵀ d = d + Jᵀ d",
    lesson=15,
    posts=("D23",),
    numeric=_compare_residual,
)
def _():
    n = 2
    J, d = sp.MatrixSymbol("J", n, n), sp.MatrixSymbol("d", n, 1)
    return Equation(
        (sp.Identity(n) + J).T * d, d + J.T * d, wrong={"J for Jᵀ": d + J * d, "plain layer": J.T * d}
    )


@register("residual_paths", "two residual layers open four paths: (1 + a)(1 + b) = 1 + a + b + ab", lesson=15)
def _():
    a, b, x0 = sp.symbols("a b x", real=True)
    first = x0 + a * x0
    return Equation(sp.diff(first + b * first, x0), 1 + a + b + a * b, wrong={"plain layers": a * b})


@register(
    "residual_depth",
    "L residual layers of slope c multiply to (1 + c)^L: a sum over all subsets (L = 5)",
    lesson=15,
)
def _():
    c = sp.Symbol("c", real=True)
    subsets = sum(sp.binomial(5, k) * c**k for k in range(6))
    slope = sp.Integer(1)
    for _ in range(5):
        slope = slope + c * slope
    return Equation(slope, subsets, wrong={"plain layers": c**5})


@register(
    "residual_scaled",
    "with the branch divided by L the product tends to e^c, where (1 + c)^L grew without end",
    lesson=15,
    left=r"\lim_{L\to\infty}\left(1 + \frac{c}{L}\right)^L",
)
def _():
    c, depth = sp.symbols("c L", positive=True)
    return Equation(
        sp.limit((1 + c / depth) ** depth, depth, sp.oo),
        sp.exp(c),
        wrong={"c lost": sp.E},
    )


@register(
    "identity_layer",
    "a layer can do nothing: with W = 1 and b = 0, ReLU gives back every a ≥ 0",
    lesson=15,
    posts=("D2", "D22"),
    left=r"\max(0, 1 \cdot a + 0)",
)
def _():
    a = sp.Symbol("a", nonnegative=True)
    return Equation(sp.Max(0, 1 * a + 0), a, wrong={"with a bias": (sp.Max(0, a + 1), a)})


@register(
    "tent_folds",
    "the tent map folds [0, 1] in two: x and 1 − x go to the same place, so each layer doubles the teeth",
    lesson=15,
    posts=("D2",),
    left=r"T(\tfrac12 + u) = T(\tfrac12 - u)",
)
def _():
    half = sp.Symbol("u", nonnegative=True)  # x = ½ − u, on the left side; 1 − x = ½ + u

    def tent(x):
        return 2 * sp.Max(0, x) - 4 * sp.Max(0, x - sp.Rational(1, 2))

    left = 2 * (sp.Rational(1, 2) - half)  # there the second ReLU is closed and, for u ≤ ½, the first open
    return Equation(
        tent(sp.Rational(1, 2) + half), left, wrong={"not folded": (2 * (sp.Rational(1, 2) + half), left)}
    )


@register(
    "linear_depth",
    "without activations depth adds nothing: three layers are one, for any sizes",
    lesson=15,
    posts=("D2", "D22"),
)
def _():
    n, d, h, k, m = sp.symbols("N d h k m", integer=True, positive=True)
    X, W1 = sp.MatrixSymbol("X", n, d), sp.MatrixSymbol("W1", d, h)
    W2, W3 = sp.MatrixSymbol("W2", h, m), sp.MatrixSymbol("W3", m, k)
    return Equation(
        ((X * W1) * W2) * W3,
        X * (W1 * (W2 * W3)),
        wrong={"counted twice": X * (W1 * (W2 * W3)) + X * W1 * W2 * W3},
    )
