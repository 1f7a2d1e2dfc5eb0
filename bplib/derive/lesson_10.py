"""Lesson 10: MNIST."""

import sympy as sp

from .lesson_02 import sigma
from .lesson_06 import softmax_of
from .registry import Equation, register


@register(
    "a pixel that is 0 in every image has gradient 0 in every weight: δ · 0",
    lesson=10,
    left=r"\frac{\partial L}{\partial W_{1\cdot}}",
)
def black_pixel():
    X, D = (sp.Matrix(3, 2, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "xd")
    X[:, 0] = sp.zeros(3, 1)
    return Equation((X.T * D)[0, :], sp.zeros(1, 2))


@register(
    "post C's +0.01 lets silent pixels teach: 0.01 Σₙ δ, the same for all of them",
    lesson=10,
    posts=("C7",),
    left=r"\frac{\partial L}{\partial W_{1\cdot}}",
)
def grey_pixel():
    X, D = (sp.Matrix(3, 2, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "xd")
    X[:, 0] = sp.ones(3, 1) / 100
    return Equation((X.T * D)[0, :], sp.ones(1, 3) * D / 100, wrong={"still silent": sp.zeros(1, 2)})


@register(
    "outputs in [0, 1] fed to softmax: p ≤ e/(e + 9), so the loss cannot fall below 1.461",
    lesson=10,
    posts=("C12",),
    left=r"-\log p_1",
)
def double_softmax_floor():
    best = softmax_of(sp.Matrix([1] + [0] * 9))[0]
    return Equation(
        -sp.log(best), sp.log(1 + 9 * sp.exp(-1)), wrong={"0": sp.Integer(0), "ln 10": sp.log(10)}
    )


@register(
    "a sigmoid before softmax cross-entropy multiplies the gradient by a(1 − a) ≤ ¼",
    lesson=10,
    posts=("C12",),
    left=r"\frac{\partial L}{\partial z_1}",
)
def double_softmax_gradient():
    z = sp.Matrix(sp.symbols("z1:4", real=True))
    a = z.applyfunc(sigma)
    total = sum(map(sp.exp, a))
    derived = sp.diff(sp.log(total) - a[0], z[0])
    return Equation(
        derived, (sp.exp(a[0]) / total - 1) * a[0] * (1 - a[0]), wrong={"p − y": sp.exp(a[0]) / total - 1}
    )
