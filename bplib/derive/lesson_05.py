"""Lesson 05: matrix gradients by traces, for symbolic sizes, in rows (Z = X W + b) and columns (z = W a)."""

from itertools import permutations, product

import sympy as sp

from ..layers import Affine
from ..losses import SquaredError
from .gradients import gradient, trace_gradient
from .registry import Equation, evaluate, register

N, n_in, n_out, n_hidden, n = sp.symbols("N d k m n", integer=True, positive=True)
X, W = sp.MatrixSymbol("X", N, n_in), sp.MatrixSymbol("W", n_in, n_out)
Y, D = sp.MatrixSymbol("Y", N, n_out), sp.MatrixSymbol("D", N, n_out)  # D: the incoming ∂L/∂Z
b, ONES = sp.MatrixSymbol("b", 1, n_out), sp.OneMatrix(N, 1)
# Square ones of the same names: shapes can no longer tell right from wrong.
SX, SW, SD = (sp.MatrixSymbol(name, n, n) for name in "XWD")


def fitting_products(shape, **matrices) -> list[str]:
    """The products of two of these matrices, plain or transposed, in either order, that have this shape.

    `fitting_products((3, 2), X=(5, 3), dZ=(5, 2))` gives `["Xᵀ dZ"]`; for square matrices all eight fit.
    matrices: shapes, arrays or matrix symbols by name.
    """
    if len(matrices) < 2:
        raise ValueError(f"a product needs two matrices, got {len(matrices)}")
    shapes = {name: tuple(getattr(m, "shape", m)) for name, m in matrices.items()}
    for name, size in (*shapes.items(), ("the target", tuple(shape))):
        if len(size) != 2:
            raise ValueError(f"{name} must have a shape of two sizes, got {size}")
    found = []
    for left, right in permutations(shapes, 2):
        for turn_left, turn_right in product((False, True), repeat=2):
            first = shapes[left][::-1] if turn_left else shapes[left]
            second = shapes[right][::-1] if turn_right else shapes[right]
            if first[1] == second[0] and (first[0], second[1]) == tuple(shape):
                found.append(f"{left}{'ᵀ' * turn_left} {right}{'ᵀ' * turn_right}")
    return found


def _affine_numbers(rng):
    arrays = {X: rng.normal(size=(5, 3)), W: rng.normal(size=(3, 2)), D: rng.normal(size=(5, 2))}
    arrays[b] = rng.normal(size=(1, 2))
    layer = Affine.from_arrays(arrays[W], arrays[b][0])
    Z, cache = layer.forward(arrays[X])
    return arrays, Z, *layer.backward(arrays[D], cache)


def _against(what):
    def compare(equation, rng):
        arrays, _, dX, grads = _affine_numbers(rng)
        code = {"dX": dX, "dW": grads["W"], "db": grads["b"][None, :]}[what]
        yield f"Affine.backward {what}", evaluate(equation.claimed, arrays), code

    return compare


