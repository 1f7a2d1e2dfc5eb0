"""Lesson 04: δ = ∂L/∂z, weight by weight, by index for any width, and in matrix form for an abstract f.

Columns, as published: z = W a + b with W (n_out, n_in); w_jk leads from unit k to unit j.
"""

from functools import cache

import numpy as np
import sympy as sp

from ..layers import Affine, Sigmoid
from ..losses import BinaryCrossEntropy
from ..network import Network
from .lesson_02 import sigma
from .registry import Equation, evaluate, register
from .symbolic_network import SymbolicNetwork

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k, p = sp.symbols("i j k p", integer=True, positive=True)
a, b, d, w, y, z = map(sp.IndexedBase, ("a", "b", "delta", "w", "y", "z"))
f, ell = sp.Function("f"), sp.Function("ell")
t = sp.Symbol("t", real=True)
KD = sp.KroneckerDelta


# ---------------------------------------------------------------- index bootcamp


def _z(unit, inputs=n):
    return sp.Sum(w[unit, k] * a[k], (k, 1, inputs)) + b[unit]


@register(
    "w_jp touches z_j alone: ∂z_i/∂w_jp = δ_ij a_p (Kronecker's δ)",
    lesson=4,
    posts=("A2",),
    left=r"\frac{\partial z_i}{\partial w_{jp}}",
)
def dz_dw():
    return Equation(
        sp.diff(_z(i), w[j, p]),
        KD(i, j) * a[p],
        (p <= n,),
        wrong={"in every unit": a[p], "of the wrong index": KD(i, j) * a[j]},
    )


@register(
    "an input reaches z_j through its own weight: ∂z_j/∂a_p = w_jp",
    lesson=4,
    posts=("A4",),
    left=r"\frac{\partial z_j}{\partial a_p}",
)
def dz_da():
    return Equation(sp.diff(_z(j), a[p]), w[j, p], (p <= n,), wrong={"transposed": w[p, j]})


@register(
    "a bias touches its own unit: ∂z_i/∂b_j = δ_ij",
    lesson=4,
    left=r"\frac{\partial z_i}{\partial b_j}",
)
def dz_db():
    return Equation(sp.diff(_z(i), b[j]), KD(i, j), wrong={"in every unit": sp.Integer(1)})


# ---------------------------------------------------------------- B's 2-2-1 and C's v/w network


@cache
def _b_network():
    return SymbolicNetwork((2, 2, 1), f, loss=lambda out, goal: (out[0] - goal[0]) ** 2)


def _b_parts():
    """The network, 2(ŷ − y) f′(o), the hidden slopes and the output weights, in names."""
    net = _b_network()
    return net, 2 * (net.A[2][0] - net.y[0]) * net.dA[2][0], net.dA[1], net.W[2]


@register(
    "2-2-1: ∂L/∂w_j = 2(ŷ − y) f′(o) h_j for both output weights",
    lesson=4,
    posts=("B10", "B11"),
    left=r"\frac{\partial L}{\partial W^2}",
)
def b221_output_weights():
    net, error, _, _ = _b_parts()
    h1, h2 = net.A[1]
    return Equation(
        net.gradient(net.W[2]),
        sp.Matrix([[error * h1, error * h2]]),
        net.names,
        wrong={"h swapped": sp.Matrix([[error * h2, error * h1]])},
    )


@register(
    "2-2-1: the output bias has the same gradient without the h",
    lesson=4,
    posts=("B10",),
    left=r"\frac{\partial L}{\partial b^2}",
)
def b221_output_bias():
    net, error, _, _ = _b_parts()
    return Equation(net.gradient(net.b[2])[0], error, net.names, wrong={"with an h": error * net.A[1][0]})


@register(
    "2-2-1: ∂L/∂w_jk = 2(ŷ − y) f′(o) · w_j f′(z_j) · x_k: two factors longer",
    lesson=4,
    posts=("B11", "B12"),
    left=r"\frac{\partial L}{\partial W^1}",
)
def b221_hidden_weights():
    net, error, slopes, out = _b_parts()
    claimed = sp.Matrix(2, 2, lambda r, c: error * out[r] * slopes[r] * net.x[c])
    short = sp.Matrix(2, 2, lambda r, c: error * slopes[r] * net.x[c])
    return Equation(net.gradient(net.W[1]), claimed, net.names, wrong={"outgoing weight forgotten": short})


