"""Lesson 08: XOR, and units that stay alike."""

import sympy as sp

from .gradients import slope
from .lesson_02 import sigma
from .registry import Equation, register
from .symbolic_network import SymbolicNetwork

b, y, y_hat, z = sp.symbols("b y yhat z", real=True)
f = sp.Function("f")


@register(
    "add the inner two, add the outer two: the same number would be above and below 0",
    lesson=8,
    posts=("B1",),
    left="(w_1 + b) + (w_2 + b)",
)
def xor_needs_two_lines():
    w1, w2 = sp.symbols("w1 w2", real=True)
    inner = (w1 + b) + (w2 + b)  # both must be > 0: outputs for (1, 0) and (0, 1)
    outer = b + (w1 + w2 + b)  # both must be < 0: outputs for (0, 0) and (1, 1)
    return Equation(inner, outer, wrong={"AND would do": w1 + w2 + b})


@register(
    "the four s in XOR's losses log(1 + eˢ) of one neuron sum to 0, so the mean loss is at least log 2",
    lesson=8,
    posts=("B1",),
)
def xor_best_line():
    w1, w2 = sp.symbols("w1 w2", real=True)
    s = [b, -(w1 + b), -(w2 + b), w1 + w2 + b]  # z where 0 is wanted, −z where 1 is
    return Equation(sum(s), sp.Integer(0), wrong={"AND instead": (sum(s) - 2 * s[3], sp.Integer(0))})


@register(
    "two ReLU units are enough: max(0, x₁ + x₂) − 2 max(0, x₁ + x₂ − 1)",
    lesson=8,
    posts=("B1", "B3"),
)
def xor_by_hand():
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
    "tanh is odd: mirror units (row 2 = −row 1, in and out) get mirrored gradients, for ever",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial (w_{2\cdot}, b_2)}",
)
def mirror_units():
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
    "… and so do their outgoing weights: nothing parts them (σ is not odd: here sigmoid units part)",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w^2_{12}}",
)
def mirror_outgoing():
    net, tied = _twins(sp.tanh, -1)
    row = net.gradient(net.W[2]).subs(tied)
    other, other_tied = _twins(sigma, -1)
    untied = other.gradient(other.W[2]).subs(other_tied)
    return Equation(row[1], -row[0], wrong={"sigmoid units": (untied[1], -untied[0])})


@register(
    "two mirrored tanh units are one unit with twice the outgoing weight: one line",
    lesson=8,
    posts=("B8",),
)
def mirror_sum():
    v = sp.Symbol("v", real=True)
    both = v * sp.tanh(z) + (-v) * sp.tanh(-z)
    return Equation(both, 2 * v * sp.tanh(z), wrong={"they cancel": sp.Integer(0)})


@register(
    "two equal hidden units with equal outgoing weights get equal gradients: post B's reason for chance",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial (w_{2\cdot}, b_2)}",
)
def equal_units():
    net, tied = _twins(f, 1)
    rows = _first_layer(net).subs(tied).doit()
    return Equation(rows[1, :], rows[0, :], wrong={"mirrored": -rows[0, :]})


@register(
    "equal units with unequal outgoing weights part at once, by (u₂ − u₁) f′(z) x times the error",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w_{2\cdot}} - \frac{\partial L}{\partial w_{1\cdot}}",
)
def equal_units_part():
    net, tied = _twins(f, 1)
    free = {k: v for k, v in tied.items() if k != net.W[2][0, 1]}
    rows = net.gradient(net.W[1]).subs(free).doit()
    error = net.written_out(net.output_delta())[0].subs(free)
    u1, u2 = net.W[2]
    apart = error * (u2 - u1) * slope(f, net.z[1][0]) * net.x.T
    return Equation(rows[1, :] - rows[0, :], apart, wrong={"tied": sp.zeros(1, 2)})


@register(
    "constant weights tie the units, not the inputs: row entries still go as x",
    lesson=8,
    posts=("B8",),
    left=r"\frac{\partial L}{\partial w_{1\cdot}}",
)
def constant_start():
    net = SymbolicNetwork((2, 2, 1), f)
    c = sp.Symbol("c", real=True)
    flat = dict.fromkeys([*net.W[1], *net.W[2], *net.b[1], *net.b[2]], c)
    row = net.gradient(net.W[1])[0, :].subs(flat).doit()
    delta = net.gradient(net.b[1])[0].subs(flat).doit()
    return Equation(row, delta * net.x.T, wrong={"all elements equal": delta * sp.ones(1, 2)})


@register(
    "squared error's gradient is cross-entropy's times 2ŷ(1 − ŷ), at most ½: post B's text is slower",
    lesson=8,
    posts=("B13",),
    left=r"\frac{\partial}{\partial z}(\hat y - y)^2",
)
def squared_against_cross_entropy():
    squared, entropy = sp.diff((sigma(z) - y) ** 2, z), y_hat - y
    factor = 2 * y_hat * (1 - y_hat)
    return Equation(squared, entropy * factor, (sp.Eq(y_hat, sigma(z)),), wrong={"the same": entropy})


@register("2ŷ(1 − ŷ) = ½ − 2(ŷ − ½)²: never above ½", lesson=8)
def squared_error_slowdown():
    half = sp.Rational(1, 2)
    below = (y_hat - half) ** 2
    return Equation(2 * y_hat * (1 - y_hat), half - 2 * below, wrong={"½ − …²": half - below})
