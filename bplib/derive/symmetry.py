"""Lesson 08: why one line cannot separate XOR, and which hidden units stay tied for ever.

Lesson 10: how small the loss can become behind one squashing too many.
"""

from functools import cache

import numpy as np
import sympy as sp

from ..layers import Affine, Sigmoid, Tanh
from ..losses import BinaryCrossEntropy, SoftmaxCrossEntropy
from ..network import Network
from .activations import sigma
from .registry import Equation, register

w1, w2, b = sp.symbols("w1 w2 b", real=True)
x1, x2, y = sp.symbols("x1 x2 y", real=True)
ROWS = ((0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 0))  # x1, x2 and what XOR makes of them
softplus = sp.Lambda(w1, sp.log(1 + sp.exp(w1)))


def _z(p, q):
    return w1 * p + w2 * q + b


def _against():
    """z where 0 is wanted, −z where 1 is: the loss of a row is log(1 + e^that)."""
    return [_z(p, q) * (1 - 2 * wanted) for p, q, wanted in ROWS]


@register(
    "xor_one_line",
    "the two z that must be above 0 and the two that must be below 0 have the same sum",
    lesson=8,
    posts=("B1",),
)
def _():
    above = [_z(p, q) for p, q, wanted in ROWS if wanted]
    below = [_z(p, q) for p, q, wanted in ROWS if not wanted]
    return Equation(sum(above), sum(below), wrong={"b once": sum(below) - b})


@register(
    "xor_best_line",
    "the four s in XOR's losses log(1 + eˢ) sum to 0: the mean loss is at least log 2",
    lesson=8,
    posts=("B1",),
)
def _():
    its_and = sum(_against()) - 2 * _z(1, 1)
    return Equation(sum(_against()), sp.Integer(0), wrong={"AND instead": (its_and, sp.Integer(0))})


def _compare_flat(equation, rng):
    X = np.array([row[:2] for row in ROWS], float)
    Y = np.array([row[2:] for row in ROWS], float)
    network = Network([Affine.from_arrays(np.zeros((2, 1)), np.zeros(1))], BinaryCrossEntropy())
    loss, grads = network.gradients(X, Y)
    yield "1 + Affine.backward", np.ones(3), 1 + np.append(grads[0]["W"][:, 0], grads[0]["b"])
    yield "BinaryCrossEntropy.forward", np.log(2), loss


@register(
    "xor_flat_at_zero",
    "at w = 0, b = 0 the gradient of one neuron on XOR is exactly 0",
    lesson=8,
    numeric=_compare_flat,
)
def _():
    loss = sum(softplus(s) for s in _against()) / 4
    at_zero = {w1: 0, w2: 0, b: 0}
    return Equation(sp.Matrix([loss.diff(v).subs(at_zero) for v in (w1, w2, b)]), sp.zeros(3, 1))


# ---------------------------------------------------------------- two hidden units

# Unit 1: weights, bias, outgoing weight; e is the output's bias. Then unit 2.
p1, p2, c, v, e = sp.symbols("p1 p2 c v e", real=True)
q1, q2, d, u = sp.symbols("q1 q2 d u", real=True)
UNIT_1, UNIT_2 = (p1, p2, c, v), (q1, q2, d, u)


@cache
def _unit_gradients(f, sign):
    """∂L/∂(w₁, w₂, b, v) of both units of a 2-2-1 network, where unit 2 is `sign` times unit 1."""
    out = v * f(p1 * x1 + p2 * x2 + c) + u * f(q1 * x1 + q2 * x2 + d) + e
    loss = (sigma(out) - y) ** 2
    start = dict(zip(UNIT_2, (sign * s for s in UNIT_1), strict=True))
    return [sp.Matrix([loss.diff(s).subs(start).doit() for s in unit]) for unit in (UNIT_1, UNIT_2)]


@register(
    "twin_units",
    "units with equal weights in and out get equal gradients, whatever f is",
    lesson=8,
    posts=("B8",),
)
def _():
    one, two = _unit_gradients(sp.Function("f"), 1)
    return Equation(two, one, wrong={"mirrored": -one})


def _compare_mirror(equation, rng):
    W, out = rng.normal(size=(2, 1)), rng.normal(size=(1, 1))
    network = Network(
        [
            Affine.from_arrays(np.hstack([W, -W]), np.array([0.3, -0.3])),
            Tanh(),
            Affine.from_arrays(np.vstack([out, -out]), np.array([0.2])),
        ],
        BinaryCrossEntropy(),
    )
    _, grads = network.gradients(rng.normal(size=(5, 2)), rng.uniform(size=(5, 1)))
    yield "Tanh.backward", grads[0]["W"][:, 1], -grads[0]["W"][:, 0]
    yield "Affine.backward", grads[2]["W"][1], -grads[2]["W"][0]


@register(
    "mirror_units",
    "tanh is odd: a unit that is minus the other gets minus its gradient",
    lesson=8,
    posts=("B8",),
    numeric=_compare_mirror,
)
def _():
    one, two = _unit_gradients(sp.tanh, -1)
    sigmoid_one, sigmoid_two = _unit_gradients(sigma, -1)
    return Equation(two, -one, wrong={"twins": one, "sigmoid units": (sigmoid_two, -sigmoid_one)})


@register(
    "mirror_sum",
    "two mirrored tanh units are one unit with twice the outgoing weight",
    lesson=8,
    posts=("B8",),
)
def _():
    z = p1 * x1 + p2 * x2 + c
    both = v * sp.tanh(z) + (-v) * sp.tanh(-z)
    return Equation(both, 2 * v * sp.tanh(z), wrong={"they cancel": sp.Integer(0)})


@register(
    "constant_start",
    "with all weights equal, ∂L/∂w_jk is the same for every unit j, not for every input k",
    lesson=8,
    posts=("B8",),
)
def _():
    f, s = sp.Function("f"), sp.Symbol("s", real=True)
    W = sp.Matrix(2, 2, sp.symbols("w11 w12 w21 w22", real=True))
    out = s * f(W[0, 0] * x1 + W[0, 1] * x2) + s * f(W[1, 0] * x1 + W[1, 1] * x2)
    same = {entry: s for entry in W}
    grads = W.applyfunc(lambda entry: sp.diff((out - y) ** 2 / 2, entry).subs(same).doit())
    t = sp.Symbol("t", real=True)
    z = s * x1 + s * x2
    delta = (2 * s * f(z) - y) * s * sp.Subs(sp.Derivative(f(t), t), t, z).doit()
    return Equation(
        grads,
        sp.Matrix([[delta * x1, delta * x2], [delta * x1, delta * x2]]),
        wrong={"all equal": sp.ones(2, 2) * delta * x1},
    )


# ---------------------------------------------------------------- one squashing too many


def _compare_floor(equation, rng):
    scores = Sigmoid().forward(np.where(np.eye(10) > 0, 50.0, -50.0))[0]
    loss = SoftmaxCrossEntropy()
    yield "SoftmaxCrossEntropy.forward", float(equation.claimed), loss.forward(scores, np.arange(10))[0]


@register(
    "double_softmax_floor",
    "ten scores between 0 and 1: −log p is at least log(e + 9) − 1 = 1.461",
    lesson=10,
    posts=("C12",),
    numeric=_compare_floor,
)
def _():
    p = sp.exp(1) / (sp.exp(1) + 9 * sp.exp(0))
    return Equation(-sp.log(p), sp.log(sp.E + 9) - 1, wrong={"nine classes": sp.log(sp.E + 8) - 1})