@register(
    "2-2-1: the hidden biases have the same gradient without the x",
    lesson=4,
    posts=("B10",),
    left=r"\frac{\partial L}{\partial b^1}",
)
def b221_hidden_biases():
    net, error, slopes, out = _b_parts()
    return Equation(
        net.gradient(net.b[1]),
        sp.Matrix([error * out[r] * slopes[r] for r in range(2)]),
        net.names,
        wrong={"no slope": sp.Matrix([error * out[r] for r in range(2)])},
    )


@register(
    "2-2-1: the way to w^1_21, link by link",
    lesson=4,
    posts=("B11",),
    left=r"\frac{\partial L}{\partial w^1_{21}}",
)
def b221_one_weight():
    net, error, slopes, out = _b_parts()
    w21, y_hat = net.W[1][1, 0], net.A[2][0]
    whole = sp.Function("L")(w21)

    def by_w(function):  # names what is still to be differentiated
        return sp.Derivative(sp.Function(function)(w21), w21)

    meaning = {"L": net.loss, "yhat": net.a[2][0], "o": net.z[2][0], "h2": net.a[1][1], "z2": net.z[1][1]}
    names = tuple(sp.Eq(sp.Function(name)(w21), value) for name, value in meaning.items())
    return Equation.chain(
        (sp.Derivative(whole, w21), "L with respect to the weight"),
        (2 * (y_hat - net.y[0]) * by_w("yhat"), "L with respect to the output"),
        (error * by_w("o"), "the output with respect to its sum o"),
        (error * out[1] * by_w("h2"), "o with respect to the hidden unit"),
        (error * out[1] * slopes[1] * by_w("z2"), "h with respect to its sum z"),
        (error * out[1] * slopes[1] * net.x[0], "z with respect to its weight: the input"),
        assuming=(*names, *net.names),
    )


@cache
def _bce_network():
    """2-2-1 with sigmoids; cross-entropy as a function of the logit o, log(1 + e^o) − y o."""
    return SymbolicNetwork(
        (2, 2, 1), sigma, output=lambda o: o, loss=lambda o, goal: sp.log(1 + sp.exp(o[0])) - goal[0] * o[0]
    )


def _bce_delta(layer, y_hat):
    net = _bce_network()
    error = sp.Matrix([y_hat - net.y[0]])
    hidden = net.A[1].applyfunc(lambda h: h * (1 - h))
    return error if layer == 2 else (net.W[2].T * error).multiply_elementwise(hidden)


def _compare_221(equation, rng):
    """B's network in columns, and in `Network.gradients`."""
    net = _bce_network()
    arrays = {v: rng.normal(size=v.shape) for v in (*net.W[1:], *net.b[1:], net.x)}
    numbers = {**arrays, net.y: np.array([[1.0]])}
    first, second = (Affine.from_arrays(arrays[net.W[at]].T, arrays[net.b[at]][:, 0]) for at in (1, 2))
    network = Network([first, Sigmoid(), second], BinaryCrossEntropy())
    _, grads = network.gradients(arrays[net.x].T, np.array([[1.0]]))
    yield "Network.gradients, W of layer 1", evaluate(equation.written_out, numbers), grads[0]["W"].T
    for at in (1, 2):
        delta = net.written_out(_bce_delta(at, sigma(net.Z[2][0])))
        yield f"Network.gradients, b of layer {at}", evaluate(delta, numbers), grads[2 * at - 2]["b"][:, None]


@register(
    "cross-entropy of ŷ = σ(o) and log(1 + e^o) − y o have the same slope, and meet at o = 0",
    lesson=4,
    posts=("B13",),
    left=r"\left(\frac{dL}{do}, L(0)\right)",
)
def bce_of_a_logit():
    o, goal = sp.symbols("o y", real=True)
    p_hat = sigma(o)
    plain, short = -goal * sp.log(p_hat) - (1 - goal) * sp.log(1 - p_hat), sp.log(1 + sp.exp(o)) - goal * o
    both = [sp.Matrix([sp.diff(loss, o), loss.subs(o, 0)]) for loss in (plain, short)]
    return Equation(*both, wrong={"sign of y": sp.Matrix([both[1][0] + 2 * goal, both[1][1]])})


@register(
    "B's program: sigmoids and cross-entropy, output δ = ŷ − y, hidden δ = w δ h(1 − h)",
    lesson=4,
    posts=("B13",),
    left=r"\frac{\partial L}{\partial W^1}",
    numeric=_compare_221,
)
def b221_program():
    net = _bce_network()
    y_hat = sp.Symbol("yhat", real=True)
    claimed = _bce_delta(1, y_hat) * net.x.T
    return Equation(
        net.gradient(net.W[1]),
        claimed,
        (sp.Eq(y_hat, sigma(net.Z[2][0])), *net.names),
        wrong={"σ′ of the output left in": claimed * y_hat * (1 - y_hat)},
    )


