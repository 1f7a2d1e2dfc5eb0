"""Lesson 03: squared error and its conventions, cross-entropy, weight decay, and which steps are stable."""

import sympy as sp

from ..layers import Affine
from ..losses import BinaryCrossEntropy, SquaredError
from ..optimizers import SGD
from .gradients import gradient
from .lesson_02 import sigma
from .registry import Equation, evaluate, register

z, w, b, x, y, y_hat, c, eta, lam = sp.symbols("z w b x y yhat c eta lambda", real=True)
N, k = 2, 3  # rows and outputs of the explicit examples: small, not equal (and k ≠ 2, where ½ and 1/k agree)
Y_HAT = sp.ImmutableMatrix(N, k, lambda i, j: sp.Symbol(f"yhat{i + 1}{j + 1}", real=True))
Y = sp.ImmutableMatrix(N, k, lambda i, j: sp.Symbol(f"y{i + 1}{j + 1}", real=True))


def _squares():
    return sum((a - t) ** 2 for a, t in zip(Y_HAT, Y, strict=True))


@register("∂/∂ŷ of ½(ŷ − y)² is ŷ − y", lesson=3, posts=("A8", "C5"))
def squared_error_half():
    return Equation(
        sp.Derivative((y_hat - y) ** 2 / 2, y_hat), y_hat - y, wrong={"½ forgotten": 2 * (y_hat - y)}
    )


@register(
    "∂(y − ŷ)²/∂ŷ is −2(y − ŷ): the printed 2(y − ŷ) has lost its sign",
    lesson=3,
    posts=("B7", "B11"),
)
def squared_error_sign():
    return Equation.chain(
        (sp.Derivative((y - y_hat) ** 2, y_hat), "B's squared error"),
        (2 * (y - y_hat) * sp.Derivative(y - y_hat, y_hat), "chain rule"),
        (-2 * (y - y_hat), "the inner slope is −1"),
        (2 * (y_hat - y), "sign taken inside"),
        wrong={"as printed": 2 * (y - y_hat)},
    )


@register("a sum over everything has gradient 2(Ŷ − Y)", lesson=3, posts=("E6",))
def squared_error_sum():
    return Equation(
        gradient(_squares(), Y_HAT), 2 * (Y_HAT - Y), wrong={"called a mean": 2 * (Y_HAT - Y) / (N * k)}
    )


def _compare_squared(equation, rng):
    Y_number, Z = rng.normal(size=(N, k)), rng.normal(size=(N, k))
    loss = SquaredError()
    value, cache = loss.forward(Z, Y_number)
    numbers = {Y_HAT: Z, Y: Y_number}
    yield "SquaredError.forward", evaluate(_squares() / (2 * N), numbers), value
    yield "SquaredError.backward", evaluate(equation.claimed, numbers), loss.backward(cache)


@register(
    "ours, 1/(2N) Σ‖ŷ − y‖², has gradient (Ŷ − Y)/N",
    lesson=3,
    posts=("B7",),
    left=r"\frac{\partial L}{\partial \hat Y}",
    numeric=_compare_squared,
)
def squared_error_ours():
    return Equation(
        gradient(_squares() / (2 * N), Y_HAT),
        (Y_HAT - Y) / N,
        wrong={"1/N lost": Y_HAT - Y, "divided by N k": (Y_HAT - Y) / (N * k)},
    )


@register(
    "PyTorch's MSELoss divides by N·k and keeps the 2: 2(Ŷ − Y)/(N k)",
    lesson=3,
    posts=("E6",),
)
def squared_error_pytorch():
    return Equation(
        gradient(_squares() / (N * k), Y_HAT), 2 * (Y_HAT - Y) / (N * k), wrong={"ours": (Y_HAT - Y) / N}
    )


@register(
    "the gradient of a mean over N rows is the mean of the rows' gradients",
    lesson=3,
    posts=("B7",),
)
def mean_over_rows():
    rows, n = sp.symbols("N n", integer=True, positive=True)
    loss, data = sp.Function("ell"), sp.IndexedBase("x")
    mean = sp.Sum(loss(w, data[n]), (n, 1, rows)) / rows
    slopes = sp.Sum(loss(w, data[n]).diff(w), (n, 1, rows)) / rows
    return Equation(sp.diff(mean, w), slopes, wrong={"sum for mean": rows * slopes})


