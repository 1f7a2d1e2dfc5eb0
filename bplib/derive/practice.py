"""Lessons 07 to 11: what a check can see, XOR, how big z is, MNIST, and mistakes that were printed."""

import sympy as sp

from .lesson_02 import sigma
from .lesson_04 import SymbolicNetwork, slope
from .lesson_06 import softmax_of
from .registry import Equation, register

x1, x2, b, t, y = sp.symbols("x1 x2 b t y", real=True)
f = sp.Function("f")


# ---------------------------------------------------------------- 07: gradient check


@register(
    "vacuous_check",
    "with outgoing weights 0 every hidden gradient is 0: such a check proves nothing",
    lesson=7,
)
def _():
    net = SymbolicNetwork((2, 2, 1), f)
    zeros = dict.fromkeys(net.W[2], 0)
    return Equation(net.gradient(net.W[1]).subs(zeros).doit(), sp.zeros(2, 2))


@register(
    "factor_seen", "a gradient off by a factor c errs by |1 − 1/c|, whatever its size: 2 gives ½", lesson=7
)
def _():
    g, c = sp.symbols("g c", positive=True)  # c > 1: the larger of the two is c g
    return Equation((c * g - g) / (c * g), 1 - 1 / c, wrong={"absolute": c * g - g})


@register(
    "check_exact_on_quadratics",
    "on a quadratic loss central differences are exact: only round-off is left",
    lesson=7,
    posts=("D7",),
)
def _():
    a, c, e, w, h = sp.symbols("a c e w h", real=True)

    def loss(v):
        return a * v**2 + c * v + e

    return Equation(
        (loss(w + h) - loss(w - h)) / (2 * h),
        sp.diff(loss(w), w),
        wrong={"forward": ((loss(w + h) - loss(w)) / h, sp.diff(loss(w), w))},
    )


# ---------------------------------------------------------------- 08: XOR


@register(
    "xor_needs_two_lines",
    "add the inner two, add the outer two: the same number would be above and below 0",
    lesson=8,
    posts=("B1",),
    left="(w_1 + b) + (w_2 + b)",
)
def _():
    w1, w2 = sp.symbols("w1 w2", real=True)
    inner = (w1 + b) + (w2 + b)  # both must be > 0: outputs for (1, 0) and (0, 1)
    outer = b + (w1 + w2 + b)  # both must be < 0: outputs for (0, 0) and (1, 1)
    return Equation(inner, outer, wrong={"AND would do": w1 + w2 + b})


@register(
    "xor_best_line",
    "the four s in XOR's losses log(1 + eˢ) of one neuron sum to 0, so the mean loss is at least log 2",
    lesson=8,
    posts=("B1",),
)
def _():
    w1, w2 = sp.symbols("w1 w2", real=True)
    s = [b, -(w1 + b), -(w2 + b), w1 + w2 + b]  # z where 0 is wanted, −z where 1 is
    return Equation(sum(s), sp.Integer(0), wrong={"AND instead": (sum(s) - 2 * s[3], sp.Integer(0))})


@register(
    "xor_by_hand",
    "two ReLU units are enough: max(0, x₁ + x₂) − 2 max(0, x₁ + x₂ − 1)",
    lesson=8,
    posts=("B1", "B3"),
)
def _():
    total = [p + q for p in (0, 1) for q in (0, 1)]
    outputs = [max(0, s) - 2 * max(0, s - 1) for s in total]
    return Equation(sp.Matrix(outputs), sp.Matrix([0, 1, 1, 0]), wrong={"OR": sp.Matrix([0, 1, 1, 1])})


def _twins(function, sign):
    """2-2-1 where unit 2 is unit 1 with every weight and the bias times `sign`, incoming and outgoing."""
    net = SymbolicNetwork((2, 2, 1), function)
    tied = {net.W[1][1, c]: sign * net.W[1][0, c] for c in range(2)}
    tied |= {net.b[1][1]: sign * net.b[1][0], net.W[2][0, 1]: sign * net.W[2][0, 0]}
    return net, tied


def _first_layer(net):
    return net.gradient(net.W[1].row_join(net.b[1]))


