"""Lesson 02: sigmoid, tanh, ReLU and their slopes; why a network needs them."""

import sympy as sp

from ..layers import ReLU, Sigmoid, Tanh
from .registry import Equation, evaluate, register

z, x = sp.symbols("z x", real=True)
a, upstream = sp.symbols("a d", real=True)  # an activation, and ∂L/∂a


def sigma(v):
    """σ(v) = 1/(1 + e^(−v))."""
    return 1 / (1 + sp.exp(-v))


def _layer(layer, name, slope):
    """Compare d · slope(a) with the layer's backward, on numbers away from the kink."""

    def compare(equation, rng):
        Z = rng.uniform(0.1, 3, size=(4, 3)) * rng.choice([-1, 1], size=(4, 3))
        dA = rng.normal(size=Z.shape)
        A, cache = layer.forward(Z)
        yield (
            f"{name}.backward",
            evaluate(slope(equation), {z: Z, a: A, upstream: dA}),
            layer.backward(dA, cache)[0],
        )

    return compare


@register(
    "the slope of the sigmoid is σ(1 − σ)",
    lesson=2,
    posts=("B5", "D10"),
    left=r"\sigma'(z)",
    numeric=_layer(Sigmoid(), "Sigmoid", lambda e: upstream * e.written_out),
)
def sigmoid_derivative():
    e = sp.exp(-z)
    s = sp.Function("sigma")(z)  # a name for σ(z), so that the steps can be read
    return Equation.chain(
        (sp.Derivative(sigma(z), z), "definition"),
        (-((1 + e) ** -2) * sp.Derivative(1 + e, z), "chain rule on 1/u"),
        (e / (1 + e) ** 2, "slope of the exponential; the signs cancel"),
        (s * e / (1 + e), "one factor is σ"),
        (s * sp.Add(1 + e, -1, evaluate=False) / (1 + e), "add 1 and take it away"),
        (s * (1 - 1 / (1 + e)), "divide"),
        (s * (1 - s), "the fraction is σ"),
        assuming=(sp.Eq(s, sigma(z)),),
        wrong={"1 + σ": sigma(z) * (1 + sigma(z)), "of the output": sigma(sigma(z)) * (1 - sigma(sigma(z)))},
    )


@register("σ(−z) = 1 − σ(z)", lesson=2)
def sigmoid_mirror():
    return Equation(sigma(-z), 1 - sigma(z), wrong={"odd": -sigma(z)})


@register(
    "σ′ = ¼ − (σ − ½)²: never above ¼, and ¼ only at z = 0",
    lesson=2,
    posts=("D5",),
    left=r"\sigma'(z)",
)
def sigmoid_slope_bound():
    half = sp.Rational(1, 2)
    return Equation(
        sp.Derivative(sigma(z), z),
        sp.Rational(1, 4) - (sigma(z) - half) ** 2,
        wrong={"at most one": 1 - (sigma(z) - half) ** 2},
    )


@register(
    "far out on either side the slope of the sigmoid goes to 0",
    lesson=2,
    posts=("B9", "D5"),
    left=r"\lim_{z\to\pm\infty}\sigma'(z)",
)
def sigmoid_saturates():
    slope = sigma(z).diff(z)
    return Equation(sp.Matrix([sp.limit(slope, z, end) for end in (sp.oo, -sp.oo)]), sp.zeros(2, 1))


@register(
    "the slope of tanh is 1 − tanh²",
    lesson=2,
    posts=("B6",),
    left=r"\tanh'(z)",
    numeric=_layer(Tanh(), "Tanh", lambda e: upstream * e.written_out),
)
def tanh_derivative():
    up, down = sp.exp(z), sp.exp(-z)
    return Equation.chain(
        (sp.Derivative((up - down) / (up + down), z), "definition"),
        (((up + down) ** 2 - (up - down) ** 2) / (up + down) ** 2, "quotient rule"),
        (1 - ((up - down) / (up + down)) ** 2, "divided out"),
        (1 - sp.tanh(z) ** 2, "the fraction is tanh"),
        wrong={
            "sigmoid's rule": sp.tanh(z) * (1 - sp.tanh(z)),
            "of the output": 1 - sp.tanh(sp.tanh(z)) ** 2,
        },
    )