@register("a penalty λ‖w‖² adds 2λw to the gradient", lesson=3, posts=("B7",))
def weight_penalty():
    v = sp.ImmutableMatrix(sp.symbols("w1:4", real=True))
    return Equation(gradient(lam * v.dot(v), v), 2 * lam * v, wrong={"½ assumed": lam * v})


def _compare_decay(equation, rng):
    v = sp.ImmutableMatrix(sp.symbols("w1:4", real=True))
    numbers, g = rng.normal(size=(3, 1)), rng.normal(size=(3, 1))
    after = step_of(SGD(0.1, weight_decay=0.25), numbers, g)
    formula = numbers - 0.1 * (g + evaluate(equation.claimed, {v: numbers, lam: 0.25}))
    yield "SGD.step", formula, after


def step_of(optimizer, W, *gradients):
    """What `optimizer` makes of one weight matrix under these gradients."""

    class OneLayer:
        layers = (Affine.from_arrays(W),)

    for g in gradients:
        optimizer.step(OneLayer, [{"W": g}])
    return OneLayer.layers[0].params["W"]


@register(
    "½λ‖w‖² adds λw: what `weight_decay` means here and in PyTorch",
    lesson=3,
    posts=("B7",),
    numeric=_compare_decay,
)
def weight_decay():
    v = sp.ImmutableMatrix(sp.symbols("w1:4", real=True))
    return Equation(gradient(lam * v.dot(v) / 2, v), lam * v, wrong={"the ½ kept": lam * v / 2})


@register("a constant + λ in the loss has no gradient at all", lesson=3, posts=("B7",))
def plus_lambda():
    loss = sp.Function("L")
    return Equation(
        sp.Derivative(loss(w) + lam, w) - sp.Derivative(loss(w), w),
        sp.Integer(0),
        wrong={"as if it decayed": lam * w},
    )


@register(
    "minus the log of p^y (1 − p)^(1−y) is −y log p − (1 − y) log(1 − p)",
    lesson=3,
    left=r"-\log\left(p^y (1-p)^{1-y}\right)",
)
def coin_likelihood():
    odds = sp.Symbol("o", positive=True)  # p = o/(1 + o) runs through all of (0, 1)
    p = odds / (1 + odds)
    q = 1 / (1 + odds)
    return Equation(
        -sp.log(p**y * q ** (1 - y)),
        -y * sp.log(p) - (1 - y) * sp.log(q),
        wrong={"swapped": -(1 - y) * sp.log(p) - y * sp.log(q)},
    )


@register("the log turns the product over tosses into a sum", lesson=3)
def three_tosses():
    p, q = sp.symbols("p q", positive=True)  # q stands for 1 − p
    ys = sp.symbols("y1:4", real=True)
    product = sp.Mul(*(p**t * q ** (1 - t) for t in ys))
    return Equation(
        -sp.log(product),
        sum(-t * sp.log(p) - (1 - t) * sp.log(q) for t in ys),
        wrong={"one toss lost": sum(-t * sp.log(p) - (1 - t) * sp.log(q) for t in ys[:2])},
    )


@register("heads h times in n tosses: the likelihood is flat at p = h/n", lesson=3)
def best_coin():
    p, h, t = sp.symbols("p h t", positive=True)  # h heads, t tails
    slope = sp.diff(-h * sp.log(p) - t * sp.log(1 - p), p)
    return Equation(
        slope.subs(p, h / (h + t)), sp.Integer(0), wrong={"odds": (slope.subs(p, h / t / 2), sp.Integer(0))}
    )


def _cross_entropy(p):
    return -y * sp.log(p) - (1 - y) * sp.log(1 - p)


@register("∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)): it blows up at both ends", lesson=3)
def bce_by_output():
    return Equation(
        sp.Derivative(_cross_entropy(y_hat), y_hat),
        (y_hat - y) / (y_hat * (1 - y_hat)),
        wrong={"swapped": (y - y_hat) / (y_hat * (1 - y_hat))},
    )


def _compare_bce(equation, rng):
    Z, labels = rng.normal(size=(4, 1)), rng.uniform(size=(4, 1))
    loss = BinaryCrossEntropy()
    value, cache = loss.forward(Z, labels)
    losses = evaluate(_cross_entropy(sigma(z)), {z: Z, y: labels})
    yield "BinaryCrossEntropy.forward", losses.mean(), value
    yield (
        "BinaryCrossEntropy.backward",
        evaluate(equation.claimed, {z: Z, y: labels}) / 4,
        loss.backward(cache),
    )