@register(
    "mirror_units",
    "tanh is odd: mirror units (row 2 = −row 1, in and out) get mirrored gradients, for ever",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial (w_{2\cdot}, b_2)}",
)
def _():
    net, tied = _twins(sp.tanh, -1)
    rows = _first_layer(net).subs(tied)
    free = {k: v for k, v in tied.items() if k != net.W[2][0, 1]}
    untied = _first_layer(net).subs(free)
    return Equation(
        rows[1, :],
        -rows[0, :],
        wrong={
            "equal, not mirrored": rows[0, :],
            "outgoing weights not mirrored": (untied[1, :], -untied[0, :]),
        },
    )


@register(
    "mirror_outgoing",
    "… and so do their outgoing weights: nothing parts them (σ is not odd: here sigmoid units part)",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w^2_{12}}",
)
def _():
    net, tied = _twins(sp.tanh, -1)
    row = net.gradient(net.W[2]).subs(tied)
    other, other_tied = _twins(sigma, -1)
    untied = other.gradient(other.W[2]).subs(other_tied)
    return Equation(row[1], -row[0], wrong={"sigmoid units": (untied[1], -untied[0])})


@register(
    "mirror_sum",
    "two mirrored tanh units are one unit with twice the outgoing weight: one line",
    lesson=8,
    posts=("B8",),
)
def _():
    z, v = sp.symbols("z v", real=True)
    both = v * sp.tanh(z) + (-v) * sp.tanh(-z)
    return Equation(both, 2 * v * sp.tanh(z), wrong={"they cancel": sp.Integer(0)})


@register(
    "equal_units",
    "two equal hidden units with equal outgoing weights get equal gradients: B's reason for chance",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial (w_{2\cdot}, b_2)}",
)
def _():
    net, tied = _twins(f, 1)
    rows = _first_layer(net).subs(tied).doit()
    return Equation(rows[1, :], rows[0, :], wrong={"mirrored": -rows[0, :]})


@register(
    "equal_units_part",
    "equal units with unequal outgoing weights part at once, by (u₂ − u₁) f′(z) x times the error",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w_{2\cdot}} - \frac{\partial L}{\partial w_{1\cdot}}",
)
def _():
    net, tied = _twins(f, 1)
    free = {k: v for k, v in tied.items() if k != net.W[2][0, 1]}
    rows = net.gradient(net.W[1]).subs(free).doit()
    error = net.written_out(net.output_delta())[0].subs(free)
    u1, u2 = net.W[2]
    apart = error * (u2 - u1) * slope(f, net.z[1][0]) * net.x.T
    return Equation(rows[1, :] - rows[0, :], apart, wrong={"tied": sp.zeros(1, 2)})


@register(
    "constant_start",
    "constant weights tie the units, not the inputs: row entries still go as x",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w_{1\cdot}}",
)
def _():
    net = SymbolicNetwork((2, 2, 1), f)
    c = sp.Symbol("c", real=True)
    flat = dict.fromkeys([*net.W[1], *net.W[2], *net.b[1], *net.b[2]], c)
    row = net.gradient(net.W[1])[0, :].subs(flat).doit()
    delta = net.gradient(net.b[1])[0].subs(flat).doit()
    return Equation(row, delta * net.x.T, wrong={"all elements equal": delta * sp.ones(1, 2)})


@register(
    "squared_against_cross_entropy",
    "squared error's gradient is cross-entropy's times 2ŷ(1 − ŷ), at most ½: B's text is slower",
    lesson=8,
    posts=("B13",),
)
def _():
    p = sigma(t)
    squared, entropy = sp.diff((p - y) ** 2, t), p - y
    return Equation(squared, entropy * 2 * p * (1 - p), wrong={"the same": entropy})


@register("squared_error_slowdown", "2ŷ(1 − ŷ) = ½ − 2(ŷ − ½)²: never above ½", lesson=8)
def _():
    half = sp.Rational(1, 2)
    return Equation(2 * y * (1 - y), half - 2 * (y - half) ** 2, wrong={"½ − …²": half - (y - half) ** 2})