@register("tanh z = 2σ(2z) − 1: the same curve, stretched and moved", lesson=2)
def tanh_is_a_sigmoid():
    return Equation(sp.tanh(z), 2 * sigma(2 * z) - 1, wrong={"not stretched": 2 * sigma(z) - 1})


@register("tanh(−z) = −tanh z (the sigmoid is not odd)", lesson=2, posts=("B8",))
def tanh_is_odd():
    return Equation(
        ((sp.exp(-z) - sp.exp(z)) / (sp.exp(-z) + sp.exp(z))),
        -sp.tanh(z),
        wrong={"sigmoid": (sigma(-z), -sigma(z))},
    )


@register(
    "where z > 0, ReLU passes its input on: slope 1",
    lesson=2,
    posts=("D10",),
    numeric=lambda e, rng: _relu(e, rng, 1),
)
def relu_slope_open():
    return Equation(sp.Derivative(sp.Max(0, z), z), sp.Integer(1), (z > 0,))


@register("where z < 0, ReLU is constant: slope 0", lesson=2, posts=("D10",))
def relu_slope_closed():
    return Equation(sp.Derivative(sp.Max(0, z), z), sp.Integer(0), (z < 0,))


def _relu(equation, rng, sign):
    Z, dA = sign * rng.uniform(0.1, 3, size=(4, 3)), rng.normal(size=(4, 3))
    layer = ReLU()
    yield (
        "ReLU.backward",
        evaluate(upstream * equation.claimed, {upstream: dA}),
        layer.backward(dA, layer.forward(Z)[1])[0],
    )


@register("at z = 0 the slope from the right is 1, from the left 0: there is no derivative", lesson=2)
def relu_kink():
    h = sp.Symbol("h", positive=True)
    quotients = (sp.Max(0, h) / h, sp.Max(0, -h) / -h)  # (ReLU(0 ± h) − ReLU(0)) / ±h
    sides = sp.Matrix([sp.limit(quotient, h, 0) for quotient in quotients])
    return Equation(sides, sp.Matrix([1, 0]), wrong={"smooth": sp.Matrix([1, 1])})


@register("a central difference across the kink says ½, whatever h is", lesson=2)
def relu_kink_numeric():
    h = sp.Symbol("h", positive=True)
    return Equation(
        (sp.Max(0, h) - sp.Max(0, -h)) / (2 * h), sp.Rational(1, 2), wrong={"our choice": sp.Integer(0)}
    )


@register("two affine layers in a row are one affine layer", lesson=2, posts=("B6",))
def affine_collapse_scalars():
    w1, w2, b1, b2 = sp.symbols("w1 w2 b1 b2", real=True)
    return Equation(
        w2 * (w1 * x + b1) + b2,
        (w2 * w1) * x + (w2 * b1 + b2),
        wrong={"inner bias not scaled": w2 * w1 * x + b1 + b2},
    )


@register(
    "along a chain of units the gradient is a product of w·f′, one factor a layer",
    lesson=2,
    posts=("D5",),
)
def slopes_multiply():
    f, b = sp.Function("f"), sp.symbols("b1:4", real=True)
    w, t = sp.symbols("w1:4", real=True), sp.Symbol("t", real=True)
    inputs, out = [], x
    for weight, bias in zip(w, b, strict=True):
        inputs.append(weight * out + bias)
        out = f(inputs[-1])
    product = sp.Mul(*(weight * f(t).diff(t).subs(t, v) for weight, v in zip(w, inputs, strict=True)))
    return Equation(
        sp.Derivative(out, x), product, wrong={"weights forgotten": product.subs(dict.fromkeys(w[:1], 1))}
    )
