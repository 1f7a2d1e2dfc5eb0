"""Lesson 12: automatic differentiation."""

import sympy as sp

from .gradients import gradient, trace_gradient
from .registry import Equation, register


def names(letter, rows, cols=1):
    """A matrix of real symbols: x1, x2 … in a column, x11, x12 … elsewhere."""
    return sp.ImmutableMatrix(
        rows, cols, lambda r, c: sp.Symbol(f"{letter}{r + 1}{c + 1 if cols > 1 else ''}", real=True)
    )


@register("reverse mode multiplies vᵀ in from the left, one Jacobian at a time", lesson=12)
def reverse_is_vjp():
    a, b, c, d = sp.symbols("a b c d", integer=True, positive=True)
    v, J1 = sp.MatrixSymbol("v", a, 1), sp.MatrixSymbol("J1", d, c)
    J2, J3 = sp.MatrixSymbol("J2", b, d), sp.MatrixSymbol("J3", a, b)
    return Equation(
        v.T * (J3 * (J2 * J1)),
        (J1.T * (J2.T * (J3.T * v))).T,
        wrong={"a Jacobian skipped, twice": 2 * (J1.T * (J2.T * (J3.T * v))).T},
    )


@register("dual numbers: the ε part of f(x + ε) g(x + ε) is the product rule", lesson=12)
def forward_mode():
    e = sp.Symbol("epsilon")
    u, du, v, dv = sp.symbols("u du v dv", real=True)
    product = sp.expand((u + du * e) * (v + dv * e))
    return Equation(product.coeff(e, 1), u * dv + v * du, wrong={"slopes multiplied": du * dv})


@register(
    "an array that was broadcast to N rows collects its gradient from all of them",
    lesson=12,
)
def broadcast_back():
    b, D = names("b", 1, 3), names("d", 4, 3)
    wide = sp.ones(4, 1) * b
    return Equation(gradient(sp.trace(D.T * wide), b), sp.ones(1, 4) * D, wrong={"one row": D[0, :]})


@register("C = AB hands back dA = dC Bᵀ and dB = Aᵀ dC, for any sizes", lesson=12)
def matmul_back():
    n, m, k = sp.symbols("n m k", integer=True, positive=True)
    A, B, D = sp.MatrixSymbol("A", n, m), sp.MatrixSymbol("B", m, k), sp.MatrixSymbol("D", n, k)
    return Equation(trace_gradient(D, A * B, A), D * B.T)


@register("u/v hands back d/v to u and −d u/v² to v", lesson=12)
def divide_back():
    u, v, d = sp.symbols("u v d", real=True)
    derived = sp.Matrix([sp.diff(d * u / v, s) for s in (u, v)])
    return Equation(
        derived, sp.Matrix([d / v, -d * u / v**2]), wrong={"sign": sp.Matrix([d / v, d * u / v**2])}
    )


@register("uⁿ hands back d n uⁿ⁻¹", lesson=12)
def power_back():
    u, n = sp.symbols("u n", positive=True)
    d = sp.Symbol("d", real=True)
    return Equation(sp.Derivative(d * u**n, u), d * n * u ** (n - 1), wrong={"exponent kept": d * n * u**n})


@register("a mean over N hands each entry d/N (N = 4)", lesson=12)
def mean_back():
    values, d = names("x", 4), sp.Symbol("d", real=True)
    return Equation(
        gradient(d * sum(values) / 4, values), sp.ones(4, 1) * d / 4, wrong={"a sum": sp.ones(4, 1) * d}
    )
