"""Lesson 06: softmax and its Jacobian, cross-entropy, the loss before any training, computational graphs."""

import numpy as np
import sympy as sp

from ..layers import ReLU
from ..losses import SoftmaxCrossEntropy
from .gradients import gradient
from .lesson_02 import sigma
from .registry import Equation, evaluate, register

n = sp.Symbol("n", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True, positive=True)
v, z = (sp.IndexedBase(name, real=True) for name in "vz")
y = sp.IndexedBase("y", real=True)
KD = sp.KroneckerDelta
Z3, Y3 = sp.ImmutableMatrix(sp.symbols("z1:4", real=True)), sp.ImmutableMatrix(sp.symbols("y1:4", real=True))


def softmax(index, by=k):
    """p_index = e^(z_index) / Σ e^(z), for any width n."""
    return sp.exp(z[index]) / sp.Sum(sp.exp(z[by]), (by, 1, n))


def softmax_of(column):
    """Softmax of an explicit column."""
    total = sum(sp.exp(entry) for entry in column)
    return column.applyfunc(lambda entry: sp.exp(entry) / total)


@register(
    "∂p_i/∂z_j = p_i (δ_ij − p_j), for any width",
    lesson=6,
    posts=("D12",),
    left=r"\frac{\partial p_i}{\partial z_j}",
)
def softmax_jacobian():
    p_i, p_j = softmax(i), softmax(j)
    return Equation(
        sp.diff(p_i, z[j]),
        p_i * (KD(i, j) - p_j),
        (i <= n, j <= n),
        wrong={"as if it were a sigmoid": KD(i, j) * p_i * (1 - p_i), "plus": p_i * (KD(i, j) + p_j)},
    )


P3 = sp.ImmutableMatrix(sp.symbols("p1:4", positive=True))  # names for the entries of softmax(z)
P3_IS_SOFTMAX = tuple(map(sp.Eq, P3, softmax_of(Z3)))


@register("the Jacobian is diag(p) − p pᵀ (3 outputs)", lesson=6, left="J")
def softmax_jacobian_matrix():
    return Equation(
        softmax_of(Z3).jacobian(Z3),
        sp.diag(*P3) - P3 * P3.T,
        P3_IS_SOFTMAX,
        wrong={"diagonal alone": sp.diag(*P3)},
    )


@register(
    "vᵀJ = (p ⊙ (v − v·p))ᵀ: no Jacobian need be stored (3 outputs)",
    lesson=6,
    left=r"v^{\mathsf T} J",
)
def softmax_vjp():
    upstream = sp.ImmutableMatrix(sp.symbols("v1:4", real=True))
    inner = upstream - sp.ones(3, 1) * upstream.dot(P3)
    return Equation(
        upstream.T * softmax_of(Z3).jacobian(Z3),
        P3.multiply_elementwise(inner).T,
        P3_IS_SOFTMAX,
        wrong={"diagonal alone": P3.multiply_elementwise(upstream).T},
    )


@register("the outputs of a softmax add up to 1, for any width", lesson=6)
def softmax_sums_to_one():
    total = sp.Sum(sp.exp(z[k]), (k, 1, n))
    return Equation(sp.Sum(sp.exp(z[j]), (j, 1, n)).subs(j, k) / total, sp.Integer(1))


@register(
    "taking the same c from every z changes nothing (D's max shift)",
    lesson=6,
    posts=("D15",),
)
def softmax_shift():
    c = sp.Symbol("c", real=True)
    shifted = sp.exp(Z3[0] - c) / sum(sp.exp(entry - c) for entry in Z3)
    return Equation(shifted, softmax_of(Z3)[0], wrong={"numerator alone": sp.exp(-c) * softmax_of(Z3)[0]})


@register("the same for any width n", lesson=6, posts=("D15",))
def softmax_shift_any_width():
    c = sp.Symbol("c", real=True)
    shifted = sp.exp(z[i]) * sp.exp(-c) / (sp.exp(-c) * sp.Sum(sp.exp(z[k]), (k, 1, n)))
    return Equation(shifted, softmax(i), wrong={"numerator alone": sp.exp(-c) * softmax(i)})


@register(
    "log Σ e^z = c + log Σ e^(z−c): with c the largest, nothing overflows",
    lesson=6,
    posts=("D15",),
)
def log_sum_exp():
    c = sp.Symbol("c", real=True)
    moved = c + sp.log(sp.exp(-c) * sum(map(sp.exp, Z3)))
    return Equation(sp.log(sum(map(sp.exp, Z3))), moved, wrong={"c forgotten": moved - c})


@register("the gradient of log Σ e^z is the softmax", lesson=6)
def log_sum_exp_gradient():
    return Equation(sp.diff(sp.log(sp.Sum(sp.exp(z[k]), (k, 1, n))), z[i]), softmax(i), (i <= n,))


@register("a softmax over z and 0 is the sigmoid", lesson=6)
def softmax_of_two():
    t = sp.Symbol("z", real=True)
    return Equation(softmax_of(sp.Matrix([t, 0]))[0], sigma(t), wrong={"the other one": sigma(-t)})