# ---------------------------------------------------------------- 09: how big is z?


@register(
    "variance_of_z",
    "weights of mean 0, independent of the inputs: Var z = n Var(w) E[a²], for any n",
    lesson=9,
    left=r"E\left[\left(\sum_k w_k a_k\right)^2\right]",
)
def _():
    n, i, j = sp.symbols("n i j", integer=True, positive=True)
    var, square = sp.symbols("v s", positive=True)
    covariance = var * sp.KroneckerDelta(i, j, (1, n))  # E[w_i w_j]: independent, mean 0
    a_product = square  # E[a_i a_j] is needed at i = j alone
    total = sp.Sum(sp.Sum(covariance * a_product, (j, 1, n)), (i, 1, n))
    return Equation(total, n * var * square, wrong={"n forgotten": var * square, "n²": n**2 * var * square})


@register("xavier_forward", "Var w = 1/n keeps the size of z from layer to layer", lesson=9)
def _():
    n, square, var = sp.symbols("n s v", positive=True)
    kept = sp.solve(sp.Eq(n * var * square, square), var)[0]
    return Equation(kept, 1 / n, wrong={"1/√n": 1 / sp.sqrt(n)})


@register(
    "xavier_both_ways",
    "2/(n_in + n_out) is the harmonic compromise between 1/n_in forward and 1/n_out back",
    lesson=9,
)
def _():
    n_in, n_out = sp.symbols("n_in n_out", positive=True)
    mean_size = (n_in + n_out) / 2
    return Equation(
        1 / mean_size,
        2 / (1 / (1 / n_in) + 1 / (1 / n_out)),
        wrong={"arithmetic": (1 / n_in + 1 / n_out) / 2},
    )


@register(
    "relu_second_moment",
    "ReLU of a normal z of mean 0 keeps half its mean square",
    lesson=9,
    left=r"E[\max(0, z)^2]",
)
def _():
    sd, v = sp.symbols("s z", positive=True)
    density = sp.exp(-(v**2) / (2 * sd**2)) / (sp.sqrt(2 * sp.pi) * sd)
    return Equation(sp.integrate(v**2 * density, (v, 0, sp.oo)), sd**2 / 2, wrong={"all of it": sd**2})


@register("he", "before ReLU Var w = 2/n keeps the size: n · 2/n · half", lesson=9)
def _():
    n, sd, var = sp.symbols("n s v", positive=True)
    kept = sp.solve(sp.Eq(n * var * sd**2 / 2, sd**2), var)[0]
    return Equation(kept, 2 / n, wrong={"Xavier": 1 / n})


@register(
    "wrong_scale_compounds",
    "off by a factor c a layer, the mean square is off by c^L after L layers",
    lesson=9,
    posts=("D5",),
)
def _():
    c, square = sp.symbols("c s", positive=True)
    layer = sp.Symbol("l", integer=True, positive=True)
    depth = sp.Symbol("L", integer=True, positive=True)
    return Equation(
        square * sp.Product(c, (layer, 1, depth)).doit(),
        square * c**depth,
        wrong={"adds up": square * c * depth},
    )


@register(
    "input_scale",
    "inputs times s act like a rate times s²: why A's unscaled inputs need another η",
    lesson=9,
    posts=("A9",),
)
def _():
    w, x, s, eta, d = sp.symbols("w x s eta delta", real=True)
    scaled = (w - eta * d * (s * x)) * (s * x)  # z after a step, with inputs s x
    return Equation(
        scaled, s * w * x - (s**2 * eta) * d * x * x, wrong={"s once": s * w * x - s * eta * d * x * x}
    )


@register("mean_is_best_constant", "of all constants the mean has the least squared error: R² = 0", lesson=9)
def _():
    c, targets = sp.Symbol("c", real=True), sp.symbols("y1:4", real=True)
    slope_at = sp.diff(sum((c - v) ** 2 for v in targets), c).subs(c, sum(targets) / 3)
    return Equation(
        slope_at,
        sp.Integer(0),
        wrong={
            "the sum": (sp.diff(sum((c - v) ** 2 for v in targets), c).subs(c, sum(targets)), sp.Integer(0))
        },
    )