@register(
    "C's v/w network: v_11 reaches every output, so its gradient is a sum over k",
    lesson=4,
    posts=("C4", "C5"),
    left=r"\frac{\partial E}{\partial v_{11}}",
)
def c_hidden_gradient():
    net = SymbolicNetwork((2, 2, 3), f, bias=False)
    errors = [(net.A[2][q] - net.y[q]) * net.dA[2][q] * net.W[2][q, 0] for q in range(3)]
    claimed = sum(errors) * net.dA[1][0] * net.x[0]
    return Equation(
        net.gradient(net.W[1])[0, 0],
        claimed,
        net.names,
        wrong={"as printed, one output k": errors[0] * net.dA[1][0] * net.x[0]},
    )


@register(
    "C's w_12 reaches output 2 alone: no sum",
    lesson=4,
    posts=("C4", "C5"),
    left=r"\frac{\partial E}{\partial w_{12}}",
)
def c_output_gradient():
    net = SymbolicNetwork((2, 2, 3), f, bias=False)
    delta = net.output_delta()
    return Equation(
        net.gradient(net.W[2])[1, 0],
        delta[1] * net.A[1][0],
        net.names,
        wrong={"summed over k": sum(delta) * net.A[1][0]},
    )


# ---------------------------------------------------------------- δ by index, any width


@register(
    "at the output δ_i = (f(z_i) − y_i) f′(z_i), whatever the width n",
    lesson=4,
    posts=("A3",),
    left=r"\delta_i = \frac{\partial L}{\partial z_i}",
)
def output_delta():
    loss = sp.Sum((f(z[j]) - y[j]) ** 2 / 2, (j, 1, n))
    return Equation(
        sp.diff(loss, z[i]),
        (f(z[i]) - y[i]) * f(z[i]).diff(z[i]),
        (i <= n,),
        wrong={"slope forgotten": f(z[i]) - y[i], "sign": (y[i] - f(z[i])) * f(z[i]).diff(z[i])},
    )


def _above():
    """Any function of the layer above, to first order: L = Σ_j δ_j z_j with z_j = Σ_k w_jk f(z_k) + b_j."""
    zj = sp.Sum(w[j, k] * f(z[k]), (k, 1, m)) + b[j]
    return sp.Sum(d[j] * zj, (j, 1, n))


@register(
    "a hidden unit collects from all units above: δ_i = f′(z_i) Σ_j w_ji δ_j",
    lesson=4,
    posts=("A4", "C4"),
    left=r"\delta_i = \frac{\partial L}{\partial z_i}",
)
def hidden_delta():
    fan_out = sp.Sum(w[j, i] * d[j], (j, 1, n))
    return Equation(
        sp.diff(_above(), z[i]),
        f(z[i]).diff(z[i]) * fan_out,
        (i <= m,),
        wrong={
            "one path only": f(z[i]).diff(z[i]) * w[1, i] * d[1],
            "transposed": f(z[i]).diff(z[i]) * sp.Sum(w[i, j] * d[j], (j, 1, n)),
            "slope forgotten": fan_out,
        },
    )


@register(
    "∂L/∂w_ip = δ_i a_p, whatever the widths",
    lesson=4,
    posts=("A2", "A5"),
    left=r"\frac{\partial L}{\partial w_{ip}}",
)
def weight_gradient():
    loss = sp.Sum(d[j] * _z(j, m), (j, 1, n))
    return Equation(sp.diff(loss, w[i, p]), d[i] * a[p], (i <= n, p <= m), wrong={"transposed": d[p] * a[i]})


@register(
    "∂L/∂b_i = δ_i, whatever the width",
    lesson=4,
    left=r"\frac{\partial L}{\partial b_i}",
)
def bias_gradient_index():
    return Equation(
        sp.diff(sp.Sum(d[j] * _z(j, m), (j, 1, n)), b[i]), d[i], (i <= n,), wrong={"with a": d[i] * a[i]}
    )


# ---------------------------------------------------------------- matrix form, abstract f on 2-3-2


@cache
def _net232():
    return SymbolicNetwork((2, 3, 2), f)


@cache
def _net222():
    """Square matrices, where a wrong transpose fits."""
    return SymbolicNetwork((2, 2, 2), f)