@register(
    "minus the log of Π p_k^y_k is −Σ y_k log p_k (3 classes)",
    lesson=6,
    posts=("D6",),
)
def categorical_likelihood():
    p = sp.symbols("p1:4", positive=True)
    likelihood = sp.Mul(*(q**t for q, t in zip(p, Y3, strict=True)))
    return Equation(
        -sp.log(likelihood),
        -sum(t * sp.log(q) for q, t in zip(p, Y3, strict=True)),
        wrong={"probabilities for logs": -sum(t * q for q, t in zip(p, Y3, strict=True))},
    )


def _cross_entropy(weight):
    """−Σ_i weight_i log p_i, with log p_i = z_i − log Σ e^z."""
    log_sum = sp.log(sp.Sum(sp.exp(z[k]), (k, 1, n)))
    return sp.Sum(weight(i) * log_sum - weight(i) * z[i], (i, 1, n))


@register("log p_i = z_i − log Σ e^z", lesson=6, posts=("D12",))
def log_softmax():
    log_sum = sp.log(sum(map(sp.exp, Z3)))
    return Equation(sp.log(softmax_of(Z3)[0]), Z3[0] - log_sum, wrong={"plus": Z3[0] + log_sum})


@register(
    "for any class weights y: ∂L/∂z_j = p_j Σ y − y_j, for any width",
    lesson=6,
    posts=("D12",),
    left=r"\frac{\partial L}{\partial z_j}",
)
def softmax_cross_entropy():
    claimed = softmax(j) * sp.Sum(y[i], (i, 1, n)) - y[j]
    return Equation(
        sp.diff(_cross_entropy(lambda index: y[index]), z[j]),
        claimed,
        (j <= n,),
        wrong={"p − y, though Σy is not 1": softmax(j) - y[j]},
    )


@register(
    "for a label with number t: ∂L/∂z_j = p_j − δ_jt: every class gets a gradient",
    lesson=6,
    posts=("D12", "D13"),
    left=r"\frac{\partial}{\partial z_j}(-\log p_t)",
)
def softmax_cross_entropy_label():
    t = sp.Symbol("t", integer=True, positive=True)
    loss = sp.log(sp.Sum(sp.exp(z[k]), (k, 1, n))) - z[t]
    return Equation(
        sp.diff(loss, z[j]),
        softmax(j) - KD(j, t),
        (j <= n, t <= n),
        wrong={"the label alone": KD(j, t) * (softmax(j) - 1), "swapped": KD(j, t) - softmax(j)},
    )