@register("tr(AᵀB) is the sum of the products entry by entry", lesson=5)
def trace_is_a_sum():
    A, B = (sp.Matrix(3, 2, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "ab")
    return Equation(
        sp.trace(A.T * B),
        sum(p * q for p, q in zip(A, B, strict=True)),
        wrong={"diagonal alone": A[0, 0] * B[0, 0] + A[1, 1] * B[1, 1]},
    )


@register(
    "rows, Z = XW: ∂L/∂W = Xᵀ ∂L/∂Z, for any sizes",
    lesson=5,
    posts=("E3", "D11"),
    left=r"\frac{\partial L}{\partial W}",
    numeric=_against("dW"),
)
def affine_dW():
    square = trace_gradient(SD, SX * SW, SW)
    return Equation(
        trace_gradient(D, X * W, W),
        X.T * D,
        wrong={
            "square: transpose missing": (square, SX * SD),
            "square: the other way round": (square, SD * SX.T),
            "square: wrong transpose": (square, SX * SD.T),
        },
    )


@register(
    "rows, Z = XW: ∂L/∂X = ∂L/∂Z Wᵀ, for any sizes",
    lesson=5,
    posts=("E3", "D11"),
    left=r"\frac{\partial L}{\partial X}",
    numeric=_against("dX"),
)
def affine_dX():
    square = trace_gradient(SD, SX * SW, SX)
    return Equation(
        trace_gradient(D, X * W, X),
        D * W.T,
        wrong={
            "square: transpose missing": (square, SD * SW),
            "square: the other way round": (square, SW.T * SD),
        },
    )


@register(
    "rows: b's gradient is the column sum 1ᵀ ∂L/∂Z, of shape (1, k): it is b's",
    lesson=5,
    posts=("D11",),
    left=r"\frac{\partial L}{\partial b}",
    numeric=_against("db"),
)
def affine_db():
    return Equation(
        trace_gradient(D, ONES * b, b), sp.OneMatrix(1, N) * D, wrong={"a mean": sp.OneMatrix(1, N) * D / N}
    )


@register("written out for 3 rows: each entry of ∂L/∂b adds a column", lesson=5)
def affine_db_columns_summed():
    rows = sp.Matrix(3, 3, lambda r, c: sp.Symbol(f"d{r + 1}{c + 1}", real=True))
    bias = sp.Matrix(1, 3, sp.symbols("b1:4", real=True))
    loss = sp.trace(rows.T * (sp.ones(3, 1) * bias))
    sums = sp.Matrix(1, 3, lambda _, c: sum(rows[:, c]))
    return Equation(
        gradient(loss, bias),
        sums,
        wrong={
            "the wrong axis fits": sp.Matrix(1, 3, lambda _, c: sum(rows[c, :])),
            "a second 1/N": sums / 3,
        },
    )


A_COL = sp.MatrixSymbol("A", n_in, N)
W_COL, D_COL = sp.MatrixSymbol("W", n_out, n_in), sp.MatrixSymbol("D", n_out, N)


@register(
    "columns, Z = WA: ∂L/∂W = ∂L/∂Z Aᵀ (E's dW = dD Xᵀ, A's δaᵀ)",
    lesson=5,
    posts=("A5", "E3"),
    left=r"\frac{\partial L}{\partial W}",
)
def columns_dW():
    return Equation(
        trace_gradient(D_COL, W_COL * A_COL, W_COL),
        D_COL * A_COL.T,
        wrong={"square: as for rows": (trace_gradient(SD, SW * SX, SW), SX.T * SD)},
    )


@register(
    "columns, Z = WA: ∂L/∂A = Wᵀ ∂L/∂Z (E's dX = Wᵀ dD)",
    lesson=5,
    posts=("A4", "E3"),
    left=r"\frac{\partial L}{\partial A}",
)
def columns_dA():
    return Equation(
        trace_gradient(D_COL, W_COL * A_COL, A_COL),
        W_COL.T * D_COL,
        wrong={"square: as for rows": (trace_gradient(SD, SW * SX, SX), SD * SW.T)},
    )


@register(
    "columns: b's gradient adds the samples' columns, ∂L/∂Z 1",
    lesson=5,
    left=r"\frac{\partial L}{\partial b}",
)
def columns_db():
    column = sp.MatrixSymbol("b", n_out, 1)
    return Equation(trace_gradient(D_COL, column * sp.OneMatrix(1, N), column), D_COL * sp.OneMatrix(N, 1))


@register("rows and columns say the same, transposed: (XW)ᵀ = WᵀXᵀ", lesson=5)
def dictionary():
    return Equation((X * W).T, W.T * X.T, wrong={"square: order kept": ((SX * SW).T, SX.T * SW.T)})


def _compare_regression(equation, rng):
    arrays, _, _, _ = _affine_numbers(rng)
    arrays[Y] = rng.normal(size=(5, 2))
    layer, loss = Affine.from_arrays(arrays[W]), SquaredError()
    Z, cache = layer.forward(arrays[X])
    dZ = loss.backward(loss.forward(Z, arrays[Y])[1])
    yield (
        "SquaredError and Affine backward",
        evaluate(equation.claimed, arrays),
        layer.backward(dZ, cache)[1]["W"],
    )


def _squared_trace():
    return sp.Trace((X * W - Y).T * (X * W - Y))


@register(
    "tr((XW−Y)ᵀ(XW−Y)) has gradient 2Xᵀ(XW − Y), for any sizes",
    lesson=5,
    posts=("E4",),
    left=r"\frac{\partial L}{\partial W}",
)
def regression_dW():
    return Equation(
        _squared_trace().diff(W), 2 * X.T * (X * W - Y), wrong={"sum for difference": 2 * X.T * (X * W + Y)}
    )


@register(
    "with 1/(2N) in front it is Xᵀ(XW − Y)/N",
    lesson=5,
    posts=("E4",),
    left=r"\frac{\partial L}{\partial W}",
    numeric=_compare_regression,
)
def regression_dW_ours():
    return Equation(
        (_squared_trace() / (2 * N)).diff(W), X.T * (X * W - Y) / N, wrong={"1/N lost": X.T * (X * W - Y)}
    )


@register(
    "W = (XᵀX)⁻¹XᵀY leaves no gradient: the exact answer that post A's network is held against",
    lesson=5,
    posts=("A9",),
    left=r"X^{\mathsf T}(XW - Y)",
)
def least_squares():
    best = (X.T * X).inverse() * X.T * Y
    return Equation(
        X.T * X * best - X.T * Y,
        sp.ZeroMatrix(n_in, n_out),
        wrong={"halved": (X.T * X * best / 2 - X.T * Y, sp.ZeroMatrix(n_in, n_out))},
    )


W1, W2 = sp.MatrixSymbol("W1", n_in, n_hidden), sp.MatrixSymbol("W2", n_hidden, n_out)
B1, B2 = sp.MatrixSymbol("b1", 1, n_hidden), sp.MatrixSymbol("b2", 1, n_out)


@register(
    "two affine layers are one: X(W₁W₂) + 1(b₁W₂ + b₂), for any sizes",
    lesson=5,
    posts=("B6",),
)
def affine_collapse():
    two_layers = (X * W1 + ONES * B1) * W2 + ONES * B2
    return Equation(
        two_layers,
        X * (W1 * W2) + ONES * (B1 * W2 + B2),
        wrong={"inner bias lost": X * (W1 * W2) + ONES * B2},
    )


@register(
    "without f between, dW₁ = Xᵀ D W₂ᵀ, for any sizes",
    lesson=5,
    left=r"\frac{\partial L}{\partial W_1}",
)
def linear_two_layers():
    return Equation(trace_gradient(D, X * W1 * W2, W1), X.T * D * W2.T)


class _TwoLayers:
    """E's regression X W₁ → f → W₂, written out for N = 2, d = 2, m = 3, k = 2, and any f.

    `H`, `dH` and `error` are names for f(X W₁), f′(X W₁) and Ŷ − Y; `names` are the equations that say so.
    """

    def __init__(self):
        def entries(s, r, c):
            return sp.ImmutableMatrix(r, c, lambda p, q: sp.Symbol(f"{s}_{p + 1}{q + 1}", real=True))

        f, t = sp.Function("f"), sp.Symbol("t", real=True)
        self.X, self.W1, self.W2 = entries("x", 2, 2), entries("v", 2, 3), entries("w", 3, 2)
        z = self.X * self.W1
        h, slopes = z.applyfunc(f), z.applyfunc(lambda v: sp.Subs(sp.Derivative(f(t), t), t, v).doit())
        errors = h * self.W2 - entries("y", 2, 2)
        self.H, self.dH, self.error = entries("h", 2, 3), entries("h'", 2, 3), entries("e", 2, 2)
        pairs = ((self.error, errors), (self.dH, slopes), (self.H, h))
        self.names = tuple(
            sp.Eq(name, value) for named, values in pairs for name, value in zip(named, values, strict=True)
        )
        self.loss = sum(e**2 for e in errors)


@register(
    "E's regression: dW₂ = hᵀ · 2e with e = ŷ − y; the printed line takes db2 for it",
    lesson=5,
    posts=("E4", "E5"),
    left=r"\frac{\partial L}{\partial W_2}",
)
def e_dW2():
    net = _TwoLayers()
    db2 = sp.ones(1, 2) * 2 * net.error
    return Equation(
        gradient(net.loss, net.W2),
        net.H.T * (2 * net.error),
        net.names,
        wrong={"db2 for dpred": net.H.T * sp.ones(2, 1) * db2},
    )


@register(
    "E's regression: dW₁ = Xᵀ (2e W₂ᵀ ⊙ f′(z)) with e = ŷ − y, for any f",
    lesson=5,
    posts=("E4", "E5"),
    left=r"\frac{\partial L}{\partial W_1}",
)
def e_dW1():
    net = _TwoLayers()
    back = 2 * net.error * net.W2.T
    return Equation(
        gradient(net.loss, net.W1),
        net.X.T * back.multiply_elementwise(net.dH),
        net.names,
        wrong={"gate forgotten": net.X.T * back},
    )


@register(
    "(N,1) − (N,) pairs every row with every target: all outputs learn the mean (N = 3)",
    lesson=5,
    left=r"\frac{\partial}{\partial \hat y}\frac{1}{2N}\sum_{i}\sum_{j}(\hat y_i - y_j)^2",
)
def broadcast_accident():
    outputs, goals = (sp.Matrix(sp.symbols(f"{s}1:4", real=True)) for s in ("yhat", "y"))
    table = sum((o - g) ** 2 for o in outputs for g in goals) / 6
    mean = sum(goals) / 3
    return Equation(
        gradient(table, outputs), outputs - sp.ones(3, 1) * mean, wrong={"as meant": (outputs - goals) / 3}
    )


@register(
    "3×3: of the eight products that fit, XᵀD alone is the gradient",
    lesson=5,
    posts=("E3",),
    left=r"\frac{\partial L}{\partial W}",
)
def eight_products_differ():
    x, w, d = (sp.Matrix(3, 3, lambda r, c, s=s: sp.Symbol(f"{s}{r + 1}{c + 1}", real=True)) for s in "xwd")
    wrong = {}
    for left, right in ((x, d), (d, x)):
        for pair in product((False, True), repeat=2):
            p, q = (m.T if turned else m for m, turned in zip((left, right), pair, strict=True))
            if not (left is x and pair == (True, False)):
                wrong[f"product {len(wrong) + 1}"] = p * q
    return Equation(gradient(sp.trace(d.T * (x * w)), w), x.T * d, wrong=wrong)