@register(
    "σ′ cancels: ∂L/∂z = ŷ − y",
    lesson=3,
    posts=("B13",),
    left=r"\frac{\partial L}{\partial z}",
    numeric=_compare_bce,
)
def bce_by_logit():
    p = sigma(z)
    return Equation.chain(
        (sp.Derivative(_cross_entropy(p), z), "cross-entropy of ŷ = σ(z)"),
        (sp.Mul((p - y) / (p * (1 - p)), sp.Derivative(p, z), evaluate=False), "chain rule through ŷ"),
        (sp.Mul((p - y) / (p * (1 - p)), p * (1 - p), evaluate=False), "the slope of σ is σ(1 − σ)"),
        (p - y, "σ(1 − σ) cancels"),
        wrong={"σ′ left in": (p - y) * p * (1 - p), "swapped": y - p},
    )


@register(
    "squared error through a sigmoid keeps σ′: 2(ŷ − y) ŷ(1 − ŷ)",
    lesson=3,
    posts=("B11",),
    left=r"\frac{\partial}{\partial z}(\hat y - y)^2",
)
def squared_error_by_logit():
    p = sigma(z)
    return Equation(
        sp.Derivative((p - y) ** 2, z), 2 * (p - y) * p * (1 - p), wrong={"σ′ forgotten": 2 * (p - y)}
    )


@register("for z > 0 the loss is z − yz + log(1 + e^−z): nothing overflows", lesson=3)
def bce_stable_positive():
    return Equation(
        _cross_entropy(sigma(z)),
        z - y * z + sp.log(1 + sp.exp(-z)),
        (z > 0,),
        wrong={"max forgotten": -y * z + sp.log(1 + sp.exp(-z))},
    )


@register("for z < 0 it is −yz + log(1 + e^z)", lesson=3)
def bce_stable_negative():
    return Equation(
        _cross_entropy(sigma(z)),
        -y * z + sp.log(1 + sp.exp(z)),
        (z < 0,),
        wrong={"|z| forgotten": -y * z + sp.log(1 + sp.exp(-z))},
    )


@register("one neuron: ∂L/∂w = (ŷ − y) x and ∂L/∂b = ŷ − y", lesson=3, posts=("B10",))
def one_neuron():
    loss = _cross_entropy(sigma(w * x + b))
    error = sigma(w * x + b) - y
    return Equation(
        sp.Matrix([loss.diff(w), loss.diff(b)]),
        sp.Matrix([error * x, error]),
        wrong={"w for x": sp.Matrix([error * w, error])},
    )


@register("on ½cw² a step multiplies w by 1 − ηc", lesson=3)
def descent_factor():
    return Equation(
        w - eta * sp.Derivative(c * w**2 / 2, w), (1 - eta * c) * w, wrong={"climbing": (1 + eta * c) * w}
    )


@register(
    "a step changes the loss by −½η c²w² (2 − ηc): down iff η < 2/c",
    lesson=3,
    left=r"L(w - \eta g) - L(w)",
)
def descent_stability():
    loss = c * w**2 / 2
    return Equation(
        loss.subs(w, w - eta * loss.diff(w)) - loss,
        -eta * c**2 * w**2 * (2 - eta * c) / 2,
        wrong={"limit 1/c": -eta * c**2 * w**2 * (1 - eta * c) / 2},
    )


@register("at η = 2/c the weight only changes sign, for ever", lesson=3)
def descent_limit():
    positive = sp.Symbol("c", positive=True)
    step = w - 2 / positive * sp.diff(positive * w**2 / 2, w)
    return Equation(step, -w, wrong={"at 1/c": (w - sp.diff(positive * w**2 / 2, w) / positive, -w)})


@register("after t steps w is (1 − ηc)^t times where it began", lesson=3)
def descent_after_t_steps():
    t = sp.Symbol("t", integer=True, positive=True)
    w0, r = sp.symbols("w0 r", real=True)  # r = 1 − ηc

    def after(steps):
        return r**steps * w0

    return Equation(
        after(t) - eta * c * after(t),
        after(t + 1),
        (sp.Eq(r, 1 - eta * c),),
        wrong={"climbing": (after(t) + eta * c * after(t), after(t + 1))},
    )
