"""Lesson 09: how big z is."""

import sympy as sp

from .registry import Equation, register


@register(
    "weights of mean 0, independent of the inputs: Var z = n Var(w) E[a²], for any n",
    lesson=9,
    left=r"E\left[\left(\sum_k w_k a_k\right)^2\right]",
)
def variance_of_z():
    n, i, j = sp.symbols("n i j", integer=True, positive=True)
    w, a = sp.symbols("w a", real=True)
    var, square = sp.Function("Var", positive=True)(w), sp.Function("E", positive=True)(a**2)  # names to read
    covariance = var * sp.KroneckerDelta(i, j, (1, n))  # E[w_i w_j]: independent, mean 0
    a_product = square  # E[a_i a_j] is needed at i = j alone
    total = sp.Sum(sp.Sum(covariance * a_product, (j, 1, n)), (i, 1, n))
    return Equation(total, n * var * square, wrong={"n forgotten": var * square, "n²": n**2 * var * square})


@register("Var w = 1/n keeps the size of z from layer to layer", lesson=9)
def xavier_forward():
    n, square, var = sp.symbols("n s v", positive=True)
    kept = sp.solve(sp.Eq(n * var * square, square), var)[0]
    return Equation(kept, 1 / n, wrong={"1/√n": 1 / sp.sqrt(n)})


@register(
    "2/(n_in + n_out) is the harmonic compromise between 1/n_in forward and 1/n_out back",
    lesson=9,
)
def xavier_both_ways():
    n_in, n_out = sp.symbols("n_in n_out", positive=True)
    mean_size = (n_in + n_out) / 2
    return Equation(
        1 / mean_size,
        2 / (1 / (1 / n_in) + 1 / (1 / n_out)),
        wrong={"arithmetic": (1 / n_in + 1 / n_out) / 2},
    )


@register(
    "ReLU of a normal z of mean 0 keeps half its mean square",
    lesson=9,
    left=r"E[\max(0, z)^2]",
)
def relu_second_moment():
    sd, v = sp.symbols("s z", positive=True)
    density = sp.exp(-(v**2) / (2 * sd**2)) / (sp.sqrt(2 * sp.pi) * sd)
    return Equation(sp.integrate(v**2 * density, (v, 0, sp.oo)), sd**2 / 2, wrong={"all of it": sd**2})


@register("before ReLU Var w = 2/n keeps the size: n · 2/n · half", lesson=9)
def he():
    n, sd, var = sp.symbols("n s v", positive=True)
    kept = sp.solve(sp.Eq(n * var * sd**2 / 2, sd**2), var)[0]
    return Equation(kept, 2 / n, wrong={"Xavier": 1 / n})


@register(
    "off by a factor c a layer, the mean square is off by c^k after k layers",
    lesson=9,
    posts=("D5",),
)
def wrong_scale_compounds():
    c, square = sp.symbols("c s", positive=True)
    layer = sp.Symbol("l", integer=True, positive=True)
    depth = sp.Symbol("k", integer=True, positive=True)
    return Equation(
        square * sp.Product(c, (layer, 1, depth)).doit(),
        square * c**depth,
        wrong={"adds up": square * c * depth},
    )


@register(
    "inputs times s act like a rate times s²: why post A's unscaled inputs need another η",
    lesson=9,
    posts=("A9",),
)
def input_scale():
    w, x, s, eta, d = sp.symbols("w x s eta delta", real=True)
    scaled = (w - eta * d * (s * x)) * (s * x)  # z after a step, with inputs s x
    return Equation(
        scaled, s * w * x - (s**2 * eta) * d * x * x, wrong={"s once": s * w * x - s * eta * d * x * x}
    )


@register("of all constants the mean has the least squared error: R² = 0", lesson=9)
def mean_is_best_constant():
    c, targets = sp.Symbol("c", real=True), sp.symbols("y1:4", real=True)
    slope_at = sp.diff(sum((c - v) ** 2 for v in targets), c).subs(c, sum(targets) / 3)
    return Equation(
        slope_at,
        sp.Integer(0),
        wrong={
            "the sum": (sp.diff(sum((c - v) ** 2 for v in targets), c).subs(c, sum(targets)), sp.Integer(0))
        },
    )