# ---------------------------------------------------------------- 10: MNIST


@register(
    "black_pixel",
    "a pixel that is 0 in every image has gradient 0 in every weight: δ · 0",
    lesson=10,
    left=r"\frac{\partial L}{\partial W_{1\cdot}}",
)
def _():
    X, D = (sp.Matrix(3, 2, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "xd")
    X[:, 0] = sp.zeros(3, 1)
    return Equation((X.T * D)[0, :], sp.zeros(1, 2))


@register(
    "grey_pixel",
    "C's +0.01 lets black pixels teach: 0.01 Σₙ δ, the same for all of them",
    lesson=10,
    posts=("C7",),
    left=r"\frac{\partial L}{\partial W_{1\cdot}}",
)
def _():
    X, D = (sp.Matrix(3, 2, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "xd")
    X[:, 0] = sp.ones(3, 1) / 100
    return Equation((X.T * D)[0, :], sp.ones(1, 3) * D / 100, wrong={"still silent": sp.zeros(1, 2)})


@register(
    "double_softmax_floor",
    "outputs in [0, 1] fed to softmax: p ≤ e/(e + 9), so the loss cannot fall below 1.461",
    lesson=10,
    posts=("C12",),
    left=r"-\log p_1",
)
def _():
    best = softmax_of(sp.Matrix([1] + [0] * 9))[0]
    return Equation(
        -sp.log(best), sp.log(1 + 9 * sp.exp(-1)), wrong={"0": sp.Integer(0), "ln 10": sp.log(10)}
    )


@register(
    "double_softmax_gradient",
    "a sigmoid before softmax cross-entropy multiplies the gradient by a(1 − a) ≤ ¼",
    lesson=10,
    posts=("C12",),
    left=r"\frac{\partial L}{\partial z_1}",
)
def _():
    z = sp.Matrix(sp.symbols("z1:4", real=True))
    a = z.applyfunc(sigma)
    total = sum(map(sp.exp, a))
    derived = sp.diff(sp.log(total) - a[0], z[0])
    return Equation(
        derived, (sp.exp(a[0]) / total - 1) * a[0] * (1 - a[0]), wrong={"p − y": sp.exp(a[0]) / total - 1}
    )


# ---------------------------------------------------------------- 11: broken in print


@register(
    "recovered_gradient",
    "(W_before − W_after)/η is the gradient that a step really used",
    lesson=11,
    posts=("C8",),
)
def _():
    w, eta, g = sp.symbols("w eta g", real=True)
    return Equation((w - (w - eta * g)) / eta, g, wrong={"η forgotten": eta * g})


@register(
    "divided_by_classes",
    "D's one-example backward divides by the K classes, not by N = 1: K times too small",
    lesson=11,
    posts=("D14",),
)
def _():
    p, goal, classes = sp.symbols("p y K", positive=True)
    return Equation((p - goal) / 1 / ((p - goal) / classes), classes, wrong={"no harm": sp.Integer(1)})


@register(
    "epsilon_in_the_log",
    "log(p + ε) in the loss has gradient −1/(p + ε): at p = ε half of −1/p",
    lesson=11,
    posts=("D24",),
)
def _():
    p, eps = sp.symbols("p epsilon", positive=True)
    ratio = sp.diff(-sp.log(p + eps), p) / sp.diff(-sp.log(p), p)
    return Equation(ratio, p / (p + eps), wrong={"no harm": sp.Integer(1)})


@register(
    "gate_on_the_output",
    "ReLU's output is never negative, so `output >= 0` never closes the gate: dZ = dA",
    lesson=11,
)
def _():
    u, d = sp.Symbol("u", positive=True), sp.Symbol("d", real=True)
    outputs = [sp.Max(0, u), sp.Max(0, -u)]
    gate = [d if out >= 0 else 0 for out in outputs]
    right = [d if out > 0 else 0 for out in outputs]
    return Equation(sp.Matrix(gate), sp.Matrix([d, d]), wrong={"the right gate": sp.Matrix(right)})
