"""Lesson 13: normalising and regularising."""

import sympy as sp

from ..deep_layers import BatchNorm, Dropout
from .gradients import gradient
from .lesson_12 import names
from .registry import Equation, evaluate, register

x, w, g, eta, lam = sp.symbols("x w g eta lambda", real=True)


class _Batch:
    """One column of N rows, normalised, written out: N is a number, as sympy cannot merge symbolic sums.

    `hat` and `r` are names for x̂ and 1/√(s² + ε); `names` are the equations that say so.
    """

    def __init__(self, N):
        self.N = N
        self.x, self.d = names("x", N), names("d", N)  # inputs, and the incoming ∂L/∂y
        self.gamma, self.beta = sp.symbols("gamma beta", real=True)
        self.eps, self.r = sp.symbols("epsilon r", positive=True)
        self.hat = names("xhat", N)
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
    def build():
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

    build.__name__ = f"batch_norm_dx_{N}"
    register(
        f"dx = γ/√(s²+ε) (dy − mean dy − x̂ mean(dy x̂)), for a batch of N = {N}",
        lesson=13,
        posts=("D23",),
        left=r"\frac{\partial L}{\partial x}",
        numeric=_compare_batch_norm(N),
    )(build)


for _N in (3, 4, 5, 6):
    _batch_norm(_N)


@register("as a matrix (N = 3): dx = γ/√(s²+ε) (I − 11ᵀ/N − x̂x̂ᵀ/N) dy", lesson=13, left="J")
def batch_norm_matrix():
    batch = _Batch(3)
    one = sp.ones(3, 1)
    whole = sp.eye(3) - one * one.T / 3 - batch.hat * batch.hat.T / 3
    return Equation(
        batch.y.jacobian(batch.x),
        whole * batch.gamma * batch.r,
        batch.names,
        wrong={"I alone": sp.eye(3) * batch.gamma * batch.r},
    )


@register("γ collects Σ dy x̂ and β collects Σ dy (N = 3)", lesson=13)
def batch_norm_dgamma():
    batch = _Batch(3)
    derived = sp.Matrix([sp.diff(batch.loss, batch.gamma), sp.diff(batch.loss, batch.beta)])
    return Equation(
        derived,
        sp.Matrix([batch.d.dot(batch.hat), sum(batch.d)]),
        batch.names,
        wrong={"means": sp.Matrix([batch.d.dot(batch.hat), sum(batch.d)]) / 3},
    )


@register(
    "a bias before batch normalisation is taken away again: its gradient is 0 (N = 3)",
    lesson=13,
)
def batch_norm_shift():
    batch, shift = _Batch(3), sp.Symbol("b", real=True)
    moved = {v: v + shift for v in batch.x}
    return Equation(sp.diff(batch.loss.subs(moved, simultaneous=True), shift), sp.Integer(0))


@register("without ε the scale of what comes in makes no difference (N = 3)", lesson=13)
def batch_norm_scale():
    batch, c = _Batch(3), sp.Symbol("c", positive=True)
    plain = batch.x_hat.subs(batch.eps, 0)
    scaled = plain.subs({v: c * v for v in batch.x}, simultaneous=True)
    return Equation(scaled, plain, wrong={"scaled too": c * plain})


@register(
    "dx is made of three paths: through x̂, through the mean, through the variance (N = 3)",
    lesson=13,
)
def batch_norm_two_more_paths():
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
    "the gradient goes through the same mask with the same factor: d m/(1 − p)",
    lesson=13,
    posts=("D23",),
    numeric=_compare_dropout,
)
def dropout_backward():
    d, m, p = sp.symbols("d m p", real=True)
    return Equation(sp.diff(d * x * m / (1 - p), x), d * m / (1 - p), wrong={"factor dropped": d * m})


@register(
    "kept with probability 1 − p and divided by 1 − p: the expectation is x",
    lesson=13,
    posts=("D23",),
)
def dropout_expectation():
    p = sp.Symbol("p", positive=True)
    return Equation((1 - p) * (x / (1 - p)) + p * 0, x, wrong={"no factor": ((1 - p) * x + p * 0, x)})


@register("dropout's noise has variance x² p/(1 − p)", lesson=13)
def dropout_variance():
    p = sp.Symbol("p", positive=True)
    return Equation(
        (1 - p) * (x / (1 - p)) ** 2 - x**2, x**2 * p / (1 - p), wrong={"p(1 − p)": x**2 * p * (1 - p)}
    )


@register("weight decay λ at rate η multiplies w by 1 − ηλ before the gradient's step", lesson=13)
def decay_shrinks():
    return Equation(
        w - eta * (g + lam * w),
        (1 - eta * lam) * w - eta * g,
        wrong={"2λ": (1 - 2 * eta * lam) * w - eta * g},
    )