ZN, YN = (
    sp.ImmutableMatrix(2, 3, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in ("z", "y")
)


def _batch_loss():
    """Mean over 2 rows of −Σ y log p, for 3 classes."""
    rows = ((ZN[r, :], YN[r, :]) for r in range(2))
    return (
        sum(
            sum(t * (sp.log(sum(map(sp.exp, row))) - e) for e, t in zip(row, goal, strict=True))
            for row, goal in rows
        )
        / 2
    )


def _compare_softmax(equation, rng):
    Z, weights = rng.normal(size=(2, 3)), rng.uniform(size=(2, 3))
    loss = SoftmaxCrossEntropy()
    one_hot = np.eye(3)[[2, 0]]
    for name, goal, given in (("class weights", weights, weights), ("labels", one_hot, np.array([2, 0]))):
        value, cache = loss.forward(Z, given)
        yield f"SoftmaxCrossEntropy.forward ({name})", evaluate(_batch_loss(), {ZN: Z, YN: goal}), value
        yield (
            f"SoftmaxCrossEntropy.backward ({name})",
            evaluate(equation.claimed, {ZN: Z, YN: goal}),
            loss.backward(cache),
        )


@register(
    "ours, a mean over N rows: (p Σy − y)/N (N = 2, 3 classes)",
    lesson=6,
    posts=("D12", "D14"),
    left=r"\frac{\partial L}{\partial Z}",
    numeric=_compare_softmax,
)
def softmax_cross_entropy_batch():
    rows = [(softmax_of(ZN[r, :].T) * sum(YN[r, :]) - YN[r, :].T).T / 2 for r in range(2)]
    claimed = sp.Matrix.vstack(*rows)
    return Equation(gradient(_batch_loss(), ZN), claimed, wrong={"divided by the classes": claimed * 2 / 3})


# ---------------------------------------------------------------- the loss before any training


@register(
    "a coin's guess: ŷ = ½ gives binary cross-entropy ln 2 = 0.693, whatever y",
    lesson=6,
    posts=("B13",),
)
def guess_two():
    t, half = sp.Symbol("y", real=True), sp.Rational(1, 2)
    return Equation(-t * sp.log(half) - (1 - t) * sp.log(1 - half), sp.log(2), wrong={"log ½": sp.log(half)})


@register("equal outputs over n classes give softmax cross-entropy ln n; ten: 2.303", lesson=6)
def guess_any():
    classes = sp.Symbol("n", positive=True, integer=True)
    total = sp.Sum(sp.exp(0), (k, 1, classes)).doit()
    return Equation(-sp.log(sp.exp(0) / total), sp.log(classes), wrong={"1/n": 1 / classes})


@register("2.303 is guessing: ten classes, all logits equal", lesson=6, posts=("D24",))
def guess_ten():
    return Equation(-sp.log(softmax_of(sp.zeros(10, 1))[3]), sp.log(10), wrong={"ln 2": sp.log(2)})


@register("ReLU(z)² + ReLU(−z)² = z²: a symmetric z keeps half its mean square", lesson=6)
def relu_half():
    t = sp.Symbol("z", real=True)
    both = sp.Max(0, t) ** 2 + sp.Max(0, -t) ** 2
    sides = sp.Matrix([both.subs(t, s * sp.Symbol("u", positive=True)) for s in (1, -1)])
    square = sp.Symbol("u", positive=True) ** 2
    return Equation(
        sides, sp.Matrix([square, square]), wrong={"all of it twice": 2 * sp.Matrix([square, square])}
    )


@register(
    "E's first loss: N k m d/2 = 3.2e6, from unit variances (the targets' N k left aside)",
    lesson=6,
    posts=("E4",),
)
def e_first_loss():
    rows, d, m, out = sp.symbols("N d m k", positive=True, integer=True)
    z_square = d  # Σ over d inputs of E[x²]E[w²] = 1 each
    y_hat_square = m * z_square / 2  # Σ over m units of E[ReLU²] E[w²]
    return Equation(
        (rows * out * y_hat_square).subs({rows: 32, d: 100, m: 200, out: 10}),
        sp.Integer(3_200_000),
        wrong={"½ forgotten": sp.Integer(6_400_000)},
    )


# ---------------------------------------------------------------- D's computational graphs, node by node


@register(
    "D's graph of the sigmoid: ×(−1), exp, +1, 1/x, walked backward, gives y(1 − y)",
    lesson=6,
    posts=("D9", "D10"),
)
def graph_sigmoid():
    x, out, u = sp.symbols("x dout u", real=True)
    after = [x, -x, sp.exp(-x), 1 + sp.exp(-x)]
    nodes = [-u, sp.exp(u), 1 + u, 1 / u]
    back = out
    for node, at in zip(reversed(nodes), reversed(after), strict=True):
        back = back * sp.diff(node, u).subs(u, at)
    return Equation(
        back, out * sigma(x) * (1 - sigma(x)), wrong={"y(1 + y)": out * sigma(x) * (1 + sigma(x))}
    )


def _compare_mask(equation, rng):
    Z, dA = rng.uniform(0.5, 2, size=(3, 4)), rng.normal(size=(3, 4))
    Z[rng.uniform(size=Z.shape) < 0.4] *= -1
    layer = ReLU()
    open_gate, shut = equation.claimed
    d = sp.Symbol("dout", real=True)
    formula = np.where(Z > 0, evaluate(open_gate, {d: dA}), float(shut))
    yield "ReLU.backward", formula, layer.backward(dA, layer.forward(Z)[1])[0]


@register(
    "D's graph of ReLU: the gate passes dout where z > 0 and nothing where z < 0",
    lesson=6,
    posts=("D9", "D10"),
    numeric=_compare_mask,
)
def graph_relu():
    u, out = sp.Symbol("u", positive=True), sp.Symbol("dout", real=True)
    t = sp.Symbol("t", real=True)
    slopes = [sp.diff(sp.Max(0, side * u + t), t).subs(t, 0) for side in (1, -1)]
    return Equation(
        sp.Matrix([out * slope for slope in slopes]),
        sp.Matrix([out, 0]),
        wrong={"never shut": sp.Matrix([out, out])},
    )


@register(
    "D's graph of the affine layer, written out for 2 rows: dx, dW, db",
    lesson=6,
    posts=("D9", "D11"),
)
def graph_affine():
    def names(s, r, c):
        return sp.Matrix(r, c, lambda p, q: sp.Symbol(f"{s}{p + 1}{q + 1}", real=True))

    x, w, b, out = names("x", 2, 3), names("w", 3, 2), names("b", 1, 2), names("d", 2, 2)
    loss = sp.trace(out.T * (x * w + sp.ones(2, 1) * b))
    derived = [gradient(loss, m) for m in (x, w, b)]
    flat = [list(m) for m in derived], [list(m) for m in (out * w.T, x.T * out, sp.ones(1, 2) * out)]
    return Equation(*(sp.Matrix([entry for part in side for entry in part]) for side in flat))


@register(
    "D's graph of softmax with loss gives (y₁ − t₁, y₂ − t₂, y₃ − t₃) if Σt = 1",
    lesson=6,
    posts=("D9", "D12"),
)
def graph_softmax_loss():
    t1, t2 = sp.symbols("t1 t2", real=True)
    goal = sp.Matrix([t1, t2, 1 - t1 - t2])
    p = softmax_of(Z3)
    loss = -sum(t * (e - sp.log(sum(map(sp.exp, Z3)))) for e, t in zip(Z3, goal, strict=True))
    return Equation(gradient(loss, Z3), p - goal, wrong={"a factor of the classes": (p - goal) / 3})
