"""Lesson 07: what a check can see."""

import sympy as sp

from .registry import Equation, register
from .symbolic_network import SymbolicNetwork

f = sp.Function("f")


@register(
    "with outgoing weights 0 every hidden gradient is 0: such a check proves nothing",
    lesson=7,
)
def vacuous_check():
    net = SymbolicNetwork((2, 2, 1), f)
    zeros = dict.fromkeys(net.W[2], 0)
    return Equation(net.gradient(net.W[1]).subs(zeros).doit(), sp.zeros(2, 2))


@register("a gradient off by a factor c errs by |1 − 1/c|, whatever its size: 2 gives ½", lesson=7)
def factor_seen():
    g, c = sp.symbols("g c", positive=True)  # c > 1: the larger of the two is c g
    return Equation((c * g - g) / (c * g), 1 - 1 / c, wrong={"absolute": c * g - g})


@register(
    "on a quadratic loss central differences are exact: only round-off is left",
    lesson=7,
    posts=("D7",),
)
def check_exact_on_quadratics():
    a, c, e, w, h = sp.symbols("a c e w h", real=True)

    def loss(v):
        return a * v**2 + c * v + e

    return Equation(
        (loss(w + h) - loss(w - h)) / (2 * h),
        sp.diff(loss(w), w),
        wrong={"forward": ((loss(w + h) - loss(w)) / h, sp.diff(loss(w), w))},
    )
