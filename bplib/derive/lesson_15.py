"""Lesson 15: depth."""

import numpy as np
import sympy as sp

from ..deep_layers import Residual
from ..layers import Affine, Tanh
from .lesson_02 import sigma
from .registry import Equation, evaluate, register

x = sp.Symbol("x", real=True)
f = sp.Function("f")


@register(
    "L sigmoid slopes at their largest multiply to (¼)^L",
    lesson=15,
    posts=("D5",),
    left=r"\prod_{l=1}^{L} \sigma'(0)",
)
def vanishing_bound():
    layer, depth = sp.symbols("l L", integer=True, positive=True)
    z = sp.Symbol("z", real=True)
    largest = sp.diff(sigma(z), z).subs(z, 0)
    return Equation(
        sp.Product(largest, (layer, 1, depth)).doit(),
        sp.Rational(1, 4) ** depth,
        wrong={"½": sp.Rational(1, 2) ** depth},
    )


@register(
    "with w f′ = c in every layer the gradient is c^L: below 1 it vanishes, above it explodes",
    lesson=15,
    posts=("D5",),
    left=r"\prod_{l=1}^{L} c",
)
def exploding():
    layer, depth = sp.symbols("l L", integer=True, positive=True)
    c = sp.Symbol("c", positive=True)
    return Equation(sp.Product(c, (layer, 1, depth)).doit(), c**depth, wrong={"c L": c * depth})


@register(
    "y = x + F(x): the slope is 1 + F′(x), a way back that no layer shrinks",
    lesson=15,
    posts=("D23",),
)
def residual_scalar():
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
    "in matrices: (I + J)ᵀ d = d + Jᵀ d",
    lesson=15,
    posts=("D23",),
    numeric=_compare_residual,
)
def residual_matrix():
    n = 2
    J, d = sp.MatrixSymbol("J", n, n), sp.MatrixSymbol("d", n, 1)
    return Equation(
        (sp.Identity(n) + J).T * d, d + J.T * d, wrong={"J for Jᵀ": d + J * d, "plain layer": J.T * d}
    )


@register("two residual layers open four paths: (1 + a)(1 + b) = 1 + a + b + ab", lesson=15)
def residual_paths():
    a, b, x0 = sp.symbols("a b x", real=True)
    first = x0 + a * x0
    return Equation(sp.diff(first + b * first, x0), 1 + a + b + a * b, wrong={"plain layers": a * b})


@register(
    "L residual layers of slope a multiply to (1 + a)^L: a sum over all subsets (L = 5)",
    lesson=15,
)
def residual_depth():
    a = sp.Symbol("a", real=True)
    subsets = sum(sp.binomial(5, k) * a**k for k in range(6))
    slope = sp.Integer(1)
    for _ in range(5):
        slope = slope + a * slope
    return Equation(slope, subsets, wrong={"plain layers": a**5})


@register(
    "with the branch divided by L the product tends to e^a, where (1 + a)^L grew without end",
    lesson=15,
    left=r"\lim_{L\to\infty}\left(1 + \frac{a}{L}\right)^L",
)
def residual_scaled():
    a, depth = sp.symbols("a L", positive=True)
    return Equation(
        sp.limit((1 + a / depth) ** depth, depth, sp.oo),
        sp.exp(a),
        wrong={"a lost": sp.E},
    )


@register(
    "a layer can do nothing: with W = 1 and b = 0, ReLU gives back every a ≥ 0",
    lesson=15,
    posts=("D2", "D22"),
    left=r"\max(0, 1 \cdot a + 0)",
)
def identity_layer():
    a = sp.Symbol("a", nonnegative=True)
    return Equation(sp.Max(0, 1 * a + 0), a, wrong={"with a bias": (sp.Max(0, a + 1), a)})


@register(
    "the tent map folds [0, 1] in two: x and 1 − x go to the same place, so each layer doubles the teeth",
    lesson=15,
    posts=("D2",),
    left=r"T(\tfrac12 + u) = T(\tfrac12 - u)",
)
def tent_folds():
    half = sp.Symbol("u", nonnegative=True)  # x = ½ − u, on the left side; 1 − x = ½ + u

    def tent(x):
        return 2 * sp.Max(0, x) - 4 * sp.Max(0, x - sp.Rational(1, 2))

    left = 2 * (sp.Rational(1, 2) - half)  # there the second ReLU is closed and, for u ≤ ½, the first open
    return Equation(
        tent(sp.Rational(1, 2) + half), left, wrong={"not folded": (2 * (sp.Rational(1, 2) + half), left)}
    )


@register(
    "without activations depth adds nothing: three layers are one, for any sizes",
    lesson=15,
    posts=("D2", "D22"),
)
def linear_depth():
    n, d, h, k, m = sp.symbols("N d h k m", integer=True, positive=True)
    X, W1 = sp.MatrixSymbol("X", n, d), sp.MatrixSymbol("W1", d, h)
    W2, W3 = sp.MatrixSymbol("W2", h, m), sp.MatrixSymbol("W3", m, k)
    return Equation(
        ((X * W1) * W2) * W3,
        X * (W1 * (W2 * W3)),
        wrong={"counted twice": X * (W1 * (W2 * W3)) + X * W1 * W2 * W3},
    )