@register(
    "2-3-2, any f: ∂L/∂b² = δ² = (a² − y) ⊙ f′(z²)",
    lesson=4,
    posts=("A3",),
    left=r"\delta^2",
)
def matrix_output_delta():
    net = _net232()
    error = net.A[2] - net.y
    return Equation(
        net.gradient(net.b[2]),
        error.multiply_elementwise(net.dA[2]),
        net.names,
        wrong={"slope of the other unit": error.multiply_elementwise(sp.Matrix(net.dA[2][::-1]))},
    )


@register(
    "2-3-2, any f: δ¹ = (W²)ᵀδ² ⊙ f′(z¹)",
    lesson=4,
    posts=("A4",),
    left=r"\delta^1",
)
def matrix_hidden_delta():
    net, square = _net232(), _net222()
    lies = square.written_out((square.W[2] * square.delta(2)).multiply_elementwise(square.dA[1]))
    return Equation(
        net.gradient(net.b[1]),
        net.delta(1),
        net.names,
        wrong={
            "W for Wᵀ where it fits": (square.gradient(square.b[1]), lies),
            "slope forgotten": net.W[2].T * net.delta(2),
        },
    )


@register(
    "2-3-2, any f: ∂L/∂W² = δ²(a¹)ᵀ",
    lesson=4,
    posts=("A5",),
    left=r"\frac{\partial L}{\partial W^2}",
)
def matrix_output_weights():
    net = _net232()
    return Equation(
        net.gradient(net.W[2]),
        net.delta(2) * net.A[1].T,
        net.names,
        wrong={"z for a": net.delta(2) * net.Z[1].T},
    )


@register(
    "2-3-2, any f: ∂L/∂W¹ = δ¹xᵀ",
    lesson=4,
    posts=("A5",),
    left=r"\frac{\partial L}{\partial W^1}",
)
def matrix_hidden_weights():
    net, square = _net232(), _net222()
    return Equation(
        net.gradient(net.W[1]),
        net.delta(1) * net.x.T,
        net.names,
        wrong={
            "transposed where it fits": (
                square.gradient(square.W[1]),
                square.written_out(square.x * square.delta(1).T),
            )
        },
    )


@register(
    "2-2-3-2, any f: the same recursion once more reaches the first layer",
    lesson=4,
    posts=("A4", "D22"),
    left=r"\frac{\partial L}{\partial W^1}",
)
def recursion_three_layers():
    net = SymbolicNetwork((2, 2, 3, 2), f, bias=False)
    return Equation(
        net.gradient(net.W[1]),
        net.delta(1) * net.x.T,
        net.names,
        wrong={"a slope forgotten": (net.W[2].T * net.delta(2)) * net.x.T},
    )


@register(
    "updating W first changes Wᵀδ, what hidden units receive, by −η h_j Σ_k δ_k²: proportional to η",
    lesson=4,
    posts=("A7", "C8"),
    left=r"W_{\mathrm{new}}^{\mathsf T}\delta - W^{\mathsf T}\delta",
)
def stale_weights():
    eta = sp.Symbol("eta", positive=True)
    delta, hidden = (sp.Matrix(sp.symbols(f"{s}1:{c}", real=True)) for s, c in (("delta", 4), ("h", 3)))
    W = sp.Matrix(3, 2, lambda r, c: sp.Symbol(f"w{r + 1}{c + 1}", real=True))
    after = W - eta * delta * hidden.T
    return Equation(
        after.T * delta - W.T * delta, -eta * hidden * delta.dot(delta), wrong={"no harm": sp.zeros(2, 1)}
    )


@register(
    "∂out/∂in is a sum over all paths of the products of their weights",
    lesson=4,
    left=r"\frac{\partial z^3_1}{\partial x_1}",
)
def paths_sum():
    net = SymbolicNetwork((2, 3, 2, 1), lambda v: v, bias=False)
    paths = [net.W[1][r, 0] * net.W[2][s, r] * net.W[3][0, s] for r in range(3) for s in range(2)]
    return Equation(sp.diff(net.z[3][0], net.x[0]), sum(paths), wrong={"a path forgotten": sum(paths[1:])})


@register("784-64-32-10 has 16 056 320 paths; all δ cost 2 368 multiplications", lesson=4)
def paths_counted():
    widths = sp.Matrix([784, 64, 32, 10])
    counts = sp.Matrix([sp.prod(widths), widths[1] * widths[2] + widths[2] * widths[3]])
    return Equation(counts, sp.Matrix([16_056_320, 2_368]))
